//! Sums over what was sold, computed by the database.
//!
//! A report is about the orders that were *placed* in its period, so that it can be checked against the list of orders, and
//! of these about those that were *paid* at some time, whatever became of them: units that came back and orders that were
//! cancelled after payment stay sales, and what was refunded for them stands in [`DayRevenue::refunds`]. Everything follows
//! from the orders and their payments; nothing is kept.
//!
//! A seller's report is about the seller's own lines: no shipping, and of the refunds those that lines explain.

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::StoreError;
use shop_domain::{
    Currency, Id, Money, Sku, Slug, Timestamp,
    category::Category,
    order::OrderStatus,
    payment::{PaymentStatus, RefundStatus},
    product::Product,
    user::User,
};

/// Reports over several collections.
#[derive(Clone, Debug)]
pub struct Reports {
    database: Database,
}

/// What a report is about.
#[derive(Clone, Copy, Debug)]
pub struct ReportScope {
    /// Orders that were placed at or after this,
    pub from: Timestamp,
    /// and before this,
    pub to: Timestamp,
    /// in this currency: amounts of different ones do not add up.
    pub currency: Currency,
    /// Only the lines of this seller.
    pub seller: Option<Id<User>>,
}

/// What was sold of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategorySales {
    /// The category in which the products hung when they were ordered; `None` for those that hung in none.
    #[serde(rename = "_id")]
    pub category: Option<Id<Category>>,
    /// Its name now; `None` if it is gone.
    pub name: Option<String>,
    /// How many units.
    pub units: i64,
    /// What they came to after discount: Σ line subtotals − Σ line discounts.
    pub revenue: Money,
    /// In how many orders.
    pub orders: i64,
}

/// What was sold of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductSales {
    /// The product.
    #[serde(rename = "_id")]
    pub product: Id<Product>,
    /// Its slug now; `None` if it is gone.
    pub slug: Option<Slug>,
    /// Its name now, or when it was ordered.
    pub name: String,
    /// How many units.
    pub units: i64,
    /// As in [`CategorySales::revenue`].
    pub revenue: Money,
}

/// A SKU that runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowStock {
    /// The SKU.
    #[serde(rename = "_id")]
    pub sku: Sku,
    /// How many can still be ordered.
    pub available: i64,
    /// At or below which it counts as low.
    pub threshold: i64,
    /// What it is sold under.
    pub product: NamedProduct,
}

/// A product by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedProduct {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Product>,
    /// Its slug.
    pub slug: Slug,
    /// Its name.
    pub name: String,
}

/// What the orders of a day came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRevenue {
    /// The day in UTC, `YYYY-MM-DD`.
    #[serde(rename = "_id")]
    pub date: String,
    /// How many orders.
    pub orders: i64,
    /// Σ subtotals.
    pub gross: Money,
    /// Σ discounts.
    pub discount: Money,
    /// Σ taxes, also those that prices contain.
    pub tax: Money,
    /// Σ shipping.
    pub shipping: Money,
    /// Σ totals: what was charged.
    pub charged: Money,
    /// Σ of refunds so far for orders of this day, whenever they were paid.
    pub refunds: Money,
}

impl ReportScope {
    /// Finds the orders. A seller's hold only the seller's lines.
    fn orders(&self) -> Vec<Document> {
        let mut filter = doc! {
            "createdAt": {"$gte": self.from, "$lt": self.to},
            "timeline.status": OrderStatus::Confirmed.as_str(),
            "currency": self.currency.code(),
        };
        let Some(seller) = self.seller else { return vec![doc! {"$match": filter}] };
        filter.insert("items.seller", seller);
        let own = doc! {"$filter": {"input": "$items", "as": "line", "cond": {"$eq": ["$$line.seller", seller]}}};
        vec![doc! {"$match": filter}, doc! {"$set": {"items": own}}]
    }

    /// Finds their lines.
    fn lines(&self) -> Vec<Document> {
        let mut stages = self.orders();
        stages.extend([doc! {"$project": {"items": 1}}, doc! {"$unwind": "$items"}]);
        stages
    }
}

