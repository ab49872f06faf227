//! What a return says that goes back is what goes back, also where money went back by hand before.

use serde_json::{Value, json};
use tests::{Person, TestShop};

use super::{
    deliver,
    returns::{ask, command, delivered},
};

async fn give_back_by_hand(shop: &TestShop, admin: &Person, order: &str, amount: i64) {
    let path = format!("/v1/payments/{}/refunds", shop.payment_of(order).await.id);
    let refund = json!({"amount": amount, "reason": "goodwill"});
    admin.request("POST", &path).key(&format!("goodwill-{amount}")).json(refund).send().await.is(202);
    shop.run_queues().await;
}

async fn take_in(shop: &TestShop, admin: &Person, returned: &str) {
    for verb in ["approve", "receive"] {
        command(admin, returned, verb).await.is(200);
    }
    shop.run_queues().await;
}

async fn shown(person: &Person, returned: &str) -> Value {
    person.get(&format!("/v1/returns/{returned}")).await.is(200).json.clone()
}

#[tokio::test]
async fn a_return_does_not_refund_what_was_refunded_manually() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let order = delivered(&shop, &ada, 2).await;
    give_back_by_hand(&shop, &admin, &order, 1800).await;
    // 2500 were paid: 1800 by hand, then 700 of the 1000, then nothing is left.
    for (key, units_back, refund) in [("one", 1, 700), ("two", 2, 0)] {
        let asked = ask(&ada, &order, 0, 1, key).await;
        assert_eq!(asked.is(201).json["refund"], refund, "what is to be expected");
        take_in(&shop, &admin, &asked.id()).await;
        assert_eq!(shop.stock_of("MUG-1").await.returned, units_back);
        let seen = shown(&ada, &asked.id()).await;
        assert_eq!((&seen["refund"], &seen["items"][0]["refund"]), (&json!(refund), &json!(refund)));
        assert_eq!(seen.get("refundId").is_some(), refund > 0);
    }
    let payment = shop.payment_of(&order).await;
    let refunds: Vec<i64> = payment.refunds.iter().map(|refund| refund.amount.minor()).collect();
    assert_eq!((refunds, payment.status.as_str()), (vec![1800, 700], "refunded"));
    let order = shop.find_order(&order).await;
    assert_eq!((order.status.as_str(), order.returns[0].refund_id), ("refunded", Some(payment.refunds[1].id)));
    shop.verify().await;
}

#[tokio::test]
async fn two_returns_share_the_refundable_amount_and_reports_agree() {
    let shop = TestShop::start().await;
    let (admin, grace, ada) = (shop.admin("root").await, shop.seller("grace").await, shop.customer("ada").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({"price": {"regular": 666}})).await;
    let order = ada.order(&mug, 2).await.is(201).id();
    shop.run_queues().await;
    deliver(&shop, &order).await;
    let first = ask(&ada, &order, 0, 1, "first").await;
    assert_eq!(first.is(201).json["refund"], 666);
    // 1332 and 500 for the parcel were paid.
    give_back_by_hand(&shop, &admin, &order, 1832 - 165).await;
    let second = ask(&ada, &order, 0, 1, "second").await;
    assert_eq!(second.is(201).json["refund"], 0, "the other one waits for what is left");

    take_in(&shop, &admin, &first.id()).await;
    take_in(&shop, &admin, &second.id()).await;
    let refunds = [shown(&ada, &first.id()).await["refund"].clone(), shown(&ada, &second.id()).await["refund"].clone()];
    assert_eq!(refunds, [165, 0]);
    let seen = ada.get(&format!("/v1/orders/{order}")).await.json.clone();
    assert_eq!((&seen["returns"][0]["refund"], &seen["returns"][1]["refund"]), (&json!(165), &json!(0)));
    let totals = async |person: &Person| person.get("/v1/reports/revenue").await.is(200).json["totals"].clone();
    let (of_seller, of_shop) = (totals(&grace).await, totals(&admin).await);
    assert_eq!((&of_seller["refunds"], &of_seller["net"]), (&json!(165), &json!(1332 - 165)));
    assert_eq!((&of_shop["refunds"], &of_shop["net"]), (&json!(1832), &json!(0)));
    shop.verify().await;
}

#[tokio::test]
async fn a_sellers_report_counts_refunds_once_they_are_processed() {
    let shop = TestShop::start().await;
    let (admin, grace, ada) = (shop.admin("root").await, shop.seller("grace").await, shop.customer("ada").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let order = ada.checkout_with("transfer", super::by_transfer()).await.is(201).id();
    let payment = shop.payment_of(&order).await.id;
    let reference = json!({"reference": "statement 7, line 3"});
    let transfer =
        json!({"reference": "statement 7, line 2", "amount": 1500, "receivedAt": shop.clock.now().to_string()});
    let paid = admin.request("POST", &format!("/v1/payments/{payment}/mark-paid")).key("paid").json(transfer);
    paid.send().await.is(200);
    shop.run_queues().await;
    deliver(&shop, &order).await;
    let returned = ask(&ada, &order, 0, 1, "back").await.is(201).id();
    take_in(&shop, &admin, &returned).await;

    let refunds = async |person: &Person| person.get("/v1/reports/revenue").await.json["totals"]["refunds"].clone();
    assert_eq!([refunds(&grace).await, refunds(&admin).await], [0, 0]);
    assert_eq!(shop.find_order(&order).await.status.as_str(), "delivered");
    let refund = shown(&ada, &returned).await["refundId"].as_str().unwrap().to_owned();
    let path = format!("/v1/payments/{payment}/refunds/{refund}/mark-paid");
    admin.request("POST", &path).key("back").json(reference).send().await.is(200);
    assert_eq!([refunds(&grace).await, refunds(&admin).await], [1000, 1000]);
    assert_eq!(shop.find_order(&order).await.status.as_str(), "refunded");
    shop.verify().await;
}
