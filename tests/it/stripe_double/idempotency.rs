//! Idempotency keys.

use std::time::Duration;

use tests::{gateway::Moment, stripe_double::Failure};

use super::Api;

const CREATE: &[(&str, &str)] = &[("amount", "1000"), ("currency", "usd")];

#[tokio::test]
async fn a_key_is_one_request_for_a_day() {
    let api = Api::start().await;
    let first = api.post_with("key", "payment_intents", CREATE).await;
    let second = api.post_with("key", "payment_intents", CREATE).await;
    assert_eq!((first.replayed, second.replayed, &first.json), (false, true, &second.json));
    api.clock.advance(Duration::from_secs(24 * 3600));
    let third = api.post_with("key", "payment_intents", CREATE).await;
    assert_ne!(third.id(), first.id());
    let received = api.stripe.received();
    assert_eq!(
        received[0].parameters,
        CREATE.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Vec<_>>()
    );
    assert_eq!(received.iter().map(|each| each.replayed).collect::<Vec<_>>(), [false, true, false]);
}

#[tokio::test]
async fn a_key_belongs_to_its_parameters_and_endpoint() {
    let api = Api::start().await;
    api.post_with("key", "payment_intents", CREATE).await.ok();
    let other = api.post_with("key", "payment_intents", &[("amount", "2000"), ("currency", "usd")]).await;
    other.is_error(400, "idempotency_error", "");
    api.post_with("key", "customers", &[]).await.is_error(400, "idempotency_error", "");
}

#[tokio::test]
async fn a_declined_charge_is_replayed() {
    let api = Api::start().await;
    let intent = api.open("pm_card_chargeDeclined", &[]).await;
    let path = format!("payment_intents/{intent}/confirm");
    api.post_with("key", &path, &[]).await.is_error(402, "card_error", "card_declined");
    api.stripe.dashboard().update(&intent, &[("payment_method", "pm_card_visa")]);
    let again = api.post_with("key", &path, &[]).await;
    again.is_error(402, "card_error", "card_declined");
    assert!(again.replayed);
    api.post_with("another", &path, &[]).await.ok();
}

#[tokio::test]
async fn a_refusal_because_of_the_state_is_replayed() {
    let api = Api::start().await;
    let intent = api.post("payment_intents", CREATE).await.id();
    let path = format!("payment_intents/{intent}/confirm");
    api.post_with("key", &path, &[]).await.is_invalid("payment_intent_unexpected_state");
    api.stripe.dashboard().update(&intent, &[("payment_method", "pm_card_visa")]);
    assert!(api.post_with("key", &path, &[]).await.replayed);
}

#[tokio::test]
async fn server_errors_are_replayed_whether_or_not_it_was_done() {
    for (failure, done) in [(Failure::Status(500), 0), (Failure::AfterExecuting(500), 1)] {
        let api = Api::start().await;
        api.stripe.fail_next("POST", "/v1/payment_intents", failure);
        api.post_with("key", "payment_intents", CREATE).await.is_error(500, "api_error", "");
        let again = api.post_with("key", "payment_intents", CREATE).await;
        again.is_error(500, "api_error", "");
        assert!(again.replayed);
        assert_eq!(api.get("payment_intents").await.ok()["data"].as_array().unwrap().len(), done);
    }
}

#[tokio::test]
async fn what_did_not_begin_is_not_replayed() {
    let api = Api::start().await;
    let invalid = api.post_with("key", "payment_intents", &[("currency", "usd")]).await;
    invalid.is_invalid("parameter_missing");
    for status in [401, 409, 429] {
        api.stripe.fail_next("POST", "/v1/payment_intents", Failure::Status(status));
        assert_eq!(api.post_with("key", "payment_intents", CREATE).await.status, status);
    }
    api.stripe.fail_next("POST", "/v1/payment_intents", Failure::RequestLost);
    assert!(api.try_post("payment_intents", Some("key"), CREATE).await.is_err());
    let done = api.post_with("key", "payment_intents", CREATE).await;
    done.ok();
    assert!(!done.replayed);
}

#[tokio::test]
async fn a_lost_answer_is_replayed() {
    let api = Api::start().await;
    api.stripe.fail_next("POST", "/v1/payment_intents", Failure::AnswerLost);
    assert!(api.try_post("payment_intents", Some("key"), CREATE).await.is_err());
    let again = api.post_with("key", "payment_intents", CREATE).await;
    assert!(again.replayed);
    assert_eq!(api.get("payment_intents").await.ok()["data"][0]["id"], again.id());
}

#[tokio::test]
async fn a_key_in_use_is_a_conflict() {
    let api = Api::start().await;
    let blocked = api.stripe.block_next("POST", "/v1/payment_intents", Moment::Before);
    let test = async {
        blocked.arrived().await;
        let meanwhile = api.post_with("key", "payment_intents", CREATE).await;
        meanwhile.is_error(409, "idempotency_error", "idempotency_key_in_use");
        drop(blocked);
    };
    let (first, ()) = tokio::join!(api.post_with("key", "payment_intents", CREATE), test);
    let again = api.post_with("key", "payment_intents", CREATE).await;
    assert_eq!((again.replayed, again.id()), (true, first.id()));
}
