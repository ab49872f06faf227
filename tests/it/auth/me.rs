//! `GET /v1/auth/me`, `PATCH /v1/auth/me`

use serde_json::{Value, json};
use tests::TestShop;

use super::{address_of, form, member, stored};

#[tokio::test]
async fn a_profile_has_every_field_of_the_contract_and_no_other() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let me = ada.get("/v1/auth/me").await;
    me.is(200);
    let mut names: Vec<&str> = me.json.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "avatar",
            "createdAt",
            "email",
            "firstName",
            "id",
            "isEmailVerified",
            "lastName",
            "phoneNumber",
            "preferences",
            "role",
            "username"
        ]
    );
    assert_eq!(
        me.json["preferences"],
        json!({"newsletter": true, "notifications": true, "language": "en", "currency": "USD"})
    );
    assert_eq!((&me.json["username"], &me.json["avatar"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn absent_fields_stay_null_clears_and_a_value_replaces() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let changed = ada
        .patch(
            "/v1/auth/me",
            json!({
                "firstName": " Augusta ", "username": "Countess", "phoneNumber": "+442072345678",
                "avatar": "https://cdn.example.test/ada.png", "preferences": {"language": "en-GB", "currency": "EUR"},
            }),
        )
        .await;
    changed.is(200);
    let then = ada.patch("/v1/auth/me", json!({"phoneNumber": null, "preferences": {"newsletter": false}})).await;
    then.is(200);
    let mut expected = changed.json.clone();
    expected["phoneNumber"] = Value::Null;
    expected["preferences"]["newsletter"] = json!(false);
    assert_eq!(then.json, expected);
    assert_eq!((&then.json["firstName"], &then.json["username"]), (&json!("Augusta"), &json!("countess")));
    assert_eq!(ada.patch("/v1/auth/me", json!({})).await.json, expected);
    assert_eq!(ada.get("/v1/auth/me").await.json, expected);
}

#[tokio::test]
async fn a_username_belongs_to_one_person() {
    let shop = TestShop::start().await;
    let (ada, grace) = (shop.customer("ada").await, shop.customer("grace").await);
    ada.patch("/v1/auth/me", json!({"username": "hopper"})).await.is(200);
    ada.patch("/v1/auth/me", json!({"username": "hopper"})).await.is(200);
    grace.patch("/v1/auth/me", json!({"username": "Hopper"})).await.is_problem(409, "username_taken");
    ada.patch("/v1/auth/me", json!({"username": null})).await.is(200);
    grace.patch("/v1/auth/me", json!({"username": "hopper"})).await.is(200);
}

#[tokio::test]
async fn parallel_changes_of_different_fields_are_both_kept() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let (one, other) = futures::join!(
        ada.patch("/v1/auth/me", json!({"firstName": "Augusta"})),
        ada.patch("/v1/auth/me", json!({"lastName": "King"}))
    );
    one.is(200);
    other.is(200);
    let me = ada.get("/v1/auth/me").await;
    assert_eq!((&me.json["firstName"], &me.json["lastName"]), (&json!("Augusta"), &json!("King")));
}

#[tokio::test]
async fn an_invalid_change_is_refused_and_changes_nothing() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let before = ada.get("/v1/auth/me").await.json;
    for (body, pointer) in [
        (json!({"firstName": null}), "/firstName"),
        (json!({"firstName": "  "}), "/firstName"),
        (json!({"lastName": {"$gt": ""}}), "/lastName"),
        (json!({"username": "a b"}), "/username"),
        (json!({"phoneNumber": "none"}), "/phoneNumber"),
        (json!({"avatar": "javascript:alert(1)"}), "/avatar"),
        (json!({"preferences": {"language": "English"}}), "/preferences/language"),
        (json!({"preferences": {"currency": "XXX1"}}), "/preferences/currency"),
        (json!({"preferences": {"theme": "dark"}}), "/preferences/theme"),
        (json!({"role": "admin"}), "/role"),
        (json!({"email": "other@example.test"}), "/email"),
        (json!({"isEmailVerified": true}), "/isEmailVerified"),
        (json!({"password": "staple-and-stapler"}), "/password"),
    ] {
        let reply = ada.patch("/v1/auth/me", body.clone()).await;
        reply.is(422);
        assert_eq!(reply.json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(ada.get("/v1/auth/me").await.json, before);
}

#[tokio::test]
async fn a_profile_requires_a_valid_token() {
    let shop = TestShop::start().await;
    shop.get("/v1/auth/me").await.is_problem(401, "not_authenticated");
    shop.request("PATCH", "/v1/auth/me").json(json!({})).send().await.is_problem(401, "not_authenticated");
    shop.request("GET", "/v1/auth/me").bearer("e30.e30.").send().await.is_problem(401, "invalid_token");
}

#[tokio::test]
async fn a_closed_account_shows_nothing_despite_a_valid_token() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let mut ada = stored(&shop, &email).await;
    ada.is_active = false;
    shop.store().users.save(&mut ada).await.unwrap();
    shop.request("GET", "/v1/auth/me").bearer(&session.access).send().await.is_problem(401, "invalid_token");
    let patch = shop.request("PATCH", "/v1/auth/me").bearer(&session.access).json(json!({"firstName": "X"}));
    patch.send().await.is_problem(401, "invalid_token");
    // The address stays taken.
    shop.post("/v1/auth/register", form(&email)).await.is(202);
    shop.post("/v1/auth/register", form(&address_of(&shop, "new"))).await.is(202);
    assert_eq!(shop.count("users").await, 2);
}
