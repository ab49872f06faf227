//! A product on a wishlist, in answers.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::{
    domain::{
        Currency, Id, Money, Sku, Slug,
        inventory::{StockRecord, StockStatus},
        product::{Price, Product},
        wishlist::WishlistItem,
    },
    http::{App, Problem},
};

/// A summary of a product. One that is no longer for sale has only its id.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProductCard {
    #[schema(value_type = String)]
    id: Id<Product>,
    slug: Option<Slug>,
    name: Option<String>,
    image: Option<String>,
    price: Option<CardPrice>,
    availability: Availability,
}

/// What a product costs, before the modifier of a variant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CardPrice {
    regular: Money,
    /// While it is on sale.
    sale: Option<Money>,
    currency: Currency,
    /// `sale` where set, else `regular`.
    effective: Money,
}

/// Availability.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Availability {
    InStock,
    LowStock,
    OutOfStock,
    /// It is no longer for sale.
    Unavailable,
}

impl From<StockStatus> for Availability {
    fn from(status: StockStatus) -> Self {
        match status {
            StockStatus::InStock => Self::InStock,
            StockStatus::LowStock => Self::LowStock,
            StockStatus::OutOfStock => Self::OutOfStock,
        }
    }
}

impl From<Price> for CardPrice {
    fn from(price: Price) -> Self {
        Self { regular: price.regular, sale: price.sale, currency: price.currency, effective: price.effective }
    }
}

impl ProductCard {
    fn unavailable(id: Id<Product>) -> Self {
        Self { id, slug: None, name: None, image: None, price: None, availability: Availability::Unavailable }
    }

    fn of(product: &Product, stock: &BTreeMap<Sku, i64>) -> Self {
        let available =
            product.skus().iter().filter_map(|sku| stock.get(sku)).fold(0_i64, |sum, more| sum.saturating_add(*more));
        Self {
            id: product.id,
            slug: Some(product.slug.clone()),
            name: Some(product.name.clone()),
            image: product.primary_image().map(|image| image.url.clone()),
            price: Some(product.price.into()),
            availability: StockStatus::of(available, product.inventory.low_stock_threshold).into(),
        }
    }
}

/// The cards of a wishlist's products, in its order.
pub(crate) async fn load_cards(app: &App, items: &[WishlistItem]) -> Result<Vec<ProductCard>, Problem> {
    let products = app.store.products.find_all(items.iter().map(|item| item.product)).await?;
    let products: BTreeMap<Id<Product>, &Product> =
        products.iter().filter(|product| product.is_for_sale()).map(|product| (product.id, product)).collect();
    let skus: Vec<Sku> = products.values().flat_map(|product| product.skus()).collect();
    let stock = app.store.inventory.find_all(&skus).await?;
    let available = |record: StockRecord| (record.sku, record.available.max(0));
    let stock: BTreeMap<Sku, i64> = stock.into_iter().map(available).collect();
    let card = |item: &WishlistItem| match products.get(&item.product) {
        Some(product) => ProductCard::of(product, &stock),
        None => ProductCard::unavailable(item.product),
    };
    Ok(items.iter().map(card).collect())
}
