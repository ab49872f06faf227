//! What of a product changes.

use std::collections::BTreeMap;

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{
    FirstStock,
    parts::{
        DimensionsInput, ImageInput, OptionInput, PolicyChange, PriceChange, SeoInput, ShippingInput, VariantInput,
    },
    rules,
};
use shop_domain::{
    Id, Slug,
    offer::{InvalidOffer, check_variants, choose_primary},
    patch::present,
    product::{Price, Product, StockPolicy},
};

/// A change of a product: absent fields stay as they are, null clears where that is possible.
///
/// The SKU is not among them, because orders and stock are kept under it; neither is the stock, which is adjusted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub struct ProductChanges {
    /// 3–200 characters.
    #[garde(length(chars, min = 3, max = 200), inner(custom(rules::line)))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unique.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub slug: Option<Slug>,
    /// The long text.
    #[garde(length(chars, max = 20_000), inner(custom(rules::lines)))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The summary.
    #[garde(length(chars, max = 500), inner(inner(custom(rules::lines))))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub short_description: Option<Option<String>>,
    /// An id, a slug or a path of slugs; null takes it out of every category.
    #[garde(length(max = 1000))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// Free text.
    #[garde(length(chars, max = 100), inner(inner(custom(rules::line))))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub subcategory: Option<Option<String>>,
    /// Who makes it.
    #[garde(length(chars, max = 100), inner(inner(custom(rules::line))))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub brand: Option<Option<String>>,
    /// What it costs.
    #[garde(dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceChange>,
    /// What happens when the stock runs out.
    #[garde(dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub inventory: Option<PolicyChange>,
    /// All of them; at most one is primary.
    #[garde(length(max = 30), dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<ImageInput>>,
    /// Name → value, all of them.
    #[garde(inner(custom(rules::specifications)))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    #[garde(dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DimensionsInput>)]
    pub dimensions: Option<Option<DimensionsInput>>,
    /// How it travels.
    #[garde(dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingInput>,
    /// For search engines.
    #[garde(dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SeoInput>)]
    pub seo: Option<Option<SeoInput>>,
    /// On the front page.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub featured: Option<bool>,
    /// False takes it off the shelf without archiving.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// For search and filters; all of them.
    #[garde(length(max = 50), inner(inner(length(chars, max = 50), custom(rules::line))))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// What a buyer chooses between; all of them.
    #[garde(length(max = 5), dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<OptionInput>>,
    /// The combinations that are sold; all of them.
    #[garde(length(max = 200), dive)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<VariantInput>>,
    /// Shown beside it; all of them.
    #[garde(length(max = 50))]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub related_products: Option<Vec<Id<Product>>>,
}

impl ProductChanges {
    /// How many there are at first of the variants that are new.
    pub fn first_stock(&self) -> FirstStock {
        let variants = self.variants.iter().flatten();
        variants.map(|variant| (variant.sku.clone(), variant.quantity.unwrap_or(0))).collect()
    }

    /// Changes the product, but for its category, which has to be looked up first.
    pub fn apply(self, product: &mut Product) -> Result<(), InvalidOffer> {
        set(&mut product.name, self.name);
        set(&mut product.slug, self.slug);
        set(&mut product.description, self.description);
        set(&mut product.short_description, self.short_description);
        set(&mut product.subcategory, self.subcategory);
        set(&mut product.brand, self.brand);
        if let Some(change) = self.price {
            product.price = priced(product.price, &change)?;
        }
        if let Some(change) = self.inventory {
            product.inventory = with_policy(product.inventory, &change);
        }
        if let Some(images) = self.images {
            product.images = choose_primary(images.into_iter().map(Into::into).collect())?;
        }
        set(&mut product.specifications, self.specifications);
        set(&mut product.dimensions, self.dimensions.map(|size| size.map(Into::into)));
        set(&mut product.shipping, self.shipping.map(Into::into));
        set(&mut product.seo, self.seo.map(|seo| seo.map(Into::into)));
        set(&mut product.featured, self.featured);
        set(&mut product.is_active, self.is_active);
        set(&mut product.tags, self.tags);
        set(&mut product.options, self.options.map(|options| options.into_iter().map(Into::into).collect()));
        set(&mut product.variants, self.variants.map(|variants| variants.into_iter().map(Into::into).collect()));
        set(&mut product.related_products, self.related_products);
        check_variants(&product.sku, &product.options, &product.variants)
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn priced(price: Price, change: &PriceChange) -> Result<Price, InvalidOffer> {
    let regular = change.regular.unwrap_or(price.regular);
    let sale = change.sale.unwrap_or(price.sale);
    Ok(Price::try_new(regular, sale, change.currency.unwrap_or(price.currency))?)
}

fn with_policy(policy: StockPolicy, change: &PolicyChange) -> StockPolicy {
    StockPolicy {
        low_stock_threshold: change.low_stock_threshold.unwrap_or(policy.low_stock_threshold),
        allow_backorder: change.allow_backorder.unwrap_or(policy.allow_backorder),
        backorder_limit: change.backorder_limit.unwrap_or(policy.backorder_limit),
    }
}
