//! The name on a card, opened for an answer.

use shared::domain::{
    Id,
    sealing::{KeyRing, Plaintext, Sealed, SealedField},
};

/// Opens the name in the record with this id. One that does not open is left out, so that the rest is shown all the same.
pub(crate) fn open_name<T>(
    keys: &KeyRing,
    field: SealedField,
    id: Id<T>,
    sealed: Option<&Sealed>,
) -> Option<Plaintext> {
    match keys.open(field, id, sealed?) {
        Ok(name) => Some(name),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(record = %id, error, "the name of a card's holder does not open");
            None
        }
    }
}
