//! Collections as a migration wants them, and how they become so.

use bson::{Document, doc};
use mongodb::{
    Database, IndexModel,
    error::ErrorKind,
    options::{ValidationAction, ValidationLevel},
};

use super::Progress;
use crate::StoreError;

/// A collection as it has to be.
pub(super) struct Spec {
    pub(super) name: &'static str,
    /// What `$jsonSchema` cannot say is said by an `$expr` beside it.
    pub(super) validator: Document,
    pub(super) indexes: Vec<IndexModel>,
}

const NAMESPACE_EXISTS: i32 = 48;

/// Gives each collection its validator and its indexes; indexes that it has beside them stay.
pub(super) async fn apply(
    database: &Database,
    progress: Progress<'_>,
    specs: impl Iterator<Item = Spec>,
) -> Result<(), StoreError> {
    for Spec { name, validator, indexes } in specs {
        progress(&format!("{name}: validator, indexes: {}", indexes.len()));
        create_or_change(database, name, validator).await?;
        if !indexes.is_empty() {
            // One command for all of them, so that the documents are read once.
            database.collection::<Document>(name).create_indexes(indexes).await?;
        }
    }
    Ok(())
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
