//! What happens behind the queues: money, stock and mail, whatever is lost, late or told twice on the way.

mod cancelled;
mod cancelled_while_asked;
mod declined;
mod deliveries;
mod late_money;
mod lost_answers;
mod outbox;
mod poison;
mod storm;
mod three_d_secure;
mod transferred_back;
mod under_way;
mod webhooks;
mod without_gateway;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shared::{
    domain::{
        inventory::StockRecord,
        order::OrderStatus,
        payment::{Payment, PaymentStatus},
    },
    store::outbox::OutboxMessage,
};
use tests::{FaultyGateway, Person, StripeApi, TestShop, cards, people::checkout_body};

/// What the mug comes to with its parcel.
const TOTAL: i64 = 1500;

/// Longer than an unpaid order holds its stock.
const TOO_LONG: Duration = Duration::from_secs(31 * 60);

/// Ada has ordered one of ten mugs, and nothing has been done about it yet.
struct Sale {
    shop: TestShop,
    gateway: Arc<FaultyGateway>,
    stripe: StripeApi,
    ada: Person,
    mug: String,
    order: String,
}

impl Sale {
    /// Paid with a good card.
    async fn ordered() -> Self {
        Self::open().await.order(cards::GOOD).await
    }

    /// Paid with a card of this number.
    async fn ordered_with_card(number: &str) -> Self {
        let sale = Self::open().await;
        let token = sale.stripe.card(number).await;
        sale.order(&token).await
    }

    /// A shop with ten mugs, and Ada.
    async fn open() -> Self {
        let (shop, gateway) = TestShop::start_faulty().await;
        let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
        let mug = shop.stock("MUG-1", 10).await;
        let ada = shop.customer("ada").await;
        Self { shop, gateway, stripe, ada, mug, order: String::new() }
    }

    /// Ada orders a mug and pays with this token.
    async fn order(mut self, token: &str) -> Self {
        self.ada.add_to_cart(&self.mug, 1).await.is(200);
        self.order = self.ada.checkout_with("order", checkout_body(token)).await.is(201).id();
        self
    }

    async fn payment(&self) -> Payment {
        self.shop.payment_of(&self.order).await
    }

    async fn status(&self) -> OrderStatus {
        self.shop.find_order(&self.order).await.status
    }

    async fn stock(&self) -> StockRecord {
        self.shop.stock_of("MUG-1").await
    }

    /// The amounts that the Stripe API charged for the order.
    async fn charges(&self) -> Vec<i64> {
        self.stripe.charges_of(self.payment().await.id).await
    }

    /// The amounts that the Stripe API gave back.
    async fn refunds(&self) -> Vec<i64> {
        self.stripe.refunds_of(self.payment().await.id).await
    }

    /// The first message of a type about the order.
    async fn message(&self, kind: &str) -> OutboxMessage {
        let promised = self.shop.enqueued_about(kind, &self.order).await;
        promised.into_iter().next().unwrap_or_else(|| panic!("nobody promised {kind}"))
    }

    /// Delivers the first message of a type about the order; answers whether it had its effect.
    async fn deliver(&self, kind: &str) -> bool {
        let message = self.message(kind).await;
        self.shop.deliver(&[message]).await.is_empty()
    }

    /// Goes on with the payment, with another method if there is a token.
    async fn confirm(&self, key: &str, token: Option<&str>) -> tests::Reply {
        let payment = self.payment().await.id;
        let body = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        self.ada.request("POST", &format!("/v1/payments/{payment}/confirm")).key(key).json(body).send().await
    }

    async fn cancel(&self) -> tests::Reply {
        self.ada.request("POST", &format!("/v1/orders/{}/cancel", self.order)).key("cancel").send().await
    }

    /// Time is up while its charge is under way: the charge is called off.
    async fn call_off(&self) {
        self.shop.clock.advance(TOO_LONG);
        self.shop.run_maintenance().await;
        assert!(self.deliver("payment.voidRequested").await);
    }

    /// Lets the order's time pass, and everything happen that follows from that.
    async fn give_up(&self) {
        self.shop.clock.advance(TOO_LONG);
        self.shop.run_maintenance().await;
        self.shop.deliver_everything().await;
    }

    /// The subjects of Ada's mails about the order, without its number.
    async fn subjects(&self) -> Vec<String> {
        let mails = self.shop.mails_to(&self.ada.email).await;
        mails.into_iter().map(|(subject, _)| subject.split(" (").next().unwrap().to_owned()).collect()
    }

    /// Fails the test unless the order is paid, once, and being picked.
    async fn is_paid_once(&self) {
        let payment = self.payment().await;
        assert_eq!((self.status().await, payment.status), (OrderStatus::Processing, PaymentStatus::Completed));
        assert_eq!((self.charges().await, self.refunds().await), (vec![TOTAL], vec![]));
        assert_eq!((self.stock().await.reserved, self.stock().await.available), (1, 9));
        self.shop.verify().await;
    }

    /// Fails the test unless the order is cancelled, nothing of its money is kept, and its stock is free again.
    async fn is_given_up(&self) {
        assert_eq!(self.status().await, OrderStatus::Cancelled);
        let (charged, refunded) = (self.charges().await, self.refunds().await);
        assert_eq!(charged.iter().sum::<i64>(), refunded.iter().sum::<i64>(), "{charged:?} against {refunded:?}");
        assert_eq!((self.stock().await.reserved, self.stock().await.available), (0, 10));
        self.shop.verify().await;
    }
}
