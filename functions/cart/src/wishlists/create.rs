//! `POST /v1/wishlists`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use shared::{
    domain::{
        secret_hash::sha256_hex,
        wishlist::{MAX_LISTS, Wishlist},
    },
    http::{App, CurrentUser, Problem, Valid},
    transaction,
    validation::{Validate, Violations, rules::line},
};

use super::{problems::WishlistProblem, view::WishlistView};

/// A new wishlist.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateWishlist {
    /// 1 to 100 characters; need not be unique.
    name: String,
    /// Whether it is shared; the answer then has the `shareToken`.
    #[serde(default)]
    is_public: bool,
}

impl Validate for CreateWishlist {
    fn validate(&self, v: &mut Violations) {
        v.check("name", &self.name, line(100));
    }
}

/// Create a wishlist
///
/// A customer has at most 50.
#[utoipa::path(post, path = "/v1/wishlists", tag = "cart", security(("bearer" = [])),
    request_body = CreateWishlist, responses((status = 201, body = WishlistView, headers(("Location" = String)))))]
pub(crate) async fn create_wishlist(
    user: CurrentUser,
    State(app): State<App>,
    Valid(wanted): Valid<CreateWishlist>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<WishlistView>), Problem> {
    let (store, now) = (&app.store, app.clock.now());
    let mut list = Wishlist::new(user.id, wanted.name.trim().to_owned(), now);
    let token = wanted.is_public.then(|| app.random.secret());
    if let Some(token) = &token {
        list.share(sha256_hex(token), now);
    }
    transaction!(store, |tx| {
        if !store.users.lock_in(tx, user.id).await? {
            return Err(WishlistProblem::AccountClosed);
        }
        if store.wishlists.count_of_in(tx, user.id).await? >= MAX_LISTS {
            return Err(WishlistProblem::TooManyLists);
        }
        Ok(store.wishlists.insert_in(tx, &list).await?)
    })?;
    let location = format!("/v1/wishlists/{}", list.id);
    let view = WishlistView::load(&app, list, token).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)))
}
