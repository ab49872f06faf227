//! `coupons` and `couponUses`: who may still use which coupon (invariant I4).
//!
//! A coupon is redeemed in the transaction of its order. Every redemption is also counted on the coupon itself, so two parallel
//! redemptions of one coupon write the same document: one of them runs again and sees the other.

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx, WithSchema, keyset::Keyset};
use shop_domain::{
    Email, Id, Timestamp,
    coupon::{Coupon, CouponRefusal, CouponUser},
    order::Order,
    user::User,
};

/// The index that lets no two coupons have one code.
pub const CODE_INDEX: &str = "code_";

/// The collections `coupons` and `couponUses`.
#[derive(Clone, Debug)]
pub struct Coupons {
    pub(super) coupons: Collection<Coupon>,
    uses: Collection<Redemption>,
    orders: Collection<Order>,
}

/// One use of a coupon: by one order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redemption {
    /// The order that used it.
    #[serde(rename = "_id")]
    pub order: Id<Order>,
    /// The coupon.
    pub coupon: Id<Coupon>,
    /// Who used it.
    pub user: Option<Id<User>>,
    /// Their e-mail address: what a guest is known by.
    pub email: Email,
    /// When.
    pub created_at: Timestamp,
}

/// Which coupons a list holds.
#[derive(Clone, Debug, Default)]
pub struct CouponFilter {
    /// With this code, in any case.
    pub code: Option<String>,
    /// Switched on, or off.
    pub is_active: Option<bool>,
}

impl CouponFilter {
    fn document(&self) -> Document {
        let mut filter = Document::new();
        if let Some(code) = &self.code {
            filter.insert("code", Coupon::normalise_code(code));
        }
        if let Some(is_active) = self.is_active {
            filter.insert("isActive", is_active);
        }
        filter
    }
}

/// The order of the list: the newest first.
const NEWEST: Keyset = Keyset::descending("createdAt");

impl Coupons {
    pub(super) fn new(database: &Database) -> Self {
        Self {
            coupons: database.collection("coupons"),
            uses: database.collection("couponUses"),
            orders: database.collection("orders"),
        }
    }

    /// The coupon with this code, in any case.
    pub async fn find_by_code(&self, code: &str) -> Result<Option<Coupon>, StoreError> {
        Ok(self.coupons.find_one(doc! {"code": Coupon::normalise_code(code)}).await?)
    }

    /// The coupon with this id.
    pub async fn find(&self, id: Id<Coupon>) -> Result<Option<Coupon>, StoreError> {
        Ok(self.coupons.find_one(doc! {"_id": id}).await?)
    }

