//! The maintenance Lambda.
fn main() {}
