//! `GET /v1/wishlists/shared/{shareToken}`

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
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
#[utoipa::path(get, path = "/v1/wishlists/shared/{shareToken}", tag = "cart", security(()),
    params(("shareToken" = String, Path)), responses((status = 200, body = SharedWishlist)))]
pub(crate) async fn show_shared_wishlist(
    PathText(token): PathText,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let list = app.store.wishlists.find_shared(&sha256_hex(&token)).await?.ok_or(WishlistProblem::NotFound)?;
    let cards = load_cards(&app, &list.items).await?;
    let item = |(product, priority)| SharedItem { product, priority };
    let priorities = list.items.iter().map(|item| item.priority);
    let view = SharedWishlist { name: list.name, items: cards.into_iter().zip(priorities).map(item).collect() };
    // Its owner may stop sharing it at any time, and no cache shall go on.
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Json(view)).into_response())
}
