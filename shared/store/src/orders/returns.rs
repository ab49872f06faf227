//! Returns rest in their orders; here they are listed across them.
//!
//! The order is that of the orders, the newest first, and within one that in which they were asked for: an index over
//! `returns.status` serves it, which one over times within the list could not.

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use serde::Deserialize;

use super::Orders;
use crate::{StoreError, keyset::Keyset};
use shop_domain::{
    Id, Timestamp,
    order::{Order, ReturnStatus},
    user::User,
};

/// Which returns to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReturnFilter {
    /// Of this customer.
    pub user: Option<Id<User>>,
    /// Of lines of this seller.
    pub seller: Option<Id<User>>,
    /// Standing here, as people are told.
    pub status: Option<ReturnStatus>,
}

/// A place in the list: when the order was placed, which one it is, and the return's place in it.
pub type ReturnCursor = (Timestamp, Id<Order>, i64);

/// A return.
#[derive(Clone, Debug, Deserialize)]
pub struct FoundReturn {
    /// Its order, which holds no other return here.
    pub order: Order,
    position: i64,
}

impl FoundReturn {
    /// Where it is in the list.
    pub fn place(&self) -> ReturnCursor {
        (self.order.created_at, self.order.id, self.position)
    }
}

impl ReturnFilter {
    /// As [`shop_domain::order::Return::standing`] has it. `prefix` is where the fields of a return are.
    fn standing(&self, prefix: &str) -> Document {
        let (statuses, has_arrived): (&[ReturnStatus], Option<bool>) = match self.status {
            None => (&ReturnStatus::ALL, None),
            Some(ReturnStatus::Requested) => (&[ReturnStatus::Requested], None),
            Some(ReturnStatus::Rejected) => (&[ReturnStatus::Rejected], None),
            Some(ReturnStatus::Approved) => (&[ReturnStatus::Approved], Some(false)),
            Some(ReturnStatus::Received) => (&[ReturnStatus::Approved, ReturnStatus::Received], Some(true)),
        };
        let statuses: Vec<Bson> = statuses.iter().map(|status| status.as_str().into()).collect();
        let mut standing = doc! {format!("{prefix}status"): {"$in": statuses}};
        if let Some(has_arrived) = has_arrived {
            standing.insert(format!("{prefix}arrivedAt"), doc! {"$exists": has_arrived});
        }
        standing
    }

    /// Finds the orders that have such returns.
    fn orders(&self) -> Document {
        let mut filter = doc! {"returns": {"$elemMatch": self.standing("")}};
        if let Some(user) = self.user {
            filter.insert("user", user);
        }
        if let Some(seller) = self.seller {
            filter.insert("items.seller", seller);
        }
        filter
    }

    /// Tells such returns from others of the same order.
    fn returns(&self) -> Document {
        let mut filter = self.standing("returns.");
        if let Some(seller) = self.seller {
            let own = doc! {"$filter": {"input": "$items", "as": "line", "cond": {"$eq": ["$$line.seller", seller]}}};
            let own = doc! {"$map": {"input": own, "as": "line", "in": "$$line.id"}};
            let own = doc! {"$setIntersection": ["$returns.items.itemId", own]};
            filter.insert("$expr", doc! {"$ne": [own, []]});
        }
        filter
    }
}

impl Orders {
    /// Up to `limit` returns behind `after`.
    pub async fn list_returns(
        &self,
        filter: &ReturnFilter,
        after: Option<ReturnCursor>,
        limit: i64,
    ) -> Result<Vec<FoundReturn>, StoreError> {
        let newest = Keyset::descending("createdAt");
        let (mut orders, mut returns) = (vec![filter.orders()], vec![filter.returns()]);
        if let Some((created_at, id, position)) = after {
            // The last order may hold more of them.
            orders.push(doc! {"createdAt": {"$lte": created_at}});
            let of_others = newest.after(created_at, id);
            returns.push(doc! {"$or": [of_others, {"_id": id, "position": {"$gt": position}}]});
        }
        let stages = [
            doc! {"$match": {"$and": orders}},
            doc! {"$sort": newest.sort()},
            doc! {"$unwind": {"path": "$returns", "includeArrayIndex": "position"}},
            doc! {"$match": {"$and": returns}},
            doc! {"$limit": limit},
            doc! {"$replaceWith": {
                "order": {"$mergeObjects": ["$$ROOT", {"returns": ["$returns"]}]},
                "position": "$position",
            }},
        ];
        Ok(self.collection.aggregate(stages).with_type().await?.try_collect().await?)
    }

    /// How many there are.
    pub async fn count_returns(&self, filter: &ReturnFilter) -> Result<u64, StoreError> {
        #[derive(Deserialize)]
        struct Counted {
            count: u64,
        }
        let stages = [
            doc! {"$match": filter.orders()},
            doc! {"$unwind": "$returns"},
            doc! {"$match": filter.returns()},
            doc! {"$count": "count"},
        ];
        let counted: Option<Counted> = self.collection.aggregate(stages).with_type().await?.try_next().await?;
        Ok(counted.map_or(0, |counted| counted.count))
    }
}
