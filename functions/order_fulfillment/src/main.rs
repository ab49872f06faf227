//! The order_fulfillment Lambda.
fn main() {}
