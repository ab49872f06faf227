//! The payment_processing Lambda.
fn main() {}
