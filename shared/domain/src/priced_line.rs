//! One line of a cart or an order, as prices and coupons see it.

use super::{Id, Money, category::Category, product::Product};

/// One line as pricing sees it.
#[derive(Clone, Debug)]
pub struct PricedLine {
    /// The product.
    pub product: Id<Product>,
    /// Its categories, from the root down.
    pub categories: Vec<Id<Category>>,
    /// Unit price × quantity.
    pub subtotal: Money,
    /// Weight of all its units.
    pub grams: i64,
    /// Whether it ships free.
    pub ships_free: bool,
}
