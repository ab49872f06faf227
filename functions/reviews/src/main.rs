//! The reviews Lambda.
fn main() {}
