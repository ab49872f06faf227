//! Users, for administrators.

pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;
