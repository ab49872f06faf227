use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::UNKNOWN_HASH;

#[tokio::test]
async fn a_customer_has_several_lists() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let created = ada.post("/v1/wishlists", json!({"name": " Birthday "})).await;
    let id = created.is(201).id();
    let path = format!("/v1/wishlists/{id}");
    assert_eq!(created.header("location"), Some(path.as_str()));
    let expected = json!({
        "id": id, "name": "Birthday", "items": [], "isPublic": false,
        "createdAt": created.json["createdAt"], "updatedAt": created.json["createdAt"],
    });
    assert_eq!(created.json, expected);
    assert_eq!(ada.get(&path).await.is(200).json, expected);
    // Two lists may be called alike.
    ada.post("/v1/wishlists", json!({"name": "Birthday"})).await.is(201);
    let mug = shop.stock("MUG-1", 5).await;
    ada.put(&format!("{path}/items/{mug}"), json!({})).await.is(200);

    let page = ada.get("/v1/wishlists?limit=1&count=true").await;
    assert_eq!((&page.is(200).json["items"][0]["itemCount"], &page.json["count"]), (&json!(0), &json!(2)));
    let cursor = page.json["nextCursor"].as_str().unwrap();
    let page = ada.get(&format!("/v1/wishlists?limit=1&cursor={cursor}")).await;
    let summary = &page.is(200).json["items"][0];
    assert_eq!(
        (&summary["id"], &summary["itemCount"], &page.json["nextCursor"]),
        (&json!(id), &json!(1), &Value::Null)
    );
    assert!(summary.get("items").is_none() && summary.get("shareToken").is_none());

    let renamed = ada.patch(&path, json!({"name": "Christmas"})).await;
    assert_eq!((&renamed.is(200).json["name"], &renamed.json["isPublic"]), (&json!("Christmas"), &json!(false)));
    assert_eq!(renamed.json["items"].as_array().unwrap().len(), 1);
    ada.delete(&path).await.is(204);
    ada.delete(&path).await.is_problem(404, "not_found");
    ada.get(&path).await.is_problem(404, "not_found");
    assert_eq!(shop.count("wishlists").await, 1);
}

#[tokio::test]
async fn an_invalid_request_is_refused() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    for (body, code) in [
        (json!({}), "invalid_body"),
        (json!({"name": null}), "invalid_body"),
        (json!({"name": "Birthday", "items": []}), "invalid_body"),
        (json!({"name": "Birthday", "isPublic": "yes"}), "invalid_body"),
        (json!({"name": ""}), "validation_failed"),
        (json!({"name": "  "}), "validation_failed"),
        (json!({"name": "a\nb"}), "validation_failed"),
        (json!({"name": "x".repeat(101)}), "validation_failed"),
    ] {
        ada.post("/v1/wishlists", body).await.is_problem(422, code);
    }
    let id = ada.post("/v1/wishlists", json!({"name": "x".repeat(100)})).await.is(201).id();
    for (body, code) in [
        (json!({"name": null}), "invalid_body"),
        (json!({"isPublic": null}), "invalid_body"),
        (json!({"shareToken": "mine"}), "invalid_body"),
        (json!({"name": " "}), "validation_failed"),
    ] {
        ada.patch(&format!("/v1/wishlists/{id}"), body).await.is_problem(422, code);
    }
    ada.patch(&format!("/v1/wishlists/{id}"), json!({})).await.is(200);
    ada.get("/v1/wishlists?limit=0").await.is_problem(422, "invalid_query");
    ada.get("/v1/wishlists?cursor=mine").await.is_problem(422, "invalid_query");
}

#[tokio::test]
async fn a_list_of_another_customer_is_not_found() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, eve, admin) = (shop.customer("ada").await, shop.customer("eve").await, shop.admin("root").await);
    let id = ada.post("/v1/wishlists", json!({"name": "Birthday"})).await.is(201).id();
    let path = format!("/v1/wishlists/{id}");
    let item = format!("{path}/items/{mug}");
    let (move_item, share) = (format!("{item}/move-to-cart"), format!("{path}/share"));
    ada.put(&item, json!({})).await.is(200);
    for (method, path, body) in [
        ("GET", &path, Value::Null),
        ("PATCH", &path, json!({"name": "Mine"})),
        ("DELETE", &path, Value::Null),
        ("PUT", &item, json!({})),
        ("DELETE", &item, Value::Null),
        ("POST", &move_item, json!({})),
        ("POST", &share, Value::Null),
    ] {
        let with_body = |request: tests::Request| if body.is_null() { request } else { request.json(body.clone()) };
        for person in [&eve, &admin] {
            with_body(person.request(method, path)).send().await.is_problem(404, "not_found");
        }
        with_body(shop.request(method, path)).send().await.is_problem(401, "not_authenticated");
        let nobodys = path.replace(&id, UNKNOWN_HASH);
        with_body(ada.request(method, &nobodys)).send().await.is_problem(404, "not_found");
        let nonsense = path.replace(&id, "x");
        with_body(ada.request(method, &nonsense)).send().await.is_problem(404, "not_found");
    }
    shop.get("/v1/wishlists").await.is_problem(401, "not_authenticated");
    shop.post("/v1/wishlists", json!({"name": "Mine"})).await.is_problem(401, "not_authenticated");
    assert_eq!(eve.get("/v1/wishlists").await.is(200).json["items"], json!([]));
    assert_eq!(ada.get(&path).await.is(200).json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_customer_has_at_most_50_lists_under_concurrent_requests() {
    let shop = TestShop::start().await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    for number in 0..45 {
        ada.post("/v1/wishlists", json!({"name": format!("List {number}")})).await.is(201);
    }
    let replies = join_all((0..10).map(|_| ada.post("/v1/wishlists", json!({"name": "One more"})))).await;
    let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((made.len(), refused.len()), (5, 5));
    for reply in refused {
        reply.is_problem(409, "conflict");
    }
    eve.post("/v1/wishlists", json!({"name": "Mine"})).await.is(201);
    // Page by page, each once, the newest first.
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ada.get(&format!("/v1/wishlists?limit=20&cursor={cursor}")).await;
        let items = page.is(200).json["items"].as_array().unwrap().clone();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page.json["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert!(ids.is_sorted_by(|left, right| left > right));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 50);
}
