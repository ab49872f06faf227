//! The maintenance function.
