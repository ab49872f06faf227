//! "Idempotent requests": the first answer for a key is kept and replayed, whether it succeeded or failed.

use std::{collections::HashMap, time::Duration};

use serde_json::Value;
use shared::domain::Timestamp;

use super::{error::StripeError, form::Form};

/// "You can remove keys from the system automatically after they're at least 24 hours old."
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// An answer as it was sent first.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) request: String,
}

#[derive(Debug)]
struct Record {
    path: String,
    form: Form,
    at: Timestamp,
    /// `None` while the request executes.
    sent: Option<Sent>,
}

/// The answers by key.
#[derive(Debug, Default)]
pub(super) struct Idempotency(HashMap<String, Record>);

/// What to do with a request that has a key.
#[derive(Debug)]
pub(super) enum Begin {
    Execute,
    Replay(Sent),
}

impl Idempotency {
    pub(super) fn begin(&mut self, key: &str, path: &str, form: &Form, now: Timestamp) -> Result<Begin, StripeError> {
        if key.chars().count() > 255 {
            return Err(StripeError::invalid("Idempotency-Key", "Idempotency keys are up to 255 characters long."));
        }
        self.0.retain(|_, record| now.since(record.at) < KEPT_FOR);
        let Some(record) = self.0.get(key) else {
            let record = Record { path: path.to_owned(), form: form.clone(), at: now, sent: None };
            self.0.insert(key.to_owned(), record);
            return Ok(Begin::Execute);
        };
        if record.path != path {
            return Err(StripeError::other_parameters(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{path}' vs \
                 '{}'). Try using a key other than '{key}' if you meant to execute a different request.",
                record.path
            )));
        }
        if record.form != *form {
            return Err(StripeError::other_parameters(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using \
                 a key other than '{key}' if you meant to execute a different request."
            )));
        }
        record.sent.clone().map(Begin::Replay).ok_or_else(|| StripeError::key_in_use(key))
    }

    /// Keeps the answer if the endpoint began to execute; otherwise the key is free again.
    pub(super) fn end(&mut self, key: &str, sent: &Sent, began: bool) {
        if !began {
            self.0.remove(key);
        } else if let Some(record) = self.0.get_mut(key) {
            record.sent = Some(sent.clone());
        }
    }
}
