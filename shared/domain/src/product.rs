//! What the catalogue shows.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use super::{
    Command, Currency, Id, Idempotent, IllegalTransition, Money, MoneyError, Sku, Slug, State, Timestamp,
    category::Category, user::User,
};

/// A product with everything that is sold under its name. How many there are is not written here but in one
/// [`super::inventory::StockRecord`] per SKU, so that selling never rewrites the catalogue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Product>,
    /// 3–200 characters.
    pub name: String,
    /// Unique.
    pub slug: Slug,
    /// The long text.
    pub description: String,
    /// The summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<String>,
    /// Unique among products and variants.
    pub sku: Sku,
    /// Where it hangs.
    pub category: Option<Id<Category>>,
    /// The ids from the root category down to `category`: a category page is one indexed query.
    #[serde(default)]
    pub category_path: Vec<Id<Category>>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcategory: Option<String>,
    /// Who makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// What it costs.
    pub price: Price,
    /// When stock counts as low, and what happens without any.
    pub inventory: StockPolicy,
    /// At most one is primary.
    pub images: Vec<Image>,
    /// Name → value.
    pub specifications: BTreeMap<String, String>,
    /// Weight and size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// How it travels.
    #[serde(default)]
    pub shipping: ShippingPolicy,
    /// For search engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seo: Option<Seo>,
    /// Derived from its approved reviews.
    pub ratings: Ratings,
    /// Who sells it.
    pub seller: Id<User>,
    /// Whether the public sees it.
    pub status: ProductStatus,
    /// On the front page.
    pub featured: bool,
    /// For search and filters.
    pub tags: Vec<String>,
    /// What a buyer chooses between: `Size` → `S`, `M`, `L`.
    #[serde(default)]
    pub options: Vec<ProductOption>,
    /// The combinations that are sold. Empty: the product is its own single SKU.
    pub variants: Vec<Variant>,
    /// Shown beside it.
    #[serde(default)]
    pub related_products: Vec<Id<Product>>,
    /// Units shipped or delivered; derived from the orders.
    pub total_sold: i64,
    /// False takes it off the shelf without archiving.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether the public sees a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProductStatus {
    /// Being written.
    Draft,
    /// For sale.
    Published,
    /// Gone, but orders remember it.
    Archived,
}

impl ProductStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

/// What a product costs before its variant's modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The normal price.
    pub regular: Money,
    /// The price while it is on sale; below `regular`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<Money>,
    /// Of both.
    pub currency: Currency,
    /// `sale` where set, else `regular`; stored because filters and sorts use it.
    pub effective: Money,
}

/// Why a price is none.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPrice {
    /// Below zero.
    #[error("a price is not negative")]
    Negative,
    /// Above [`Price::HIGHEST`].
    #[error("a price is at most 1,000,000,000,000 minor units")]
    TooHigh,
    /// The sale is no sale.
    #[error("the sale price must be lower than the regular price")]
    SaleNotBelowRegular,
}

impl Price {
    /// High enough for a yacht, low enough that 100 lines of 999 never overflow.
    pub const HIGHEST: Money = Money::from_minor(1_000_000_000_000);

    /// Checks the amounts (seed: regular ≥ 0, sale < regular).
    pub fn try_new(regular: Money, sale: Option<Money>, currency: Currency) -> Result<Self, InvalidPrice> {
        if regular < Money::ZERO || sale.is_some_and(|sale| sale < Money::ZERO) {
            return Err(InvalidPrice::Negative);
        }
        if regular > Self::HIGHEST {
            return Err(InvalidPrice::TooHigh);
        }
        if sale.is_some_and(|sale| sale >= regular) {
            return Err(InvalidPrice::SaleNotBelowRegular);
        }
        Ok(Self { regular, sale, currency, effective: sale.unwrap_or(regular) })
    }

    /// The effective price with a variant's modifier, never below zero.
    pub fn with_modifier(&self, modifier: Money) -> Result<Money, MoneyError> {
        Ok(self.effective.plus(modifier)?.max(Money::ZERO))
    }
}

