//! What customers send back: asked for, decided, received. Stock and money follow by message, in order fulfilment.

pub(crate) mod approve;
mod decide;
mod problems;
pub(crate) mod receive;
pub(crate) mod reject;
pub(crate) mod request;
pub(crate) mod show;
pub(crate) mod view;
