//! The products Lambda.
fn main() {}
