//! Intents, payment methods, amounts, lists and failures.

use serde_json::{Value, json};
use shared::domain::Random;
use tests::stripe_double::{Confirmation, Failure};

use super::Api;

#[tokio::test]
async fn an_intent_is_confirmed_and_succeeds_once() {
    let api = Api::start().await;
    let intent = api.open("pm_card_visa", &[("metadata[paymentId]", "pay_1")]).await;
    assert_eq!(api.stripe.intent(&intent)["status"], "requires_confirmation");
    let paid = api.confirm(&intent).await.ok().clone();
    assert_eq!((&paid["status"], &paid["amount_received"]), (&json!("succeeded"), &json!(1000)));
    let charge = api.charge_of(&intent).await;
    assert_eq!(
        (&charge["status"], &charge["payment_method_details"]["card"]["last4"]),
        (&json!("succeeded"), &json!("4242"))
    );
    let error = api.confirm(&intent).await.is_invalid("payment_intent_unexpected_state").clone();
    assert_eq!(error["payment_intent"]["status"], "succeeded");
    let cancelled = api.post(&format!("payment_intents/{intent}/cancel"), &[]).await;
    cancelled.is_invalid("payment_intent_unexpected_state");
    assert_eq!(api.stripe.moved("pay_1").charged, [1000]);
    let kinds = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"];
    assert_eq!(api.stripe.event_kinds(&intent), kinds);
}

#[tokio::test]
async fn a_declined_card_leaves_the_intent_open_for_another() {
    let api = Api::start().await;
    for (card, code, decline_code) in [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ] {
        let intent = api.open(card, &[]).await;
        let answer = api.confirm(&intent).await;
        let error = answer.is_error(402, "card_error", code);
        assert_eq!((&error["decline_code"], &error["payment_intent"]["id"]), (&json!(decline_code), &json!(intent)));
        let open = api.stripe.intent(&intent);
        assert_eq!((&open["status"], &open["payment_method"]), (&json!("requires_payment_method"), &Value::Null));
        assert_eq!(open["last_payment_error"]["decline_code"], decline_code);
        api.confirm(&intent).await.is_invalid("payment_intent_unexpected_state");
        let path = format!("payment_intents/{intent}/confirm");
        let paid = api.post(&path, &[("payment_method", "pm_card_visa")]).await;
        assert_eq!((&paid.ok()["status"], &paid.json["last_payment_error"]), (&json!("succeeded"), &Value::Null));
        assert!(api.stripe.event_kinds(&intent).contains(&"payment_intent.payment_failed".to_owned()));
    }
}

#[tokio::test]
async fn an_issuer_declines_with_any_documented_code() {
    let api = Api::start().await;
    for (decline_code, code) in
        [("pickup_card", "card_declined"), ("authentication_required", "authentication_required")]
    {
        api.stripe.next_confirmation(Confirmation::Declines(decline_code));
        let intent = api.open("pm_card_visa", &[]).await;
        let declined = api.confirm(&intent).await;
        assert_eq!(declined.is_error(402, "card_error", code)["decline_code"], decline_code);
        assert_eq!(api.charge_of(&intent).await["outcome"]["reason"], decline_code);
    }
}

#[tokio::test]
async fn three_d_secure_waits_for_the_customer() {
    let api = Api::start().await;
    let card = api.stripe.card("4000002500003155");
    let intent = api.open(&card, &[]).await;
    let waiting = api.confirm(&intent).await.ok().clone();
    assert_eq!(
        (&waiting["status"], &waiting["next_action"]["type"]),
        (&json!("requires_action"), &json!("use_stripe_sdk"))
    );
    let failed = api.stripe.complete_action(waiting["client_secret"].as_str().unwrap(), false);
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(failed["last_payment_error"]["code"], "payment_intent_authentication_failure");

    let intent = api.open("pm_card_authenticationRequired", &[]).await;
    api.confirm(&intent).await.ok();
    assert_eq!(api.stripe.complete_action(&intent, true)["status"], "succeeded");

    let intent = api.open("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", &[]).await;
    api.confirm(&intent).await.ok();
    assert_eq!(api.stripe.complete_action(&intent, true)["last_payment_error"]["decline_code"], "insufficient_funds");
}

