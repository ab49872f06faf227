//! Use cases: every change of more than one aggregate. Each is one transaction, so that its decisions, writes and messages
//! commit together or not at all, and it can be called again after any crash.

pub mod end_order;
pub mod fulfill_order;
pub mod import_products;
pub mod merge_cart;
pub mod place_order;
pub mod quote;
pub mod record_payment;
pub mod record_refund;
pub mod reserve_stock;
pub mod save_product;
