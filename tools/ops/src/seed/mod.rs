//! A made-up catalogue of any size, for trying out and for benchmarks.
//!
//! The product with a given number is always the same, down to its id. So a run that was interrupted is continued by
//! running it again, and a larger number only adds to what is there.

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
use product::{Seeded, Surroundings};

/// Products a command. The server takes at most 48 MB at once, and a product is about 2 kB.
const BATCH: u32 = 1000;
/// Batches under way: one is made while others are written.
const AT_ONCE: usize = 4;
const DUPLICATE_KEY: i32 = 11000;

/// What a run added, and what had been there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Products added now.
    pub added: u64,
    /// Products that had been there before.
    pub before: u64,
}

/// Makes sure that the first `products` made-up products are there, with their categories, sellers and stock.
///
/// # Errors
/// If the database refuses. Running it again continues where it ended.
pub async fn seed(store: &Store, clock: &Clock, products: u32) -> Result<Report> {
    let around = surroundings(store, clock).await.context("preparing categories and sellers")?;
    let bar = Bar::new(u64::from(products), "products");
    let batches = (0..products).step_by(BATCH as usize).map(|from| {
        let around = &around;
        let bar = &bar;
        async move {
            let to = products.min(from.saturating_add(BATCH));
            let report = ensure_batch(store, around, from, to).await?;
            bar.advance(u64::from(to - from));
            anyhow::Ok(report)
        }
    });
    let report = stream::iter(batches)
        .buffer_unordered(AT_ONCE)
        .try_fold(Report::default(), async |sum, part| {
            Ok(Report { added: sum.added + part.added, before: sum.before + part.before })
        })
        .await?;
    bar.finish();
    categories::recount(store, around.categories.values()).await.context("counting the products of each category")?;
    Ok(report)
}

async fn surroundings(store: &Store, clock: &Clock) -> Result<Surroundings> {
    let categories = categories::ensure(store, clock, CATEGORIES).await?;
    // Nobody logs in as one of them: their passwords are random and not kept.
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
    Ok(Surroundings { categories, sellers })
}

/// Adds what is missing of the products with the numbers `from..to`.
async fn ensure_batch(store: &Store, around: &Surroundings, from: u32, to: u32) -> Result<Report> {
    let all = u64::from(to - from);
    let products: Collection<Product> = store.database().collection("products");
    // Their ids are a range of their own, and stock is written first: where all products are, all stock is.
    let range = doc! {"_id": {"$gte": product::id(from), "$lte": product::id(to - 1)}};
    if products.count_documents(range).await? == all {
        return Ok(Report { added: 0, before: all });
    }
    let seeded = (from..to).map(|number| product::seeded(number, around)).collect::<Result<Vec<Seeded>>>()?;
    let (new, stock): (Vec<Product>, Vec<Vec<StockRecord>>) =
        seeded.into_iter().map(|Seeded { product, stock }| (product, stock)).unzip();
    let stock: Vec<_> = stock.into_iter().flatten().map(WithSchema::of).collect();
    insert_missing(&store.database().collection("inventory"), &stock).await?;
    let new: Vec<_> = new.into_iter().map(Versioned::first).collect();
    let added = insert_missing(&products.clone_with_type(), &new).await?;
    Ok(Report { added, before: all.saturating_sub(added) })
}

/// Adds those of the documents that are not there yet. How many these were.
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
