//! I8: the derived figures of products against a recount.

use anyhow::Result;
use bson::{Document, doc};
use serde::Deserialize;
use shared::{
    domain::{
        Id, Sku,
        category::Category,
        product::{Product, Ratings, StockPolicy, Variant},
    },
    store::Store,
};

use super::{
    Check,
    catalogue::{self, Categories},
    joined,
    snapshot::{Row, Snapshot},
};

/// The checked fields of a product.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductFacts {
    #[serde(rename = "_id")]
    id: Id<Product>,
    sku: Sku,
    category: Option<Id<Category>>,
    #[serde(default)]
    category_path: Vec<Id<Category>>,
    ratings: Ratings,
    total_sold: i64,
    variants: Vec<Variant>,
    inventory: StockPolicy,
}

/// The approved reviews of a product.
#[derive(Debug, Default, Deserialize)]
struct Rated {
    #[serde(rename = "_id")]
    product: Option<Id<Product>>,
    sum: i64,
    count: i64,
}

/// The shipped units of a product.
#[derive(Debug, Default, Deserialize)]
struct Sold {
    #[serde(rename = "_id")]
    product: Option<Id<Product>>,
    units: i64,
}

/// The stock records of a product.
#[derive(Debug, Default, Deserialize)]
struct Stocked {
    #[serde(rename = "_id")]
    product: Option<Id<Product>>,
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    sku: Sku,
    #[serde(flatten)]
    policy: StockPolicy,
}

macro_rules! by_product {
    ($($row:ty),*) => {$(
        impl Row for $row {
            type Key = Option<Id<Product>>;

            fn key(&self) -> &Self::Key {
                &self.product
            }
        }
    )*};
}
by_product!(Rated, Sold, Stocked);

pub(super) async fn check(store: &Store) -> Result<Vec<Check>> {
    let mut ratings = Check::new("I8", "a product's rating is that of its approved reviews");
    let mut sales = Check::new("I8", "a product counts the units that were shipped");
    let mut policies = Check::new("I8", "a SKU has a stock record, with its product's policy");
    let mut paths = Check::new("I8", "a product's category path is that of its category");

    let mut snapshot = Snapshot::of(store).await?;
    let categories = catalogue::all(&mut snapshot).await?;
    let fields = "sku category categoryPath ratings totalSold variants inventory";
    let mut products = snapshot.find::<ProductFacts>("products", doc! {}, fields, "_id").await?;
    let mut rated = snapshot.aggregate::<Rated>("reviews", approved_per_product()).await?;
    let mut sold = snapshot.aggregate::<Sold>("orders", units_per_product()).await?;
    let mut stocked = snapshot.aggregate::<Stocked>("inventory", records_per_product()).await?;
    while let Some(product) = products.next(&mut snapshot).await? {
        let (id, key) = (product.id, Some(product.id));
        let reviews =
            rated.matching(&mut snapshot, &key, |row| report_missing_product(&mut ratings, row.product)).await?;
        ratings.record(id, rating_violation(&product, &reviews.unwrap_or_default()));
        let units = sold.matching(&mut snapshot, &key, |row| report_missing_product(&mut sales, row.product)).await?;
        let (says, are) = (product.total_sold, units.unwrap_or_default().units);
        sales.record(id, (says != are).then(|| format!("it counts {says} units, its orders add up to {are}")));
        let stock =
            stocked.matching(&mut snapshot, &key, |row| report_missing_product(&mut policies, row.product)).await?;
        policies.record(id, joined(stock_violations(&product, &stock.unwrap_or_default())));
        paths.record(id, category_violation(&product, &categories));
    }
    rated.rest(&mut snapshot, |row| report_missing_product(&mut ratings, row.product)).await?;
    sold.rest(&mut snapshot, |row| report_missing_product(&mut sales, row.product)).await?;
    stocked.rest(&mut snapshot, |row| report_missing_product(&mut policies, row.product)).await?;
    Ok(vec![ratings, sales, policies, paths])
}

fn report_missing_product(check: &mut Check, product: Option<Id<Product>>) {
    let id = product.map_or_else(|| "none".to_owned(), |id| id.to_string());
    check.record(id, Some("there is no such product".to_owned()));
}

fn rating_violation(product: &ProductFacts, reviews: &Rated) -> Option<String> {
    let should_be = Ratings::from_sum(reviews.sum, reviews.count);
    (product.ratings != should_be)
        .then(|| format!("its ratings are {:?}, its reviews add up to {should_be:?}", product.ratings))
}

fn stock_violations(product: &ProductFacts, stock: &Stocked) -> Vec<String> {
    let own = product.variants.is_empty().then_some(&product.sku);
    let sold = product.variants.iter().map(|variant| &variant.sku).chain(own);
    sold.filter_map(|sku| match stock.records.iter().find(|record| record.sku == *sku) {
        None => Some(format!("{} has no stock record", sku.as_str())),
        Some(record) if record.policy != product.inventory => {
            Some(format!("{} has {:?}, its product {:?}", sku.as_str(), record.policy, product.inventory))
        }
        Some(_) => None,
    })
    .collect()
}

fn category_violation(product: &ProductFacts, categories: &Categories) -> Option<String> {
    let Some(category) = product.category else {
        return (!product.category_path.is_empty()).then(|| "it has no category, but a category path".to_owned());
    };
    match categories.get(&category) {
        None => Some(format!("its category {category} does not exist")),
        Some(found) if found.ancestors != product.category_path => {
            Some("its category path is not that of its category".to_owned())
        }
        Some(_) => None,
    }
}

fn approved_per_product() -> Vec<Document> {
    vec![
        doc! {"$match": {"status": "approved"}},
        doc! {"$group": {"_id": "$product", "sum": {"$sum": "$rating"}, "count": {"$sum": 1_i64}}},
    ]
}

fn units_per_product() -> Vec<Document> {
    vec![
        doc! {"$unwind": "$items"},
        doc! {"$match": {"items.shippedAt": {"$type": "date"}}},
        doc! {"$group": {"_id": "$items.product", "units": {"$sum": "$items.quantity"}}},
    ]
}

fn records_per_product() -> Vec<Document> {
    let record = doc! {
        "sku": "$_id",
        "lowStockThreshold": "$lowStockThreshold",
        "allowBackorder": "$allowBackorder",
        "backorderLimit": "$backorderLimit",
    };
    vec![doc! {"$group": {"_id": "$product", "records": {"$push": record}}}]
}
