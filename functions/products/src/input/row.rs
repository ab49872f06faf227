//! A product as it is written down to be made: the body of a creation, and a line of an import file.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::{
    app::save_product::{NewProduct, ProductChanges},
    domain::{
        Id, Sku, Slug,
        product::{Product, ProductStatus},
    },
    validation::{
        Validate, Violations,
        rules::{at_least, entries, length, line, lines},
    },
};

use super::{
    parts::{
        DimensionsInput, ImageInput, InventoryInput, OptionInput, PriceInput, SeoInput, ShippingInput, VariantInput,
        each, first_stock,
    },
    rules,
};

/// A product as it is written down to be made.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProductRow {
    /// Unique among products and variants; cannot be changed later.
    sku: Sku,
    /// 3–200 characters.
    name: String,
    /// Unique. Made from the name if absent.
    #[serde(default)]
    slug: Option<Slug>,
    /// The long text.
    description: String,
    /// The summary.
    #[serde(default)]
    short_description: Option<String>,
    /// An id, a slug or a path of slugs such as `personal-care/beauty`.
    #[serde(default)]
    category: Option<String>,
    /// Free text.
    #[serde(default)]
    subcategory: Option<String>,
    /// Who makes it.
    #[serde(default)]
    brand: Option<String>,
    /// What it costs.
    price: PriceInput,
    /// The first stock, and what happens when it runs out.
    #[serde(default)]
    inventory: Option<InventoryInput>,
    /// At most one is primary.
    #[serde(default)]
    images: Option<Vec<ImageInput>>,
    /// Name → value.
    #[serde(default)]
    specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    #[serde(default)]
    dimensions: Option<DimensionsInput>,
    /// How it travels.
    #[serde(default)]
    shipping: Option<ShippingInput>,
    /// For search engines.
    #[serde(default)]
    seo: Option<SeoInput>,
    /// On the front page.
    #[serde(default)]
    featured: Option<bool>,
    /// For search and filters.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// What a buyer chooses between.
    #[serde(default)]
    options: Option<Vec<OptionInput>>,
    /// The combinations that are sold.
    #[serde(default)]
    variants: Option<Vec<VariantInput>>,
    /// Shown beside it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    related_products: Option<Vec<Id<Product>>>,
    /// `draft` if absent.
    #[serde(default)]
    status: Option<ProductStatus>,
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

impl From<ProductRow> for NewProduct {
    fn from(row: ProductRow) -> Self {
        Self {
            sku: row.sku,
            quantity: row.inventory.as_ref().and_then(|inventory| inventory.quantity),
            status: row.status,
            changes: ProductChanges {
                name: Some(row.name),
                slug: row.slug,
                description: Some(row.description),
                short_description: row.short_description.map(Some),
                category: row.category.map(Some),
                subcategory: row.subcategory.map(Some),
                brand: row.brand.map(Some),
                price: Some(row.price.into()),
                inventory: row.inventory.map(Into::into),
                images: row.images.map(each),
                specifications: row.specifications,
                dimensions: row.dimensions.map(|size| Some(size.into())),
                shipping: row.shipping.map(Into::into),
                seo: row.seo.map(|seo| Some(seo.into())),
                featured: row.featured,
                is_active: None,
                tags: row.tags,
                options: row.options.map(each),
                first_stock: first_stock(row.variants.as_deref()),
                variants: row.variants.map(each),
                related_products: row.related_products,
            },
        }
    }
}
