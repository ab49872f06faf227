//! `idempotency`: which requests were answered how (invariant I2).
//!
//! A request first claims its key with a lease. The answer is written onto the claim in the transaction of the effect, so
//! either both exist or neither does. A process that dies leaves a claim whose lease runs out; whoever takes it over
//! becomes its owner, and only the owner's transaction can commit an answer.

use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::{
    Collection, Database,
    options::{ReadConcern, WriteConcern},
};
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx};
use crate::domain::{Id, Timestamp};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long a claim keeps others away: longer than a request can take (API Gateway gives up at 30 s).
pub const LEASE: Duration = Duration::from_secs(35);

/// The collection `idempotency`.
#[derive(Clone, Debug)]
pub struct IdempotencyRecords {
    collection: Collection<Record>,
}

/// A claim, or the answer that came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Caller, endpoint and key.
    #[serde(rename = "_id")]
    pub scope: String,
    /// SHA-256 of the request, hex: the same key with another request is a mistake of the client.
    pub fingerprint: String,
    /// Who works on it; changes hands when a lease has run out.
    pub owner: Id<Record>,
    /// Until when nobody else may work on it.
    pub lease_until: Timestamp,
    /// The answer, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// When the document is removed.
    pub expires_at: Timestamp,
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: i32,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: i32,
    /// The body, to the letter.
    pub body: String,
    /// `Location`, where something was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The right to answer a request.
#[derive(Clone, Debug, Deserialize)]
pub struct Claim {
    scope: String,
    owner: Id<Record>,
}

impl Claim {
    /// Its record, as long as it is held and not answered.
    fn held(&self) -> Document {
        doc! {"_id": &self.scope, "owner": self.owner, "answer": {"$exists": false}}
    }
}

impl From<&Claim> for Bson {
    fn from(claim: &Claim) -> Self {
        doc! {"scope": &claim.scope, "owner": claim.owner}.into()
    }
}

/// What became of a wish to answer a request.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// Go on, and complete the claim.
    Yes(Claim),
    /// It was answered.
    Answered(Answer),
    /// Somebody is working on it.
    InProgress,
    /// The key belongs to another request.
    Reused,
}

impl IdempotencyRecords {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("idempotency") }
    }

    /// Claims a request.
    pub async fn claim(&self, scope: &str, fingerprint: &str, now: Timestamp) -> Result<Claimed, StoreError> {
        let claim = Claim { scope: scope.to_owned(), owner: Id::new() };
        let record = Record {
            scope: scope.to_owned(),
            fingerprint: fingerprint.to_owned(),
            owner: claim.owner,
            lease_until: now.plus(LEASE),
            answer: None,
            expires_at: now.plus(KEPT),
            schema_version: super::SCHEMA_VERSION,
        };
        // Not waited for by a majority: if it is lost with its primary, so is every transaction that would complete it, for a
        // majority that has the transaction has what came before it.
        let inserted = self.collection.insert_one(&record).write_concern(WriteConcern::nodes(1)).await;
        match inserted.map_err(StoreError::from) {
            Ok(_) => return Ok(Claimed::Yes(claim)),
            Err(StoreError::Duplicate { .. }) => {}
            Err(error) => return Err(error),
        }
        let Some(found) = self.collection.find_one(doc! {"_id": scope}).await? else {
            // Released between the two looks, or no majority has it yet; the client asks again.
            return Ok(Claimed::InProgress);
        };
        // A record is forgotten when its time is over, not when the database gets round to removing it.
        if found.expires_at > now {
            if found.fingerprint != fingerprint {
                return Ok(Claimed::Reused);
            }
            if let Some(answer) = found.answer {
                return Ok(Claimed::Answered(answer));
            }
            if found.lease_until > now {
                return Ok(Claimed::InProgress);
            }
        }
        // Whoever had it may have committed its answer since the look: then that stays, and is told to who asks again.
        let as_found = doc! {"_id": scope, "owner": found.owner, "answer": {"$exists": found.answer.is_some()}};
        let taken = self.collection.replace_one(as_found, &record).await?;
        Ok(if taken.matched_count == 1 { Claimed::Yes(claim) } else { Claimed::InProgress })
    }

    /// Writes the answer in the transaction of the effect.
    ///
    /// # Errors
    /// [`StoreError::LostClaim`] if the claim changed hands meanwhile: the effect must not happen.
    pub async fn complete_in(&self, tx: &mut Tx, claim: &Claim, answer: &Answer) -> Result<(), StoreError> {
        let answer = doc! {"status": answer.status, "body": &answer.body, "location": answer.location.as_deref()};
        let answered = doc! {"$set": {"answer": answer}};
        let result = self.collection.update_one(claim.held(), answered).session(&mut tx.session).await?;
        if result.matched_count == 1 {
            return Ok(());
        }
        // The claim may be younger than the transaction's snapshot, which shows only what nothing earlier can still slip in
        // before. Then the next attempt sees it.
        let held = self.collection.find_one(claim.held()).read_concern(ReadConcern::local()).await?;
        Err(if held.is_some() { StoreError::Conflict(None) } else { StoreError::LostClaim })
    }

    /// Gives a claim up after a refusal, so that the request may be tried again under the same key. An answer that was
    /// committed stays. Whether the claim was still there.
    pub async fn release(&self, claim: &Claim) -> Result<bool, StoreError> {
        Ok(self.collection.delete_one(claim.held()).await?.deleted_count == 1)
    }

    /// Like [`IdempotencyRecords::release`], in a transaction: whoever works under the claim cannot complete it any more.
    pub async fn release_in(&self, tx: &mut Tx, claim: &Claim) -> Result<(), StoreError> {
        self.collection.delete_one(claim.held()).session(&mut tx.session).await?;
        Ok(())
    }
}
