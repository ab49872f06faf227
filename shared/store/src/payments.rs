//! `payments`.

use std::ops::Deref;

use bson::doc;
use futures::{Stream, TryStreamExt};
use mongodb::Database;

use super::{Documents, StoreError, Stored, Versioned};
use shop_domain::{
    Id, Timestamp,
    order::Order,
    payment::{Payment, PaymentStatus},
};

/// The collection `payments`.
#[derive(Clone, Debug)]
pub struct Payments(Documents<Payment>);

impl Stored for Payment {
    const COLLECTION: &'static str = "payments";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Payments {
    type Target = Documents<Payment>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Payments {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The payment of an order.
    pub async fn find_of_order(&self, order: Id<Order>) -> Result<Option<Versioned<Payment>>, StoreError> {
        Ok(self.collection.find_one(doc! {"order": order}).await?)
    }

    /// The payment that an intent at the gateway belongs to.
    pub async fn find_by_transaction(&self, transaction_id: &str) -> Result<Option<Versioned<Payment>>, StoreError> {
        Ok(self.collection.find_one(doc! {"transactionId": transaction_id}).await?)
    }

    /// Payments at the gateway with a void, a capture, a refund or a dispute that is not decided and that did not change since
    /// `before`, oldest first.
    pub async fn list_unresolved_since(&self, before: Timestamp, limit: i64) -> Result<Vec<Payment>, StoreError> {
        let unresolved = vec![
            doc! {"voidPending": true, "updatedAt": {"$lte": before}},
            doc! {"captures.status": "requested", "updatedAt": {"$lte": before}},
            // Those that an administrator transfers have no message.
            doc! {
                "refunds": {"$elemMatch": {"status": "approved", "byTransfer": {"$ne": true}}}, "updatedAt": {"$lte": before},
            },
            doc! {"disputes.status": "open", "updatedAt": {"$lte": before}},
        ];
        let filter = doc! {"$or": unresolved};
        self.collect(self.collection.find(filter).sort(doc! {"updatedAt": 1}).limit(limit)).await
    }

    /// Payments whose authorisation ends until `end` and is neither being captured nor voided, the next one first. Where a
    /// capture has failed, only those that did not change since `before`.
    pub async fn list_authorised_until(
        &self,
        end: Timestamp,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<Id<Payment>>, StoreError> {
        let may_succeed = vec![doc! {"captures.status": {"$ne": "failed"}}, doc! {"updatedAt": {"$lte": before}}];
        let filter = doc! {
            "authorised.until": {"$lte": end}, "captures.status": {"$ne": "requested"}, "voidPending": {"$ne": true},
            "$or": may_succeed,
        };
        let found = self.collect(self.collection.find(filter).sort(doc! {"authorised.until": 1}).limit(limit)).await?;
        Ok(found.into_iter().map(|payment| payment.id).collect())
    }

    /// Payments that were created in a window of time, newest first.
    pub async fn stream_created(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<impl Stream<Item = Result<Payment, StoreError>>, StoreError> {
        let filter = doc! {"createdAt": {"$gte": from, "$lt": until}};
        let found = self.collection.find(filter).sort(doc! {"createdAt": -1}).await?;
        Ok(found.map_ok(Versioned::into_inner).map_err(StoreError::from))
    }

    /// Payments whose charge is under way since before `before`, oldest first. One that is authorised waits for the shipment.
    pub async fn list_processing_since(&self, before: Timestamp, limit: i64) -> Result<Vec<Payment>, StoreError> {
        let filter = doc! {
            "status": PaymentStatus::Processing.as_str(), "updatedAt": {"$lt": before}, "authorised": {"$exists": false},
        };
        self.collect(self.collection.find(filter).sort(doc! {"updatedAt": 1}).limit(limit)).await
    }
}
