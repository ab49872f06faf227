//! Tax and shipping rates. Existing orders keep the rates that they were priced by.

mod input;
pub(crate) mod replace_shipping;
pub(crate) mod replace_tax;
pub(crate) mod show_shipping;
pub(crate) mod show_tax;
mod view;
