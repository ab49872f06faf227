//! Wishlists of customers, private or shared by link.

mod create;
mod delete;
mod list;
mod move_to_cart;
mod problems;
mod product_card;
mod put_item;
mod remove_item;
mod share;
mod show;
mod show_shared;
mod update;
mod view;

use shared::http::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The endpoints of wishlists.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_wishlists, create::create_wishlist))
        .routes(routes!(show::show_wishlist, update::update_wishlist, delete::delete_wishlist))
        .routes(routes!(put_item::put_wishlist_item, remove_item::remove_wishlist_item))
        .routes(routes!(move_to_cart::move_wishlist_item_to_cart))
        .routes(routes!(share::share_wishlist))
        .routes(routes!(show_shared::show_shared_wishlist))
}
