//! A guest logs in: the guest's cart becomes the customer's.

use shop_domain::{
    Buyer, Id, Sku, Timestamp,
    cart::{Cart, CartError},
    inventory::StockRecord,
    user::User,
};
use shop_store::{Store, StoreError, Versioned, transaction};

/// What became of a guest's cart.
#[derive(Clone, Debug)]
pub enum Merged {
    /// Its lines are in the customer's cart now.
    Into(Box<Versioned<Cart>>),
    /// There is no such cart: it was merged before, ordered, or has expired.
    Nothing,
    /// Both do not fit into one cart. Both stay as they are: no line is lost.
    Refused(CartError),
}

/// Takes the lines of a guest's cart over into the customer's, and closes the guest's cart in the same transaction: a second
/// merge finds nothing to take.
pub async fn merge_cart(store: &Store, user: Id<User>, cart_token: &str, now: Timestamp) -> Result<Merged, StoreError> {
    let guest = Buyer::guest(cart_token);
    for _ in 0..RETRIES {
        match try_merge(store, user, &guest, now).await {
            // Another request made the customer's first cart at the same moment: look again and take that one.
            Err(StoreError::Duplicate { .. }) => {}
            result => return result,
        }
    }
    Err(StoreError::VersionMismatch)
}

/// Retries while another request inserts the customer's first cart.
const RETRIES: usize = 5;

async fn try_merge(store: &Store, user: Id<User>, guest: &Buyer, now: Timestamp) -> Result<Merged, StoreError> {
    transaction!(store, |tx| {
        let Some(mut guest) = store.carts.find_of_in(tx, guest, now).await? else {
            return Ok(Merged::Nothing);
        };
        let customer = Buyer::Customer(user);
        let found = store.carts.find_of_in(tx, &customer, now).await?;
        let mut mine = found.unwrap_or_else(|| Versioned::new(Cart::of(&customer, now)));
        let stock = store.inventory.find_all_in(tx, guest.items.iter().map(|item| &item.sku)).await?;
        let orderable = |sku: &Sku| stock.iter().find(|record| record.sku == *sku).map_or(0, StockRecord::orderable);
        if let Err(error) = mine.merge(&guest, orderable, now) {
            return Ok(Merged::Refused(error));
        }
        store.carts.save_in(tx, &mut mine).await?;
        guest.convert(now);
        store.carts.save_in(tx, &mut guest).await?;
        Ok::<_, StoreError>(Merged::Into(Box::new(mine)))
    })
}
