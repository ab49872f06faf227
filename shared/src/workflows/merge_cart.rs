//! A guest logs in: the guest's cart becomes the customer's.

use crate::{
    domain::{Id, Sku, Timestamp, cart::Cart, inventory::StockRecord, secret_hash::sha256_hex, user::User},
    store::{Store, StoreError},
    transaction,
};

/// Takes the lines of a guest's cart over into the customer's, and closes the guest's cart in the same transaction: a second
/// merge finds nothing to take. Answers the customer's cart if there was something to merge.
pub async fn merge_cart(
    store: &Store,
    user: Id<User>,
    cart_token: &str,
    now: Timestamp,
) -> Result<Option<Cart>, StoreError> {
    let token_hash = sha256_hex(cart_token);
    for _ in 0..RACES {
        match try_merge(store, user, &token_hash, now).await {
            // Another request made the customer's first cart at the same moment: look again and take that one.
            Err(StoreError::Duplicate { .. }) => {}
            result => return result,
        }
    }
    Err(StoreError::Conflict(None))
}

/// How often the customer's first cart may be made by somebody else before this gives up.
const RACES: usize = 5;

async fn try_merge(
    store: &Store,
    user: Id<User>,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<Cart>, StoreError> {
    transaction!(store, |tx| {
        let Some(mut guest) = store.carts.find_of_guest_in(tx, token_hash).await? else { return Ok(None) };
        let stock = store.inventory.find_all_in(tx, guest.items.iter().map(|item| &item.sku)).await?;
        let orderable = |sku: &Sku| stock.iter().find(|record| record.sku == *sku).map_or(0, StockRecord::orderable);
        let mine = match store.carts.find_of_customer_in(tx, user).await? {
            Some(mut mine) => {
                mine.merge(&guest, orderable, now);
                store.carts.save_in(tx, &mut mine).await?;
                mine
            }
            None => {
                let mut mine = Cart::of_customer(user, now);
                mine.merge(&guest, orderable, now);
                store.carts.insert_in(tx, &mine).await?;
                mine
            }
        };
        guest.convert(now);
        store.carts.save_in(tx, &mut guest).await?;
        Ok::<_, StoreError>(Some(mine))
    })
}
