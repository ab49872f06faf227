//! From a cart to an order, and what people do with orders: look at them, cancel, ship and return them, add them up. And what
//! orders are priced by: coupons, taxes, shipping.
//!
//! Placing, cancelling and giving up an order are workflows of the shared crate; here are their endpoints, and the steps
//! that only this function takes.

mod access;
mod add_note;
mod cancel_order;
mod coupons;
mod deliver_order;
mod delivery;
mod list_orders;
mod lookup_order;
mod place_order;
mod problems;
mod quote;
mod quote_view;
mod reports;
mod returns;
mod settings;
mod ship_order;
mod shipment_view;
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

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

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
pub struct Hold {
    /// Where the gateway charges it.
    pub charge: Duration,
    /// Where it waits for a bank transfer.
    pub transfer: Duration,
}

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<CheckoutApp> {
    OpenApiRouter::new()
        .routes(routes!(quote::quote_checkout))
        .routes(routes!(place_order::place_order))
        .routes(routes!(list_orders::list_orders))
        .routes(routes!(lookup_order::lookup_order))
        .routes(routes!(show_order::show_order))
        .routes(routes!(cancel_order::cancel_order))
        .routes(routes!(ship_order::ship_order))
        .routes(routes!(deliver_order::deliver_order))
        .routes(routes!(add_note::add_order_note))
        .routes(routes!(returns::request::request_return))
        .routes(routes!(returns::list::list_returns))
        .routes(routes!(returns::show::show_return))
        .routes(routes!(returns::approve::approve_return))
        .routes(routes!(returns::reject::reject_return))
        .routes(routes!(returns::receive::receive_return))
        .routes(routes!(coupons::list::list_coupons, coupons::create::create_coupon))
        .routes(routes!(coupons::show::show_coupon, coupons::update::update_coupon, coupons::delete::delete_coupon))
        .routes(routes!(settings::show_tax::show_tax_settings, settings::replace_tax::replace_tax_settings))
        .routes(routes!(
            settings::show_shipping::show_shipping_settings,
            settings::replace_shipping::replace_shipping_settings
        ))
        .routes(routes!(reports::sales_by_category::report_sales_by_category))
        .routes(routes!(reports::best_sellers::report_best_sellers))
        .routes(routes!(reports::low_stock::report_low_stock))
        .routes(routes!(reports::revenue::report_revenue))
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, SENDS_TO);
    let reservation = ReservationSettings::read(&mut env);
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("checkout").await?;
    let state = CheckoutApp {
        app: app.clone(),
        hold: Hold { charge: reservation.hold(), transfer: reservation.transfer_hold() },
    };
    serve::run_lambda(serve::finish(router().with_state(state), &app, deadline), app.background).await
}
