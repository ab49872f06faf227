//! `GET /v1/wishlists/shared/{shareToken}`

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    domain::{secret_hash::sha256_hex, wishlist::Priority},
    http::{App, PathText, Problem},
};

use super::{
    problems::WishlistProblem,
    product_card::{ProductCard, load_cards},
};

/// A shared wishlist, without its owner and the private notes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SharedWishlist {
    name: String,
    items: Vec<SharedItem>,
}

/// A product on a shared wishlist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SharedItem {
    product: ProductCard,
    /// From 1 (highest) to 5.
    priority: Priority,
}

/// Retrieve a shared wishlist
///
/// Not cacheable: the owner may stop sharing it at any time.
#[utoipa::path(get, path = "/v1/wishlists/shared/{shareToken}", tag = "cart", security(()),
    params(("shareToken" = String, Path)), responses((status = 200, body = SharedWishlist)))]
pub(crate) async fn show_shared_wishlist(
    PathText(token): PathText,
    State(app): State<App>,
) -> Result<Json<SharedWishlist>, Problem> {
    let list =
        app.store.wishlists.find_shared(&sha256_hex(&token)).await?.ok_or(WishlistProblem::NotFound)?.into_inner();
    let cards = load_cards(&app, &list.items).await?;
    let item = |(product, priority)| SharedItem { product, priority };
    let priorities = list.items.iter().map(|item| item.priority);
    Ok(Json(SharedWishlist { name: list.name, items: cards.into_iter().zip(priorities).map(item).collect() }))
}
