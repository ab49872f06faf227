//! The shop in one process: every function's router and consumer on one database, as Lambda would run them one by one.
//! The local server and the tests are made of this.

use std::{sync::Arc, time::Duration};

use auth::AuthApp;
use axum::Router;
use checkout::{CheckoutApp, PaymentWindow};
use notifications::{Mailer, Notifications};
use order_fulfillment::OrderFulfillment;
use payment_processing::PaymentProcessing;
use payments::PaymentsApp;
use shared::{
    config::Secret,
    domain::{Clock, Random, message::Queue},
    gateway::PaymentGateway,
    http::{App, BackgroundTasks, cors::CorsOrigins, health, openapi, serve, token::AccessTokens, token::SigningKey},
    password::Passwords,
    queue::{Consumer, Publisher, Worker},
    store::Store,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What the functions of a shop share, and what each needs beside that.
#[derive(Clone)]
pub struct Shop {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Where messages go.
    pub publisher: Publisher,
    /// What access tokens are signed with; the shop trusts its public half.
    pub signing: SigningKey,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// Who moves money.
    pub gateway: Arc<dyn PaymentGateway>,
    /// What the gateway signs its webhooks with.
    pub webhook_secret: Secret,
    /// How mail leaves.
    pub mailer: Mailer,
    /// Where the links in mails lead.
    pub shop_url: String,
    /// How long an order may stay unpaid before it expires.
    pub payment_window: PaymentWindow,
    /// What is done after the answers.
    pub background: BackgroundTasks,
    /// The origins whose pages may call.
    pub cors: CorsOrigins,
    /// How long a request may take.
    pub deadline: Duration,
}

impl Shop {
    /// What a function with endpoints works with that sends to these queues.
    fn app(&self, sends_to: &[Queue]) -> App {
        App {
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            tokens: AccessTokens::trusting(&self.signing.jwks()).unwrap_or_else(|_| AccessTokens::none()),
            publisher: self.publisher.limited_to(sends_to),
            background: self.background.clone(),
            cors: self.cors.clone(),
        }
    }

    /// Every function's endpoints behind one address.
    pub fn router(&self) -> Router {
        let auth = AuthApp::new(self.app(auth::SENDS_TO), self.signing.clone(), self.passwords.clone());
        let checkout = CheckoutApp { app: self.app(checkout::SENDS_TO), payment_window: self.payment_window };
        let payments = PaymentsApp {
            app: self.app(payments::SENDS_TO),
            gateway: Arc::clone(&self.gateway),
            webhook_secret: self.webhook_secret.clone(),
        };
        let routes = OpenApiRouter::new()
            .merge(auth::router().with_state(auth))
            .merge(products::router().with_state(self.app(products::SENDS_TO)))
            .merge(cart::router().with_state(self.app(cart::SENDS_TO)))
            .merge(checkout::router().with_state(checkout))
            .merge(payments::router().with_state(payments))
            .merge(reviews::router().with_state(self.app(reviews::SENDS_TO)));
        serve::finish(routes, &self.app(&[]), self.deadline)
    }

    /// What a queue feeds.
    pub fn consumer(&self, queue: Queue) -> Arc<dyn Consumer> {
        match queue {
            Queue::Payments => Arc::new(PaymentProcessing {
                worker: self.worker(payment_processing::SENDS_TO),
                gateway: Arc::clone(&self.gateway),
            }),
            Queue::Fulfillment => Arc::new(OrderFulfillment { worker: self.worker(order_fulfillment::SENDS_TO) }),
            Queue::Notifications => Arc::new(Notifications {
                worker: self.worker(notifications::SENDS_TO),
                mailer: self.mailer.clone(),
                shop_url: self.shop_url.clone(),
            }),
        }
    }

    /// What maintenance works with.
    pub fn maintenance(&self) -> Worker {
        self.worker(maintenance::SENDS_TO)
    }

    /// What a function without endpoints works with that sends to these queues.
    fn worker(&self, sends_to: &[Queue]) -> Worker {
        Worker {
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            publisher: self.publisher.limited_to(sends_to),
        }
    }
}

/// What each HTTP function serves, by the function's name.
pub fn groups() -> [(&'static str, OpenApi); 6] {
    [
        ("auth", auth::router().into_openapi()),
        ("products", products::router().into_openapi()),
        ("cart", cart::router().into_openapi()),
        ("checkout", checkout::router().into_openapi()),
        ("payments", payments::router().into_openapi()),
        ("reviews", reviews::router().into_openapi()),
    ]
}

/// The queues that each function sends to, by the function's name.
pub const fn sends_to() -> [(&'static str, &'static [Queue]); 10] {
    [
        ("auth", auth::SENDS_TO),
        ("products", products::SENDS_TO),
        ("cart", cart::SENDS_TO),
        ("checkout", checkout::SENDS_TO),
        ("payments", payments::SENDS_TO),
        ("reviews", reviews::SENDS_TO),
        ("payment_processing", payment_processing::SENDS_TO),
        ("order_fulfillment", order_fulfillment::SENDS_TO),
        ("notifications", notifications::SENDS_TO),
        ("maintenance", maintenance::SENDS_TO),
    ]
}

/// The description of the whole API, as all functions' routers give it together.
pub fn openapi() -> OpenApi {
    let mut document = health::routes().into_openapi();
    for (_, group) in groups() {
        document.merge(group);
    }
    openapi::describe(document)
}
