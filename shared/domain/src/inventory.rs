//! How many there are.
//!
//! The counters are contended, so the database decides about them (see `shop_store::inventory`); this is what one
//! record means.

use serde::{Deserialize, Serialize};

use super::{Id, Sku, Timestamp, product::Product, product::StockPolicy};

/// The stock of one SKU.
///
/// Always: `on_hand ≥ 0`, `reserved ≥ 0`, `available = on_hand − reserved`, `on_hand = received − shipped + returned`,
/// and `available ≥ 0` unless backorder is allowed (invariant I1). The collection's validator refuses anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockRecord {
    /// The SKU.
    #[serde(rename = "_id")]
    pub sku: Sku,
    /// The product that it is sold under.
    pub product: Id<Product>,
    /// Units in the warehouse.
    pub on_hand: i64,
    /// Units reserved for orders that are not shipped yet.
    pub reserved: i64,
    /// Units that can still be reserved.
    pub available: i64,
    /// Every unit that was ever put in, less those written off.
    pub received: i64,
    /// Every unit that ever left with an order.
    pub shipped: i64,
    /// Every unit that came back into stock.
    pub returned: i64,
    /// Copied from the product.
    #[serde(flatten)]
    pub policy: StockPolicy,
    /// When a counter last changed. A reservation counts once its order exists.
    pub updated_at: Timestamp,
}

/// What a shopper is told about the stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    /// More than the threshold.
    InStock,
    /// Some, but no more than the threshold.
    LowStock,
    /// None.
    OutOfStock,
}

impl StockStatus {
    /// What follows from a number of available units.
    pub const fn of(available: i64, threshold: i64) -> Self {
        if available <= 0 {
            Self::OutOfStock
        } else if available <= threshold {
            Self::LowStock
        } else {
            Self::InStock
        }
    }
}

impl StockRecord {
    /// The first stock of a SKU.
    pub fn new(sku: Sku, product: Id<Product>, on_hand: i64, policy: StockPolicy, now: Timestamp) -> Self {
        Self {
            sku,
            product,
            on_hand,
            reserved: 0,
            available: on_hand,
            received: on_hand,
            shipped: 0,
            returned: 0,
            policy,
            updated_at: now,
        }
    }

    /// What a shopper is told.
    pub fn status(&self) -> StockStatus {
        StockStatus::of(self.available, self.policy.low_stock_threshold)
    }

    /// How many one buyer could have now; `i64::MAX` for an unlimited backorder.
    pub fn orderable(&self) -> i64 {
        match (self.policy.allow_backorder, self.policy.backorder_limit) {
            (false, _) => self.available.max(0),
            (true, Some(limit)) => self.available.saturating_add(limit).max(0),
            (true, None) => i64::MAX,
        }
    }

    /// Whether taking units so that `available` is what it is now, from `before`, crossed the threshold downwards. Each
    /// crossing is told once.
    pub fn crossed_threshold_from(&self, before: i64) -> bool {
        before > self.policy.low_stock_threshold && self.available <= self.policy.low_stock_threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_what_is_available() {
        assert_eq!(StockStatus::of(0, 10), StockStatus::OutOfStock);
        assert_eq!(StockStatus::of(-3, 10), StockStatus::OutOfStock);
        assert_eq!(StockStatus::of(10, 10), StockStatus::LowStock);
        assert_eq!(StockStatus::of(11, 10), StockStatus::InStock);
    }
}
