//! `PATCH /v1/wishlists/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{secret_hash::sha256_hex, wishlist::Wishlist},
    http::{App, CurrentUser, PathId, Problem, Valid},
    transaction,
    validation::{Validate, Violations, patch::present, rules::line},
};

use super::{problems::WishlistProblem, view::WishlistView};

/// Absent fields stay unchanged.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateWishlist {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    /// `false` revokes the link; `true` shares a private wishlist, and the answer has the `shareToken`.
    #[serde(default, deserialize_with = "present")]
    is_public: Option<bool>,
}

impl Validate for UpdateWishlist {
    fn validate(&self, v: &mut Violations) {
        v.check("name", &self.name, line(100));
    }
}

/// Update a wishlist
#[utoipa::path(patch, path = "/v1/wishlists/{id}", tag = "cart", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = UpdateWishlist, responses((status = 200, body = WishlistView)))]
pub(crate) async fn update_wishlist(
    user: CurrentUser,
    PathId(id): PathId<Wishlist>,
    State(app): State<App>,
    Valid(change): Valid<UpdateWishlist>,
) -> Result<Json<WishlistView>, Problem> {
    let (store, now) = (&app.store, app.clock.now());
    let token = app.random.secret();
    let (list, told) = transaction!(store, |tx| {
        let mut list = store.wishlists.find_of_in(tx, user.id, id).await?.ok_or(WishlistProblem::NotFound)?;
        if let Some(name) = &change.name {
            list.rename(name.trim().to_owned(), now);
        }
        let is_shared_now = change.is_public == Some(true) && !list.is_public;
        if is_shared_now {
            list.share(sha256_hex(&token), now);
        } else if change.is_public == Some(false) {
            list.unshare(now);
        }
        store.wishlists.save_in(tx, &mut list).await?;
        Ok::<_, WishlistProblem>((list, is_shared_now))
    })?;
    Ok(Json(WishlistView::load(&app, list.into_inner(), told.then_some(token)).await?))
}
