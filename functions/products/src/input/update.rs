//! A change of a product as a request writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::{
    app::save_product::ProductChanges,
    domain::{Id, Slug, product::Product},
    validation::{
        Validate, Violations,
        patch::present,
        rules::{at_least, entries, length, line, lines},
    },
};

use super::{
    parts::{
        DimensionsInput, ImageInput, OptionInput, PolicyChangeInput, PriceChangeInput, SeoInput, ShippingInput,
        VariantInput, each, first_stock,
    },
    rules,
};

// `Serialize`, here and in the parts: utoipa writes each field's default into the OpenAPI document by it.
/// A change of a product: absent fields stay as they are, null clears where that is possible.
///
/// The SKU is not among them, because orders and stock are kept under it; neither is the stock, which is adjusted.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = ProductChanges)]
pub(crate) struct UpdateProduct {
    /// 3–200 characters.
    #[serde(deserialize_with = "present")]
    name: Option<String>,
    /// Unique.
    #[serde(deserialize_with = "present")]
    slug: Option<Slug>,
    /// The long text.
    #[serde(deserialize_with = "present")]
    description: Option<String>,
    /// The summary.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    short_description: Option<Option<String>>,
    /// An id, a slug or a path of slugs; null takes it out of every category.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    category: Option<Option<String>>,
    /// Free text.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    subcategory: Option<Option<String>>,
    /// Who makes it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    brand: Option<Option<String>>,
    /// What it costs.
    #[serde(deserialize_with = "present")]
    price: Option<PriceChangeInput>,
    /// What happens when the stock runs out.
    #[serde(deserialize_with = "present")]
    inventory: Option<PolicyChangeInput>,
    /// All of them; at most one is primary.
    #[serde(deserialize_with = "present")]
    images: Option<Vec<ImageInput>>,
    /// Name → value, all of them.
    #[serde(deserialize_with = "present")]
    specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<DimensionsInput>)]
    dimensions: Option<Option<DimensionsInput>>,
    /// How it travels.
    #[serde(deserialize_with = "present")]
    shipping: Option<ShippingInput>,
    /// For search engines.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<SeoInput>)]
    seo: Option<Option<SeoInput>>,
    /// On the front page.
    #[serde(deserialize_with = "present")]
    featured: Option<bool>,
    /// False takes it off the shelf without archiving.
    #[serde(deserialize_with = "present")]
    is_active: Option<bool>,
    /// For search and filters; all of them.
    #[serde(deserialize_with = "present")]
    tags: Option<Vec<String>>,
    /// What a buyer chooses between; all of them.
    #[serde(deserialize_with = "present")]
    options: Option<Vec<OptionInput>>,
    /// The combinations that are sold; all of them.
    #[serde(deserialize_with = "present")]
    variants: Option<Vec<VariantInput>>,
    /// Shown beside it; all of them.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    related_products: Option<Vec<Id<Product>>>,
}

impl Validate for UpdateProduct {
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

impl From<UpdateProduct> for ProductChanges {
    fn from(change: UpdateProduct) -> Self {
        Self {
            name: change.name,
            slug: change.slug,
            description: change.description,
            short_description: change.short_description,
            category: change.category,
            subcategory: change.subcategory,
            brand: change.brand,
            price: change.price.map(Into::into),
            inventory: change.inventory.map(Into::into),
            images: change.images.map(each),
            specifications: change.specifications,
            dimensions: change.dimensions.map(|size| size.map(Into::into)),
            shipping: change.shipping.map(Into::into),
            seo: change.seo.map(|seo| seo.map(Into::into)),
            featured: change.featured,
            is_active: change.is_active,
            tags: change.tags,
            options: change.options.map(each),
            first_stock: first_stock(change.variants.as_deref()),
            variants: change.variants.map(each),
            related_products: change.related_products,
        }
    }
}
