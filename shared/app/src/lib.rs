//! Use cases: every change of more than one aggregate. Each is one transaction, so that its decisions, writes and messages
//! commit together or not at all, and it can be called again after any crash.

pub mod change_method;
pub mod change_password;
pub mod change_product;
pub mod change_review;
pub mod create_product;
pub mod end_order;
pub mod fulfill_order;
pub mod import_products;
pub mod merge_cart;
pub mod move_to_cart;
pub mod place_order;
pub mod quote;
pub mod record_capture;
pub mod record_payment;
pub mod record_refund;
pub mod record_transfer;
pub mod reserve_stock;
pub mod reset_password;
pub mod save_category;
pub mod save_method;
pub mod save_product;
pub mod ship_order;
pub mod start_session;
pub mod update_user;
pub mod verify_email;
