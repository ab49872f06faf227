//! `/v1/auth/me/addresses`

use serde_json::{Value, json};
use shared::domain::{
    Address,
    address::{AddressType, SavedAddress},
};
use tests::{Person, TestShop, people::address};

const PATH: &str = "/v1/auth/me/addresses";

fn entry(kind: &str, is_default: bool) -> Value {
    let mut entry = address();
    entry["type"] = json!(kind);
    entry["isDefault"] = json!(is_default);
    entry
}

async fn defaults(person: &Person) -> Vec<String> {
    let list = person.get(PATH).await;
    list.is(200);
    let items = list.json["items"].as_array().unwrap().iter();
    items.filter(|item| item["isDefault"] == true).map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_address_is_saved_shown_replaced_and_deleted() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let mut wanted = entry("shipping", false);
    wanted["company"] = json!("Analytical Engines");
    let created = ada.post(PATH, wanted).await;
    created.is(201);
    let path = format!("{PATH}/{}", created.id());
    assert_eq!(created.header("location"), Some(path.as_str()));
    assert_eq!((&created.json["type"], &created.json["company"]), (&json!("shipping"), &json!("Analytical Engines")));
    assert_eq!(ada.get(&path).await.json, created.json);

    let mut other = entry("both", true);
    other["city"] = json!(" Sacramento ");
    let replaced = ada.put(&path, other).await;
    replaced.is(200);
    assert_eq!((&replaced.json["city"], &replaced.json["type"]), (&json!("Sacramento"), &json!("both")));
    assert_eq!((replaced.json.get("company"), &replaced.json["isDefault"]), (None, &json!(true)));

    ada.delete(&path).await.is(204);
    ada.get(&path).await.is_problem(404, "not_found");
    ada.delete(&path).await.is_problem(404, "not_found");
    ada.put(&path, entry("both", true)).await.is_problem(404, "not_found");
    assert_eq!(ada.get(PATH).await.json["items"], json!([]));
}

#[tokio::test]
async fn at_most_one_address_is_the_default_of_a_use() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let shipping = ada.post(PATH, entry("shipping", true)).await.id();
    let billing = ada.post(PATH, entry("billing", true)).await.id();
    assert_eq!(defaults(&ada).await, [billing.clone(), shipping.clone()], "different uses do not compete");
    let both = ada.post(PATH, entry("both", true)).await.id();
    assert_eq!(defaults(&ada).await, std::slice::from_ref(&both));
    ada.put(&format!("{PATH}/{billing}"), entry("billing", true)).await.is(200);
    assert_eq!(defaults(&ada).await, std::slice::from_ref(&billing));

    let grace = shop.customer("grace").await;
    grace.post(PATH, entry("both", true)).await.is(201);
    assert_eq!(defaults(&ada).await, [billing], "the default of another user does not count");
}

#[tokio::test]
async fn parallel_defaults_leave_one_default() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let replies = futures::future::join_all((0..6).map(|_| ada.post(PATH, entry("shipping", true)))).await;
    for reply in &replies {
        reply.is(201);
    }
    assert_eq!(defaults(&ada).await.len(), 1);
    let puts = replies.iter().map(|reply| {
        let path = format!("{PATH}/{}", reply.id());
        let ada = ada.clone();
        async move { ada.put(&path, entry("shipping", true)).await }
    });
    for reply in futures::future::join_all(puts).await {
        reply.is(200);
    }
    assert_eq!(defaults(&ada).await.len(), 1);
}

#[tokio::test]
async fn an_address_of_another_user_is_not_found() {
    let shop = TestShop::start().await;
    let (ada, grace) = (shop.customer("ada").await, shop.customer("grace").await);
    let path = format!("{PATH}/{}", ada.post(PATH, entry("both", true)).await.id());
    let admin = shop.admin("root").await;
    for stranger in [&grace, &admin] {
        stranger.get(&path).await.is_problem(404, "not_found");
        stranger.put(&path, entry("both", true)).await.is_problem(404, "not_found");
        stranger.delete(&path).await.is_problem(404, "not_found");
        assert_eq!(stranger.get(PATH).await.json["items"], json!([]));
    }
    ada.get(&path).await.is(200);
    for path in [PATH, path.as_str()] {
        shop.get(path).await.is_problem(401, "not_authenticated");
    }
    shop.post(PATH, entry("both", true)).await.is_problem(401, "not_authenticated");
    shop.request("DELETE", &path).send().await.is_problem(401, "not_authenticated");
    shop.request("PUT", &path).json(entry("both", true)).send().await.is_problem(401, "not_authenticated");
}

#[tokio::test]
async fn an_invalid_address_is_refused_and_nothing_is_stored() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    for (field, value, pointer) in [
        ("type", json!("holiday"), "/type"),
        ("type", Value::Null, "/type"),
        ("fullName", json!(""), "/fullName"),
        ("fullName", json!({"$gt": ""}), "/fullName"),
        ("addressLine1", json!("x".repeat(201)), "/addressLine1"),
        ("city", json!("San\nFrancisco"), "/city"),
        ("country", json!("Narnia"), "/country"),
        ("state", json!("Narnia"), "/state"),
        ("country", json!("XX"), "/country"),
        ("phone", json!("none"), "/phone"),
        ("postalCode", json!(94105), "/postalCode"),
        ("isDefault", json!("yes"), "/isDefault"),
        ("user", json!("507f1f77bcf86cd799439011"), "/user"),
    ] {
        let mut wanted = entry("both", false);
        wanted[field] = value;
        let reply = ada.post(PATH, wanted.clone()).await;
        reply.is(422);
        assert_eq!(reply.json["errors"][0]["pointer"], pointer, "{wanted}");
    }
    for id in ["x", "507f1f77bcf86cd79943901", "%7B%22$gt%22:%22%22%7D", "507f1f77bcf86cd799439011"] {
        ada.get(&format!("{PATH}/{id}")).await.is_problem(404, "not_found");
    }
    assert_eq!(shop.count("addresses").await, 0);
}

#[tokio::test]
async fn a_long_list_is_paginated_and_limited() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    for number in 0..100 {
        let address = Address {
            full_name: format!("Ada {number}"),
            company: None,
            address_line1: "1 Analytical Way".to_owned(),
            address_line2: None,
            city: "London".to_owned(),
            state: String::new(),
            postal_code: "SW1Y 4JH".to_owned(),
            country: "GB".to_owned(),
            phone: "+442072345678".to_owned(),
        };
        let saved = SavedAddress::new(ada.id, AddressType::Both, address, false, shop.clock.now());
        shop.store().addresses.insert(&saved).await.unwrap();
    }
    let mut names = Vec::new();
    let mut path = format!("{PATH}?limit=30&count=true");
    loop {
        let page = ada.get(&path).await;
        page.is(200);
        assert_eq!(page.json["count"], 100);
        names.extend(page.json["items"].as_array().unwrap().iter().map(|item| item["fullName"].clone()));
        let Some(cursor) = page.json["nextCursor"].as_str() else { break };
        path = format!("{PATH}?limit=30&count=true&cursor={cursor}");
    }
    assert_eq!(names, (0..100).rev().map(|number| json!(format!("Ada {number}"))).collect::<Vec<_>>());
    ada.post(PATH, entry("both", false)).await.is_problem(409, "conflict");
    for query in ["limit=0", "limit=101", "limit=x", "cursor=%24gt"] {
        ada.get(&format!("{PATH}?{query}")).await.is_problem(422, "invalid_query");
    }
}
