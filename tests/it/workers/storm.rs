//! Random faults together: lost answers, shuffled and repeated messages, cancellations, retries and expiry. For every seed no
//! order is charged twice or for nothing, and every invariant holds.

use std::time::Duration;

use serde_json::json;
use shared::{
    domain::{Random, order::OrderStatus},
    store::outbox::OutboxMessage,
};
use tests::{Person, cards, people::checkout_body, stripe_api::NEEDS_AUTHENTICATION};

use crate::payments::{AFTER_EXPIRY, Sale, TOTAL};

const ROUNDS: usize = 12;
/// The percentage of gateway calls of which the request or the answer is lost.
const LOST: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn random_faults_never_charge_twice_or_for_nothing() {
    for seed in 1..=6 {
        eprintln!("seed {seed}");
        storm(Random::seeded(seed)).await;
    }
}

async fn storm(random: Random) {
    let sale = Sale::open().await;
    let tokens = [
        cards::GOOD.to_owned(),
        sale.stripe.card("4000000000000341").await,
        sale.stripe.card(NEEDS_AUTHENTICATION).await,
    ];
    let mut orders = Vec::new();
    for number in 0..6 {
        let person = sale.shop.customer(&format!("buyer{number}")).await;
        person.add_to_cart(&sale.mug, 1).await.is(200);
        let order = person.checkout_with("order", checkout_body(&tokens[number % 3])).await.is(201).id();
        orders.push((person, order));
    }
    sale.gateway.storm(random.clone(), LOST);
    for round in 0..ROUNDS {
        let mut messages = sale.shop.outbox().await;
        shuffle(&mut messages, &random);
        messages.truncate(1 + usize::try_from(random.below(20)).unwrap());
        let (here, there) = messages.split_at(messages.len() / 2);
        let act = async {
            let (person, order) = &orders[usize::try_from(random.below(6)).unwrap()];
            act(&sale, &random, person, order, round).await;
        };
        futures::join!(sale.shop.deliver(here), sale.shop.deliver(there), act);
    }
    sale.gateway.calm();
    calm_down(&sale).await;

    for (_, order) in &orders {
        let status = sale.shop.find_order(order).await.status;
        let payment = sale.shop.payment_of(order).await.id;
        let (charges, refunds) = (sale.stripe.charges_of(payment).await, sale.stripe.refunds_of(payment).await);
        assert!(charges.len() <= 1, "charged more than once: {charges:?}");
        let kept = charges.iter().sum::<i64>() - refunds.iter().sum::<i64>();
        let expected = match status {
            OrderStatus::Processing => TOTAL,
            OrderStatus::Cancelled => 0,
            other => panic!("an order is left {other:?}"),
        };
        assert_eq!(kept, expected, "{charges:?} against {refunds:?} for an order that is {status:?}");
    }
    sale.shop.verify().await;
}

/// One random action of a customer, the gateway or the clock.
async fn act(sale: &Sale, random: &Random, person: &Person, order: &str, round: usize) {
    let payment = sale.shop.payment_of(order).await;
    let key = format!("key-{round}");
    match random.below(6) {
        0 => {
            person.request("POST", &format!("/v1/orders/{order}/cancel")).key(&key).send().await;
        }
        1 | 2 => {
            let body = if random.below(2) == 0 { json!({}) } else { json!({"token": cards::GOOD}) };
            let path = format!("/v1/payments/{}/confirm", payment.id);
            person.request("POST", &path).key(&key).json(body).send().await;
        }
        3 => {
            if let Some(intent) = payment.into_inner().transaction_id {
                sale.webhook(&format!("evt_{round}"), "payment_intent.succeeded", &intent).await.is(200);
            }
        }
        4 => {
            if let Some(intent) = payment.into_inner().transaction_id {
                let intent = sale.stripe.intent(&intent).await;
                if intent["status"] == "requires_action" {
                    sale.stripe.authenticate(intent["client_secret"].as_str().unwrap(), random.below(3) > 0).await;
                }
            }
        }
        _ => {
            sale.shop.clock.advance(Duration::from_secs(60 * random.below(15)));
            sale.shop.run_maintenance().await;
        }
    }
}

/// Delivers everything and moves the clock until no message is left.
async fn calm_down(sale: &Sale) {
    for _ in 0..4 {
        sale.shop.deliver_everything().await;
        sale.shop.clock.advance(AFTER_EXPIRY);
        sale.shop.run_maintenance().await;
    }
    sale.shop.deliver_everything().await;
}

fn shuffle(messages: &mut [OutboxMessage], random: &Random) {
    for last in (1..messages.len()).rev() {
        messages.swap(last, usize::try_from(random.below(u64::try_from(last).unwrap() + 1)).unwrap());
    }
}
