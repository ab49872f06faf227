//! `POST /v1/wishlists/{id}/items/{productId}/move-to-cart`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    domain::{
        Buyer, Id, Quantity, Sku, Timestamp,
        cart::{Cart, NewItem},
        product::Product,
        user::User,
        wishlist::{Wishlist, WishlistError},
    },
    http::{App, CurrentUser, OptionalBody, Problem, path::PathIds},
    store::{Store, StoreError, Versioned},
    transaction,
    validation::Validate,
};

use super::problems::WishlistProblem;
use crate::{
    new_item::find_new_item,
    view::{CartView, respond},
};

/// Quantity and variant.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveToCart {
    /// 1 if absent.
    quantity: Option<Quantity>,
    /// The SKU of the chosen variant; required where the product has variants.
    variant: Option<Sku>,
}

impl Validate for MoveToCart {}

/// How often the move is retried after a concurrent request has created the customer's first cart.
const MAX_ATTEMPTS: usize = 5;

/// Move a product from a wishlist to the cart
///
/// Atomic: a product that cannot be added to the cart stays on the wishlist. Answers with the cart.
#[utoipa::path(post, path = "/v1/wishlists/{id}/items/{productId}/move-to-cart", tag = "cart",
    security(("bearer" = [])), params(("id" = String, Path), ("productId" = String, Path)),
    request_body = Option<MoveToCart>, responses((status = 200, body = CartView)))]
pub(crate) async fn move_wishlist_item_to_cart(
    user: CurrentUser,
    PathIds(id, product): PathIds<Wishlist, Product>,
    State(app): State<App>,
    OptionalBody(wanted): OptionalBody<MoveToCart>,
) -> Result<Response, Problem> {
    let list = app.store.wishlists.find_of(user.id, id).await?.ok_or(WishlistProblem::NotFound)?;
    if !list.contains(product) {
        return Err(WishlistProblem::Wishlist(WishlistError::UnknownItem).into());
    }
    let quantity = wanted.quantity.unwrap_or(Quantity::ONE);
    let item = find_new_item(&app, product, wanted.variant.as_ref(), quantity).await?;
    let cart = move_item(&app.store, user.id, id, &item, app.clock.now()).await?;
    respond(&app, &Buyer::Customer(user.id), &cart, None).await
}

async fn move_item(
    store: &Store,
    user: Id<User>,
    list: Id<Wishlist>,
    item: &NewItem,
    now: Timestamp,
) -> Result<Versioned<Cart>, WishlistProblem> {
    for _ in 0..MAX_ATTEMPTS {
        match try_move(store, user, list, item, now).await {
            // A concurrent request has created the customer's first cart: retry with that one.
            Err(WishlistProblem::Store(StoreError::Duplicate { .. })) => {}
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
) -> Result<Versioned<Cart>, WishlistProblem> {
    transaction!(store, |tx| {
        let mut list = store.wishlists.find_of_in(tx, user, list).await?.ok_or(WishlistProblem::NotFound)?;
        if !list.remove(item.product, now).was_executed() {
            return Err(WishlistError::UnknownItem.into());
        }
        store.wishlists.save_in(tx, &mut list).await?;
        let found = store.carts.find_of_in(tx, &Buyer::Customer(user), now).await?;
        let mut cart = found.unwrap_or_else(|| Versioned::new(Cart::of_customer(user, now)));
        cart.add(item.clone(), now)?;
        store.carts.save_in(tx, &mut cart).await?;
        Ok(cart)
    })
}
