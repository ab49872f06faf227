//! Lists of products: which, in which order, from where on, each with its stock and its category, in one command.

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::options::Collation;
use serde::{Deserialize, Serialize};

use super::{CatalogueEntry, NAME_COLLATION_LOCALE, Products};
use crate::{
    StoreError,
    keyset::{Cursor, SortOrder},
};
use shop_domain::{
    Currency, Id, Money,
    category::Category,
    product::{Product, ProductStatus},
    user::User,
};

/// Which products. `None` is no restriction.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductFilter {
    /// Of this status.
    pub status: ProductStatus,
    /// On the shelf, or taken off it without archiving.
    pub is_active: Option<bool>,
    /// That contain these words.
    pub text: Option<String>,
    /// In this category or below it.
    pub category: Option<Id<Category>>,
    /// Of this brand.
    pub brand: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this seller.
    pub seller: Option<Id<User>>,
    /// With prices in this currency.
    pub currency: Option<Currency>,
    /// With an effective price of at least this.
    pub min_price: Option<Money>,
    /// With an effective price of at most this.
    pub max_price: Option<Money>,
    /// With an average rating of at least this.
    pub min_rating: Option<f64>,
    /// On the front page, or not.
    pub featured: Option<bool>,
    /// Of which at least one is available, or none.
    pub in_stock: Option<bool>,
}

impl ProductFilter {
    /// All active products of this status.
    pub const fn of_status(status: ProductStatus) -> Self {
        Self {
            status,
            is_active: Some(true),
            text: None,
            category: None,
            brand: None,
            tag: None,
            seller: None,
            currency: None,
            min_price: None,
            max_price: None,
            min_rating: None,
            featured: None,
            in_stock: None,
        }
    }

    /// Everything but the stock, which is not written on products.
    fn document(&self) -> Document {
        let mut filter = doc! {"status": self.status.as_str()};
        let mut only = |field: &str, value: Option<Bson>| {
            if let Some(value) = value {
                filter.insert(field, value);
            }
        };
        only("isActive", self.is_active.map(Bson::from));
        only("$text", self.text.as_ref().map(|text| doc! {"$search": text}.into()));
        only("categoryPath", self.category.map(Bson::from));
        only("brand", self.brand.clone().map(Bson::from));
        only("tags", self.tag.clone().map(Bson::from));
        only("seller", self.seller.map(Bson::from));
        only("featured", self.featured.map(Bson::from));
        only("ratings.average", self.min_rating.map(|least| doc! {"$gte": least}.into()));
        only("price.currency", self.currency.map(|currency| currency.code().into()));
        let mut price = Document::new();
        price.extend(self.min_price.map(|least| ("$gte".to_owned(), least.into())));
        price.extend(self.max_price.map(|most| ("$lte".to_owned(), most.into())));
        only("price.effective", (!price.is_empty()).then(|| price.into()));
        filter
    }

