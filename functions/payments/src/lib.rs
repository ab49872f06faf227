//! Payments: the endpoints of customers and administrators, and the gateway's webhook.
//!
//! No money moves here: a request records the command and enqueues a message that `payment_processing` carries out.

mod access;
mod capture_payment;
mod confirm_payment;
mod holder_name;
mod mark_paid;
mod mark_refund_paid;
mod methods;
mod problems;
mod receive_webhook;
mod refund_decision;
mod refund_payment;
mod reject_refund;
mod retry_refund;
mod show_payment;
mod signature;
mod view;

use std::sync::Arc;

use axum::extract::FromRef;
use lambda_http::Error;
use shared::{
    config::{Env, ReservationSettings, Secret, StripeSettings, WebhookSettings, field_keys},
    domain::{message::Queue, payment::PaymentWindow, sealing::KeyRing},
    gateway::{PaymentGateway, Stripe},
    http::{App, lambda::AppSettings, serve},
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use signature::sign;

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

/// The state of the group's handlers.
#[derive(Clone)]
pub struct PaymentsApp {
    /// The state that all HTTP functions share.
    pub app: App,
    /// Read for the customer's next action, and keeps saved cards; never moves money here.
    pub gateway: Arc<dyn PaymentGateway>,
    /// The signing secret of the gateway's webhooks.
    pub webhook_secret: Secret,
    /// How long an order may stay unpaid once its method changes.
    pub payment_window: PaymentWindow,
    /// Opens the names of card holders.
    pub keys: KeyRing,
}

impl FromRef<PaymentsApp> for App {
    fn from_ref(state: &PaymentsApp) -> Self {
        state.app.clone()
    }
}

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<PaymentsApp> {
    OpenApiRouter::new()
        .routes(routes!(methods::list::list_payment_methods, methods::save::save_payment_method))
        .routes(routes!(methods::update::update_payment_method, methods::delete::delete_payment_method))
        .routes(routes!(show_payment::show_payment))
        .routes(routes!(confirm_payment::confirm_payment))
        .routes(routes!(capture_payment::capture_payment))
        .routes(routes!(refund_payment::refund_payment))
        .routes(routes!(retry_refund::retry_refund))
        .routes(routes!(reject_refund::reject_refund))
        .routes(routes!(mark_paid::mark_payment_paid))
        .routes(routes!(mark_refund_paid::mark_refund_paid))
        .routes(routes!(receive_webhook::receive_stripe_webhook))
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, SENDS_TO);
    let stripe = StripeSettings::read(&mut env);
    let webhook = WebhookSettings::read(&mut env);
    let reservation = ReservationSettings::read(&mut env);
    let keys = field_keys::read(&mut env).await;
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("payments").await?;
    let gateway = Arc::new(Stripe::try_new(&stripe.api_base, stripe.secret_key)?);
    let payment_window =
        PaymentWindow { charge: reservation.payment_window(), transfer: reservation.transfer_window() };
    let state = PaymentsApp { app: app.clone(), gateway, webhook_secret: webhook.secret, payment_window, keys };
    serve::run_lambda(serve::finish(router().with_state(state), &app, deadline), app.background).await
}
