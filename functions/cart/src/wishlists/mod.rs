//! Wishlists: what customers would like to have, for themselves or to be shown around.

mod create_wishlist;
mod delete_wishlist;
mod list_wishlists;
mod move_to_cart;
mod problems;
mod product_card;
mod put_item;
mod remove_item;
mod share_wishlist;
mod show_shared;
mod show_wishlist;
mod update_wishlist;
mod view;

use shared::http::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The endpoints of wishlists.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_wishlists::list_wishlists, create_wishlist::create_wishlist))
        .routes(routes!(
            show_wishlist::show_wishlist,
            update_wishlist::update_wishlist,
            delete_wishlist::delete_wishlist
        ))
        .routes(routes!(put_item::put_wishlist_item, remove_item::remove_wishlist_item))
        .routes(routes!(move_to_cart::move_wishlist_item_to_cart))
        .routes(routes!(share_wishlist::share_wishlist))
        .routes(routes!(show_shared::show_shared_wishlist))
}
