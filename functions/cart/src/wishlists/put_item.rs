//! `PUT /v1/wishlists/{id}/items/{productId}`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{
        Id,
        product::Product,
        user::User,
        wishlist::{Priority, Wishlist},
    },
    http::{App, CurrentUser, OptionalBody, Problem, path::PathIds},
    store::StoreError,
    transaction,
    validation::{Validate, Violations, rules::optional_lines},
};

use super::{problems::WishlistProblem, view::WishlistView};

/// Priority and note of a product. Absent fields are cleared.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutItem {
    /// From 1 (highest) to 5; 3 if absent.
    priority: Option<Priority>,
    /// Private: not shown in a shared wishlist.
    notes: Option<String>,
}

impl Validate for PutItem {
    fn validate(&self, v: &mut Violations) {
        v.check("notes", &self.notes, optional_lines(500));
    }
}

/// Add or update a product on a wishlist
///
/// Idempotent. A wishlist has at most 500 products.
#[utoipa::path(put, path = "/v1/wishlists/{id}/items/{productId}", tag = "cart", security(("bearer" = [])),
    params(("id" = String, Path), ("productId" = String, Path)),
    request_body = Option<PutItem>, responses((status = 200, body = WishlistView)))]
pub(crate) async fn put_wishlist_item(
    user: CurrentUser,
    PathIds(id, product): PathIds<Wishlist, Product>,
    State(app): State<App>,
    OptionalBody(wanted): OptionalBody<PutItem>,
) -> Result<Json<WishlistView>, Problem> {
    let (store, now) = (&app.store, app.clock.now());
    if !can_be_put(&app, user.id, id, product).await? {
        return Err(Problem::not_found("product"));
    }
    let priority = wanted.priority.unwrap_or_default();
    let notes = wanted.notes.filter(|notes| !notes.trim().is_empty());
    let list = transaction!(store, |tx| {
        let mut list = store.wishlists.find_of_in(tx, user.id, id).await?.ok_or(WishlistProblem::NotFound)?;
        if list.put(product, priority, notes.clone(), now)?.was_executed() {
            store.wishlists.save_in(tx, &mut list).await?;
        }
        Ok::<_, WishlistProblem>(list)
    })?;
    Ok(Json(WishlistView::load(&app, list.into_inner(), None).await?))
}

/// Whether the product is for sale, or is on the wishlist already.
async fn can_be_put(
    app: &App,
    user: Id<User>,
    list: Id<Wishlist>,
    product: Id<Product>,
) -> Result<bool, WishlistProblem> {
    let list = app.store.wishlists.find_of(user, list).await?.ok_or(WishlistProblem::NotFound)?;
    let found: Result<_, StoreError> = app.store.products.find(product).await;
    Ok(list.contains(product) || found?.as_ref().is_some_and(|product| product.is_for_sale()))
}
