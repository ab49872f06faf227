//! What of a product changes.

use std::collections::BTreeMap;

use super::FirstStock;
use shop_domain::{
    Currency, Id, Money, Slug,
    offer::{InvalidOffer, check_variants, choose_primary},
    product::{Dimensions, Image, Price, Product, ProductOption, Seo, ShippingPolicy, StockPolicy, Variant},
};

/// A change of a product: `None` leaves a field as it is, `Some(None)` clears it.
///
/// The SKU is not among them, because orders and stock are kept under it; neither is the stock, which is adjusted.
#[derive(Clone, Debug, Default)]
pub struct ProductChanges {
    /// 3–200 characters.
    pub name: Option<String>,
    /// Unique.
    pub slug: Option<Slug>,
    /// The long text.
    pub description: Option<String>,
    /// The summary.
    pub short_description: Option<Option<String>>,
    /// An id, a slug or a path of slugs; `Some(None)` takes it out of every category.
    pub category: Option<Option<String>>,
    /// Free text.
    pub subcategory: Option<Option<String>>,
    /// Who makes it.
    pub brand: Option<Option<String>>,
    /// What it costs.
    pub price: Option<PriceChange>,
    /// What happens when the stock runs out.
    pub inventory: Option<PolicyChange>,
    /// All of them; at most one is primary.
    pub images: Option<Vec<Image>>,
    /// Name → value, all of them.
    pub specifications: Option<BTreeMap<String, String>>,
    /// Weight and size.
    pub dimensions: Option<Option<Dimensions>>,
    /// How it travels.
    pub shipping: Option<ShippingPolicy>,
    /// For search engines.
    pub seo: Option<Option<Seo>>,
    /// On the front page.
    pub featured: Option<bool>,
    /// False takes it off the shelf without archiving.
    pub is_active: Option<bool>,
    /// For search and filters; all of them.
    pub tags: Option<Vec<String>>,
    /// What a buyer chooses between; all of them.
    pub options: Option<Vec<ProductOption>>,
    /// The combinations that are sold; all of them.
    pub variants: Option<Vec<Variant>>,
    /// How many there are at first of the variants that are new.
    pub first_stock: FirstStock,
    /// Shown beside it; all of them.
    pub related_products: Option<Vec<Id<Product>>>,
}

/// A change of a price.
#[derive(Clone, Copy, Debug, Default)]
pub struct PriceChange {
    /// The normal price.
    pub regular: Option<Money>,
    /// The price while it is on sale; `Some(None)` ends the sale.
    pub sale: Option<Option<Money>>,
    /// Of both.
    pub currency: Option<Currency>,
}

/// A change of the policy for when stock runs out. The stock itself is adjusted, not edited.
#[derive(Clone, Copy, Debug, Default)]
pub struct PolicyChange {
    /// `low_stock` at or below this.
    pub low_stock_threshold: Option<i64>,
    /// Whether it can be ordered without stock.
    pub allow_backorder: Option<bool>,
    /// How far below zero; `Some(None)` lifts the limit.
    pub backorder_limit: Option<Option<i64>>,
}

impl ProductChanges {
    /// Changes the product, but for its category, which has to be looked up first.
    pub fn apply(self, product: &mut Product) -> Result<(), InvalidOffer> {
        set(&mut product.name, self.name);
        set(&mut product.slug, self.slug);
        set(&mut product.description, self.description);
        set(&mut product.short_description, self.short_description);
        set(&mut product.subcategory, self.subcategory);
        set(&mut product.brand, self.brand);
        if let Some(change) = self.price {
            product.price = priced(product.price, change)?;
        }
        if let Some(change) = self.inventory {
            product.inventory = with_policy(product.inventory, change);
        }
        if let Some(images) = self.images {
            product.images = choose_primary(images)?;
        }
        set(&mut product.specifications, self.specifications);
        set(&mut product.dimensions, self.dimensions);
        set(&mut product.shipping, self.shipping);
        set(&mut product.seo, self.seo);
        set(&mut product.featured, self.featured);
        set(&mut product.is_active, self.is_active);
        set(&mut product.tags, self.tags);
        set(&mut product.options, self.options);
        set(&mut product.variants, self.variants);
        set(&mut product.related_products, self.related_products);
        check_variants(&product.sku, &product.options, &product.variants)
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn priced(price: Price, change: PriceChange) -> Result<Price, InvalidOffer> {
    let regular = change.regular.unwrap_or(price.regular);
    let sale = change.sale.unwrap_or(price.sale);
    Ok(Price::try_new(regular, sale, change.currency.unwrap_or(price.currency))?)
}

fn with_policy(policy: StockPolicy, change: PolicyChange) -> StockPolicy {
    StockPolicy {
        low_stock_threshold: change.low_stock_threshold.unwrap_or(policy.low_stock_threshold),
        allow_backorder: change.allow_backorder.unwrap_or(policy.allow_backorder),
        backorder_limit: change.backorder_limit.unwrap_or(policy.backorder_limit),
    }
}
