//! Products in requests and import files.

pub(crate) mod parts;
pub(crate) mod row;
mod rules;
pub(crate) mod update;
