//! `GET /v1/wishlists/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::wishlist::Wishlist,
    http::{App, CurrentUser, PathId, Problem},
};

use super::{problems::WishlistProblem, view::WishlistView};

/// Retrieve a wishlist
///
/// Products that are no longer for sale are listed as `unavailable`.
#[utoipa::path(get, path = "/v1/wishlists/{id}", tag = "cart", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = WishlistView)))]
pub(crate) async fn show_wishlist(
    user: CurrentUser,
    PathId(id): PathId<Wishlist>,
    State(app): State<App>,
) -> Result<Json<WishlistView>, Problem> {
    let list = app.store.wishlists.find_of(user.id, id).await?.ok_or(WishlistProblem::NotFound)?;
    Ok(Json(WishlistView::load(&app, list.into_inner(), None).await?))
}
