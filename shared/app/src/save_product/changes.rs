//! What of a product changes.

use std::collections::BTreeMap;

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
use shop_validation::{
    Validate, Violations,
    rules::{at_least, entries, length, line, lines},
};

/// A change of a product: absent fields stay as they are, null clears where that is possible.
///
/// The SKU is not among them, because orders and stock are kept under it; neither is the stock, which is adjusted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProductChanges {
    /// 3–200 characters.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unique.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub slug: Option<Slug>,
    /// The long text.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The summary.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub short_description: Option<Option<String>>,
    /// An id, a slug or a path of slugs; null takes it out of every category.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// Free text.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub subcategory: Option<Option<String>>,
    /// Who makes it.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub brand: Option<Option<String>>,
    /// What it costs.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceChange>,
    /// What happens when the stock runs out.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub inventory: Option<PolicyChange>,
    /// All of them; at most one is primary.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<ImageInput>>,
    /// Name → value, all of them.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DimensionsInput>)]
    pub dimensions: Option<Option<DimensionsInput>>,
    /// How it travels.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingInput>,
    /// For search engines.
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
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// What a buyer chooses between; all of them.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<OptionInput>>,
    /// The combinations that are sold; all of them.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<VariantInput>>,
    /// Shown beside it; all of them.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub related_products: Option<Vec<Id<Product>>>,
}

impl Validate for ProductChanges {
    fn validate(&self, v: &mut Violations) {
        v.check("name", &self.name, line(200));
        v.check("name", &self.name, at_least(3));
        v.check("description", &self.description, lines(20_000));
        v.check("shortDescription", &self.short_description, lines(500));
        v.check("category", &self.category, length(0..=1000));
        v.check("subcategory", &self.subcategory, line(100));
        v.check("brand", &self.brand, line(100));
        v.nested("price", &self.price);
        v.nested("inventory", &self.inventory);
        v.check("images", &self.images, entries(0..=30));
        v.nested("images", &self.images);
        v.check("specifications", &self.specifications, rules::specifications);
        v.nested("dimensions", &self.dimensions);
        v.nested("shipping", &self.shipping);
        v.nested("seo", &self.seo);
        v.check("tags", &self.tags, entries(0..=50));
        v.each("tags", &self.tags, line(50));
        v.check("options", &self.options, entries(0..=5));
        v.nested("options", &self.options);
        v.check("variants", &self.variants, entries(0..=200));
        v.nested("variants", &self.variants);
        v.check("relatedProducts", &self.related_products, entries(0..=50));
    }
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
