//! The payments Lambda.
fn main() {}
