//! `POST /v1/wishlists/{id}/items/{productId}/move-to-cart`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    app::move_to_cart::move_to_cart,
    domain::{
        Buyer, Quantity, Sku,
        product::Product,
        wishlist::{Wishlist, WishlistError},
    },
    http::{App, CurrentUser, OptionalBody, Problem, path::PathIds},
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
    let moved = move_to_cart(&app.store, user.id, id, &item, app.clock.now()).await;
    let cart = moved.map_err(WishlistProblem::from)?;
    respond(&app, &Buyer::Customer(user.id), &cart, None).await
}
