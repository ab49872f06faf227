//! `POST /v1/auth/register`

use serde_json::{Value, json};
use tests::TestShop;

use super::{address_of, assert_indistinguishable, form, log_in, member, register, stored};

#[tokio::test]
async fn a_new_customer_can_log_in_before_the_address_is_verified() {
    let shop = TestShop::start().await;
    let email = address_of(&shop, "ada");
    let mut wanted = form(&email.to_uppercase());
    wanted["firstName"] = json!("  Ada ");
    wanted["username"] = json!("Ada.L");
    wanted["phoneNumber"] = json!("+442072345678");
    shop.post("/v1/auth/register", wanted).await.is(202);

    let session = log_in(&shop, &email).await;
    let me = shop.request("GET", "/v1/auth/me").bearer(&session.access).send().await;
    me.is(200);
    assert_eq!(me.json["email"], email.as_str());
    assert_eq!((&me.json["firstName"], &me.json["username"]), (&json!("Ada"), &json!("ada.l")));
    assert_eq!((&me.json["role"], &me.json["isEmailVerified"]), (&json!("customer"), &json!(false)));
    let password = stored(&shop, &email).await.into_inner().password;
    assert!(password.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "stored in clear or too weak");
}

#[tokio::test]
async fn a_known_address_gets_the_same_answer_and_its_owner_a_mail() {
    let shop = TestShop::start().await;
    let email = address_of(&shop, "ada");
    let first = shop.post("/v1/auth/register", form(&email)).await;
    let mut again = form(&email);
    again["password"] = json!("another-password");
    let second = shop.post("/v1/auth/register", again).await;
    first.is(202);
    assert_indistinguishable(&first, &second);
    assert_eq!(shop.count("users").await, 1);
    log_in(&shop, &email).await;

    shop.run_queues().await;
    let mut subjects: Vec<String> = shop.mails_to(&email).await.into_iter().map(|(subject, _)| subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["Confirm your e-mail address", "You already have an account"]);
}

#[tokio::test]
async fn parallel_registrations_of_one_address_make_one_account() {
    let shop = TestShop::start().await;
    let email = address_of(&shop, "ada");
    let replies = futures::future::join_all((0..8).map(|_| shop.post("/v1/auth/register", form(&email)))).await;
    for reply in &replies {
        assert_indistinguishable(reply, &replies[0]);
    }
    replies[0].is(202);
    assert_eq!(shop.count("users").await, 1);
}

#[tokio::test]
async fn a_taken_username_is_refused_whatever_the_address() {
    let shop = TestShop::start().await;
    let (known, _) = member(&shop, "ada").await;
    let mut first = form(&address_of(&shop, "grace"));
    first["username"] = json!("hopper");
    shop.post("/v1/auth/register", first).await.is(202);
    for email in [known, address_of(&shop, "stranger")] {
        let mut wanted = form(&email);
        wanted["username"] = json!("HOPPER");
        shop.post("/v1/auth/register", wanted).await.is_problem(409, "username_taken");
    }
    assert_eq!(shop.count("users").await, 2);
}

#[tokio::test]
async fn parallel_registrations_of_one_username_make_one_account() {
    let shop = TestShop::start().await;
    let replies = futures::future::join_all((0..6).map(|number| {
        let mut wanted = form(&address_of(&shop, &format!("user{number}")));
        wanted["username"] = json!("hopper");
        shop.post("/v1/auth/register", wanted)
    }))
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 202).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 202) {
        reply.is_problem(409, "username_taken");
    }
}

#[tokio::test]
async fn an_invalid_registration_is_refused_and_stores_nothing() {
    let shop = TestShop::start().await;
    let operator = json!({"$gt": ""});
    for (field, value, pointer) in [
        ("email", json!("ada"), "/email"),
        ("email", operator.clone(), "/email"),
        ("email", Value::Null, "/email"),
        ("password", json!("short"), "/password"),
        ("password", json!("password123"), "/password"),
        ("password", json!("x y".repeat(50)), "/password"),
        ("password", operator.clone(), "/password"),
        ("firstName", json!("   "), "/firstName"),
        ("firstName", json!("x".repeat(101)), "/firstName"),
        ("firstName", json!("win at https://evil.test"), "/firstName"),
        ("lastName", json!("a\u{0}b"), "/lastName"),
        ("lastName", operator, "/lastName"),
        ("username", json!("no spaces"), "/username"),
        ("phoneNumber", json!("12"), "/phoneNumber"),
        ("role", json!("admin"), "/role"),
        ("isEmailVerified", json!(true), "/isEmailVerified"),
    ] {
        let mut wanted = form("ada@example.test");
        wanted[field] = value;
        let reply = shop.post("/v1/auth/register", wanted.clone()).await;
        reply.is(422);
        assert_eq!(reply.json["errors"][0]["pointer"], pointer, "{wanted}");
    }
    let mut with_card = form("ada@example.test");
    with_card["lastName"] = json!("4242 4242 4242 4242");
    shop.post("/v1/auth/register", with_card).await.is_problem(422, "raw_card_data_refused");
    shop.request("POST", "/v1/auth/register")
        .raw("application/json", "{")
        .send()
        .await
        .is_problem(400, "malformed_json");
    shop.request("POST", "/v1/auth/register")
        .raw("text/plain", "{}")
        .send()
        .await
        .is_problem(415, "unsupported_media_type");
    let large = vec![b' '; 1024 * 1024];
    shop.request("POST", "/v1/auth/register")
        .raw("application/json", large)
        .send()
        .await
        .is_problem(413, "body_too_large");
    assert_eq!((shop.count("users").await, shop.count("outbox").await), (0, 0));
}

#[tokio::test]
async fn an_account_and_its_mail_are_stored_in_one_transaction() {
    let shop = TestShop::start().await;
    register(&shop, "ada").await;
    assert_eq!((shop.count("users").await, shop.count("outbox").await), (1, 1));
}
