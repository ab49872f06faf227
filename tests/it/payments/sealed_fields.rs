//! What is sealed of a payment: the name on the card, and what is kept of the gateway's answer.

use bson::{Document, doc};
use ops::{payments::show, rotate::rotate, verify::verify_with_progress};
use serde_json::{Value, json};
use shared::{
    domain::{
        Random,
        payment::{Payment, PaymentStatus},
        sealing::{KeyRing, SealedField, SealingError},
    },
    store::Versioned,
};
use tests::{Person, Reply, StripeDouble, TestShop, log, people::checkout_body};

const HOLDER: &str = "Plantagenet Q. Cardholder";
/// Of the double's charges.
const AUTHORIZATION: &str = "A7X9Q2";
const GOOD: &str = "4242424242424242";

struct Sale {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    admin: Person,
    mug: String,
}

impl Sale {
    async fn open() -> Self {
        log::capture();
        let (shop, stripe) = TestShop::start_with_double().await;
        let mug = shop.stock("MUG-1", 10).await;
        let (ada, admin) = (shop.customer("ada").await, shop.admin("root").await);
        Self { shop, stripe, ada, admin, mug }
    }

    /// Ada pays a mug with this token.
    async fn pay(&self, token: &str) -> Versioned<Payment> {
        self.ada.add_to_cart(&self.mug, 1).await.is(200);
        let key = self.shop.random.readable(12);
        let order = self.ada.checkout_with(&key, checkout_body(token)).await.is(201).id();
        self.shop.deliver_everything().await;
        self.shop.payment_of(&order).await
    }

    /// Ada pays a mug with a card of [`HOLDER`].
    async fn paid() -> (Self, Versioned<Payment>) {
        let sale = Self::open().await;
        let payment = sale.pay(&sale.stripe.card_of(GOOD, HOLDER)).await;
        assert_eq!(payment.status, PaymentStatus::Completed);
        (sale, payment)
    }

    async fn refund(&self, payment: &Payment, key: &str) -> Reply {
        let path = format!("/v1/payments/{}/refunds", payment.id);
        let body = json!({"amount": 1, "reason": "a scratch"});
        self.admin.request("POST", &path).key(key).json(body).send().await
    }

    async fn shown_to(&self, person: &Person, payment: &Payment) -> Value {
        person.get(&format!("/v1/payments/{}", payment.id)).await.is(200).json.clone()
    }

    async fn payment(&self, payment: &Payment) -> Versioned<Payment> {
        self.shop.store().payments.find(payment.id).await.unwrap().unwrap()
    }

    async fn set(&self, payment: &Payment, path: &str, value: &str) {
        let payments = self.shop.store().database().collection::<Document>("payments");
        let changed = payments.update_one(doc! {"_id": payment.id}, doc! {"$set": {path: value}}).await.unwrap();
        assert_eq!(changed.modified_count, 1);
    }

    /// The violations that `ops verify` finds with these keys.
    async fn violations(&self, keys: &KeyRing) -> Vec<String> {
        let report = verify_with_progress(self.shop.store(), self.shop.clock.now(), Some(keys), |_| ()).await.unwrap();
        let named = report.checks.into_iter().flat_map(|check| check.named);
        named.map(|violation| format!("{}: {}", violation.id, violation.what)).collect()
    }
}

fn sealed_name(payment: &Payment) -> &str {
    payment.payment_details.as_ref().unwrap().holder_name.as_ref().unwrap().as_str()
}

/// The current key is new; the one of the shop still opens.
fn rotated() -> KeyRing {
    KeyRing::try_new([("new", [8; 32]), ("test", [7; 32])]).unwrap()
}

fn without_the_old_key() -> KeyRing {
    KeyRing::try_new([("new", [8; 32])]).unwrap()
}

#[tokio::test]
async fn the_name_on_the_card_and_the_gateways_answer_are_kept_only_sealed() {
    let (sale, payment) = Sale::paid().await;
    // Answers to commands are stored, so they lack the name.
    let refunded = sale.refund(&payment, "scratch").await;
    refunded.is(202);
    sale.shop.deliver_everything().await;
    sale.shop.run_queues().await;
    for planted in [HOLDER, AUTHORIZATION] {
        assert_eq!(sale.shop.places_of(planted).await, [""; 0], "{planted}");
        assert!(!String::from_utf8_lossy(&refunded.body).contains(planted));
    }
    assert!(!sale.shop.places_of("test:").await.is_empty(), "the search finds what is there");
    assert!(sealed_name(&payment).starts_with("test:"));
    for person in [&sale.ada, &sale.admin] {
        assert_eq!(sale.shown_to(person, &payment).await["paymentDetails"]["holderName"], HOLDER);
    }
    sale.shop.verify().await;
}

