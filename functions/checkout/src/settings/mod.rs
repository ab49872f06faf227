//! The tables that tax and shipping are priced by. Orders that were placed keep what they were priced by.

mod input;
pub(crate) mod replace_shipping;
pub(crate) mod replace_tax;
pub(crate) mod show_shipping;
pub(crate) mod show_tax;
