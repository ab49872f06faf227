//! A coupon with one redemption per customer under concurrent checkouts: as a customer, who refills one cart, and as a
//! guest with many carts.

use std::sync::Arc;

use serde_json::{Value, json};
use shared::domain::order::Order;
use tests::{Person, Reply, Request, at_once, campaign::Run, cards, people::checkout_body};

use crate::{
    Arena,
    scene::{MOMENT_MILLIS, Scene},
};

const AT_ONCE: usize = 20;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run).await;
    let coupon = json!({"code": "ONCE", "type": "percentage", "value": 10, "usageLimit": {"perUser": 1}});
    scene.admin("root").await.post("/v1/coupons", coupon).await.is(201);
    let mug = scene.stock("MUG-1", 500).await;
    let ada = scene.crowd(1, |_| (vec![(mug.as_str(), 1)], Some("ONCE"))).await.remove(0);
    let guests = scene.guests(AT_ONCE, &(vec![(mug.as_str(), 1)], Some("ONCE"))).await;

    let as_customer = (0..AT_ONCE).map(|number| check_out_again(ada.clone(), mug.clone(), number)).map(in_a_box);
    let as_guest = guests.iter().map(|token| {
        let mut body = checkout_body(cards::GOOD);
        body["email"] = json!("Guest@example.test");
        in_a_box(send(scene.request("POST", "/v1/checkout").cart(token).key("guest").json(body)))
    });
    let attempts: Vec<_> = as_customer.chain(as_guest).collect();
    let replies = at_once(scene.run.shuffled(attempts).into_iter().map(|attempt| {
        let (pause, tally) = (scene.run.pause(MOMENT_MILLIS), Arc::clone(&scene.run.tally));
        async move {
            tokio::time::sleep(pause).await;
            let replies = attempt.await;
            replies.iter().for_each(|reply| tally.record(reply));
            replies
        }
    }))
    .await;

    for reply in replies.iter().flatten().filter(|reply| reply.status != 201 && reply.status != 200) {
        let code = reply.json["code"].as_str().unwrap_or_default();
        let is_fair = matches!(code, "conflict" | "cart_empty" | "cart_not_found" | "coupon_invalid" | "unavailable");
        assert!(is_fair, "{reply:?}");
    }
    let orders: Vec<Order> = scene.all("orders").await;
    let with_coupon =
        |user: bool| orders.iter().filter(|order| order.user.is_some() == user && order.coupon_code.is_some()).count();
    assert_eq!((with_coupon(true), with_coupon(false)), (1, 1), "redemptions of the customer and of the guest");
    assert_eq!(scene.store().coupons.find_by_code("ONCE").await.unwrap().unwrap().usage_count, 2);
    scene.close().await;
}

type Attempt = std::pin::Pin<Box<dyn Future<Output = Vec<Reply>> + Send>>;

fn in_a_box(attempt: impl Future<Output = Vec<Reply>> + Send + 'static) -> Attempt {
    Box::pin(attempt)
}

/// Checks out, and refills the cart for another attempt with the coupon.
async fn check_out_again(ada: Person, mug: String, number: usize) -> Vec<Reply> {
    vec![
        ada.checkout(&format!("first-{number}")).await,
        ada.add_to_cart(&mug, 1).await,
        ada.put("/v1/cart/coupon", coupon()).await,
        ada.checkout(&format!("second-{number}")).await,
    ]
}

async fn send(request: Request) -> Vec<Reply> {
    vec![request.send().await]
}

fn coupon() -> Value {
    json!({"code": "ONCE"})
}
