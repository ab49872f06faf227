//! `orders`.

pub mod returns;

use std::ops::Deref;

use bson::{Document, doc};
use mongodb::Database;

use super::{Documents, StoreError, Stored, Tx, Versioned, keyset::Keyset};
use shop_domain::{
    Email, Id, Timestamp,
    order::{Order, OrderStatus, Return},
    product::Product,
    user::User,
};

/// The collection `orders`.
#[derive(Clone, Debug)]
pub struct Orders(Documents<Order>);

impl Stored for Order {
    const COLLECTION: &'static str = "orders";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Orders {
    type Target = Documents<Order>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The orders that a reader may list.
#[derive(Clone, Copy, Debug, Default)]
pub enum OrderScope {
    /// Everybody's.
    #[default]
    All,
    /// What a customer bought.
    Customer(Id<User>),
    /// Those with lines of a seller, and what that person bought.
    Seller(Id<User>),
}

/// Which orders to list.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Within this scope.
    pub whose: OrderScope,
    /// In this state.
    pub status: Option<OrderStatus>,
    /// Placed at or after this.
    pub from: Option<Timestamp>,
    /// Placed before this.
    pub to: Option<Timestamp>,
    /// With this number; among everybody's, with this e-mail address or a parcel of this tracking number too.
    pub q: Option<String>,
}

impl OrderFilter {
    fn document(&self) -> Document {
        let mut filter = Document::new();
        match self.whose {
            OrderScope::All => {}
            OrderScope::Customer(user) => _ = filter.insert("user", user),
            OrderScope::Seller(user) => {
                _ = filter.insert("$and", vec![doc! {"$or": [{"items.seller": user}, {"user": user}]}]);
            }
        }
        if let Some(status) = self.status {
            filter.insert("status", status.as_str());
        }
        let mut placed = Document::new();
        if let Some(from) = self.from {
            placed.insert("$gte", from);
        }
        if let Some(to) = self.to {
            placed.insert("$lt", to);
        }
        if !placed.is_empty() {
            filter.insert("createdAt", placed);
        }
        match (&self.q, self.whose) {
            (None, _) => {}
            (Some(q), OrderScope::All) => {
                let by_number = doc! {"orderNumber": q.to_uppercase()};
                let or = vec![by_number, doc! {"email": q.to_lowercase()}, doc! {"shipments.trackingNumber": q}];
                filter.insert("$and", vec![doc! {"$or": or}]);
            }
            // Finding another customer's order would tell whose address or parcel it is.
            (Some(q), OrderScope::Customer(_) | OrderScope::Seller(_)) => {
                _ = filter.insert("orderNumber", q.to_uppercase())
            }
        }
        filter
    }
}

impl Orders {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The order with this number.
    pub async fn find_by_number(&self, number: &str) -> Result<Option<Versioned<Order>>, StoreError> {
        Ok(self.collection.find_one(doc! {"orderNumber": number}).await?)
    }

    /// A guest's order: number and e-mail address must belong together. A customer's belongs to the account.
    pub async fn find_of_guest(&self, number: &str, email: &Email) -> Result<Option<Versioned<Order>>, StoreError> {
        let filter = doc! {"email": email, "orderNumber": number, "user": {"$exists": false}};
        Ok(self.collection.find_one(filter).await?)
    }

    /// The order that a return belongs to.
    pub async fn find_by_return(&self, id: Id<Return>) -> Result<Option<Versioned<Order>>, StoreError> {
        Ok(self.collection.find_one(doc! {"returns.id": id}).await?)
    }

    /// The order that a return belongs to, as the transaction sees it.
    pub async fn find_by_return_in(&self, tx: &mut Tx, id: Id<Return>) -> Result<Option<Versioned<Order>>, StoreError> {
        Ok(self.collection.find_one(doc! {"returns.id": id}).session(&mut tx.session).await?)
    }

    /// Up to `limit` orders, newest first, behind `after`.
    pub async fn list(
        &self,
        filter: &OrderFilter,
        after: Option<(Timestamp, Id<Order>)>,
        limit: i64,
    ) -> Result<Vec<Order>, StoreError> {
        let newest = Keyset::descending("createdAt");
        let mut query = filter.document();
        if let Some((created_at, id)) = after {
            // Beside the filter, not into it: both may bound the time.
            query = doc! {"$and": [query, newest.after(created_at, id)]};
        }
        self.collect(self.collection.find(query).sort(newest.sort()).limit(limit)).await
    }

    /// How many there are.
    pub async fn count(&self, filter: &OrderFilter) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(filter.document()).await?)
    }

    /// A delivered order of the customer with this product: it verifies a review.
    pub async fn find_delivered_of(
        &self,
        user: Id<User>,
        product: Id<Product>,
    ) -> Result<Option<Id<Order>>, StoreError> {
        let filter = doc! {"user": user, "items.product": product, "status": OrderStatus::Delivered.as_str()};
        Ok(self.collection.find_one(filter).await?.map(|order| order.id))
    }

    /// Paid orders that are not picked and did not change since `before`.
    pub async fn list_confirmed_since(&self, before: Timestamp, limit: i64) -> Result<Vec<Id<Order>>, StoreError> {
        let filter = doc! {"status": OrderStatus::Confirmed.as_str(), "updatedAt": {"$lte": before}};
        let orders = self.collect(self.collection.find(filter).sort(doc! {"updatedAt": 1}).limit(limit)).await?;
        Ok(orders.into_iter().map(|order| order.id).collect())
    }

    /// Unpaid orders whose reservation is over, oldest first.
    pub async fn list_expired(&self, now: Timestamp, limit: i64) -> Result<Vec<Id<Order>>, StoreError> {
        let filter = doc! {"status": OrderStatus::Pending.as_str(), "reservedUntil": {"$lte": now}};
        let orders = self.collect(self.collection.find(filter).sort(doc! {"reservedUntil": 1}).limit(limit)).await?;
        Ok(orders.into_iter().map(|order| order.id).collect())
    }
}
