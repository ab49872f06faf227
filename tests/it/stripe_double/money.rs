//! Refunds, disputes, the dashboard and the events about them.

use serde_json::{Value, json};
use tests::stripe_double::{DisputeEnd, Moved, RefundOutcome};

use super::Api;

/// An intent of 10.00 USD of the payment `pay_1`, charged.
async fn charged(api: &Api) -> String {
    let intent = api.open("pm_card_visa", &[("metadata[paymentId]", "pay_1")]).await;
    api.confirm(&intent).await.ok();
    intent
}

fn moved(refunded: i64, disputed_lost: i64) -> Moved {
    Moved { charged: vec![1000], refunded, disputed_lost }
}

#[tokio::test]
async fn refunds_never_exceed_the_charge() {
    let api = Api::start().await;
    let intent = charged(&api).await;
    let refund = api.refund(&intent, 400).await;
    assert_eq!((&refund.ok()["status"], &refund.json["payment_intent"]), (&json!("succeeded"), &json!(intent)));
    assert_eq!(api.refund(&intent, 601).await.is_invalid("")["param"], "amount");
    assert_eq!(api.post("refunds", &[("payment_intent", &intent)]).await.ok()["amount"], 600);
    api.refund(&intent, 1).await.is_invalid("charge_already_refunded");
    assert_eq!(api.charge_of(&intent).await["refunded"], true);
    assert_eq!((api.stripe.moved("pay_1"), api.stripe.balance("usd")), (moved(1000, 0), 0));
    let open = api.open("pm_card_visa", &[]).await;
    api.refund(&open, 1).await.is_invalid("");
    api.refund("pi_unknown", 1).await.is_invalid("resource_missing");
}

#[tokio::test]
async fn a_refund_that_fails_later_can_be_made_again() {
    let api = Api::start().await;
    let intent = charged(&api).await;
    api.stripe.next_refund(RefundOutcome::Pending);
    let refund = api.refund(&intent, 1000).await;
    assert_eq!(refund.ok()["status"], "pending");
    assert_eq!(api.stripe.moved("pay_1"), moved(1000, 0));
    for outcome in [RefundOutcome::Succeeded, RefundOutcome::Failed("lost_or_stolen_card")] {
        api.stripe.settle_refund(&refund.id(), outcome);
    }
    let failed = api.get(&format!("refunds/{}", refund.id())).await.ok().clone();
    assert_eq!((&failed["status"], &failed["failure_reason"]), (&json!("failed"), &json!("lost_or_stolen_card")));
    assert_eq!((api.stripe.moved("pay_1"), api.stripe.balance("usd")), (moved(0, 0), 1000));
    let kinds = api.stripe.event_kinds(&intent);
    for kind in ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated", "refund.failed"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind} in {kinds:?}");
    }
    api.refund(&intent, 1000).await.ok();
    assert_eq!(api.stripe.moved("pay_1"), moved(1000, 0));
}

#[tokio::test]
async fn a_refund_fails_at_once_or_waits_for_the_customer() {
    let api = Api::start().await;
    let intent = charged(&api).await;
    api.stripe.next_refund(RefundOutcome::Failed("unknown"));
    api.stripe.next_refund(RefundOutcome::RequiresAction);
    assert_eq!(api.refund(&intent, 1000).await.ok()["status"], "failed");
    let waiting = api.refund(&intent, 1000).await;
    assert_eq!(waiting.ok()["status"], "requires_action");
    let path = format!("refunds/{}/cancel", waiting.id());
    assert_eq!(api.post(&path, &[]).await.ok()["status"], "canceled");
    api.post(&path, &[]).await.is_invalid("");
    assert_eq!(api.stripe.moved("pay_1"), moved(0, 0));
}