/// When stock counts as low, and what happens without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockPolicy {
    /// `low_stock` at or below this.
    pub low_stock_threshold: i64,
    /// Whether it can be ordered without stock.
    pub allow_backorder: bool,
    /// How far below zero; `None` is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backorder_limit: Option<i64>,
}

impl Default for StockPolicy {
    fn default() -> Self {
        Self { low_stock_threshold: 10, allow_backorder: false, backorder_limit: None }
    }
}

/// A picture of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Where it is.
    pub url: String,
    /// What it shows, for those who cannot see it.
    #[serde(default)]
    pub alt: String,
    /// Shown first.
    #[serde(default)]
    pub is_primary: bool,
}

/// Weight in kilograms and size in centimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimensions {
    /// Kilograms.
    #[serde(default)]
    pub weight: f64,
    /// Centimetres.
    #[serde(default)]
    pub length: f64,
    /// Centimetres.
    #[serde(default)]
    pub width: f64,
    /// Centimetres.
    #[serde(default)]
    pub height: f64,
}

impl Dimensions {
    /// The weight in whole grams, half to even; what shipping is priced by.
    pub fn weight_grams(&self) -> i64 {
        Decimal::try_from(self.weight)
            .ok()
            .and_then(|kilograms| kilograms.checked_mul(Decimal::ONE_THOUSAND))
            .and_then(|grams| grams.round().to_i64())
            .unwrap_or(0)
            .max(0)
    }
}

/// How a product travels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ShippingPolicy {
    /// Ships free.
    pub free_shipping: bool,
    /// The method that it is packed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_class: Option<super::shipping::ShippingMethod>,
    /// Days to delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_days: Option<i32>,
}

/// What search engines read about a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seo {
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Keywords.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// The rating of a product: the sum and count of its approved reviews, and what follows from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ratings {
    /// The sum of all stars.
    pub sum: i64,
    /// How many reviews.
    pub count: i64,
    /// `sum ÷ count` to two decimals; 0 without reviews.
    pub average: f64,
}

impl Ratings {
    /// The rating that follows from a sum and a count.
    pub fn from_sum(sum: i64, count: i64) -> Self {
        let average = Decimal::from(sum).checked_div(Decimal::from(count)).map(|average| average.round_dp(2));
        Self { sum, count, average: average.and_then(|average| average.to_f64()).unwrap_or(0.0) }
    }
}

/// What a buyer chooses between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// `Size`.
    pub name: String,
    /// `S`, `M`, `L`.
    pub values: Vec<String>,
}

/// One combination of options that is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// Unique among products and variants.
    pub sku: Sku,
    /// Option name → chosen value.
    pub choices: BTreeMap<String, String>,
    /// Added to the product's effective price.
    #[serde(default)]
    pub price_modifier: Money,
}

/// One thing that can be put into a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sellable {
    /// What the stock is kept under.
    pub sku: Sku,
    /// The chosen variant; `None` where the product has none.
    pub variant: Option<Sku>,
    /// What one costs now.
    pub unit_price: Money,
}

/// Why a product cannot be put into a cart this way.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotSellable {
    /// It has variants and none was named.
    #[error("choose one of the product's variants by its SKU")]
    VariantRequired,
    /// It has no such variant.
    #[error("the product has no such variant")]
    UnknownVariant,
    /// The price does not fit.
    #[error(transparent)]
    Price(#[from] MoneyError),
}

impl Product {
    /// Whether it can be bought.
    pub fn is_for_sale(&self) -> bool {
        self.status == ProductStatus::Published && self.is_active
    }

    /// What is sold for this choice in this currency; `None` if nothing is. A product may change its currency, and its price
    /// is then no price of a cart in the old one.
    pub fn sold_in(&self, currency: Currency, variant: Option<&Sku>) -> Option<Sellable> {
        if !self.is_for_sale() || self.price.currency != currency {
            return None;
        }
        self.sellable(variant).ok()
    }

