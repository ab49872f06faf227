//! Products from a file, row by row. A row is one transaction: a rejected one leaves nothing, not even the categories that
//! it named. A row is recognised by its SKU, so that the same file twice changes nothing.
//!
//! A row describes a product, not its stock: `inventory.quantity` is the first stock of a SKU that is new. What was sold or
//! adjusted since is not overwritten by importing the file again.

use super::save_product::{
    NewProduct, SaveProductError, check_currency, insert_in, priced_draft_of, save_in, set_parent, set_status,
};
use shop_domain::{
    Id, Idempotent, Slug, Timestamp, category::Category, currencies::ShopCurrencies, offer::InvalidOffer,
    product::Product, user::User,
};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, categories::CategoryKey, transaction};

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// The product is new.
    Created(Id<Product>),
    /// The product was there, and is now as the row says.
    Updated(Id<Product>),
    /// The product was as the row says.
    Unchanged(Id<Product>),
    /// The row was left out; why, in words, each beginning with the field that is to blame.
    Rejected(Vec<String>),
}

/// Imports one row, as a product of `seller`.
///
/// # Errors
/// Only if the database cannot do its part: the row may be imported again.
pub async fn import_row(
    store: &Store,
    seller: Id<User>,
    row: NewProduct,
    now: Timestamp,
) -> Result<RowOutcome, StoreError> {
    let currencies = store.settings.currencies().await?;
    let outcome = transaction!(store, |tx| {
        match store.products.find_by_sku_in(tx, &row.sku).await? {
            None => create(tx, store, seller, row.clone(), &currencies, now).await,
            Some(product) => update(tx, store, seller, product, row.clone(), &currencies, now).await,
        }
    });
    match outcome {
        Ok(outcome) => Ok(outcome),
        Err(RowError::Save(SaveProductError::Store(error))) => Err(error),
        Err(error) => Ok(RowOutcome::Rejected(vec![error.in_words()])),
    }
}

async fn create(
    tx: &mut Tx,
    store: &Store,
    seller: Id<User>,
    row: NewProduct,
    currencies: &ShopCurrencies,
    now: Timestamp,
) -> Result<RowOutcome, RowError> {
    let stock = row.first_stock()?;
    let (slug_is_given, status, category) = (row.changes.slug.is_some(), row.status, row.category().map(str::to_owned));
    let mut product = priced_draft_of(row, seller, currencies, now)?;
    assign_category(tx, store, &mut product, category.as_deref(), now).await?;
    if let Some(status) = status {
        let _ = set_status(&mut product, status, now).map_err(SaveProductError::from)?;
    }
    insert_in(tx, store, &mut product, &stock, slug_is_given).await?;
    Ok(RowOutcome::Created(product.id))
}

async fn update(
    tx: &mut Tx,
    store: &Store,
    seller: Id<User>,
    before: Versioned<Product>,
    row: NewProduct,
    currencies: &ShopCurrencies,
    now: Timestamp,
) -> Result<RowOutcome, RowError> {
    if before.seller != seller {
        return Err(RowError::OfAnotherSeller);
    }
    let stock = row.first_stock()?;
    let (status, category) = (row.status, row.category().map(str::to_owned));
    let mut product = before.clone();
    row.changes.apply(&mut product)?;
    check_currency(&product, currencies)?;
    assign_category(tx, store, &mut product, category.as_deref(), now).await?;
    if let Some(status) = status {
        let _ = set_status(&mut product, status, now).map_err(SaveProductError::from)?;
    }
    Ok(match save_in(tx, store, &before, &mut product, &stock, now).await? {
        Idempotent::Executed => RowOutcome::Updated(product.id),
        Idempotent::AlreadyApplied => RowOutcome::Unchanged(product.id),
    })
}

