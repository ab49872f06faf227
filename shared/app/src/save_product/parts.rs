//! The parts of a product as they are written down by people: requests and import files. Unknown fields are refused,
//! ranges are checked by `garde`, and what belongs together is checked by [`shop_domain::offer`].

use std::collections::BTreeMap;

use garde::Validate;
use serde::{Deserialize, Serialize};

use shop_domain::{
    Currency, Money, Sku,
    patch::present,
    product::{Dimensions, Image, ProductOption, Seo, ShippingPolicy, Variant},
    shipping::ShippingMethod,
};

/// More than any shop has of anything, and far from where sums overflow.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// What a product costs.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PriceInput {
    /// The normal price in minor units.
    pub regular: Money,
    /// The price while it is on sale; lower.
    #[serde(default)]
    pub sale: Option<Money>,
    /// Of both. USD if absent.
    #[serde(default)]
    pub currency: Option<Currency>,
}

/// What of a price changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PriceChange {
    /// The normal price in minor units.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub regular: Option<Money>,
    /// The price while it is on sale; null ends the sale.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub sale: Option<Option<Money>>,
    /// Of both.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// The first stock, and what happens when it runs out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct InventoryInput {
    /// How many there are at first. Not for a product with variants, which have their own.
    #[garde(range(min = 0, max = MAX_UNITS))]
    #[serde(default)]
    pub quantity: Option<i64>,
    /// `low_stock` at or below this; 10 if absent.
    #[garde(range(min = 0, max = MAX_UNITS))]
    #[serde(default)]
    pub low_stock_threshold: Option<i64>,
    /// Whether it can be ordered without stock.
    #[serde(default)]
    pub allow_backorder: Option<bool>,
    /// How far below zero; without a limit if absent.
    #[garde(range(min = 0, max = MAX_UNITS))]
    #[serde(default)]
    pub backorder_limit: Option<i64>,
}

/// What changes about the policy for when stock runs out. The stock itself is adjusted, not edited.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PolicyChange {
    /// `low_stock` at or below this.
    #[garde(range(min = 0, max = MAX_UNITS))]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub low_stock_threshold: Option<i64>,
    /// Whether it can be ordered without stock.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub allow_backorder: Option<bool>,
    /// How far below zero; null lifts the limit.
    #[garde(range(min = 0, max = MAX_UNITS))]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub backorder_limit: Option<Option<i64>>,
}

/// A picture.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ImageInput {
    /// Where it is: `https://…`.
    #[garde(length(max = 2048), custom(super::rules::web_address))]
    pub url: String,
    /// What it shows, for those who cannot see it.
    #[garde(length(chars, max = 300))]
    #[serde(default)]
    pub alt: String,
    /// Shown first; if none is, the first one is.
    #[serde(default)]
    pub is_primary: bool,
}

/// Weight and size.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DimensionsInput {
    /// Kilograms.
    #[garde(range(min = 0.0, max = 100_000.0))]
    #[serde(default)]
    pub weight: f64,
    /// Centimetres.
    #[garde(range(min = 0.0, max = 100_000.0))]
    #[serde(default)]
    pub length: f64,
    /// Centimetres.
    #[garde(range(min = 0.0, max = 100_000.0))]
    #[serde(default)]
    pub width: f64,
    /// Centimetres.
    #[garde(range(min = 0.0, max = 100_000.0))]
    #[serde(default)]
    pub height: f64,
}

/// How it travels.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ShippingInput {
    /// Ships free.
    #[serde(default)]
    pub free_shipping: bool,
    /// The method that it is packed for.
    #[serde(default)]
    pub shipping_class: Option<ShippingMethod>,
    /// Days to delivery.
    #[garde(range(min = 0, max = 365))]
    #[serde(default)]
    pub estimated_days: Option<i32>,
}

/// For search engines.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeoInput {
    /// Title.
    #[garde(length(chars, max = 200))]
    #[serde(default)]
    pub title: Option<String>,
    /// Description.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    pub description: Option<String>,
    /// Keywords.
    #[garde(length(max = 50), inner(length(chars, min = 1, max = 50)))]
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// What a buyer chooses between.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionInput {
    /// `Size`.
    #[garde(custom(super::rules::name_of_a_field))]
    pub name: String,
    /// `S`, `M`, `L`.
    #[garde(length(min = 1, max = 100), inner(length(chars, min = 1, max = 100)))]
    pub values: Vec<String>,
}

/// A combination of options that is sold.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct VariantInput {
    /// Unique among products and variants.
    pub sku: Sku,
    /// Option name → chosen value.
    pub choices: BTreeMap<String, String>,
    /// Added to the product's effective price, in minor units.
    #[garde(custom(super::rules::modifier))]
    #[serde(default)]
    pub price_modifier: Money,
    /// How many there are at first, if the SKU is new; otherwise it changes nothing.
    #[garde(range(min = 0, max = MAX_UNITS))]
    #[serde(default)]
    pub quantity: Option<i64>,
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
