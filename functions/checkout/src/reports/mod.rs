//! What was sold, added up. An administrator's reports are about the shop, a seller's about the own lines.
//!
//! What counts is said in [`shared::store::reports`].

pub(crate) mod best_sellers;
pub(crate) mod low_stock;
mod period;
pub(crate) mod revenue;
pub(crate) mod sales_by_category;
mod view;
