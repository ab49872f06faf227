//! A product moves from a wishlist to the customer's cart, in one transaction: what the cart refuses stays on the wishlist.

use shop_domain::{
    Buyer, Id, Timestamp,
    cart::{Cart, CartError, NewItem},
    user::User,
    wishlist::{Wishlist, WishlistError},
};
use shop_store::{Store, StoreError, TransactionError, Versioned, transaction};

/// Why a product was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveToCartError {
    /// The customer has no such wishlist.
    #[error("there is no such wishlist")]
    NotFound,
    /// The product is not on the wishlist.
    #[error(transparent)]
    Wishlist(#[from] WishlistError),
    /// The cart refuses it.
    #[error(transparent)]
    Cart(#[from] CartError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for MoveToCartError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Retries while a concurrent request inserts the customer's first cart.
const MAX_ATTEMPTS: usize = 5;

/// Moves a product of the wishlist to the customer's cart, as `item`.
pub async fn move_to_cart(
    store: &Store,
    user: Id<User>,
    list: Id<Wishlist>,
    item: &NewItem,
    now: Timestamp,
) -> Result<Versioned<Cart>, MoveToCartError> {
    for _ in 0..MAX_ATTEMPTS {
        match try_move(store, user, list, item, now).await {
            // A concurrent request has created the customer's first cart: retry with that one.
            Err(MoveToCartError::Store(StoreError::Duplicate { .. })) => {}
            result => return result,
        }
    }
    Err(StoreError::VersionMismatch.into())
}

async fn try_move(
    store: &Store,
    user: Id<User>,
    list: Id<Wishlist>,
    item: &NewItem,
    now: Timestamp,
) -> Result<Versioned<Cart>, MoveToCartError> {
    transaction!(store, |tx| {
        let mut list = store.wishlists.find_of_in(tx, user, list).await?.ok_or(MoveToCartError::NotFound)?;
        if !list.remove(item.product, now).was_executed() {
            return Err(WishlistError::UnknownItem.into());
        }
        store.wishlists.save_in(tx, &mut list).await?;
        let customer = Buyer::Customer(user);
        let found = store.carts.find_of_in(tx, &customer, now).await?;
        let mut cart = found.unwrap_or_else(|| Versioned::new(Cart::of(&customer, now)));
        cart.add(item.clone(), now)?;
        store.carts.save_in(tx, &mut cart).await?;
        Ok(cart)
    })
}
