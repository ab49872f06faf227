//! The cart Lambda.
fn main() {}
