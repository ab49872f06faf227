//! The bank account and the payment methods of the shop.

use serde_json::{Value, json};
use tests::{TestShop, cards, people::checkout_body};

use super::{by_transfer, is_for_admins_only};

fn account() -> Value {
    json!({"accountHolder": "Shop Ltd", "iban": "GB82WEST12345698765432", "bic": "WESTGB2L", "bankName": "West Bank"})
}

#[tokio::test]
async fn the_bank_account_is_replaced_as_a_whole() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let spaced = json!({"accountHolder": " Shop Ltd ", "iban": "gb82 west 1234 5698 7654 32", "bic": "WESTGB2L", "bankName": "West Bank"});
    assert_eq!(admin.put("/v1/settings/bank-account", spaced).await.is(200).json, account());
    assert_eq!(admin.get("/v1/settings/bank-account").await.is(200).json, account());
    let american = json!({"accountHolder": "Shop Inc", "accountNumber": "12345678", "routingNumber": "021000021"});
    assert_eq!(admin.put("/v1/settings/bank-account", american.clone()).await.is(200).json, american);
    assert_eq!(admin.get("/v1/settings/bank-account").await.is(200).json, american);
}

#[tokio::test]
async fn a_wrong_bank_account_is_refused_and_changes_nothing() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    admin.put("/v1/settings/bank-account", account()).await.is(200);
    let holder = json!("Shop Ltd");
    for (body, code, pointer) in [
        (json!({"iban": "GB82WEST12345698765432"}), "invalid_body", "/accountHolder"),
        (json!({"accountHolder": " ", "iban": "GB82WEST12345698765432"}), "validation_failed", "/accountHolder"),
        (json!({"accountHolder": holder, "iban": "GB83WEST12345698765432"}), "validation_failed", "/iban"),
        (json!({"accountHolder": holder, "iban": ""}), "validation_failed", "/iban"),
        (json!({"accountHolder": holder}), "validation_failed", "/iban"),
        (
            json!({"accountHolder": holder, "iban": "GB82WEST12345698765432", "accountNumber": "1"}),
            "validation_failed",
            "/iban",
        ),
        (json!({"accountHolder": holder, "accountNumber": "1_2"}), "validation_failed", "/accountNumber"),
        (
            json!({"accountHolder": holder, "accountNumber": "1", "routingNumber": ""}),
            "validation_failed",
            "/routingNumber",
        ),
        (json!({"accountHolder": holder, "accountNumber": "1", "bic": "west"}), "validation_failed", "/bic"),
        (json!({"accountHolder": holder, "accountNumber": "1", "sortCode": "1"}), "invalid_body", "/sortCode"),
    ] {
        let refused = admin.put("/v1/settings/bank-account", body.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(admin.get("/v1/settings/bank-account").await.json, account());
}

#[tokio::test]
async fn checkout_accepts_the_methods_that_are_set_and_a_transfer_only_with_an_account() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let mug = shop.stock("MUG-1", 10).await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let shown = async || admin.get("/v1/settings/payment-methods").await.is(200).json["methods"].clone();
    assert_eq!(shown().await, json!(["credit_card", "debit_card", "paypal", "stripe", "bank_transfer"]));
    let settings = shop.store().database().collection::<bson::Document>("settings");
    settings.delete_many(bson::doc! {}).await.unwrap();
    assert_eq!(shown().await, json!(["credit_card", "debit_card", "paypal", "stripe"]));
    admin.get("/v1/settings/bank-account").await.is_problem(404, "not_found");

    let refused = ada.checkout_with("order", by_transfer()).await;
    let problem = &refused.is_problem(422, "payment_method_unavailable").json;
    assert_eq!(problem["errors"][0]["pointer"], "/payment/method");
    let transfers = json!({"methods": ["bank_transfer"]});
    let early = admin.put("/v1/settings/payment-methods", transfers.clone()).await;
    assert_eq!(early.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/methods/0");
    admin.put("/v1/settings/bank-account", account()).await.is(200);
    assert_eq!(admin.put("/v1/settings/payment-methods", transfers.clone()).await.is(200).json, transfers);
    assert_eq!(shown().await, transfers["methods"]);

    ada.checkout("order").await.is_problem(422, "payment_method_unavailable");
    assert_eq!(shop.count("orders").await, 0);
    let placed = ada.checkout_with("order", by_transfer()).await;
    assert_eq!(placed.is(201).json["payment"]["instructions"]["iban"], "GB82WEST12345698765432");
    for (methods, pointer) in [
        (json!([]), "/methods"),
        (json!(["stripe", "stripe"]), "/methods/1"),
        (json!(["credit_card", "pigeon"]), "/methods/1"),
    ] {
        let refused = admin.put("/v1/settings/payment-methods", json!({"methods": methods})).await;
        assert_eq!(refused.is(422).json["errors"][0]["pointer"], pointer, "{methods}");
    }
    admin.put("/v1/settings/payment-methods", json!({"methods": ["credit_card"]})).await.is(200);
    ada.add_to_cart(&mug, 1).await.is(200);
    ada.checkout_with("second", checkout_body(cards::GOOD)).await.is(201);
}

#[tokio::test]
async fn only_administrators_may_read_or_change_how_the_shop_is_paid() {
    let shop = TestShop::start().await;
    let requests = [
        ("GET", "/v1/settings/bank-account", Value::Null),
        ("PUT", "/v1/settings/bank-account", account()),
        ("GET", "/v1/settings/payment-methods", Value::Null),
        ("PUT", "/v1/settings/payment-methods", json!({"methods": ["stripe"]})),
    ];
    is_for_admins_only(&shop, &requests).await;
    let admin = shop.admin("root").await;
    assert_eq!(admin.get("/v1/settings/bank-account").await.is(200).json["accountHolder"], "Demo Shop");
}
