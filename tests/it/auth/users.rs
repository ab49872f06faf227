//! `/v1/auth/users`

use serde_json::json;
use tests::{Person, TestShop};

use super::{PASSWORD, is_alive, log_in, member, refresh, stored, try_log_in};

const PATH: &str = "/v1/auth/users";

async fn emails(admin: &Person, query: &str) -> Vec<String> {
    let list = admin.get(&format!("{PATH}?{query}")).await;
    list.is(200);
    let items = list.json["items"].as_array().unwrap().iter();
    items.map(|item| item["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_administrator_finds_users_by_role_activity_and_name() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let (ada, grace) = (shop.customer("ada").await, shop.seller("grace").await);
    assert_eq!(emails(&admin, "").await, [&*grace.email, &*ada.email, &*admin.email], "the newest first");
    assert_eq!(emails(&admin, "role=seller").await, [&*grace.email]);
    assert_eq!(emails(&admin, "q=AD").await, [&*ada.email], "the first name or the address");
    assert_eq!(emails(&admin, &format!("q={}", grace.email)).await, [&*grace.email]);
    assert_eq!(emails(&admin, "q=Test&role=customer").await, [&*ada.email], "the last name");
    assert_eq!(emails(&admin, "isActive=false").await, [""; 0]);
    for pattern in [".*", "%5Ea", "(", "a%7Cg", "%7B%22$gt%22:1%7D", "$where"] {
        assert_eq!(emails(&admin, &format!("q={pattern}")).await, [""; 0], "{pattern} was taken for a pattern");
    }
    for query in ["role=king", "isActive=maybe", "limit=1000", "cursor=x"] {
        admin.get(&format!("{PATH}?{query}")).await.is_problem(422, "invalid_query");
    }
}

#[tokio::test]
async fn the_list_is_paginated() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    for number in 0..4 {
        shop.customer(&format!("user{number}")).await;
    }
    let mut seen = Vec::new();
    let first = admin.get(&format!("{PATH}?limit=2&count=true")).await;
    assert_eq!(first.json["count"], 5);
    // A user registered meanwhile is on no later page, and shifts no other user to another page.
    shop.store().users.insert(&late_comer(&shop)).await.unwrap();
    let mut page = first;
    loop {
        page.is(200);
        seen.extend(page.json["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(cursor) = page.json["nextCursor"].as_str() else { break };
        page = admin.get(&format!("{PATH}?limit=2&cursor={cursor}")).await;
    }
    let distinct: std::collections::HashSet<_> = seen.iter().map(ToString::to_string).collect();
    assert_eq!((seen.len(), distinct.len()), (5, 5));
}

fn late_comer(shop: &TestShop) -> shared::domain::user::User {
    use shared::domain::{
        Email,
        user::{PasswordHash, Role, User},
    };
    let nobody_knows = PasswordHash::from_phc("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA".to_owned());
    let email = Email::try_new("late@example.test").unwrap();
    User::new(email, nobody_knows, "Late".to_owned(), "Comer".to_owned(), Role::Customer, shop.clock.now())
}

#[tokio::test]
async fn a_new_role_counts_from_the_next_refresh_on() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let (email, session) = member(&shop, "ada").await;
    let path = format!("{PATH}/{}", stored(&shop, &email).await.id);
    let shown = admin.get(&path).await;
    shown.is(200);
    assert_eq!((&shown.json["role"], &shown.json["isActive"]), (&json!("customer"), &json!(true)));
    let changed = admin.patch(&path, json!({"role": "seller"})).await;
    changed.is(200);
    assert_eq!((&changed.json["role"], &changed.json["isActive"]), (&json!("seller"), &json!(true)));
    let next = refresh(&shop, &session.refresh).await;
    next.is(200);
    assert_eq!(next.json["user"]["role"], "seller");
}

#[tokio::test]
async fn a_deactivated_user_is_locked_out_at_once_and_can_be_reactivated() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let (email, session) = member(&shop, "ada").await;
    let path = format!("{PATH}/{}", stored(&shop, &email).await.id);
    admin.patch(&path, json!({"isActive": false})).await.is(200);
    assert!(!is_alive(&shop, &session).await);
    shop.request("GET", "/v1/auth/me").bearer(&session.access).send().await.is_problem(401, "invalid_token");
    try_log_in(&shop, &email, PASSWORD).await.is_problem(401, "invalid_credentials");
    assert_eq!(emails(&admin, "isActive=false").await, [&*email]);
    admin.patch(&path, json!({"isActive": true})).await.is(200);
    log_in(&shop, &email).await;
}

#[tokio::test]
async fn no_administrator_can_lock_themselves_out() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let path = format!("{PATH}/{}", admin.id);
    admin.patch(&path, json!({"role": "customer"})).await.is_problem(409, "conflict");
    admin.patch(&path, json!({"isActive": false})).await.is_problem(409, "conflict");
    admin.get(&path).await.is(200);
}

#[tokio::test]
async fn only_administrators_may_read_or_change_users() {
    let shop = TestShop::start().await;
    let (ada, grace) = (shop.customer("ada").await, shop.seller("grace").await);
    let path = format!("{PATH}/{}", ada.id);
    for person in [&ada, &grace] {
        person.get(PATH).await.is_problem(403, "forbidden");
        person.get(&path).await.is_problem(403, "forbidden");
        person.patch(&path, json!({"role": "admin"})).await.is_problem(403, "forbidden");
        // Refused before it is read.
        person.request("PATCH", &path).raw("text/plain", "{").send().await.is_problem(403, "forbidden");
    }
    shop.get(PATH).await.is_problem(401, "not_authenticated");
    shop.get(&path).await.is_problem(401, "not_authenticated");
    shop.request("PATCH", &path).json(json!({})).send().await.is_problem(401, "not_authenticated");
}

#[tokio::test]
async fn unknown_users_and_invalid_changes_are_refused() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    for id in ["507f1f77bcf86cd799439011", "x", "%7B%22$gt%22:%22%22%7D"] {
        admin.get(&format!("{PATH}/{id}")).await.is_problem(404, "not_found");
        admin.patch(&format!("{PATH}/{id}"), json!({"role": "seller"})).await.is_problem(404, "not_found");
    }
    let path = format!("{PATH}/{}", ada.id);
    for (body, pointer) in [
        (json!({"role": "king"}), "/role"),
        (json!({"role": null}), "/role"),
        (json!({"isActive": "no"}), "/isActive"),
        (json!({"email": "other@example.test"}), "/email"),
        (json!({"role": {"$gt": ""}}), "/role"),
    ] {
        let reply = admin.patch(&path, body.clone()).await;
        reply.is_problem(422, "invalid_body");
        assert_eq!(reply.json["errors"][0]["pointer"], pointer, "{body}");
    }
}
