//! From a cart to an order, and what people do with orders.
//!
//! Placing, cancelling and giving up an order are workflows of the shared crate; here are their endpoints, and the steps
//! that only this function takes.

mod access;
mod add_note;
mod cancel_order;
mod deliver_order;
mod delivery;
mod list_orders;
mod place_order;
mod problems;
mod quote;
mod quote_view;
mod ship_order;
mod show_order;
mod view;

use std::time::Duration;

use axum::extract::FromRef;
use lambda_http::Error;
use shared::{
    config::{Env, ReservationSettings},
    domain::message::Queue,
    http::{App, lambda::AppSettings, serve},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What the endpoints of the group can ask for.
#[derive(Clone)]
pub struct CheckoutApp {
    /// What all functions have.
    pub app: App,
    /// How long an unpaid order holds its stock.
    pub hold: Hold,
}

impl FromRef<CheckoutApp> for App {
    fn from_ref(state: &CheckoutApp) -> Self {
        state.app.clone()
    }
}

/// How long an unpaid order holds its stock.
#[derive(Clone, Copy, Debug)]
pub struct Hold(pub Duration);

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<CheckoutApp> {
    OpenApiRouter::new()
        .routes(routes!(quote::quote_checkout))
        .routes(routes!(place_order::place_order))
        .routes(routes!(list_orders::list_orders))
        .routes(routes!(show_order::show_order))
        .routes(routes!(cancel_order::cancel_order))
        .routes(routes!(ship_order::ship_order))
        .routes(routes!(deliver_order::deliver_order))
        .routes(routes!(add_note::add_order_note))
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, &Queue::ALL);
    let reservation = ReservationSettings::read(&mut env);
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("checkout").await?;
    let state = CheckoutApp { app: app.clone(), hold: Hold(reservation.hold()) };
    serve::run_lambda(serve::finish(router().with_state(state), &app, deadline)).await
}
