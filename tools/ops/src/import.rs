//! Imports products from a file of JSON Lines.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use products::import::import_line;
use shared::{
    app::import_products::RowOutcome,
    domain::{
        Clock, Email, Id,
        user::{Role, User},
    },
    store::{Store, StoreError},
};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// The numbers of rows by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows in all.
    pub total: u64,
    /// New products.
    pub created: u64,
    /// Products that were changed.
    pub updated: u64,
    /// Products that were identical to their row.
    pub unchanged: u64,
    /// Rows that were rejected.
    pub rejected: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, created, updated, unchanged, rejected } = self;
        write!(f, "{total} rows: {created} created, {updated} updated, {unchanged} unchanged, {rejected} rejected")
    }
}

/// A rejected row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Its line in the file, from 1.
    pub row: u64,
    /// Its SKU, where it can be read.
    pub sku: Option<String>,
    /// The reasons.
    pub reasons: Vec<String>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, {}: {}", self.row, self.sku.as_deref().unwrap_or("no SKU"), self.reasons.join("; "))
    }
}

/// Receives the progress of an import.
pub trait Listener {
    /// This many more bytes were processed.
    fn advanced(&mut self, bytes: u64, so_far: &Summary);
    /// A row was rejected.
    fn rejected(&mut self, rejection: &Rejection);
}

/// The seller whose products are imported.
///
/// # Errors
/// If the address has no account, or the account of a customer.
pub async fn seller(store: &Store, email: &str) -> Result<Id<User>> {
    let address = Email::try_new(email).with_context(|| email.to_owned())?;
    match store.users.find_by_email(&address).await? {
        Some(user) if user.role == Role::Customer => bail!("{email} is a customer: products need a seller"),
        Some(user) => Ok(user.id),
        None => bail!("no account has the address {email}"),
    }
}

/// Imports one product per line for `seller`. Empty lines are skipped; a rejected row does not stop the import.
///
/// # Errors If the input cannot be read or the database fails. Rows imported until then are kept; importing the same
/// file again continues.
pub async fn import(
    store: &Store,
    clock: &Clock,
    seller: Id<User>,
    mut lines: impl AsyncBufRead + Unpin,
    listener: &mut impl Listener,
) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut number = 0;
    // Sequentially: files are sorted by category, and products of one category conflict on its product count.
    loop {
        let mut line = Vec::new();
        number += 1;
        let bytes = lines.read_until(b'\n', &mut line).await.with_context(|| format!("reading row {number}"))?;
        if bytes == 0 {
            return Ok(summary);
        }
        let row = Row::new(number, &line);
        let outcome = row.import(store, clock, seller).await;
        let outcome = outcome.with_context(|| format!("row {number} could not be imported"))?;
        summary.total += u64::from(outcome.is_some());
        match outcome {
            None => {}
            Some(RowOutcome::Created(_)) => summary.created += 1,
            Some(RowOutcome::Updated(_)) => summary.updated += 1,
            Some(RowOutcome::Unchanged(_)) => summary.unchanged += 1,
            Some(RowOutcome::Rejected(reasons)) => {
                summary.rejected += 1;
                listener.rejected(&Rejection { row: row.number, sku: row.sku, reasons });
            }
        }
        listener.advanced(bytes as u64, &summary);
    }
}

struct Row {
    number: u64,
    sku: Option<String>,
    /// `Err`: the line is not UTF-8.
    text: Result<String, ()>,
}

impl Row {
    fn new(number: u64, line: &[u8]) -> Self {
        const BYTE_ORDER_MARK: &str = "\u{feff}";
        let text = std::str::from_utf8(line).map_err(|_| ());
        let text = text.map(|text| text.trim_start_matches(BYTE_ORDER_MARK).trim().to_owned());
        #[derive(serde::Deserialize)]
        struct Named {
            sku: String,
        }
        let named = text.as_deref().ok().and_then(|text| serde_json::from_str::<Named>(text).ok());
        Self { number, sku: named.map(|named| named.sku), text }
    }

    /// `None`: the line is empty.
    async fn import(&self, store: &Store, clock: &Clock, seller: Id<User>) -> Result<Option<RowOutcome>, StoreError> {
        match &self.text {
            Err(()) => Ok(Some(RowOutcome::Rejected(vec!["is not UTF-8".to_owned()]))),
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => import_line(store, seller, text, clock.now()).await.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_row_is_identified() {
        let row = Row::new(1, b"\xef\xbb\xbf{\"sku\": \"MUG-1\", \"price\": \"free\"}\r\n");
        assert_eq!(row.sku.as_deref(), Some("MUG-1"));
        assert!(row.text.unwrap().starts_with('{'));
        assert_eq!(Row::new(2, b"{\"sku\": 7}").sku, None);
        assert_eq!(Row::new(3, b"  \n").text, Ok(String::new()));
        assert_eq!(Row::new(4, b"\xff\xfe").text, Err(()));
    }

    #[test]
    fn a_rejection_gives_its_location_and_reason() {
        let rejection = Rejection {
            row: 17,
            sku: Some("MUG-1".to_owned()),
            reasons: vec!["name: length is lower than 3".to_owned(), "price.sale: too high".to_owned()],
        };
        assert_eq!(rejection.to_string(), "row 17, MUG-1: name: length is lower than 3; price.sale: too high");
        assert_eq!(Rejection { sku: None, ..rejection }.to_string().split(": ").next(), Some("row 17, no SKU"));
    }
}
