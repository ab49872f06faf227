//! A product is updated, moved to another status or deleted, with its stock records and its category's count in the same
//! transaction.
//!
//! The caller says which products it may change (`may_change`); any other product does not exist for it.

use super::save_product::{
    FirstStock, ProductChanges, SaveProductError, assign_category_in, check_currency, save_in, set_parent, set_status,
};
use shop_domain::{
    Id, IllegalTransition, Timestamp,
    offer::InvalidOffer,
    product::{Product, ProductStatus},
};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, transaction};

/// Why a product was not changed. Nothing happened then.
#[derive(Debug, thiserror::Error)]
pub enum ChangeProductError {
    /// It does not exist, or the caller may not change it.
    #[error("there is no such product")]
    NotFound,
    /// It cannot be saved.
    #[error(transparent)]
    Save(#[from] SaveProductError),
}

impl From<StoreError> for ChangeProductError {
    fn from(error: StoreError) -> Self {
        Self::Save(error.into())
    }
}
impl From<InvalidOffer> for ChangeProductError {
    fn from(error: InvalidOffer) -> Self {
        Self::Save(error.into())
    }
}
impl From<IllegalTransition> for ChangeProductError {
    fn from(error: IllegalTransition) -> Self {
        Self::Save(error.into())
    }
}

impl TransactionError for ChangeProductError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Save(error) = self { error.store_error() } else { None }
    }
}

/// Updates a product.
pub async fn update_product(
    store: &Store,
    id: Id<Product>,
    may_change: impl Fn(&Product) -> bool,
    changes: &ProductChanges,
    now: Timestamp,
) -> Result<(), ChangeProductError> {
    let currencies = store.settings.currencies().await?;
    transaction!(store, |tx| {
        let before = find_own(store, tx, id, &may_change).await?;
        let mut product = before.clone();
        changes.clone().apply(&mut product)?;
        if changes.price.is_some() {
            check_currency(&product, &currencies)?;
        }
        match &changes.category {
            Some(Some(category)) => assign_category_in(tx, store, &mut product, category).await?,
            Some(None) => set_parent(&mut product, None),
            None => {}
        }
        let _ = save_in(tx, store, &before, &mut product, &changes.first_stock, now).await?;
        Ok(())
    })
}

/// Moves a product to a status.
pub async fn move_product_to(
    store: &Store,
    id: Id<Product>,
    may_change: impl Fn(&Product) -> bool,
    status: ProductStatus,
    now: Timestamp,
) -> Result<(), ChangeProductError> {
    transaction!(store, |tx| {
        let before = find_own(store, tx, id, &may_change).await?;
        save_with_status(store, tx, &before, status, now).await
    })
}

/// Deletes a draft with its stock records. A product that was ever published is archived, because orders refer to it.
pub async fn delete_product(
    store: &Store,
    id: Id<Product>,
    may_change: impl Fn(&Product) -> bool,
    now: Timestamp,
) -> Result<(), ChangeProductError> {
    transaction!(store, |tx| {
        let before = find_own(store, tx, id, &may_change).await?;
        if before.status != ProductStatus::Draft {
            return save_with_status(store, tx, &before, ProductStatus::Archived, now).await;
        }
        store.products.remove_in(tx, id).await?;
        store.inventory.remove_of_product_in(tx, id).await?;
        Ok(())
    })
}

async fn find_own(
    store: &Store,
    tx: &mut Tx,
    id: Id<Product>,
    may_change: &impl Fn(&Product) -> bool,
) -> Result<Versioned<Product>, ChangeProductError> {
    let product = store.products.find_in(tx, id).await?;
    product.filter(|product| may_change(product)).ok_or(ChangeProductError::NotFound)
}

async fn save_with_status(
    store: &Store,
    tx: &mut Tx,
    before: &Versioned<Product>,
    status: ProductStatus,
    now: Timestamp,
) -> Result<(), ChangeProductError> {
    let mut product = before.clone();
    let _ = set_status(&mut product, status, now)?;
    let _ = save_in(tx, store, before, &mut product, &FirstStock::new(), now).await?;
    Ok(())
}
