//! `payments`.

use std::ops::Deref;

use bson::doc;
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

    /// Payments at the gateway with a void, a refund or a dispute that is not decided and that did not change since `before`,
    /// oldest first.
    pub async fn list_unresolved_since(&self, before: Timestamp, limit: i64) -> Result<Vec<Payment>, StoreError> {
        let unresolved = vec![
            doc! {"voidPending": true, "updatedAt": {"$lte": before}},
            // Those that an administrator transfers have no message.
            doc! {
                "refunds": {"$elemMatch": {"status": "approved", "byTransfer": {"$ne": true}}}, "updatedAt": {"$lte": before},
            },
            doc! {"disputes.status": "open", "updatedAt": {"$lte": before}},
        ];
        let filter = doc! {"$or": unresolved};
        self.collect(self.collection.find(filter).sort(doc! {"updatedAt": 1}).limit(limit)).await
    }

    /// Payments that were created in a window of time, oldest first; `after` is the last one of the previous batch.
    pub async fn list_created(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<(Timestamp, Id<Payment>)>,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        let mut filter = doc! {"createdAt": {"$gte": from, "$lt": until}};
        if let Some((created_at, id)) = after {
            filter.insert(
                "$or",
                vec![doc! {"createdAt": {"$gt": created_at}}, doc! {"createdAt": created_at, "_id": {"$gt": id}}],
            );
        }
        let sort = doc! {"createdAt": 1, "_id": 1};
        self.collect(self.collection.find(filter).sort(sort).limit(limit)).await
    }

    /// Payments whose charge is under way since before `before`, oldest first.
    pub async fn list_processing_since(&self, before: Timestamp, limit: i64) -> Result<Vec<Payment>, StoreError> {
        let filter = doc! {"status": PaymentStatus::Processing.as_str(), "updatedAt": {"$lt": before}};
        self.collect(self.collection.find(filter).sort(doc! {"updatedAt": 1}).limit(limit)).await
    }
}