#[tokio::test]
async fn a_redirect_needs_a_return_url() {
    let api = Api::start().await;
    let method = api.post("payment_methods", &[("type", "paypal")]).await.id();
    let form =
        [("amount", "1000"), ("currency", "usd"), ("payment_method", &method), ("payment_method_types[]", "paypal")];
    let intent = api.post("payment_intents", &form).await.id();
    let error = api.confirm(&intent).await.is_invalid("parameter_missing").clone();
    assert_eq!(error["param"], "return_url");
    let path = format!("payment_intents/{intent}/confirm");
    let waiting = api.post(&path, &[("return_url", "https://shop.test/back")]).await.ok().clone();
    assert_eq!(waiting["next_action"]["type"], "redirect_to_url");
    assert_eq!(waiting["next_action"]["redirect_to_url"]["return_url"], "https://shop.test/back");
    assert_eq!(api.stripe.complete_action(&intent, true)["status"], "succeeded");

    // Without types the account's settings decide, and they include methods that redirect.
    let form = [("amount", "1000"), ("currency", "usd"), ("payment_method", "pm_card_visa"), ("confirm", "true")];
    api.post("payment_intents", &form).await.is_invalid("parameter_missing");
    assert_eq!(api.get("payment_intents").await.ok()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_payment_can_be_in_progress_for_days() {
    let api = Api::start().await;
    for (decline, status) in [(None, "succeeded"), (Some("insufficient_funds"), "requires_payment_method")] {
        api.stripe.next_confirmation(Confirmation::Processes);
        let intent = api.open("pm_card_visa", &[]).await;
        assert_eq!(api.confirm(&intent).await.ok()["status"], "processing");
        api.confirm(&intent).await.is_invalid("payment_intent_unexpected_state");
        let cancel = api.post(&format!("payment_intents/{intent}/cancel"), &[]).await;
        cancel.is_invalid("payment_intent_unexpected_state");
        assert_eq!(api.stripe.settle_payment(&intent, decline)["status"], status);
    }
}

#[tokio::test]
async fn an_authorised_amount_is_captured_in_part_or_cancelled() {
    let api = Api::start().await;
    let manual = [("capture_method", "manual"), ("metadata[paymentId]", "pay_1")];
    let intent = api.open("pm_card_visa", &manual).await;
    let held = api.confirm(&intent).await.ok().clone();
    assert_eq!((&held["status"], &held["amount_capturable"]), (&json!("requires_capture"), &json!(1000)));
    assert!(api.stripe.moved("pay_1").charged.is_empty());
    let path = format!("payment_intents/{intent}/capture");
    api.post(&path, &[("amount_to_capture", "1001")]).await.is_invalid("amount_too_large");
    let captured = api.post(&path, &[("amount_to_capture", "700")]).await.ok().clone();
    assert_eq!((&captured["status"], &captured["amount_received"]), (&json!("succeeded"), &json!(700)));
    api.post(&path, &[]).await.is_invalid("payment_intent_unexpected_state");
    assert_eq!((api.stripe.moved("pay_1").charged, api.stripe.balance("usd")), (vec![700], 700));

    let intent = api.open("pm_card_visa", &manual).await;
    api.confirm(&intent).await.ok();
    api.stripe.dashboard().cancel(&intent);
    assert_eq!(api.stripe.intent(&intent)["status"], "canceled");
    assert_eq!(api.stripe.moved("pay_1").charged, [700]);
}

#[tokio::test]
async fn an_authorised_amount_is_captured_in_parts_where_multicapture_is_available() {
    let api = Api::start().await;
    let manual = [("capture_method", "manual"), ("payment_method_options[card][request_multicapture]", "if_available")];
    let once = api.open("pm_card_visa", &manual).await;
    api.confirm(&once).await.ok();
    let part = [("amount_to_capture", "300"), ("final_capture", "false"), ("metadata[captureId]", "first")];
    let refused = api.post(&format!("payment_intents/{once}/capture"), &part).await;
    assert_eq!((refused.status, &refused.json["error"]["param"]), (400, &json!("final_capture")));

    api.stripe.enable_multicapture();
    let intent = api.open("pm_card_visa", &manual).await;
    api.confirm(&intent).await.ok();
    let card = api.charge_of(&intent).await["payment_method_details"]["card"].clone();
    assert_eq!(card["multicapture"]["status"], "available");
    assert_eq!(card["capture_before"], api.clock.now().as_seconds() + 7 * 24 * 3600);
    let path = format!("payment_intents/{intent}/capture");
    let captured = api.post(&path, &part).await.ok().clone();
    let sums = |intent: &Value| (intent["amount_received"].clone(), intent["amount_capturable"].clone());
    assert_eq!((&captured["status"], sums(&captured)), (&json!("requires_capture"), (json!(300), json!(700))));
    assert_eq!(captured["metadata"]["captureId"], "first");
    api.post(&format!("payment_intents/{intent}/cancel"), &[]).await.is_invalid("payment_intent_unexpected_state");
    api.refund(&intent, 300).await.ok();
    let released = api.post(&path, &[("amount_to_capture", "0"), ("final_capture", "true")]).await.ok().clone();
    assert_eq!((&released["status"], sums(&released)), (&json!("succeeded"), (json!(300), json!(0))));
}

#[tokio::test]
async fn an_authorisation_lapses_after_seven_days() {
    let api = Api::start().await;
    let intent = api.open("pm_card_visa", &[("capture_method", "manual")]).await;
    api.confirm(&intent).await.ok();
    api.clock.advance(std::time::Duration::from_secs(7 * 24 * 3600));
    let seen = api.get(&format!("payment_intents/{intent}")).await.ok().clone();
    assert_eq!((&seen["status"], &seen["cancellation_reason"]), (&json!("canceled"), &json!("expired")));
    let late = api.post(&format!("payment_intents/{intent}/capture"), &[]).await;
    late.is_invalid("payment_intent_unexpected_state");
}

#[tokio::test]
async fn amounts_follow_the_currency() {
    let api = Api::start().await;
    api.stripe.set_minimum("krw", 700);
    for (amount, currency, code) in [
        (50, "usd", None),
        (49, "usd", Some("amount_too_small")),
        (29, "gbp", Some("amount_too_small")),
        (17_499, "huf", Some("amount_too_small")),
        (17_501, "huf", None),
        (49, "jpy", Some("amount_too_small")),
        (5_500, "jpy", None),
        (699, "krw", Some("amount_too_small")),
        (99_999_999, "usd", None),
        (100_000_000, "usd", Some("amount_too_large")),
        (999_999_999_999_i64, "idr", None),
        (5_501, "isk", Some("invalid_charge_amount")),
        (550_000, "isk", None),
        (150, "ugx", Some("invalid_charge_amount")),
        (1_234, "kwd", Some("invalid_charge_amount")),
        (1_230, "kwd", None),
        (0, "usd", Some("parameter_invalid_integer")),
        (1000, "zzz", Some("")),
        (1000, "USD", Some("")),
    ] {
        let answer = api.post("payment_intents", &[("amount", &amount.to_string()), ("currency", currency)]).await;
        match code {
            None => assert_eq!(answer.ok()["amount"], amount),
            Some(code) => drop(answer.is_invalid(code).clone()),
        }
    }
}

#[tokio::test]
async fn invalid_requests_are_refused_with_the_parameter() {
    let api = Api::start().await;
    let create = async |form: &[(&str, &str)]| api.post("payment_intents", form).await;
    let amount = ("amount", "1000");
    let usd = ("currency", "usd");
    assert_eq!(create(&[usd]).await.is_invalid("parameter_missing")["param"], "amount");
    assert_eq!(create(&[amount, usd, ("ammount", "1")]).await.is_invalid("parameter_unknown")["param"], "ammount");
    assert_eq!(create(&[usd, ("amount", "10.00")]).await.is_invalid("parameter_invalid_integer")["param"], "amount");
    let unknown = [amount, usd, ("payment_method", "pm_of_another_account")];
    assert_eq!(create(&unknown).await.is_invalid("resource_missing")["param"], "payment_method");
    let mismatch = [amount, usd, ("payment_method", "pm_card_visa"), ("payment_method_types[]", "paypal")];
    create(&mismatch).await.is_invalid("payment_intent_incompatible_payment_method");
    let intent = api.open("pm_card_visa", &[]).await;
    api.stripe.dashboard().forget_intent(&intent);
    api.confirm(&intent).await.is_error(404, "invalid_request_error", "resource_missing");
    api.get("payment_intents/pi_unknown").await.is_error(404, "invalid_request_error", "resource_missing");
    api.get("nothing").await.is_error(404, "invalid_request_error", "");
    let number = [("type", "card"), ("card[number]", "4242424242424242")];
    assert_eq!(api.post("payment_methods", &number).await.is_invalid("")["param"], "card[number]");
    let without_key = api.http.get(format!("{}/v1/balance", api.stripe.base())).send().await.unwrap();
    assert_eq!(without_key.status(), 401);
}

#[tokio::test]
async fn a_payment_method_without_a_customer_pays_once() {
    let api = Api::start().await;
    let from_token = [("type", "card"), ("card[token]", "tok_visa")];
    let method = api.post("payment_methods", &from_token).await.id();
    let intent = api.open(&method, &[]).await;
    api.confirm(&intent).await.ok();
    let again = [("amount", "1000"), ("currency", "usd"), ("payment_method", &method)];
    api.post("payment_intents", &again).await.is_invalid("");

    let customer = api.post("customers", &[("email", "ada@example.test")]).await.id();
    let method = api.post("payment_methods", &from_token).await.id();
    let setup = api.post("setup_intents", &[("customer", &customer), ("payment_method", &method)]).await.id();
    api.post(&format!("setup_intents/{setup}/confirm"), &[]).await.ok();
    for _ in 0..2 {
        let intent = api.open(&method, &[("customer", &customer)]).await;
        api.confirm(&intent).await.ok();
    }
    let kept = api.get(&format!("customers/{customer}/payment_methods")).await;
    assert_eq!(kept.ok()["data"][0]["id"], json!(method));
    api.post(&format!("payment_methods/{method}/detach"), &[]).await.ok();
    api.post(&format!("payment_methods/{method}/attach"), &[("customer", &customer)]).await.is_invalid("");
}

#[tokio::test]
async fn lists_are_paged_newest_first() {
    let api = Api::start().await;
    let intent = api.charged().await;
    let mut refunds = Vec::new();
    for _ in 0..23 {
        refunds.push(api.refund(&intent, 10).await.id());
    }
    refunds.reverse();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().map_or_else(String::new, |last| format!("&starting_after={last}"));
        let page = api.get(&format!("refunds?payment_intent={intent}&limit=10{after}")).await.ok().clone();
        seen.extend(page["data"].as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap().to_owned()));
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, refunds);
    let before = api.get(&format!("refunds?limit=2&ending_before={}", refunds[5])).await.ok().clone();
    assert_eq!((&before["data"][0]["id"], &before["data"][1]["id"]), (&json!(refunds[3]), &json!(refunds[4])));
    let other = api.charged().await;
    assert_eq!(api.get(&format!("refunds?payment_intent={other}")).await.ok()["data"], json!([]));
    for limit in ["0", "101"] {
        api.get(&format!("refunds?limit={limit}")).await.is_invalid("parameter_invalid_integer");
    }
    api.get("refunds?starting_after=re_unknown").await.is_invalid("resource_missing");
}