/// What a line comes to after discount.
fn line_revenue() -> Document {
    doc! {"$sum": {"$subtract": ["$items.subtotal", "$items.discount"]}}
}

/// A stage that reads the names of what `_id` names.
fn with_names(collection: &str, fields: Document) -> Document {
    let fields = doc! {"$project": fields};
    doc! {"$lookup": {
        "from": collection, "localField": "_id", "foreignField": "_id", "as": "named", "pipeline": [fields],
    }}
}

impl Reports {
    pub(super) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    /// What was sold per category, the best first.
    pub async fn sales_by_category(&self, scope: &ReportScope) -> Result<Vec<CategorySales>, StoreError> {
        let category = doc! {"$last": "$items.categoryPath"};
        let mut stages = scope.lines();
        stages.extend([
            // An order counts once for a category, however many of its lines are of it.
            doc! {"$group": {
                "_id": {"category": category, "order": "$_id"},
                "units": {"$sum": "$items.quantity"},
                "revenue": line_revenue(),
            }},
            doc! {"$group": {
                "_id": "$_id.category",
                "units": {"$sum": "$units"},
                "revenue": {"$sum": "$revenue"},
                "orders": {"$sum": 1_i64},
            }},
            with_names("categories", doc! {"name": 1}),
            doc! {"$set": {"name": {"$first": "$named.name"}}},
            doc! {"$sort": {"revenue": -1, "_id": 1}},
        ]);
        self.collect("orders", stages).await
    }

    /// Which products were sold most, by units.
    pub async fn best_sellers(&self, scope: &ReportScope, limit: i64) -> Result<Vec<ProductSales>, StoreError> {
        let mut stages = scope.lines();
        stages.extend([
            doc! {"$group": {
                "_id": "$items.product",
                "ordered": {"$first": "$items.productSnapshot.name"},
                "units": {"$sum": "$items.quantity"},
                "revenue": line_revenue(),
            }},
            doc! {"$sort": {"units": -1, "revenue": -1, "_id": 1}},
            doc! {"$limit": limit},
            with_names("products", doc! {"name": 1, "slug": 1}),
            doc! {"$set": {
                "slug": {"$first": "$named.slug"},
                "name": {"$ifNull": [{"$first": "$named.name"}, "$ordered"]},
            }},
        ]);
        self.collect("orders", stages).await
    }

    /// Which SKUs of products that are for sale have run out or will soon, the scarcest first.
    pub async fn low_stock(&self, seller: Option<Id<User>>, limit: i64) -> Result<Vec<LowStock>, StoreError> {
        let mut for_sale = doc! {"status": "published", "isActive": true};
        let mut low = doc! {"$expr": {"$lte": ["$available", "$lowStockThreshold"]}};
        if let Some(seller) = seller {
            for_sale.insert("seller", seller);
            let products = self.database.collection::<Document>("products");
            low.insert("product", doc! {"$in": products.distinct("_id", for_sale.clone()).await?});
        }
        let product = [doc! {"$match": for_sale}, doc! {"$project": {"name": 1, "slug": 1}}];
        let stages = vec![
            doc! {"$match": low},
            doc! {"$lookup": {
                "from": "products", "localField": "product", "foreignField": "_id", "as": "product",
                "pipeline": product.map(Bson::from).to_vec(),
            }},
            doc! {"$unwind": "$product"},
            doc! {"$sort": {"available": 1, "_id": 1}},
            doc! {"$limit": limit},
            doc! {"$project": {"available": 1, "threshold": "$lowStockThreshold", "product": 1}},
        ];
        self.collect("inventory", stages).await
    }

    /// What the orders came to, day by day; days without orders are left out.
    pub async fn revenue(&self, scope: &ReportScope) -> Result<Vec<DayRevenue>, StoreError> {
        let mut stages = scope.orders();
        match scope.seller {
            None => stages.extend(whole_orders()),
            Some(_) => stages.extend(own_lines()),
        }
        stages.extend([
            doc! {"$group": {
                "_id": {"$dateToString": {"date": "$createdAt", "format": "%Y-%m-%d"}},
                "orders": {"$sum": 1_i64},
                "gross": {"$sum": "$pricing.subtotal"},
                "discount": {"$sum": "$pricing.discount"},
                "tax": {"$sum": "$pricing.tax"},
                "shipping": {"$sum": "$pricing.shipping"},
                "charged": {"$sum": "$pricing.total"},
                "refunds": {"$sum": "$refunds"},
            }},
            doc! {"$sort": {"_id": 1}},
        ]);
        self.collect("orders", stages).await
    }

