//! The payment_processing function.