#[tokio::test]
async fn calls_fail_as_scripted() {
    let api = Api::start().await;
    let intent = api.open("pm_card_visa", &[("metadata[paymentId]", "pay_1")]).await;
    let path = format!("payment_intents/{intent}/confirm");
    for (status, kind, code) in [
        (401, "invalid_request_error", ""),
        (403, "invalid_request_error", ""),
        (404, "invalid_request_error", "resource_missing"),
        (409, "invalid_request_error", "lock_timeout"),
        (424, "api_error", ""),
        (429, "invalid_request_error", "rate_limit"),
        (500, "api_error", ""),
        (503, "api_error", ""),
    ] {
        api.stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::Status(status));
        api.get(&format!("payment_intents/{intent}")).await.ok();
        api.confirm(&intent).await.is_error(status, kind, code);
    }
    api.stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::RequestLost);
    assert!(api.try_post(&path, None, &[]).await.is_err());
    assert_eq!(api.stripe.intent(&intent)["status"], "requires_confirmation");
    api.stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::AnswerLost);
    assert!(api.try_post(&path, None, &[]).await.is_err());
    assert_eq!(api.stripe.moved("pay_1").charged, [1000]);
}

#[tokio::test]
async fn a_storm_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let api = Api::start().await;
        api.stripe.storm(Random::seeded(7), 50);
        let mut statuses = Vec::new();
        for _ in 0..40 {
            let answer = api.try_post("payment_intents", None, &[("amount", "1000"), ("currency", "usd")]).await;
            statuses.push(answer.map_or(0, |answer| answer.status));
        }
        assert!([0, 200, 429, 500].iter().all(|status| statuses.contains(status)), "{statuses:?}");
        api.stripe.calm();
        api.charged().await;
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_card_is_kept_for_one_customer() {
    let api = Api::start().await;
    let (ada, eve) = (api.post("customers", &[]).await.id(), api.post("customers", &[]).await.id());
    let card = api.stripe.card("4242424242424242");
    let attach = async |card: &str, customer: &str| {
        api.post(&format!("payment_methods/{card}/attach"), &[("customer", customer)]).await
    };
    for _ in 0..2 {
        assert_eq!(attach(&card, &ada).await.ok()["customer"], json!(ada));
    }
    attach(&card, &eve).await.is_invalid("");
    attach(&card, "cus_unknown").await.is_invalid("resource_missing");
    let declined = api.stripe.card("4000000000009995");
    assert_eq!(
        attach(&declined, &ada).await.is_error(402, "card_error", "card_declined")["decline_code"],
        "insufficient_funds"
    );
    attach(&api.stripe.card("4000000000000341"), &ada).await.ok();

    // A card on file is charged for its customer only.
    let intent = [("amount", "1000"), ("currency", "usd"), ("payment_method", card.as_str())];
    api.post("payment_intents", &intent).await.is_invalid("");
    let of_eve = [intent.as_slice(), &[("customer", eve.as_str())]].concat();
    api.post("payment_intents", &of_eve).await.is_invalid("");
    let of_ada = [intent.as_slice(), &[("customer", ada.as_str())]].concat();
    api.post("payment_intents", &of_ada).await.ok();
    api.post(&format!("payment_methods/{card}/detach"), &[]).await.ok();
    api.post(&format!("payment_methods/{card}/detach"), &[]).await.is_invalid("");
}

