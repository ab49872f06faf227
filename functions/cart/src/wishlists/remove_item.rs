//! `DELETE /v1/wishlists/{id}/items/{productId}`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::{product::Product, wishlist::Wishlist},
    http::{App, CurrentUser, Problem, path::PathIds},
    transaction,
};

use super::problems::WishlistProblem;

/// Remove a product from a wishlist
///
/// Idempotent.
#[utoipa::path(delete, path = "/v1/wishlists/{id}/items/{productId}", tag = "cart", security(("bearer" = [])),
    params(("id" = String, Path), ("productId" = String, Path)), responses((status = 204)))]
pub(crate) async fn remove_wishlist_item(
    user: CurrentUser,
    PathIds(id, product): PathIds<Wishlist, Product>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    let (store, now) = (&app.store, app.clock.now());
    transaction!(store, |tx| {
        let mut list = store.wishlists.find_of_in(tx, user.id, id).await?.ok_or(WishlistProblem::NotFound)?;
        if list.remove(product, now).was_executed() {
            store.wishlists.save_in(tx, &mut list).await?;
        }
        Ok::<_, WishlistProblem>(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
