//! Checkout, orders, returns and reports, and the coupons, tax rates and shipping rates that orders are priced by.
//!
//! Changes of more than one aggregate (place, cancel, expire an order) are in `shared::app`; the endpoints call them.

mod access;
mod checkout;
mod coupons;
mod orders;
mod reports;
mod returns;
mod settings;

use std::sync::Arc;

use axum::extract::FromRef;
use lambda_http::Error;
use shared::{
    config::{Env, ReservationSettings, StripeSettings},
    domain::message::Queue,
    gateway::{PaymentGateway, Stripe},
    http::{App, lambda::AppSettings, serve},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use shared::domain::payment::PaymentWindow;

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

/// The state of the group's handlers.
#[derive(Clone)]
pub struct CheckoutApp {
    /// The state that all HTTP functions share.
    pub app: App,
    /// How long a new order may stay unpaid.
    pub payment_window: PaymentWindow,
    /// Read for the customer's next action; never moves money here.
    pub gateway: Arc<dyn PaymentGateway>,
}

impl FromRef<CheckoutApp> for App {
    fn from_ref(state: &CheckoutApp) -> Self {
        state.app.clone()
    }
}

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<CheckoutApp> {
    OpenApiRouter::new()
        .routes(routes!(checkout::quote::quote_checkout))
        .routes(routes!(checkout::place_order::place_order))
        .routes(routes!(orders::list::list_orders))
        .routes(routes!(orders::lookup::lookup_order))
        .routes(routes!(orders::show::show_order))
        .routes(routes!(orders::cancel::cancel_order))
        .routes(routes!(orders::ship::ship_order))
        .routes(routes!(orders::deliver::deliver_order))
        .routes(routes!(orders::add_note::add_order_note))
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
        .routes(routes!(settings::show_currencies::show_currencies, settings::replace_currencies::replace_currencies))
        .routes(routes!(
            settings::show_bank_account::show_bank_account,
            settings::replace_bank_account::replace_bank_account
        ))
        .routes(routes!(
            settings::show_payment_methods::show_payment_methods,
            settings::replace_payment_methods::replace_payment_methods
        ))
        .routes(routes!(
            settings::show_payments::show_payment_settings,
            settings::replace_payments::replace_payment_settings
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
    let stripe = StripeSettings::read(&mut env);
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("checkout").await?;
    let state = CheckoutApp {
        app: app.clone(),
        payment_window: PaymentWindow { charge: reservation.payment_window(), transfer: reservation.transfer_window() },
        gateway: Arc::new(Stripe::try_new(&stripe.api_base, stripe.secret_key)?),
    };
    serve::run_lambda(serve::finish(router().with_state(state), &app, deadline), app.background).await
}
