//! From a cart to an order: the quote and the order itself.

mod delivery;
pub(crate) mod place_order;
mod problems;
pub(crate) mod quote;
mod quote_view;