/// Assigns the product to the category that the row names. Missing categories are created.
async fn assign_category(
    tx: &mut Tx,
    store: &Store,
    product: &mut Product,
    name: Option<&str>,
    now: Timestamp,
) -> Result<(), RowError> {
    let Some(name) = name else { return Ok(()) };
    let key = CategoryKey::parse(name).ok_or(RowError::InvalidCategory)?;
    if let Some(found) = store.categories.find_by_in(tx, &key).await? {
        if product.category != Some(found.id) {
            let held = store.categories.lock_in(tx, &CategoryKey::Id(found.id)).await?;
            set_parent(product, held.as_deref());
        }
        return Ok(());
    }
    let slugs = match key {
        CategoryKey::Id(_) => return Err(SaveProductError::UnknownCategory.into()),
        CategoryKey::Slug(slug) => vec![slug],
        CategoryKey::Path(slugs) => slugs,
    };
    let mut parent: Option<Category> = None;
    for depth in 1..=slugs.len() {
        let path = CategoryKey::Path(slugs[..depth].to_vec());
        let node = match store.categories.lock_in(tx, &path).await? {
            Some(node) => node.into_inner(),
            None => add_category(tx, store, &slugs[depth - 1], parent.as_ref(), now).await?,
        };
        parent = Some(node);
    }
    set_parent(product, parent.as_ref());
    Ok(())
}

async fn add_category(
    tx: &mut Tx,
    store: &Store,
    slug: &Slug,
    parent: Option<&Category>,
    now: Timestamp,
) -> Result<Category, RowError> {
    if let Some(other) = store.categories.find_by_in(tx, &CategoryKey::Slug(slug.clone())).await? {
        return Err(RowError::CategoryElsewhere { slug: slug.clone(), path: other.into_inner().path });
    }
    let category = Category::new(name_of(slug), slug.clone(), parent, now);
    store.categories.insert_in(tx, &category).await.map_err(|error| match error {
        // Another row made it at the same moment: start again and find it.
        StoreError::Duplicate { .. } => StoreError::VersionMismatch,
        other => other,
    })?;
    Ok(category)
}

/// `personal-care` → `Personal Care`.
fn name_of(slug: &Slug) -> String {
    let words = slug.as_str().split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Why a row was left out.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error(transparent)]
    Save(#[from] SaveProductError),
    #[error("the SKU is that of another seller's product")]
    OfAnotherSeller,
    #[error("a category is an id, a slug or a path of slugs such as personal-care/beauty")]
    InvalidCategory,
    #[error("there is a category {slug} elsewhere: {path}")]
    CategoryElsewhere { slug: Slug, path: String },
}

impl RowError {
    fn in_words(&self) -> String {
        let field = match self {
            Self::Save(SaveProductError::Invalid(invalid)) => invalid.field().replace('/', "."),
            Self::Save(SaveProductError::CurrencyNotSold(_)) => "price.currency".to_owned(),
            Self::Save(SaveProductError::UnknownCategory) | Self::InvalidCategory | Self::CategoryElsewhere { .. } => {
                "category".to_owned()
            }
            Self::Save(SaveProductError::SlugTaken) => "slug".to_owned(),
            Self::Save(SaveProductError::BackorderOwed(_)) => "inventory.allowBackorder".to_owned(),
            Self::Save(SaveProductError::SkuTaken(_)) | Self::OfAnotherSeller => "sku".to_owned(),
            Self::Save(SaveProductError::Illegal(_)) => "status".to_owned(),
            Self::Save(SaveProductError::Store(_)) => String::new(),
        };
        format!("{field}: {self}")
    }
}

impl From<StoreError> for RowError {
    fn from(error: StoreError) -> Self {
        Self::Save(error.into())
    }
}
impl From<InvalidOffer> for RowError {
    fn from(error: InvalidOffer) -> Self {
        Self::Save(error.into())
    }
}
impl TransactionError for RowError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Save(error) => error.store_error(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_gives_a_category_its_first_name() {
        assert_eq!(name_of(&Slug::try_new("personal-care").unwrap()), "Personal Care");
    }
}