    fn stock(&self) -> Option<Document> {
        let some = doc! {"stock": {"$elemMatch": {"available": {"$gt": 0}}}};
        self.in_stock.map(|in_stock| {
            if in_stock {
                some
            } else {
                doc! {"$nor": [some]}
            }
        })
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProductSort {
    /// The best match of the words first; without words the newest.
    Relevance,
    /// The newest first.
    Newest,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDescending,
    /// The best rated first.
    Rating,
    /// The most sold first.
    Bestselling,
    /// From A to Z.
    Name,
}

impl ProductSort {
    const fn order(self) -> SortOrder<CatalogueEntry> {
        match self {
            Self::Relevance => SortOrder::descending("score", |entry| entry.score.into()),
            Self::Newest => SortOrder::descending("createdAt", |entry| entry.product.created_at.into()),
            Self::Price => SortOrder::ascending("price.effective", |entry| entry.product.price.effective.into()),
            Self::PriceDescending => {
                SortOrder::descending("price.effective", |entry| entry.product.price.effective.into())
            }
            Self::Rating => SortOrder::descending("ratings.average", |entry| entry.product.ratings.average.into()),
            Self::Bestselling => SortOrder::descending("totalSold", |entry| entry.product.total_sold.into()),
            Self::Name => SortOrder::ascending("name", |entry| entry.product.name.as_str().into()),
        }
    }
}

impl CatalogueEntry {
    /// The cursor that points at it in a list of this order.
    pub fn cursor(&self, sort: ProductSort) -> Cursor<ProductSort> {
        sort.order().cursor(sort, self, self.product.id)
    }
}

/// The stages that put the stock beside each product: that of what is sold under it now.
pub(super) fn with_stock() -> [Document; 2] {
    let skus = doc! {"$cond": [{"$eq": ["$variants", []]}, ["$sku"], "$variants.sku"]};
    [
        doc! {"$replaceWith": {"product": "$$ROOT", "score": {"$ifNull": ["$score", 0.0]}, "skus": skus}},
        doc! {"$lookup": {"from": "inventory", "localField": "skus", "foreignField": "_id", "as": "stock"}},
    ]
}

/// The stage that puts the category beside each product.
pub(super) fn with_category() -> [Document; 1] {
    let lookup = doc! {"from": "categories", "localField": "product.category", "foreignField": "_id", "as": "category"};
    [doc! {"$lookup": lookup}]
}

impl Products {
    /// A page of a list, behind `after`, which has the same order. [`ProductSort::Relevance`] needs words to be relevant to.
    pub async fn list(
        &self,
        filter: &ProductFilter,
        sort: ProductSort,
        after: Option<&Cursor<ProductSort>>,
        limit: i64,
    ) -> Result<Vec<CatalogueEntry>, StoreError> {
        let mut pipeline = vec![doc! {"$match": filter.document()}];
        if sort == ProductSort::Relevance {
            pipeline.push(doc! {"$addFields": {"score": {"$meta": "textScore"}}});
        }
        pipeline.extend(after.map(|cursor| doc! {"$match": sort.order().after(cursor)}));
        pipeline.push(doc! {"$sort": sort.order().sort()});
        // The stock is looked up for as few products as possible: for those of the page, unless it decides about them.
        match filter.stock() {
            Some(stock) => {
                pipeline.extend(with_stock());
                pipeline.push(doc! {"$match": stock});
                pipeline.push(doc! {"$limit": limit});
            }
            None => {
                pipeline.push(doc! {"$limit": limit});
                pipeline.extend(with_stock());
            }
        }
        pipeline.extend(with_category());
        let mut aggregate = self.collection.aggregate(pipeline);
        if sort == ProductSort::Name {
            aggregate = aggregate.collation(Collation::builder().locale(NAME_COLLATION_LOCALE).build());
        }
        Ok(aggregate.with_type().await?.try_collect().await?)
    }

    /// How many products there are on all pages.
    pub async fn count(&self, filter: &ProductFilter) -> Result<u64, StoreError> {
        let mut pipeline = vec![doc! {"$match": filter.document()}];
        if let Some(stock) = filter.stock() {
            pipeline.extend(with_stock());
            pipeline.push(doc! {"$match": stock});
        }
        pipeline.push(doc! {"$count": "count"});
        let counted: Option<Counted> = self.collection.aggregate(pipeline).with_type().await?.try_next().await?;
        Ok(counted.map_or(0, |counted| counted.count))
    }

    /// What is for sale and goes with a product: first what it names itself, then the most sold of its category.
    pub async fn list_related(&self, product: &Product, limit: i64) -> Result<Vec<CatalogueEntry>, StoreError> {
        let others = |filter: Document| {
            let for_sale =
                doc! {"status": ProductStatus::Published.as_str(), "isActive": true, "_id": {"$ne": product.id}};
            doc! {"$match": {"$and": [filter, for_sale]}}
        };
        let mut named = vec![others(doc! {"_id": {"$in": product.related_products.clone()}}), doc! {"$limit": limit}];
        named.extend(with_stock());
        named.extend(with_category());
        if let Some(category) = product.category {
            // One more for each that is named already and drops out.
            let most = limit.saturating_add(i64::try_from(product.related_products.len()).unwrap_or_default());
            let mut siblings = vec![
                others(doc! {"categoryPath": category}),
                doc! {"$sort": ProductSort::Bestselling.order().sort()},
                doc! {"$limit": most},
            ];
            siblings.extend(with_stock());
            siblings.extend(with_category());
            named.push(doc! {"$unionWith": {"coll": "products", "pipeline": siblings}});
        }
        let found: Vec<CatalogueEntry> = self.collection.aggregate(named).with_type().await?.try_collect().await?;
        let mut related: Vec<CatalogueEntry> = Vec::new();
        for entry in found {
            if !related.iter().any(|other| other.product.id == entry.product.id) {
                related.push(entry);
            }
        }
        related.truncate(usize::try_from(limit).unwrap_or_default());
        Ok(related)
    }
}

#[derive(Deserialize)]
struct Counted {
    count: u64,
}
