//! The notifications function.
