//! A product is created, with its first stock and its place in the category's count, in one transaction.

use super::save_product::{NewProduct, SaveProductError, assign_category_in, insert_in, priced_draft_of, set_status};
use shop_domain::{Id, Timestamp, product::Product, user::User};
use shop_store::{Store, transaction};

/// Creates a product of `seller`. An absent slug is generated from the name.
pub async fn create_product(
    store: &Store,
    seller: Id<User>,
    new: NewProduct,
    now: Timestamp,
) -> Result<Id<Product>, SaveProductError> {
    let stock = new.first_stock()?;
    let (slug_is_given, status) = (new.changes.slug.is_some(), new.status);
    let category = new.category().map(str::to_owned);
    let currencies = store.settings.currencies().await?;
    let draft = priced_draft_of(new, seller, &currencies, now)?;
    transaction!(store, |tx| {
        let mut product = draft.clone();
        if let Some(category) = &category {
            assign_category_in(tx, store, &mut product, category).await?;
        }
        if let Some(status) = status {
            let _ = set_status(&mut product, status, now)?;
        }
        insert_in(tx, store, &mut product, &stock, slug_is_given).await?;
        Ok(product.id)
    })
}
