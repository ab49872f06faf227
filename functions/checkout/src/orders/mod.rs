//! Orders after checkout: list, show, look up, cancel, ship, deliver, annotate.

pub(crate) mod add_note;
pub(crate) mod cancel;
pub(crate) mod deliver;
pub(crate) mod list;
pub(crate) mod lookup;
mod problems;
pub(crate) mod ship;
mod shipment_view;
pub(crate) mod show;
pub(crate) mod view;
