//! Every collection of the shop, with a validator that refuses what breaks an invariant, and every index.
//!
//! The validators are the last line: the code decides first and says why, the database refuses what slipped through, also
//! from a shell at three in the morning. They hold types, what must be there, the closed sets of words, and the sums that
//! have to be right (I1, I3, I4, I5). They know nothing about additional fields, so that the next version may add some.
//!
//! Where each index comes from, and what differs from the seed documents, is in `docs/DATA-MODEL.md`.

mod catalogue;
mod machinery;
mod orders;
mod people;
mod selling;

use mongodb::Database;

use super::{
    Progress,
    specs::{Spec, apply},
    vocabulary,
};
use crate::StoreError;

pub(super) async fn run(database: &Database, progress: Progress<'_>) -> Result<(), StoreError> {
    apply(database, progress, specs()).await
}

pub(super) fn specs() -> impl Iterator<Item = Spec> {
    [people::specs(), catalogue::specs(), selling::specs(), orders::specs(), machinery::specs()].into_iter().flatten()
}