    /// The coupon with this id, as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: Id<Coupon>) -> Result<Option<Coupon>, StoreError> {
        Ok(self.coupons.find_one(doc! {"_id": id}).session(&mut tx.session).await?)
    }

    /// Adds a coupon.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] of [`CODE_INDEX`] if another one has its code.
    pub async fn insert(&self, coupon: &Coupon) -> Result<(), StoreError> {
        self.coupons.clone_with_type().insert_one(WithSchema::of(coupon)).await?;
        Ok(())
    }

    /// Writes a changed coupon back. It carries no version: a redemption or another change writes the same
    /// document, so that of two such transactions one runs again and sees the other.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] of [`CODE_INDEX`] if another one has its code.
    pub async fn save_in(&self, tx: &mut Tx, coupon: &Coupon) -> Result<(), StoreError> {
        let coupons = self.coupons.clone_with_type();
        coupons.replace_one(doc! {"_id": coupon.id}, WithSchema::of(coupon)).session(&mut tx.session).await?;
        Ok(())
    }

    /// Removes a coupon.
    pub async fn remove_in(&self, tx: &mut Tx, id: Id<Coupon>) -> Result<(), StoreError> {
        self.coupons.delete_one(doc! {"_id": id}).session(&mut tx.session).await?;
        Ok(())
    }

    /// Coupons, the newest first, behind the one that `after` names.
    pub async fn list(
        &self,
        filter: &CouponFilter,
        after: Option<(Timestamp, Id<Coupon>)>,
        limit: i64,
    ) -> Result<Vec<Coupon>, StoreError> {
        let mut query = filter.document();
        if let Some((created_at, id)) = after {
            query.extend(NEWEST.after(created_at, id));
        }
        Ok(self.coupons.find(query).sort(NEWEST.sort()).limit(limit).await?.try_collect().await?)
    }

    /// How many coupons there are.
    pub async fn count(&self, filter: &CouponFilter) -> Result<u64, StoreError> {
        Ok(self.coupons.count_documents(filter.document()).await?)
    }

    /// What a coupon needs to know about a buyer who wants to redeem it.
    pub async fn user_of(
        &self,
        coupon: &Coupon,
        user: Option<Id<User>>,
        email: Option<&Email>,
    ) -> Result<CouponUser, StoreError> {
        let Some(buyer) = buyer_filter(user, email) else {
            return Ok(CouponUser { id: None, uses: 0, has_ordered: false });
        };
        let mut of_coupon = buyer.clone();
        of_coupon.insert("coupon", coupon.id);
        let uses = self.uses.count_documents(of_coupon).await?;
        let mut ordered = buyer;
        ordered.insert("status", doc! {"$ne": "cancelled"});
        let has_ordered = coupon.user_restrictions.new_users_only && self.orders.find_one(ordered).await?.is_some();
        Ok(CouponUser { id: user, uses: i64::try_from(uses).unwrap_or(i64::MAX), has_ordered })
    }

    /// Redeems a coupon for an order; the limits are checked once more, against everything that was redeemed and ordered before.
    /// Redemptions of one coupon write the same document, so of two that run at once the second sees what the first did.
    pub async fn redeem_in(
        &self,
        tx: &mut Tx,
        redemption: &Redemption,
    ) -> Result<Result<(), CouponRefusal>, StoreError> {
        let guard = doc! {
            "_id": redemption.coupon,
            "isActive": true,
            "$or": [
                {"usageLimit.total": {"$exists": false}},
                {"$expr": {"$lt": ["$usageCount", "$usageLimit.total"]}},
            ],
        };
        let update = doc! {"$inc": {"usageCount": 1_i64}, "$set": {"updatedAt": redemption.created_at}};
        let Some(coupon) = self.coupons.find_one_and_update(guard, update).session(&mut tx.session).await? else {
            let is_on = self.find_in(tx, redemption.coupon).await?.is_some_and(|coupon| coupon.is_active);
            return Ok(Err(if is_on { CouponRefusal::LimitReached } else { CouponRefusal::Unknown }));
        };
        if let Some(refusal) = self.find_refusal_in(tx, &coupon, redemption).await? {
            // The transaction may go on without the coupon (late money does): then nothing of the redemption may stay.
            let undo = doc! {"$inc": {"usageCount": -1_i64}};
            self.coupons.update_one(doc! {"_id": redemption.coupon}, undo).session(&mut tx.session).await?;
            return Ok(Err(refusal));
        }
        self.uses.clone_with_type().insert_one(WithSchema::of(redemption)).session(&mut tx.session).await?;
        Ok(Ok(()))
    }

    /// What the user's past says against another use.
    async fn find_refusal_in(
        &self,
        tx: &mut Tx,
        coupon: &Coupon,
        redemption: &Redemption,
    ) -> Result<Option<CouponRefusal>, StoreError> {
        let Some(buyer) = buyer_filter(redemption.user, Some(&redemption.email)) else { return Ok(None) };
        if coupon.user_restrictions.new_users_only {
            let mut ordered = buyer.clone();
            ordered.extend(doc! {"_id": {"$ne": redemption.order}, "status": {"$ne": "cancelled"}});
            if self.orders.find_one(ordered).session(&mut tx.session).await?.is_some() {
                return Ok(Some(CouponRefusal::NotEligible));
            }
        }
        if let Some(limit) = coupon.usage_limit.per_user {
            let mut of_coupon = buyer;
            of_coupon.insert("coupon", redemption.coupon);
            let uses = self.uses.count_documents(of_coupon).session(&mut tx.session).await?;
            if i64::try_from(uses).unwrap_or(i64::MAX) >= limit {
                return Ok(Some(CouponRefusal::LimitReached));
            }
        }
        Ok(None)
    }

    /// Gives the use of an order back, once: an order that ended unpaid has used nothing.
    pub async fn restore_in(&self, tx: &mut Tx, order: Id<Order>, now: Timestamp) -> Result<(), StoreError> {
        if let Some(redemption) = self.uses.find_one_and_delete(doc! {"_id": order}).session(&mut tx.session).await? {
            let update = doc! {"$inc": {"usageCount": -1_i64}, "$set": {"updatedAt": now}};
            self.coupons.update_one(doc! {"_id": redemption.coupon}, update).session(&mut tx.session).await?;
        }
        Ok(())
    }
}

/// A customer by id and by address, a guest by address: a former guest with an account is not a new customer.
fn buyer_filter(user: Option<Id<User>>, email: Option<&Email>) -> Option<bson::Document> {
    match (user, email) {
        (Some(user), Some(email)) => Some(doc! {"$or": [{"user": user}, {"email": email}]}),
        (Some(user), None) => Some(doc! {"user": user}),
        (None, Some(email)) => Some(doc! {"email": email}),
        (None, None) => None,
    }
}
