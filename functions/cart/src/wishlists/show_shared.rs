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

/// A wishlist as others see it: not whose it is, and not what they noted for themselves.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SharedWishlist {
    name: String,
    items: Vec<SharedItem>,
}

/// A product on somebody's wishlist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SharedItem {
    product: ProductCard,
    /// 1 is what they want most.
    priority: Priority,
}

/// A wishlist that somebody shared
///
/// Not to be cached: its owner may stop sharing it at any time.
#[utoipa::path(get, path = "/v1/wishlists/shared/{shareToken}", tag = "cart", security(()),
    params(("shareToken" = String, Path)), responses((status = 200, body = SharedWishlist)))]
pub(crate) async fn show_shared_wishlist(
    PathText(token): PathText,
    State(app): State<App>,
) -> Result<Json<SharedWishlist>, Problem> {
    let list = app.store.wishlists.find_shared(&sha256_hex(&token)).await?.ok_or(WishlistProblem::NotFound)?;
    let cards = load_cards(&app, &list.items).await?;
    let item = |(product, priority)| SharedItem { product, priority };
    let priorities = list.items.iter().map(|item| item.priority);
    Ok(Json(SharedWishlist { name: list.name, items: cards.into_iter().zip(priorities).map(item).collect() }))
}
