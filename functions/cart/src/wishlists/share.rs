//! `POST /v1/wishlists/{id}/share`

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    domain::{secret_hash::sha256_hex, wishlist::Wishlist},
    http::{App, CurrentUser, PathId, Problem},
    transaction,
};

use super::problems::WishlistProblem;

/// The link to a shared wishlist.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedLink {
    /// 256 random bits. Only this answer has it: the shop stores its hash.
    share_token: String,
    /// The path of the shared wishlist, relative to this API.
    url: String,
    is_public: bool,
}

/// Share a wishlist
///
/// The token gives read access. Sharing again issues a new token and revokes the previous one.
#[utoipa::path(post, path = "/v1/wishlists/{id}/share", tag = "cart", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = SharedLink)))]
pub(crate) async fn share_wishlist(
    user: CurrentUser,
    PathId(id): PathId<Wishlist>,
    State(app): State<App>,
) -> Result<Json<SharedLink>, Problem> {
    let (store, now) = (&app.store, app.clock.now());
    let token = app.random.secret();
    transaction!(store, |tx| {
        let mut list = store.wishlists.find_of_in(tx, user.id, id).await?.ok_or(WishlistProblem::NotFound)?;
        list.share(sha256_hex(&token), now);
        Ok::<_, WishlistProblem>(store.wishlists.save_in(tx, &mut list).await?)
    })?;
    let url = format!("/v1/wishlists/shared/{token}");
    Ok(Json(SharedLink { share_token: token, url, is_public: true }))
}