#[tokio::test]
async fn the_operator_reads_what_is_kept_of_the_gateways_answer() {
    let (sale, payment) = Sale::paid().await;
    let shown = show(sale.shop.store(), &sale.shop.keys, payment.id).await.unwrap();
    assert_eq!((&shown["holderName"], &shown["status"]), (&json!(HOLDER), &json!("completed")));
    let answer = &shown["gatewayAnswer"];
    let expected = json!({
        "intent": payment.transaction_id, "status": "succeeded", "charge": answer["charge"], "network": "visa",
        "authorizationCode": AUTHORIZATION, "outcomeType": "authorized", "networkStatus": "approved_by_network",
        "riskLevel": "normal",
    });
    assert_eq!(answer, &expected);
    assert!(answer["charge"].as_str().unwrap().starts_with("ch_"));
    assert_eq!(sale.shown_to(&sale.admin, &payment).await.get("gatewayAnswer"), None);
}

#[tokio::test]
async fn a_declined_attempt_keeps_its_decline_code_until_the_next_one() {
    let sale = Sale::open().await;
    let payment = sale.pay("pm_card_visa_chargeDeclinedInsufficientFunds").await;
    let answer = async || show(sale.shop.store(), &sale.shop.keys, payment.id).await.unwrap()["gatewayAnswer"].clone();
    let declined = answer().await;
    assert_eq!(
        (&declined["declineCode"], &declined["failureCode"]),
        (&json!("insufficient_funds"), &json!("card_declined"))
    );
    assert_eq!(declined["outcomeType"], "issuer_declined");
    let path = format!("/v1/payments/{}/confirm", payment.id);
    sale.ada.request("POST", &path).key("again").json(json!({"token": "pm_card_visa"})).send().await.is(200);
    sale.shop.deliver_everything().await;
    let paid = answer().await;
    assert_eq!((&paid["status"], paid.get("declineCode")), (&json!("succeeded"), None));
}

#[tokio::test]
async fn a_charge_without_readable_details_is_recorded_all_the_same() {
    let sale = Sale::open().await;
    sale.stripe.fail_next("GET", "/v1/charges/*", tests::stripe_double::Failure::AnswerLost);
    let payment = sale.pay(&sale.stripe.card_of(GOOD, HOLDER)).await;
    assert_eq!(payment.status, PaymentStatus::Completed);
    let shown = show(sale.shop.store(), &sale.shop.keys, payment.id).await.unwrap();
    assert_eq!((&shown["gatewayAnswer"]["status"], shown["gatewayAnswer"].get("network")), (&json!("succeeded"), None));
}

#[tokio::test]
async fn the_name_on_a_saved_card_is_kept_only_sealed() {
    let sale = Sale::open().await;
    let token = sale.stripe.card_of(GOOD, HOLDER);
    let saved = sale.ada.post("/v1/payments/methods", json!({"token": token})).await;
    assert_eq!(saved.is(201).json["holderName"], HOLDER);
    let shown = sale.ada.get("/v1/payments/methods").await;
    assert!(String::from_utf8_lossy(&shown.is(200).body).contains(HOLDER));
    assert_eq!(sale.shop.places_of(HOLDER).await, [""; 0]);
    let done = rotate(sale.shop.store(), &rotated(), &Random::from_os(), false, |_| ()).await.unwrap();
    assert_eq!((done.resealed, done.is_complete()), (1, true));
    assert_eq!(sale.violations(&without_the_old_key()).await, [""; 0]);
}

