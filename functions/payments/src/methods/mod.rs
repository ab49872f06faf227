//! Saved payment methods: tokens of cards that the gateway keeps for a customer.

pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod problems;
pub(crate) mod save;
pub(crate) mod update;
pub(crate) mod view;
