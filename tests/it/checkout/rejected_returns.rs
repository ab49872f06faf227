//! `POST /v1/returns/{id}/reject`, also of what was approved and never came.

use futures::future::join;
use serde_json::{Value, json};
use tests::{Person, Reply, TestShop};

use super::returns::{ask, command, delivered};

async fn reject(admin: &Person, returned: &str, body: Value) -> Reply {
    admin.request("POST", &format!("/v1/returns/{returned}/reject")).json(body).send().await
}

#[tokio::test]
async fn a_return_that_never_arrives_makes_its_units_returnable_again() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let order = delivered(&shop, &ada, 2).await;
    let returned = ask(&ada, &order, 0, 2, "first").await.is(201).id();
    command(&admin, &returned, "approve").await.is(200);
    shop.run_queues().await;
    assert!(shop.payment_of(&order).await.refunds.is_empty(), "nothing is refunded before the parcel arrives");

    // Its customer was told to send it.
    for refused in [command(&admin, &returned, "reject").await, reject(&admin, &returned, json!({})).await] {
        let problem = &refused.is_problem(422, "validation_failed").json;
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("/reason"), &json!("missing"))
        );
    }
    for _ in 0..2 {
        let rejected = reject(&admin, &returned, json!({"reason": "It never arrived."})).await;
        assert_eq!(rejected.is(200).json["status"], "rejected");
        assert_eq!(
            (&rejected.json["rejectionReason"], &rejected.json["refund"]),
            (&json!("It never arrived."), &json!(0))
        );
    }
    command(&admin, &returned, "receive").await.is_problem(409, "illegal_transition");
    let seen = ada.get(&format!("/v1/orders/{order}")).await.json.clone();
    assert_eq!(
        (&seen["items"][0]["returned"], &seen["returns"][0]["rejectionReason"]),
        (&json!(0), &json!("It never arrived."))
    );

    let again = ask(&ada, &order, 0, 2, "again").await;
    assert_eq!(again.is(201).json["refund"], 2000);
    for verb in ["approve", "receive"] {
        command(&admin, &again.id(), verb).await.is(200);
    }
    reject(&admin, &again.id(), json!({"reason": "Too late."})).await.is_problem(409, "illegal_transition");
    shop.run_queues().await;
    reject(&admin, &again.id(), json!({"reason": "Too late."})).await.is_problem(409, "illegal_transition");
    let payment = shop.payment_of(&order).await;
    assert_eq!((payment.refunds.len(), shop.find_order(&order).await.status.as_str()), (1, "refunded"));
    shop.verify().await;
}

#[tokio::test]
async fn a_valid_reason_for_a_rejection_is_stored() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let order = delivered(&shop, &ada, 2).await;
    let first = ask(&ada, &order, 0, 1, "first").await.is(201).id();
    for reason in ["", " ", &"x".repeat(501), "a\u{7}b"] {
        let refused = reject(&admin, &first, json!({"reason": reason})).await;
        assert_eq!(
            refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"],
            "/reason",
            "{reason:.20}"
        );
    }
    let rejected = reject(&admin, &first, json!({"reason": "Worn."})).await;
    assert_eq!(rejected.is(200).json["rejectionReason"], "Worn.");
    let second = ask(&ada, &order, 0, 1, "second").await.is(201).id();
    let rejected = command(&admin, &second, "reject").await;
    assert!(rejected.is(200).json.get("rejectionReason").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn receiving_and_rejecting_a_return_exclude_each_other() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let order = delivered(&shop, &ada, 5).await;
    for turn in 0..5 {
        let returned = ask(&ada, &order, 0, 1, &format!("turn-{turn}")).await.is(201).id();
        command(&admin, &returned, "approve").await.is(200);
        let lost = json!({"reason": "It never arrived."});
        let (received, rejected) = join(command(&admin, &returned, "receive"), reject(&admin, &returned, lost)).await;
        let happened: Vec<bool> = [&received, &rejected].iter().map(|reply| reply.status.as_u16() == 200).collect();
        assert_eq!(happened.iter().filter(|happened| **happened).count(), 1, "{received:?} {rejected:?}");
        let loser = if happened[0] { &rejected } else { &received };
        loser.is_problem(409, "illegal_transition");
    }
    shop.run_queues().await;
    let (order, payment) = (shop.find_order(&order).await, shop.payment_of(&order).await);
    let received = order.returns.iter().filter(|each| each.refund_id.is_some()).count();
    assert_eq!((received, order.items[0].returned), (payment.refunds.len(), i64::try_from(received).unwrap()));
    shop.verify().await;
}
