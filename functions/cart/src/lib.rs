//! Carts of guests and customers, and wishlists.
//!
//! A cart is read, changed by its own rules and saved by compare-and-set; a change that loses the race is retried. Stock is
//! reserved at checkout, not before.

mod add_item;
mod carts;
mod change_item;
mod clear_cart;
mod merge_cart;
mod new_item;
mod problems;
mod put_coupon;
mod remove_coupon;
mod remove_item;
mod resume_cart;
mod show_cart;
mod view;
mod wishlists;

use lambda_http::Error;
use shared::{
    config::Env,
    domain::message::Queue,
    http::{App, lambda::AppSettings, serve},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// This function sends no messages: `template.yaml` gives it no queue.
pub const SENDS_TO: &[Queue] = &[];

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_cart::show_cart, clear_cart::clear_cart))
        .routes(routes!(add_item::add_cart_item))
        .routes(routes!(change_item::change_cart_item, remove_item::remove_cart_item))
        .routes(routes!(put_coupon::put_cart_coupon, remove_coupon::remove_cart_coupon))
        .routes(routes!(merge_cart::merge_guest_cart))
        .routes(routes!(resume_cart::resume_cart))
        .merge(wishlists::router())
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, SENDS_TO);
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("cart").await?;
    serve::run_lambda(serve::finish(router().with_state(app.clone()), &app, deadline), app.background).await
}
