//! Tax and shipping rates (existing orders keep the rates that they were priced by), the bank account and the payment methods.

mod input;
pub(crate) mod replace_bank_account;
pub(crate) mod replace_payment_methods;
pub(crate) mod replace_shipping;
pub(crate) mod replace_tax;
pub(crate) mod show_bank_account;
pub(crate) mod show_payment_methods;
pub(crate) mod show_shipping;
pub(crate) mod show_tax;
mod view;