#[tokio::test]
async fn a_name_copied_from_another_payment_is_left_out_and_reported() {
    let (sale, first) = Sale::paid().await;
    let second = sale.pay(&sale.stripe.card_of(GOOD, "Grace Hopper")).await;
    sale.set(&second, "paymentDetails.holderName", sealed_name(&first)).await;
    let shown = sale.shown_to(&sale.ada, &second).await;
    assert_eq!((shown["paymentDetails"].get("holderName"), &shown["paymentDetails"]["last4"]), (None, &json!("4242")));
    assert!(log::text().contains("the name of a card's holder does not open"));
    let named = format!("payments {} paymentDetails.holderName: {}", second.id, SealingError::Tampered);
    assert_eq!(sale.violations(&sale.shop.keys).await, [named]);
    let shown = show(sale.shop.store(), &sale.shop.keys, second.id).await.unwrap();
    assert!(shown["holderName"].as_str().unwrap().starts_with("not readable"), "{shown}");
}

#[tokio::test]
async fn after_a_rotation_the_old_key_is_not_needed() {
    let (sale, first) = Sale::paid().await;
    let second = sale.pay(&sale.stripe.card_of(GOOD, "Grace Hopper")).await;
    let (store, random) = (sale.shop.store(), Random::from_os());
    let before = sale.shop.dump(&["payments"]).await;
    assert_eq!(sale.violations(&without_the_old_key()).await.len(), 4, "two values of two payments");

    let planned = rotate(store, &rotated(), &random, true, |_| ()).await.unwrap();
    assert_eq!((planned.resealed, planned.is_complete()), (2, true));
    assert_eq!(sale.shop.dump(&["payments"]).await, before);

    let old = sealed_name(&second).to_owned();
    let done = rotate(store, &rotated(), &random, false, |_| ()).await.unwrap();
    assert_eq!(done, planned);
    assert_eq!(sale.violations(&without_the_old_key()).await, [""; 0]);
    let resealed = sale.payment(&first).await;
    assert!(sealed_name(&resealed).starts_with("new:"));
    let name = without_the_old_key().open(
        SealedField::PaymentHolderName,
        first.id,
        resealed.payment_details.as_ref().unwrap().holder_name.as_ref().unwrap(),
    );
    assert_eq!(name.unwrap().expose(), HOLDER);

    // As if it had been interrupted before the second one.
    sale.set(&second, "paymentDetails.holderName", &old).await;
    let continued = rotate(store, &rotated(), &random, false, |_| ()).await.unwrap();
    assert_eq!((continued.resealed, continued.is_complete()), (1, true));
    assert_eq!(rotate(store, &rotated(), &random, false, |_| ()).await.unwrap().resealed, 0);
}

#[tokio::test]
async fn a_rotation_names_what_does_not_open_and_reseals_the_rest() {
    let (sale, first) = Sale::paid().await;
    let second = sale.pay(&sale.stripe.card_of(GOOD, "Grace Hopper")).await;
    sale.set(&second, "paymentDetails.holderName", sealed_name(&first)).await;
    let done = rotate(sale.shop.store(), &rotated(), &Random::from_os(), false, |_| ()).await.unwrap();
    let named = format!("payments {} paymentDetails.holderName: {}", second.id, SealingError::Tampered);
    assert_eq!((done.resealed, done.unreadable, done.left), (2, vec![named], 0));
    let first = sale.payment(&first).await;
    assert!(sealed_name(&first).starts_with("new:"));
    assert!(sale.payment(&second).await.gateway_answer.as_ref().unwrap().as_str().starts_with("new:"));
}

#[tokio::test]
async fn a_rotation_and_the_shop_lose_no_change_of_each_other() {
    let (sale, payment) = Sale::paid().await;
    let rotations = async {
        for number in 0..10_u8 {
            let id = format!("key-{number}");
            let previous = if number == 0 { "test".to_owned() } else { format!("key-{}", number - 1) };
            let keys = [(id, [number + 10; 32]), (previous, if number == 0 { [7; 32] } else { [number + 9; 32] })];
            let keys = KeyRing::try_new(keys).unwrap();
            loop {
                let done = rotate(sale.shop.store(), &keys, &Random::from_os(), false, |_| ()).await.unwrap();
                assert_eq!(done.unreadable, [""; 0]);
                if done.is_complete() {
                    break;
                }
            }
        }
    };
    let refunds = async {
        for number in 0..20 {
            sale.refund(&payment, &format!("scratch-{number}")).await.is(202);
        }
    };
    futures::join!(rotations, refunds);
    let after = sale.payment(&payment).await;
    assert_eq!(after.refunds.len(), 20);
    let last = KeyRing::try_new([("key-9", [19; 32])]).unwrap();
    assert_eq!(sale.violations(&last).await, [""; 0]);
}
