//! `products`: the catalogue, without stock.
//!
//! Indexes, beside the seed's (`slug` and `sku` unique, the text index with name before tags before description):
//!
//! * one per order of the list, for all that is for sale:
//!   `(status, isActive, K, _id)` with `K` = `createdAt`, `price.effective`, `ratings.average`, `totalSold`, and `name`
//!   with the collation [`NAME_COLLATION_LOCALE`];
//! * the same five behind a category and what is below it: `(categoryPath, status, isActive, K, _id)`;
//! * the newest of a brand, with a tag, on the front page: `(F, status, isActive, createdAt, _id)` with `F` = `brand`,
//!   `tags`, `featured`;
//! * `(seller, status, createdAt, _id)` and `(status, createdAt, _id)`: what sellers and admins list, for sale or not;
//! * `category`: whether a category is in use; `variants.sku` (unique): whether a SKU is.
//!
//! Everything is indexed ascending; descending lists read the same index backwards. [`listing`] holds the queries that
//! join the stock.

pub mod listing;

use std::ops::Deref;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use serde::{Deserialize, Serialize};

use super::{Documents, StoreError, Stored, Tx, Versioned, categories::rebased};
use shop_domain::{
    Id, Sku, Slug,
    category::Category,
    inventory::StockRecord,
    product::{Product, Ratings},
    review::RatingChange,
};

/// By the rules of which language names are sorted: `apple` stands before `Zebra`.
pub const NAME_COLLATION_LOCALE: &str = "en";

/// The collection `products`.
#[derive(Clone, Debug)]
pub struct Products(Documents<Product>);

impl Stored for Product {
    const COLLECTION: &'static str = "products";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Products {
    type Target = Documents<Product>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// What a product is called from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductKey {
    /// Its id.
    Id(Id<Product>),
    /// Its slug.
    Slug(Slug),
}

impl ProductKey {
    /// Reads an id or a slug; `None` for text that cannot name a product.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().map(Self::Id).ok().or_else(|| Slug::try_new(text).map(Self::Slug).ok())
    }

    fn filter(&self) -> Document {
        match self {
            Self::Id(id) => doc! {"_id": *id},
            Self::Slug(slug) => doc! {"slug": slug},
        }
    }
}

/// A product with what stands beside it on its page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CatalogueEntry {
    /// The product.
    pub product: Product,
    /// The stock of everything that is sold under it now.
    pub stock: Vec<StockRecord>,
    /// The category that it hangs in; empty or one.
    category: Vec<Category>,
    /// How well it matches the words of a search.
    #[serde(default)]
    score: f64,
}

impl CatalogueEntry {
    /// The category that it hangs in.
    pub fn category(&self) -> Option<&Category> {
        self.category.first()
    }
}

impl Products {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The product of this name with what stands beside it, in one command.
    pub async fn find_entry(&self, key: &ProductKey) -> Result<Option<CatalogueEntry>, StoreError> {
        let mut pipeline = vec![doc! {"$match": key.filter()}, doc! {"$limit": 1}];
        pipeline.extend(listing::with_stock());
        pipeline.extend(listing::with_category());
        Ok(self.collection.aggregate(pipeline).with_type().await?.try_next().await?)
    }

    /// The product with this SKU of its own, as the transaction sees it.
    pub async fn find_by_sku_in(&self, tx: &mut Tx, sku: &Sku) -> Result<Option<Versioned<Product>>, StoreError> {
        Ok(self.collection.find_one(doc! {"sku": sku}).session(&mut tx.session).await?)
    }

    /// The first of these SKUs that another product bears itself or sells a variant under, as the transaction sees it.
    pub async fn find_sku_in(
        &self,
        tx: &mut Tx,
        skus: impl IntoIterator<Item = &Sku>,
        except: Id<Product>,
    ) -> Result<Option<Sku>, StoreError> {
        let skus: Vec<&Sku> = skus.into_iter().collect();
        let any: Vec<&str> = skus.iter().map(|sku| sku.as_str()).collect();
        let filter = doc! {
            "_id": {"$ne": except},
            "$or": [{"sku": {"$in": any.clone()}}, {"variants.sku": {"$in": any}}],
        };
        let found = self.collection.find_one(filter).session(&mut tx.session).await?;
        Ok(found.and_then(|other| {
            let bears = |sku: &&&Sku| other.sku == ***sku || other.variants.iter().any(|variant| variant.sku == ***sku);
            skus.iter().find(bears).map(|sku| (*sku).clone())
        }))
    }

    /// Which of these slugs are taken, as the transaction sees it.
    pub async fn taken_slugs_in(&self, tx: &mut Tx, slugs: &[Slug]) -> Result<Vec<Slug>, StoreError> {
        let slugs: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        let mut cursor = self.collection.find(doc! {"slug": {"$in": slugs}}).session(&mut tx.session).await?;
        let mut taken = Vec::new();
        while let Some(product) = cursor.next(&mut tx.session).await {
            taken.push(product?.into_inner().slug);
        }
        Ok(taken)
    }

    /// Whether any product, whatever its status, hangs directly in the category.
    pub async fn has_any_of_category_in(&self, tx: &mut Tx, category: Id<Category>) -> Result<bool, StoreError> {
        Ok(self.collection.find_one(doc! {"category": category}).session(&mut tx.session).await?.is_some())
    }

    /// Gives every product in or below a category that was moved its new way from the root.
    pub async fn update_descendants_in(
        &self,
        tx: &mut Tx,
        before: &Category,
        after: &Category,
    ) -> Result<(), StoreError> {
        let update = vec![doc! {"$set": {
            "categoryPath": rebased("$categoryPath", before, after),
            "version": {"$add": ["$version", 1]},
        }}];
        self.collection.update_many(doc! {"categoryPath": before.id}, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Counts a review's stars in or out (invariant I8). Of parallel changes one has to start again, so none is lost.
    pub async fn change_rating_in(
        &self,
        tx: &mut Tx,
        product: Id<Product>,
        change: RatingChange,
    ) -> Result<(), StoreError> {
        if change.count == 0 && change.sum == 0 {
            return Ok(());
        }
        let missing = || StoreError::Missing(format!("the product {product}"));
        let before = self.find_in(tx, product).await?.ok_or_else(missing)?.ratings;
        let after = Ratings::from_sum(before.sum.saturating_add(change.sum), before.count.saturating_add(change.count));
        let update = doc! {"$set": {"ratings": bson::serialize_to_bson(&after)?}, "$inc": {"version": 1}};
        self.collection.update_one(doc! {"_id": product}, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Counts units that were sold; negative for units that came back.
    pub async fn count_sold_in(&self, tx: &mut Tx, product: Id<Product>, units: i64) -> Result<(), StoreError> {
        let update = doc! {"$inc": {"totalSold": units, "version": 1}};
        self.collection.update_one(doc! {"_id": product}, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Removes a product that never was for sale.
    pub async fn remove_in(&self, tx: &mut Tx, product: Id<Product>) -> Result<(), StoreError> {
        self.collection.delete_one(doc! {"_id": product}).session(&mut tx.session).await?;
        Ok(())
    }
}