    /// What is sold under this name for this choice.
    pub fn sellable(&self, variant: Option<&Sku>) -> Result<Sellable, NotSellable> {
        match variant {
            Some(sku) => {
                if self.variants.is_empty() && *sku == self.sku {
                    return self.sellable(None);
                }
                let variant =
                    self.variants.iter().find(|variant| variant.sku == *sku).ok_or(NotSellable::UnknownVariant)?;
                let unit_price = self.price.with_modifier(variant.price_modifier)?;
                Ok(Sellable { sku: variant.sku.clone(), variant: Some(variant.sku.clone()), unit_price })
            }
            None if self.variants.is_empty() => {
                Ok(Sellable { sku: self.sku.clone(), variant: None, unit_price: self.price.effective })
            }
            None => Err(NotSellable::VariantRequired),
        }
    }

    /// Every SKU that is sold under this name.
    pub fn skus(&self) -> Vec<Sku> {
        if self.variants.is_empty() {
            vec![self.sku.clone()]
        } else {
            self.variants.iter().map(|variant| variant.sku.clone()).collect()
        }
    }

    /// The picture that stands for it.
    pub fn primary_image(&self) -> Option<&Image> {
        self.images.iter().find(|image| image.is_primary).or_else(|| self.images.first())
    }

    /// Puts it on the shelf.
    pub fn publish(&mut self, now: Timestamp) -> Idempotent {
        self.set_status(ProductStatus::Published, now)
    }

    /// Takes it off the shelf for good, or until it is published again.
    ///
    /// # Errors
    /// A draft has never been on the shelf.
    pub fn archive(&mut self, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        if self.status == ProductStatus::Draft {
            return Err(IllegalTransition {
                command: Command::ArchiveProduct,
                state: State::Product(ProductStatus::Draft),
            });
        }
        Ok(self.set_status(ProductStatus::Archived, now))
    }

    fn set_status(&mut self, status: ProductStatus, now: Timestamp) -> Idempotent {
        if self.status == status {
            return Idempotent::AlreadyApplied;
        }
        self.status = status;
        self.updated_at = now;
        Idempotent::Executed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(regular: i64, sale: Option<i64>) -> Result<Price, InvalidPrice> {
        Price::try_new(Money::from_minor(regular), sale.map(Money::from_minor), Currency::USD)
    }

    #[test]
    fn the_sale_price_is_the_effective_one() {
        assert_eq!(price(1000, Some(800)).unwrap().effective.minor(), 800);
        assert_eq!(price(1000, None).unwrap().effective.minor(), 1000);
    }

    #[test]
    fn a_modifier_never_makes_a_price_negative() {
        assert_eq!(price(1000, None).unwrap().with_modifier(Money::from_minor(-1500)).unwrap(), Money::ZERO);
        assert_eq!(price(1000, Some(900)).unwrap().with_modifier(Money::from_minor(50)).unwrap().minor(), 950);
    }

    #[test]
    fn an_invalid_price_is_refused() {
        assert_eq!(price(-1, None), Err(InvalidPrice::Negative));
        assert_eq!(price(1000, Some(1000)), Err(InvalidPrice::SaleNotBelowRegular));
        assert_eq!(price(i64::MAX, None), Err(InvalidPrice::TooHigh));
    }

    #[test]
    fn a_rating_is_its_sum_by_its_count() {
        assert_eq!(Ratings::from_sum(14, 3).average, 4.67);
        assert_eq!(Ratings::from_sum(0, 0).average, 0.0);
    }

    #[test]
    fn kilograms_become_whole_grams() {
        let weighing = |weight| Dimensions { weight, length: 0.0, width: 0.0, height: 0.0 }.weight_grams();
        assert_eq!(weighing(0.25), 250);
        assert_eq!(weighing(4.0), 4000);
        assert_eq!(weighing(f64::NAN), 0);
        assert_eq!(weighing(-1.0), 0);
    }
}
