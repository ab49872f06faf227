//! A generated catalogue of any size, for trials and benchmarks.
//!
//! The product with a given number is always the same, including its id, so an interrupted run can be repeated, and a
//! larger number only adds products.

mod lines;
mod product;

use anyhow::{Context as _, Result};
use bson::doc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::{Collection, error::ErrorKind};
use serde::Serialize;
use shared::{
    domain::{Clock, Email, Random, inventory::StockRecord, product::Product, user::Role},
    password::Passwords,
    store::{Store, Versioned, WithSchema},
};

use crate::{
    accounts::{self, Account},
    categories,
    progress::Bar,
};
use lines::{CATEGORIES, SELLERS};
use product::{SeedContext, Seeded};

/// Products per insert. The server accepts at most 48 MB at once, and a product is about 2 kB.
const BATCH: u32 = 1000;
/// Concurrent batches: one is generated while others are written.
const CONCURRENCY: usize = 4;
const DUPLICATE_KEY: i32 = 11000;

/// The result of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Products that were added.
    pub added: u64,
    /// Products that existed before.
    pub before: u64,
}

/// Adds the missing ones of the first `products` generated products, with their categories, sellers and stock.
///
/// # Errors
/// If the database fails. Another run continues.
pub async fn seed(store: &Store, clock: &Clock, products: u32) -> Result<Report> {
    let context = seed_context(store, clock).await.context("preparing categories and sellers")?;
    let bar = Bar::new(u64::from(products), "products");
    let batches = (0..products).step_by(BATCH as usize).map(|from| {
        let context = &context;
        let bar = &bar;
        async move {
            let to = products.min(from.saturating_add(BATCH));
            let report = ensure_batch(store, context, from, to).await?;
            bar.advance(u64::from(to - from));
            anyhow::Ok(report)
        }
    });
    let report = stream::iter(batches)
        .buffer_unordered(CONCURRENCY)
        .try_fold(Report::default(), async |sum, part| {
            Ok(Report { added: sum.added + part.added, before: sum.before + part.before })
        })
        .await?;
    bar.finish();
    categories::recount(store, context.categories.values()).await.context("counting the products of each category")?;
    Ok(report)
}

async fn seed_context(store: &Store, clock: &Clock) -> Result<SeedContext> {
    let categories = categories::ensure(store, clock, CATEGORIES).await?;
    // The passwords are random and not stored: a generated seller cannot log in.
    let random = Random::from_os();
    let passwords = Passwords::for_this_machine(random.clone());
    let mut sellers = Vec::with_capacity(SELLERS.len());
    for (first_name, last_name) in SELLERS {
        let email = format!("{first_name}.{last_name}@sellers.example.test");
        let account = Account {
            email: Email::try_new(&email)?,
            first_name: (*first_name).to_owned(),
            last_name: (*last_name).to_owned(),
            role: Role::Seller,
        };
        sellers.push(accounts::ensure(store, clock, &passwords, &account, &random.secret()).await?.id);
    }
    Ok(SeedContext { categories, sellers })
}

/// Adds the missing ones of the products with the numbers `from..to`.
async fn ensure_batch(store: &Store, context: &SeedContext, from: u32, to: u32) -> Result<Report> {
    let all = u64::from(to - from);
    let products: Collection<Product> = store.database().collection("products");
    // Their ids are a contiguous range, and stock is inserted before products: if all products exist, so does their
    // stock.
    let range = doc! {"_id": {"$gte": product::id(from), "$lte": product::id(to - 1)}};
    if products.count_documents(range).await? == all {
        return Ok(Report { added: 0, before: all });
    }
    let seeded = (from..to).map(|number| product::seeded(number, context)).collect::<Result<Vec<Seeded>>>()?;
    let (new, stock): (Vec<Product>, Vec<Vec<StockRecord>>) =
        seeded.into_iter().map(|Seeded { product, stock }| (product, stock)).unzip();
    let stock: Vec<_> = stock.into_iter().flatten().map(WithSchema::of).collect();
    insert_missing(&store.database().collection("inventory"), &stock).await?;
    let new: Vec<_> = new.into_iter().map(Versioned::first).collect();
    let added = insert_missing(&products.clone_with_type(), &new).await?;
    Ok(Report { added, before: all.saturating_sub(added) })
}

/// Inserts the missing ones of these documents, and answers how many were inserted.
async fn insert_missing<T: Serialize + Send + Sync>(collection: &Collection<T>, documents: &[T]) -> Result<u64> {
    let all = documents.len() as u64;
    let Err(error) = collection.insert_many(documents).ordered(false).await else { return Ok(all) };
    if let ErrorKind::InsertMany(failed) = &*error.kind
        && failed.write_concern_error.is_none()
        && let Some(refused) = &failed.write_errors
        && refused.iter().all(|write| write.code == DUPLICATE_KEY && write.message.contains("index: _id_ "))
    {
        return Ok(all.saturating_sub(refused.len() as u64));
    }
    Err(error).with_context(|| format!("writing to {}", collection.name()))
}
