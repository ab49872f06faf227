//! The functions `payments` and `payment_processing`: charges, voids, refunds and webhooks, from the request to the gateway.

mod cancelled_while_authenticating;
mod capture_on_shipping;
mod change_method;
mod concurrent_calls;
mod declined;
mod late_money;
mod lost_responses;
mod manual_refunds;
mod offline_payments;
mod paypal;
mod reconcile;
mod refunds;
mod saved_methods;
mod sealed_fields;
mod strict_gateway;
mod three_d_secure;
mod transfers;
mod webhooks;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shared::{
    domain::{
        inventory::StockRecord,
        order::OrderStatus,
        payment::{Payment, PaymentStatus},
    },
    store::{Versioned, outbox::OutboxMessage},
};
use tests::{FaultyGateway, Person, StripeApi, TestShop, cards, people::checkout_body};

/// The price of a mug with shipping.
pub(crate) const TOTAL: i64 = 1500;

/// Longer than the time that an unpaid order has.
pub(crate) const AFTER_EXPIRY: Duration = Duration::from_secs(31 * 60);

/// Ada has ordered one of ten mugs; no message about the order has been processed.
pub(crate) struct Sale {
    pub(crate) shop: TestShop,
    pub(crate) gateway: Arc<FaultyGateway>,
    pub(crate) stripe: StripeApi,
    pub(crate) ada: Person,
    pub(crate) mug: String,
    pub(crate) order: String,
}

impl Sale {
    /// Paid with a good card.
    pub(crate) async fn ordered() -> Self {
        Self::open().await.order(cards::GOOD).await
    }

    /// Paid with a card of this number.
    pub(crate) async fn ordered_with_card(number: &str) -> Self {
        let sale = Self::open().await;
        let token = sale.stripe.card(number).await;
        sale.order(&token).await
    }

    /// A shop with ten mugs, and Ada.
    pub(crate) async fn open() -> Self {
        let (shop, gateway) = TestShop::start_faulty().await;
        let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
        let mug = shop.stock("MUG-1", 10).await;
        let ada = shop.customer("ada").await;
        Self { shop, gateway, stripe, ada, mug, order: String::new() }
    }

    /// Ada orders a mug and pays with this token.
    pub(crate) async fn order(mut self, token: &str) -> Self {
        self.ada.add_to_cart(&self.mug, 1).await.is(200);
        self.order = self.ada.checkout_with("order", checkout_body(token)).await.is(201).id();
        self
    }

    pub(crate) async fn payment(&self) -> Versioned<Payment> {
        self.shop.payment_of(&self.order).await
    }

    pub(crate) async fn status(&self) -> OrderStatus {
        self.shop.find_order(&self.order).await.status
    }

    pub(crate) async fn stock(&self) -> StockRecord {
        self.shop.stock_of("MUG-1").await
    }

    /// The amounts that the Stripe API charged for the order.
    pub(crate) async fn charges(&self) -> Vec<i64> {
        self.stripe.charges_of(self.payment().await.id).await
    }

    /// The amounts that the Stripe API refunded.
    pub(crate) async fn refunds(&self) -> Vec<i64> {
        self.stripe.refunds_of(self.payment().await.id).await
    }

    /// The first message of a type about the order.
    pub(crate) async fn message(&self, kind: &str) -> OutboxMessage {
        let enqueued = self.shop.enqueued_about(kind, &self.order).await;
        enqueued.into_iter().next().unwrap_or_else(|| panic!("no {kind} was enqueued"))
    }

    /// Delivers the first message of a type about the order; answers whether it was processed.
    pub(crate) async fn deliver(&self, kind: &str) -> bool {
        let message = self.message(kind).await;
        self.shop.deliver(&[message]).await.is_empty()
    }

    /// Confirms or retries the payment, with another method if there is a token.
    pub(crate) async fn confirm(&self, key: &str, token: Option<&str>) -> tests::Reply {
        let payment = self.payment().await.id;
        let body = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        self.ada.request("POST", &format!("/v1/payments/{payment}/confirm")).key(key).json(body).send().await
    }

    pub(crate) async fn cancel(&self) -> tests::Reply {
        self.ada.request("POST", &format!("/v1/orders/{}/cancel", self.order)).key("cancel").send().await
    }

    /// The order expires during its charge: the void is delivered.
    pub(crate) async fn void_charge(&self) {
        self.shop.clock.advance(AFTER_EXPIRY);
        self.shop.run_maintenance().await;
        assert!(self.deliver("payment.voidRequested").await);
    }

    /// Moves the clock past the order's expiry and delivers every message.
    pub(crate) async fn expire(&self) {
        self.shop.clock.advance(AFTER_EXPIRY);
        self.shop.run_maintenance().await;
        self.shop.deliver_everything().await;
    }

    /// The subjects of Ada's mails about the order, without its number.
    pub(crate) async fn subjects(&self) -> Vec<String> {
        let mails = self.shop.mails_to(&self.ada.email).await;
        mails.into_iter().map(|(subject, _)| subject.split(" (").next().unwrap().to_owned()).collect()
    }

    /// Fails the test unless the order is paid, once, and being picked.
    pub(crate) async fn is_paid_once(&self) {
        let payment = self.payment().await;
        assert_eq!((self.status().await, payment.status), (OrderStatus::Processing, PaymentStatus::Completed));
        assert_eq!((self.charges().await, self.refunds().await), (vec![TOTAL], vec![]));
        assert_eq!((self.stock().await.reserved, self.stock().await.available), (1, 9));
        self.shop.verify().await;
    }

    /// Fails the test unless the order is cancelled, its charges are refunded, and its stock is released.
    pub(crate) async fn is_cancelled_and_refunded(&self) {
        assert_eq!(self.status().await, OrderStatus::Cancelled);
        let (charged, refunded) = (self.charges().await, self.refunds().await);
        assert_eq!(charged.iter().sum::<i64>(), refunded.iter().sum::<i64>(), "{charged:?} against {refunded:?}");
        assert_eq!((self.stock().await.reserved, self.stock().await.available), (0, 10));
        self.shop.verify().await;
    }
}
