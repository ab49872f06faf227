//! The cart function.
