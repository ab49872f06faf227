//! Coupons, for whoever runs the shop. Using one is part of the cart and of placing an order.

mod change;
pub(crate) mod create;
pub(crate) mod delete;
mod input;
pub(crate) mod list;
mod problems;
pub(crate) mod show;
pub(crate) mod update;
mod view;
