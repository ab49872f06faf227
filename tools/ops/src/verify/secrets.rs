//! I10: the database contains no secret in plain text.

use anyhow::Result;
use bson::{Document, doc};
use serde::Deserialize;
use shared::store::Store;

use super::{Check, snapshot::Snapshot};

const SHA256: &str = "^[0-9a-f]{64}$";
const ARGON2ID: &str = r"^\$argon2id\$";
/// No card number, whatever its separators. The gateway's tokens contain letters.
const NO_CARD: &str = r"^(?![0-9][0-9 -]{11,21}$)";

/// A key's id, and at least a nonce and a tag in base64url.
const SEALED: &str = "^[A-Za-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}$";

/// The fields with secrets, and the pattern of their stored form.
const SECRETS: [(&str, &str, &str); 9] = [
    ("users", "password", ARGON2ID),
    ("sessions", "tokenHash", SHA256),
    ("mailedTokens", "_id", SHA256),
    ("carts", "sessionId", SHA256),
    ("wishlists", "shareToken", SHA256),
    ("payments", "source", NO_CARD),
    ("payments", "paymentDetails.holderName", SEALED),
    ("payments", "gatewayAnswer", SEALED),
    ("paymentMethods", "holderName", SEALED),
];

#[derive(Debug, Deserialize)]
struct Count {
    all: u64,
    clear: u64,
}

/// Names the field and the number of violations, but no id: an id may be the secret itself.
pub(super) async fn check(store: &Store) -> Result<Vec<Check>> {
    let mut check = Check::new("I10", "passwords, tokens, cards and sealed fields are not stored in clear");
    let mut snapshot = Snapshot::of(store).await?;
    for (collection, field, hidden) in SECRETS {
        let mut counted = snapshot.aggregate::<Count>(collection, count(field, hidden)).await?;
        let Some(Count { all, clear }) = counted.next(&mut snapshot).await? else { continue };
        check.record(format!("{collection}.{field}"), (clear > 0).then(|| format!("{clear} of {all} are in clear")));
    }
    Ok(vec![check])
}

/// Counts the documents with the field, and those whose value does not match the pattern.
fn count(field: &str, hidden: &str) -> Vec<Document> {
    let text = format!("${field}");
    let is_hidden = doc! {"$and": [
        {"$eq": [{"$type": &text}, "string"]},
        {"$regexMatch": {"input": {"$toString": &text}, "regex": hidden}},
    ]};
    vec![
        doc! {"$match": {field: {"$exists": true}}},
        doc! {"$group": {
            "_id": null,
            "all": {"$sum": 1_i64},
            "clear": {"$sum": {"$cond": [is_hidden, 0_i64, 1_i64]}},
        }},
    ]
}
