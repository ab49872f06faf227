//! The parts of a product in requests and import files. Unknown fields are refused, fields are checked by their rules, and
//! what belongs together is checked by [`shared::domain::offer`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::{
    app::save_product::{FirstStock, PolicyChange, PriceChange},
    domain::{
        Currency, Money, Sku,
        product::{Dimensions, Image, Price, ProductOption, Seo, ShippingPolicy, Variant},
        shipping::ShippingMethod,
    },
    validation::{
        Validate, Violations,
        patch::present,
        rules::{amount, entries, line, optional_line, optional_lines, range, url},
    },
};

use super::rules;

/// More than any shop has of anything, and far from where sums overflow.
pub(crate) const MAX_UNITS: i64 = 1_000_000_000;

/// What a product costs.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PriceInput {
    /// The normal price in minor units.
    regular: Money,
    /// The price while it is on sale; lower.
    #[serde(default)]
    sale: Option<Money>,
    /// Of both; one that the shop sells in. If absent, the shop's default for a new product.
    #[serde(default)]
    currency: Option<Currency>,
}

impl Validate for PriceInput {
    fn validate(&self, v: &mut Violations) {
        v.check("regular", &self.regular, amount(Price::HIGHEST));
        v.check("sale", &self.sale, amount(Price::HIGHEST));
    }
}

/// What of a price changes.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PriceChange)]
pub(crate) struct PriceChangeInput {
    /// The normal price in minor units.
    #[serde(default, deserialize_with = "present")]
    regular: Option<Money>,
    /// The price while it is on sale; null ends the sale.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    sale: Option<Option<Money>>,
    /// Of both; one that the shop sells in.
    #[serde(default, deserialize_with = "present")]
    currency: Option<Currency>,
}

impl Validate for PriceChangeInput {
    fn validate(&self, v: &mut Violations) {
        v.check("regular", &self.regular, amount(Price::HIGHEST));
        v.check("sale", &self.sale, amount(Price::HIGHEST));
    }
}

/// The first stock, and what happens when it runs out.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InventoryInput {
    /// How many there are at first. Not for a product with variants, which have their own.
    #[serde(default)]
    pub(super) quantity: Option<i64>,
    /// `low_stock` at or below this; 10 if absent.
    #[serde(default)]
    low_stock_threshold: Option<i64>,
    /// Whether it can be ordered without stock.
    #[serde(default)]
    allow_backorder: Option<bool>,
    /// How far below zero; without a limit if absent.
    #[serde(default)]
    backorder_limit: Option<i64>,
}

impl Validate for InventoryInput {
    fn validate(&self, v: &mut Violations) {
        v.check("quantity", &self.quantity, range(0..=MAX_UNITS));
        v.check("lowStockThreshold", &self.low_stock_threshold, range(0..=MAX_UNITS));
        v.check("backorderLimit", &self.backorder_limit, range(0..=MAX_UNITS));
    }
}

/// What changes about the policy for when stock runs out. The stock itself is adjusted, not edited.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PolicyChange)]
pub(crate) struct PolicyChangeInput {
    /// `low_stock` at or below this.
    #[serde(default, deserialize_with = "present")]
    low_stock_threshold: Option<i64>,
    /// Whether it can be ordered without stock.
    #[serde(default, deserialize_with = "present")]
    allow_backorder: Option<bool>,
    /// How far below zero; null lifts the limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    backorder_limit: Option<Option<i64>>,
}

impl Validate for PolicyChangeInput {
    fn validate(&self, v: &mut Violations) {
        v.check("lowStockThreshold", &self.low_stock_threshold, range(0..=MAX_UNITS));
        v.check("backorderLimit", &self.backorder_limit, range(0..=MAX_UNITS));
    }
}

/// A picture.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImageInput {
    /// Where it is: `https://…`.
    url: String,
    /// What it shows, for those who cannot see it.
    #[serde(default)]
    alt: String,
    /// Shown first; if none is, the first one is.
    #[serde(default)]
    is_primary: bool,
}

impl Validate for ImageInput {
    fn validate(&self, v: &mut Violations) {
        v.check("url", &self.url, url);
        v.check("alt", &self.alt, optional_line(300));
    }
}

/// Weight and size.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DimensionsInput {
    /// Kilograms.
    #[serde(default)]
    weight: f64,
    /// Centimetres.
    #[serde(default)]
    length: f64,
    /// Centimetres.
    #[serde(default)]
    width: f64,
    /// Centimetres.
    #[serde(default)]
    height: f64,
}

impl Validate for DimensionsInput {
    fn validate(&self, v: &mut Violations) {
        v.check("weight", &self.weight, range(0.0..=100_000.0));
        v.check("length", &self.length, range(0.0..=100_000.0));
        v.check("width", &self.width, range(0.0..=100_000.0));
        v.check("height", &self.height, range(0.0..=100_000.0));
    }
}

