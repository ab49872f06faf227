//! Every collection of the shop, with a validator that refuses what breaks an invariant, and every index.
//!
//! The validators are the last line: the code decides first and says why, the database refuses what slipped through, also
//! from a shell at three in the morning. They hold types, what must be there, the closed sets of words, and the sums that
//! have to be right (I1, I3, I4, I5). They know nothing about additional fields, so that the next version may add some.
//!
//! Where each index comes from, and what differs from the seed documents, is in `docs/DATA-MODEL.md`.

mod catalogue;
#[cfg(test)]
mod documented;
mod machinery;
mod orders;
mod people;
mod selling;
mod vocabulary;

use bson::{Document, doc};
use mongodb::{
    Database, IndexModel,
    error::ErrorKind,
    options::{ValidationAction, ValidationLevel},
};

use super::Progress;
use crate::store::StoreError;

/// A collection as it has to be.
struct Spec {
    name: &'static str,
    /// What `$jsonSchema` cannot say is said by an `$expr` beside it.
    validator: Document,
    indexes: Vec<IndexModel>,
}

const NAMESPACE_EXISTS: i32 = 48;

pub(super) async fn run(database: &Database, progress: Progress<'_>) -> Result<(), StoreError> {
    for Spec { name, validator, indexes } in specs() {
        progress(&format!("{name}: validator, indexes: {}", indexes.len()));
        create_or_change(database, name, validator).await?;
        if !indexes.is_empty() {
            // One command for all of them, so that the documents are read once.
            database.collection::<Document>(name).create_indexes(indexes).await?;
        }
    }
    Ok(())
}

fn specs() -> impl Iterator<Item = Spec> {
    [people::specs(), catalogue::specs(), selling::specs(), orders::specs(), machinery::specs()].into_iter().flatten()
}

async fn create_or_change(database: &Database, name: &str, validator: Document) -> Result<(), StoreError> {
    let created = database
        .create_collection(name)
        .validator(validator.clone())
        .validation_level(ValidationLevel::Strict)
        .validation_action(ValidationAction::Error)
        .await;
    match created {
        Err(error) if matches!(&*error.kind, ErrorKind::Command(command) if command.code == NAMESPACE_EXISTS) => {
            let change = doc! {
                "collMod": name,
                "validator": validator,
                "validationLevel": "strict",
                "validationAction": "error",
            };
            database.run_command(change).await?;
            Ok(())
        }
        other => Ok(other?),
    }
}