#[tokio::test]
async fn a_disputed_charge_is_refundable_only_if_the_dispute_is_won() {
    for (end, balance, kind) in
        [(DisputeEnd::Won, 1000, "charge.dispute.funds_reinstated"), (DisputeEnd::Lost, 0, "charge.dispute.closed")]
    {
        let api = Api::start().await;
        let intent = charged(&api).await;
        let dispute = api.stripe.dashboard().open_dispute(&intent, "fraudulent");
        let open = api.get(&format!("disputes/{dispute}")).await.ok().clone();
        assert_eq!((&open["status"], &open["amount"]), (&json!("needs_response"), &json!(1000)));
        assert!(open["evidence_details"]["due_by"].as_i64().unwrap() > api.clock.now().as_seconds());
        assert_eq!(api.stripe.balance("usd"), 0);
        api.refund(&intent, 1).await.is_invalid("charge_disputed");

        api.stripe.dashboard().close_dispute(&dispute, end);
        assert_eq!(api.stripe.balance("usd"), balance);
        assert_eq!(api.stripe.event_kinds(&intent).last().map(String::as_str), Some(kind));
        let refund = api.refund(&intent, 1000).await;
        if end == DisputeEnd::Won {
            refund.ok();
            assert_eq!(api.stripe.moved("pay_1"), moved(1000, 0));
        } else {
            refund.is_invalid("charge_disputed");
            assert_eq!(api.stripe.moved("pay_1"), moved(0, 1000));
        }
    }
}

#[tokio::test]
async fn the_dashboard_refunds_captures_and_changes_intents() {
    let api = Api::start().await;
    let intent = charged(&api).await;
    api.stripe.dashboard().refund(&intent, 400);
    api.refund(&intent, 1000).await.is_invalid("");
    assert_eq!(api.stripe.refunds_of("pay_1").len(), 1);

    let held = api.open("pm_card_visa", &[("capture_method", "manual")]).await;
    api.confirm(&held).await.ok();
    api.stripe.dashboard().capture(&held, 900);
    assert_eq!(api.stripe.intent(&held)["amount_received"], 900);

    let wrong = api.open("pm_card_visa", &[]).await;
    api.stripe.dashboard().succeed_with(&wrong, 1, "jpy");
    let wrong = api.stripe.intent(&wrong);
    assert_eq!(
        (&wrong["amount_received"], &wrong["currency"], &wrong["status"]),
        (&json!(1), &json!("jpy"), &json!("succeeded"))
    );

    let foreign = api.stripe.dashboard().open_intent(500, "eur", &[("invoice", "7")]);
    assert_eq!(api.stripe.intent(&foreign)["metadata"], json!({"invoice": "7"}));
    api.stripe
        .dashboard()
        .update(&foreign, &[("metadata[invoice]", ""), ("metadata[paymentId]", "pay_1"), ("amount", "600")]);
    let changed = api.stripe.intent(&foreign);
    assert_eq!((&changed["metadata"], &changed["amount"]), (&json!({"paymentId": "pay_1"}), &json!(600)));
}

#[tokio::test]
async fn a_card_can_lead_to_a_dispute_or_a_slow_refund() {
    let api = Api::start().await;
    let intent = api.open("pm_card_createDispute", &[]).await;
    api.confirm(&intent).await.ok();
    assert_eq!(api.get(&format!("disputes?payment_intent={intent}")).await.ok()["data"][0]["reason"], "fraudulent");
    let intent = api.open("pm_card_pendingRefund", &[]).await;
    api.confirm(&intent).await.ok();
    assert_eq!(api.refund(&intent, 1000).await.ok()["status"], "pending");
}

#[tokio::test]
async fn events_carry_the_object_of_their_time() {
    let api = Api::start().await;
    let intent = charged(&api).await;
    api.refund(&intent, 400).await.ok();
    api.stripe.dashboard().make_balance_available();
    let events = api.stripe.events();
    let of_kind = |kind: &str| events.iter().find(|event| event.kind == kind).unwrap();
    assert_eq!(of_kind("payment_intent.created").object["status"], "requires_confirmation");
    assert_eq!(of_kind("charge.succeeded").object["amount_refunded"], 0);
    assert!(of_kind("balance.available").object["id"].is_null());
    let refund = of_kind("refund.created");
    assert_eq!(refund.object["payment_intent"], json!(intent));
    let expanded = api.stripe.expanded(refund);
    assert_eq!((&expanded.object["payment_intent"]["id"], expanded.intent()), (&json!(intent), Some(intent.as_str())));
    let body: Value = serde_json::from_str(&refund.body()).unwrap();
    assert_eq!((&body["id"], &body["type"]), (&json!(refund.id), &json!("refund.created")));
    assert_eq!(body["data"]["object"]["amount"], 400);
}