/// How it travels.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShippingInput {
    /// Ships free.
    #[serde(default)]
    free_shipping: bool,
    /// The method that it is packed for.
    #[serde(default)]
    shipping_class: Option<ShippingMethod>,
    /// Days to delivery.
    #[serde(default)]
    estimated_days: Option<i32>,
}

impl Validate for ShippingInput {
    fn validate(&self, v: &mut Violations) {
        v.check("estimatedDays", &self.estimated_days, range(0..=365));
    }
}

/// For search engines.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SeoInput {
    /// Title.
    #[serde(default)]
    title: Option<String>,
    /// Description.
    #[serde(default)]
    description: Option<String>,
    /// Keywords.
    #[serde(default)]
    keywords: Vec<String>,
}

impl Validate for SeoInput {
    fn validate(&self, v: &mut Violations) {
        v.check("title", &self.title, optional_line(200));
        v.check("description", &self.description, optional_lines(500));
        v.check("keywords", &self.keywords, entries(0..=50));
        v.each("keywords", &self.keywords, line(50));
    }
}

/// What a buyer chooses between.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OptionInput {
    /// `Size`.
    name: String,
    /// `S`, `M`, `L`.
    values: Vec<String>,
}

impl Validate for OptionInput {
    fn validate(&self, v: &mut Violations) {
        v.check("name", &self.name, rules::field_name);
        v.check("values", &self.values, entries(1..=100));
        v.each("values", &self.values, line(100));
    }
}

/// A combination of options that is sold.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VariantInput {
    /// Unique among products and variants.
    sku: Sku,
    /// Option name → chosen value.
    choices: BTreeMap<String, String>,
    /// Added to the product's effective price, in minor units.
    #[serde(default)]
    price_modifier: Money,
    /// How many there are at first, if the SKU is new; otherwise it changes nothing.
    #[serde(default)]
    quantity: Option<i64>,
}

impl Validate for VariantInput {
    fn validate(&self, v: &mut Violations) {
        v.check("priceModifier", &self.price_modifier, rules::price_modifier);
        v.check("quantity", &self.quantity, range(0..=MAX_UNITS));
    }
}

/// What variants of an input say about their first stock.
pub(super) fn first_stock(variants: Option<&[VariantInput]>) -> FirstStock {
    let variants = variants.unwrap_or_default();
    variants.iter().map(|variant| (variant.sku.clone(), variant.quantity.unwrap_or(0))).collect()
}

/// Each of the list, as the domain has it.
pub(super) fn each<T, U: From<T>>(inputs: Vec<T>) -> Vec<U> {
    inputs.into_iter().map(U::from).collect()
}

impl From<PriceInput> for PriceChange {
    fn from(price: PriceInput) -> Self {
        Self { regular: Some(price.regular), sale: Some(price.sale), currency: price.currency }
    }
}
impl From<PriceChangeInput> for PriceChange {
    fn from(change: PriceChangeInput) -> Self {
        Self { regular: change.regular, sale: change.sale, currency: change.currency }
    }
}
impl From<InventoryInput> for PolicyChange {
    fn from(inventory: InventoryInput) -> Self {
        Self {
            low_stock_threshold: inventory.low_stock_threshold,
            allow_backorder: inventory.allow_backorder,
            backorder_limit: inventory.backorder_limit.map(Some),
        }
    }
}
impl From<PolicyChangeInput> for PolicyChange {
    fn from(change: PolicyChangeInput) -> Self {
        Self {
            low_stock_threshold: change.low_stock_threshold,
            allow_backorder: change.allow_backorder,
            backorder_limit: change.backorder_limit,
        }
    }
}
impl From<ImageInput> for Image {
    fn from(image: ImageInput) -> Self {
        Self { url: image.url, alt: image.alt, is_primary: image.is_primary }
    }
}
impl From<DimensionsInput> for Dimensions {
    fn from(size: DimensionsInput) -> Self {
        Self { weight: size.weight, length: size.length, width: size.width, height: size.height }
    }
}
impl From<ShippingInput> for ShippingPolicy {
    fn from(policy: ShippingInput) -> Self {
        Self {
            free_shipping: policy.free_shipping,
            shipping_class: policy.shipping_class,
            estimated_days: policy.estimated_days,
        }
    }
}
impl From<SeoInput> for Seo {
    fn from(seo: SeoInput) -> Self {
        Self { title: seo.title, description: seo.description, keywords: seo.keywords }
    }
}
impl From<OptionInput> for ProductOption {
    fn from(option: OptionInput) -> Self {
        Self { name: option.name, values: option.values }
    }
}
impl From<VariantInput> for Variant {
    fn from(variant: VariantInput) -> Self {
        Self { sku: variant.sku, choices: variant.choices, price_modifier: variant.price_modifier }
    }
}
