//! `DELETE /v1/wishlists/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::wishlist::Wishlist,
    http::{App, CurrentUser, PathId, Problem},
};

use super::problems::WishlistProblem;

/// Delete a wishlist
#[utoipa::path(delete, path = "/v1/wishlists/{id}", tag = "cart", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_wishlist(
    user: CurrentUser,
    PathId(id): PathId<Wishlist>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    if app.store.wishlists.remove_of(user.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(WishlistProblem::NotFound.into())
    }
}
