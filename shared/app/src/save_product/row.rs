//! A product as it is written down to be made: the body of a creation, and a line of an import file.

use std::collections::BTreeMap;

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{
    changes::ProductChanges,
    parts::{
        DimensionsInput, ImageInput, InventoryInput, OptionInput, PolicyChange, PriceChange, PriceInput, SeoInput,
        ShippingInput, VariantInput,
    },
    rules,
};
use shop_domain::{
    Id, Sku, Slug,
    offer::InvalidOffer,
    product::{Product, ProductStatus},
};

/// A product as it is written down to be made.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ProductRow {
    /// Unique among products and variants; cannot be changed later.
    pub sku: Sku,
    /// 3–200 characters.
    #[garde(length(chars, min = 3, max = 200), custom(rules::line))]
    pub name: String,
    /// Unique. Made from the name if absent.
    #[serde(default)]
    pub slug: Option<Slug>,
    /// The long text.
    #[garde(length(chars, max = 20_000), custom(rules::lines))]
    pub description: String,
    /// The summary.
    #[garde(length(chars, max = 500), inner(custom(rules::lines)))]
    #[serde(default)]
    pub short_description: Option<String>,
    /// An id, a slug or a path of slugs such as `personal-care/beauty`.
    #[garde(length(max = 1000))]
    #[serde(default)]
    pub category: Option<String>,
    /// Free text.
    #[garde(length(chars, max = 100), inner(custom(rules::line)))]
    #[serde(default)]
    pub subcategory: Option<String>,
    /// Who makes it.
    #[garde(length(chars, max = 100), inner(custom(rules::line)))]
    #[serde(default)]
    pub brand: Option<String>,
    /// What it costs.
    #[garde(dive)]
    pub price: PriceInput,
    /// The first stock, and what happens when it runs out.
    #[garde(dive)]
    #[serde(default)]
    pub inventory: Option<InventoryInput>,
    /// At most one is primary.
    #[garde(length(max = 30), dive)]
    #[serde(default)]
    pub images: Option<Vec<ImageInput>>,
    /// Name → value.
    #[garde(inner(custom(rules::specifications)))]
    #[serde(default)]
    pub specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    #[garde(dive)]
    #[serde(default)]
    pub dimensions: Option<DimensionsInput>,
    /// How it travels.
    #[garde(dive)]
    #[serde(default)]
    pub shipping: Option<ShippingInput>,
    /// For search engines.
    #[garde(dive)]
    #[serde(default)]
    pub seo: Option<SeoInput>,
    /// On the front page.
    #[serde(default)]
    pub featured: Option<bool>,
    /// For search and filters.
    #[garde(length(max = 50), inner(inner(length(chars, max = 50), custom(rules::line))))]
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// What a buyer chooses between.
    #[garde(length(max = 5), dive)]
    #[serde(default)]
    pub options: Option<Vec<OptionInput>>,
    /// The combinations that are sold.
    #[garde(length(max = 200), dive)]
    #[serde(default)]
    pub variants: Option<Vec<VariantInput>>,
    /// Shown beside it.
    #[garde(length(max = 50))]
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub related_products: Option<Vec<Id<Product>>>,
    /// `draft` if absent.
    #[serde(default)]
    pub status: Option<ProductStatus>,
}

/// How many there are at first, by SKU.
pub type FirstStock = BTreeMap<Sku, i64>;

impl ProductRow {
    /// How many there are at first of what this row sells.
    pub fn first_stock(&self) -> Result<FirstStock, InvalidOffer> {
        let quantity = self.inventory.as_ref().and_then(|inventory| inventory.quantity);
        let variants = self.variants.as_deref().unwrap_or_default();
        if variants.is_empty() {
            return Ok(FirstStock::from([(self.sku.clone(), quantity.unwrap_or(0))]));
        }
        if quantity.is_some() {
            return Err(InvalidOffer::StockBesideVariants);
        }
        Ok(variants.iter().map(|variant| (variant.sku.clone(), variant.quantity.unwrap_or(0))).collect())
    }

    /// What the row says about a product that exists. Fields that it leaves out stay as they are.
    pub fn into_changes(self) -> ProductChanges {
        let price = PriceChange {
            regular: Some(self.price.regular),
            sale: Some(self.price.sale),
            currency: self.price.currency,
        };
        ProductChanges {
            name: Some(self.name),
            slug: self.slug,
            description: Some(self.description),
            short_description: self.short_description.map(Some),
            category: self.category.map(Some),
            subcategory: self.subcategory.map(Some),
            brand: self.brand.map(Some),
            price: Some(price),
            inventory: self.inventory.map(|inventory| PolicyChange {
                low_stock_threshold: inventory.low_stock_threshold,
                allow_backorder: inventory.allow_backorder,
                backorder_limit: inventory.backorder_limit.map(Some),
            }),
            images: self.images,
            specifications: self.specifications,
            dimensions: self.dimensions.map(Some),
            shipping: self.shipping,
            seo: self.seo.map(Some),
            featured: self.featured,
            is_active: None,
            tags: self.tags,
            options: self.options,
            variants: self.variants,
            related_products: self.related_products,
        }
    }
}
