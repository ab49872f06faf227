//! From a cart to an order: the quote and the order itself.

mod delivery;
pub(crate) mod place_order;
pub(crate) mod quote;
pub(crate) mod quote_view;
