//! A product as it is written down to be made: the body of a creation, and a line of an import file.

use std::collections::BTreeMap;

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
use shop_validation::{
    Validate, Violations,
    rules::{at_least, entries, length, line, lines},
};

/// A product as it is written down to be made.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductRow {
    /// Unique among products and variants; cannot be changed later.
    pub sku: Sku,
    /// 3–200 characters.
    pub name: String,
    /// Unique. Made from the name if absent.
    #[serde(default)]
    pub slug: Option<Slug>,
    /// The long text.
    pub description: String,
    /// The summary.
    #[serde(default)]
    pub short_description: Option<String>,
    /// An id, a slug or a path of slugs such as `personal-care/beauty`.
    #[serde(default)]
    pub category: Option<String>,
    /// Free text.
    #[serde(default)]
    pub subcategory: Option<String>,
    /// Who makes it.
    #[serde(default)]
    pub brand: Option<String>,
    /// What it costs.
    pub price: PriceInput,
    /// The first stock, and what happens when it runs out.
    #[serde(default)]
    pub inventory: Option<InventoryInput>,
    /// At most one is primary.
    #[serde(default)]
    pub images: Option<Vec<ImageInput>>,
    /// Name → value.
    #[serde(default)]
    pub specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    #[serde(default)]
    pub dimensions: Option<DimensionsInput>,
    /// How it travels.
    #[serde(default)]
    pub shipping: Option<ShippingInput>,
    /// For search engines.
    #[serde(default)]
    pub seo: Option<SeoInput>,
    /// On the front page.
    #[serde(default)]
    pub featured: Option<bool>,
    /// For search and filters.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// What a buyer chooses between.
    #[serde(default)]
    pub options: Option<Vec<OptionInput>>,
    /// The combinations that are sold.
    #[serde(default)]
    pub variants: Option<Vec<VariantInput>>,
    /// Shown beside it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub related_products: Option<Vec<Id<Product>>>,
    /// `draft` if absent.
    #[serde(default)]
    pub status: Option<ProductStatus>,
}

impl Validate for ProductRow {
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
