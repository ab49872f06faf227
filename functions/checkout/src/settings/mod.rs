//! Currencies, tax and shipping rates, and how the shop is paid. Existing orders keep what they were placed with, except for
//! the bank account.

mod input;
pub(crate) mod replace_bank_account;
pub(crate) mod replace_currencies;
pub(crate) mod replace_payment_methods;
pub(crate) mod replace_payments;
pub(crate) mod replace_shipping;
pub(crate) mod replace_tax;
pub(crate) mod show_bank_account;
pub(crate) mod show_currencies;
pub(crate) mod show_payment_methods;
pub(crate) mod show_payments;
pub(crate) mod show_shipping;
pub(crate) mod show_tax;
mod view;