#[tokio::test]
async fn a_card_is_attached_by_the_charge_that_sets_it_up() {
    let api = Api::start().await;
    let customer = api.post("customers", &[]).await.id();
    let more = [("customer", customer.as_str()), ("setup_future_usage", "off_session")];
    let declined = api.stripe.card("4000000000000002");
    let intent = api.open(&declined, &more).await;
    api.confirm(&intent).await.is_error(402, "card_error", "card_declined");
    let card = api.stripe.card("4242424242424242");
    let intent = api.open(&card, &more).await;
    assert_eq!(api.get(&format!("payment_methods/{card}")).await.ok()["customer"], Value::Null);
    api.confirm(&intent).await.ok();
    let kept = api.get(&format!("customers/{customer}/payment_methods")).await;
    let kept: Vec<_> = kept.ok()["data"].as_array().unwrap().iter().map(|method| &method["id"]).cloned().collect();
    assert_eq!(kept, [json!(card)]);
}

#[tokio::test]
async fn paypal_needs_no_token_but_a_page_to_return_to() {
    let api = Api::start().await;
    let form = [
        ("amount", "1000"),
        ("currency", "usd"),
        ("payment_method_types[]", "paypal"),
        ("payment_method_data[type]", "paypal"),
    ];
    let intent = api.post("payment_intents", &form).await.id();
    api.confirm(&intent).await.is_invalid("parameter_missing");
    let back = [("return_url", "https://shop.example.test/back")];
    let waiting = api.post(&format!("payment_intents/{intent}/confirm"), &back).await;
    assert_eq!(waiting.ok()["next_action"]["type"], "redirect_to_url");
    assert_eq!(api.stripe.complete_action(&intent, true)["status"], "succeeded");
    let both = [form.as_slice(), &[("payment_method", "pm_card_visa")]].concat();
    api.post("payment_intents", &both).await.is_invalid("");
}
