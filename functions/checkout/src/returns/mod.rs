//! Returns: requested, approved or rejected, received. Restocking and refund follow by message, in order fulfilment.

pub(crate) mod approve;
mod decide;
pub(crate) mod list;
mod problems;
pub(crate) mod receive;
pub(crate) mod reject;
pub(crate) mod request;
pub(crate) mod show;
pub(crate) mod view;
