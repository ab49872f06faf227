//! A product that is to be made, or brought into the state that a row of an import file describes.

use std::collections::BTreeMap;

use super::ProductChanges;
use shop_domain::{Sku, offer::InvalidOffer, product::ProductStatus};

/// How many there are at first, by SKU.
pub type FirstStock = BTreeMap<Sku, i64>;

/// A product that is to be made.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// Unique among products and variants; cannot be changed later.
    pub sku: Sku,
    /// How many there are at first. Not for a product with variants, which have their own.
    pub quantity: Option<i64>,
    /// A new product is a draft if it is `None`.
    pub status: Option<ProductStatus>,
    /// Everything else: what differs from an empty draft, or from the product that exists.
    pub changes: ProductChanges,
}

impl NewProduct {
    /// The name of its category, if it has one.
    pub fn category(&self) -> Option<&str> {
        self.changes.category.as_ref()?.as_deref()
    }

    /// How many there are at first of what it sells.
    ///
    /// # Errors
    /// If stock is given for the product as a whole and it has variants.
    pub fn first_stock(&self) -> Result<FirstStock, InvalidOffer> {
        if self.changes.variants.as_ref().is_none_or(Vec::is_empty) {
            return Ok(FirstStock::from([(self.sku.clone(), self.quantity.unwrap_or(0))]));
        }
        if self.quantity.is_some() {
            return Err(InvalidOffer::StockBesideVariants);
        }
        Ok(self.changes.first_stock.clone())
    }
}
