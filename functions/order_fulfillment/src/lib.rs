//! The order_fulfillment function.