    async fn collect<T: DeserializeOwned + Send + Sync>(
        &self,
        collection: &str,
        stages: Vec<Document>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.database.collection::<Document>(collection).aggregate(stages).with_type::<T>().await?;
        Ok(found.try_collect().await?)
    }
}

/// Reads the payment of each order.
fn with_payment() -> Document {
    doc! {"$lookup": {
        "from": "payments", "localField": "payment", "foreignField": "_id", "as": "payment",
        "pipeline": [{"$project": {"refunds": 1, "status": 1, "amount": 1, "captured": 1, "gateway": 1}}],
    }}
}

/// The refunds of that payment that were paid out: this of each.
fn processed(of_each: &str) -> Document {
    // What was transferred beside a charge was no revenue.
    let is_charge = doc! {"$eq": [{"$first": "$payment.gateway"}, "stripe"]};
    let is_beside = doc! {"$and": [is_charge, {"$eq": ["$$refund.byTransfer", true]}]};
    let processed = doc! {"$filter": {
        "input": {"$ifNull": [{"$first": "$payment.refunds"}, []]},
        "as": "refund",
        "cond": {"$and": [{"$eq": ["$$refund.status", RefundStatus::Processed.as_str()]}, {"$not": [is_beside]}]},
    }};
    doc! {"$map": {"input": processed, "as": "refund", "in": of_each}}
}

/// An order's own sums, and the refunds of its payment. What was transferred beyond the amount is no revenue, and neither is
/// its refund.
fn whole_orders() -> [Document; 2] {
    let surplus = doc! {"$subtract": [{"$first": "$payment.captured"}, {"$first": "$payment.amount"}]};
    let of_orders = doc! {"$subtract": [{"$sum": processed("$$refund.amount")}, {"$max": [0_i64, surplus]}]};
    let refunds = doc! {"$max": [0_i64, of_orders]};
    [with_payment(), doc! {"$project": {"createdAt": 1, "pricing": 1, "refunds": refunds}}]
}

/// The sums of the lines that are left in the order. Refunded is, once it is paid out, all of it where the order was
/// cancelled, else what was approved for them with returns.
fn own_lines() -> [Document; 3] {
    let paid_back = doc! {"$filter": {
        "input": {"$ifNull": ["$returns", []]}, "as": "each", "cond": {"$in": ["$$each.refundId", "$paidOut"]},
    }};
    let returned = doc! {"$reduce": {
        "input": paid_back, "initialValue": [], "in": {"$concatArrays": ["$$value", "$$this.items"]},
    }};
    let own = doc! {"$filter": {"input": returned, "as": "item", "cond": {"$in": ["$$item.itemId", "$items.id"]}}};
    let refunds = doc! {"$sum": {"$map": {"input": own, "as": "item", "in": "$$item.refund"}}};
    let is_cancelled = doc! {"$eq": ["$status", OrderStatus::Cancelled.as_str()]};
    let is_paid_out = doc! {"$eq": [{"$first": "$payment.status"}, PaymentStatus::Refunded.as_str()]};
    let of_cancelled = doc! {"$cond": [is_paid_out, {"$sum": "$items.total"}, 0_i64]};
    let sums = doc! {"$project": {
        "createdAt": 1,
        "pricing": {
            "subtotal": {"$sum": "$items.subtotal"},
            "discount": {"$sum": "$items.discount"},
            "tax": {"$sum": "$items.tax"},
            "shipping": {"$literal": 0_i64},
            "total": {"$sum": "$items.total"},
        },
        "refunds": {"$cond": [is_cancelled, of_cancelled, refunds]},
    }};
    [with_payment(), doc! {"$set": {"paidOut": processed("$$refund.id")}}, sums]
}
