//! Currencies, tax and shipping rates, and how payments are taken. Existing orders keep what they were placed with.

mod input;
pub(crate) mod replace_currencies;
pub(crate) mod replace_payments;
pub(crate) mod replace_shipping;
pub(crate) mod replace_tax;
pub(crate) mod show_currencies;
pub(crate) mod show_payments;
pub(crate) mod show_shipping;
pub(crate) mod show_tax;
mod view;
