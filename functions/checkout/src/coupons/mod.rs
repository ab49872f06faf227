//! Coupons, for administrators. They are applied in the cart and redeemed when an order is placed.

mod change;
pub(crate) mod create;
pub(crate) mod delete;
mod input;
pub(crate) mod list;
mod problems;
pub(crate) mod show;
pub(crate) mod update;
mod view;
