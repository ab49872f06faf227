//! Tax and shipping rates (existing orders keep the rates that they were priced by), the bank account and the payment methods.

pub(crate) mod bank_account;
mod input;
pub(crate) mod payment_methods;
pub(crate) mod replace_shipping;
pub(crate) mod replace_tax;
pub(crate) mod show_shipping;
pub(crate) mod show_tax;
mod view;
