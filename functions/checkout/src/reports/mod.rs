//! Sales reports. Administrators see the whole shop, sellers their own lines.
//!
//! The definitions are in [`shared::store::reports`].

pub(crate) mod best_sellers;
pub(crate) mod low_stock;
mod period;
pub(crate) mod revenue;
pub(crate) mod sales_by_category;
mod view;
