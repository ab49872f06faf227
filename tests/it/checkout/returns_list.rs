//! `GET /v1/returns`

use std::time::Duration;

use bson::{Document, doc};
use serde_json::{Value, json};
use tests::{Person, TestShop};

use super::{
    deliver,
    returns::{ask, command, item},
};

/// Two sellers, and what two customers sent back of three orders, as the list has it: the newest order first.
struct Returned {
    shop: TestShop,
    admin: Person,
    grace: Person,
    eve: Person,
    ada: Person,
    bob: Person,
    /// Ada's two of her second order: one of Grace's line, one of Eve's.
    newest: [String; 2],
    /// Bob's, of Grace's line.
    bobs: String,
    /// Ada's first order's, of Grace's line.
    oldest: String,
}

impl Returned {
    async fn build() -> Self {
        let shop = TestShop::start().await;
        let admin = shop.admin("root").await;
        let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
        let (ada, bob) = (shop.customer("ada").await, shop.customer("bob").await);
        let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
        let spade = shop.product_of(&eve, "SPADE-1", json!({})).await;
        let mut orders = Vec::new();
        for (number, (customer, lines)) in [(&ada, 1), (&bob, 1), (&ada, 2)].into_iter().enumerate() {
            customer.add_to_cart(&mug, 2).await.is(200);
            if lines == 2 {
                customer.add_to_cart(&spade, 2).await.is(200);
            }
            orders.push(customer.checkout(&format!("order-{number}")).await.is(201).id());
            shop.run_queues().await;
            deliver(&shop, orders.last().unwrap()).await;
            shop.clock.advance(Duration::from_secs(60));
        }
        // Not in the order of the orders.
        let bobs = ask(&bob, &orders[1], 0, 1, "bobs").await.is(201).id();
        let first = ask(&ada, &orders[2], 0, 1, "first").await.is(201).id();
        let oldest = ask(&ada, &orders[0], 0, 1, "oldest").await.is(201).id();
        let second = ask(&ada, &orders[2], 1, 1, "second").await.is(201).id();
        Self { shop, admin, grace, eve, ada, bob, newest: [first, second], bobs, oldest }
    }

    fn all(&self) -> Vec<&str> {
        vec![&self.newest[0], &self.newest[1], &self.bobs, &self.oldest]
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap()).collect()
}

async fn list(person: &Person, query: &str) -> Value {
    person.get(&format!("/v1/returns{query}")).await.is(200).json.clone()
}

#[tokio::test]
async fn each_caller_lists_the_returns_in_their_scope() {
    let returned = Returned::build().await;
    let all = returned.all();
    assert_eq!(ids(&list(&returned.admin, "").await), all);
    assert_eq!(ids(&list(&returned.ada, "").await), [all[0], all[1], all[3]]);
    assert_eq!(ids(&list(&returned.bob, "").await), [all[2]]);
    assert_eq!(ids(&list(&returned.grace, "").await), [all[0], all[2], all[3]]);
    assert_eq!(ids(&list(&returned.eve, "").await), [all[1]]);
    let (stranger, unrelated) = (returned.shop.seller("mallory").await, returned.shop.customer("carol").await);
    for person in [&stranger, &unrelated] {
        assert_eq!(list(person, "?count=true").await, json!({"items": [], "nextCursor": null, "count": 0}));
        person.get(&format!("/v1/returns/{}", all[0])).await.is_problem(404, "not_found");
    }
    returned.shop.get("/v1/returns").await.is_problem(401, "not_authenticated");
    // As they are shown one by one.
    for person in [&returned.admin, &returned.ada, &returned.grace] {
        let listed = list(person, "").await["items"][0].clone();
        assert_eq!(listed, person.get(&format!("/v1/returns/{}", all[0])).await.is(200).json);
    }
    returned.eve.get(&format!("/v1/returns/{}", all[0])).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_list_shows_a_seller_only_their_own_lines_of_a_return() {
    let returned = Returned::build().await;
    let order =
        returned.shop.store().orders.find_by_return(returned.newest[0].parse().unwrap()).await.unwrap().unwrap();
    let id = order.id.to_string();
    let (mug, spade) = (item(&returned.ada, &id, 0).await, item(&returned.ada, &id, 1).await);
    let items = json!([{"itemId": mug, "quantity": 1}, {"itemId": spade, "quantity": 1}]);
    let asked = returned.ada.request("POST", &format!("/v1/orders/{id}/returns")).key("both");
    let both = asked.json(json!({"items": items, "reason": "Too much."})).send().await.is(201).id();
    for (seller, line) in [(&returned.grace, mug), (&returned.eve, spade)] {
        let listed = list(seller, "").await;
        let seen = listed["items"].as_array().unwrap().iter().find(|each| each["id"] == json!(both)).unwrap();
        let lines = seen["items"].as_array().unwrap();
        assert_eq!((lines.len(), &lines[0]["itemId"], &seen["refund"]), (1, &line, &json!(1000)));
    }
}

#[tokio::test]
async fn returns_are_filtered_by_status() {
    let returned = Returned::build().await;
    let all = returned.all();
    for verb in ["approve", "receive"] {
        command(&returned.admin, all[0], verb).await.is(200);
    }
    command(&returned.admin, all[1], "approve").await.is(200);
    command(&returned.admin, all[2], "reject").await.is(200);
    // Also while what follows from the arrival is still on its way.
    for _ in 0..2 {
        for (status, expected) in [("received", 0), ("approved", 1), ("rejected", 2), ("requested", 3)] {
            let listed = list(&returned.admin, &format!("?status={status}&count=true")).await;
            assert_eq!((ids(&listed), &listed["count"]), (vec![all[expected]], &json!(1)), "{status}");
            assert_eq!(listed["items"][0]["status"], status);
        }
        assert_eq!(list(&returned.admin, "?count=true").await["count"], 4);
        returned.shop.run_queues().await;
    }
    returned.admin.get("/v1/returns?status=lost").await.is_problem(422, "invalid_query");
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_returns_of_one_order() {
    let returned = Returned::build().await;
    for person in [&returned.admin, &returned.ada, &returned.grace] {
        let whole = list(person, "").await;
        for status in ["", "&status=requested"] {
            for limit in 1..=4 {
                let mut seen = Vec::new();
                let mut cursor = String::new();
                loop {
                    let page = list(person, &format!("?limit={limit}{status}{cursor}")).await;
                    assert!(ids(&page).len() <= limit);
                    seen.extend(page["items"].as_array().unwrap().clone());
                    let Some(next) = page["nextCursor"].as_str() else { break };
                    cursor = format!("&cursor={next}");
                }
                assert_eq!(Value::from(seen), whole["items"], "{limit}{status}");
            }
        }
    }
    for cursor in ["nonsense", "WzFd", "bnVsbA"] {
        returned.admin.get(&format!("/v1/returns?cursor={cursor}")).await.is_problem(422, "invalid_query");
    }
}

/// The index gives the order, so that a page costs a page and not the whole list.
#[tokio::test]
async fn a_page_is_read_from_an_index() {
    const INDEX: &str = "returns.status_1_createdAt_-1__id_-1";
    let returned = Returned::build().await;
    for statuses in [vec!["requested"], vec!["requested", "approved", "rejected", "received"]] {
        let stages = vec![
            doc! {"$match": {"returns": {"$elemMatch": {"status": {"$in": statuses}}}}},
            doc! {"$sort": {"createdAt": -1, "_id": -1}},
            doc! {"$unwind": "$returns"},
            doc! {"$limit": 2},
        ];
        // Among four orders the planner may find any index as good.
        let explain = doc! {"explain": {"aggregate": "orders", "pipeline": stages, "cursor": {}, "hint": INDEX}};
        let plan: Document = returned.shop.store().database().run_command(explain).await.unwrap();
        // Beside the plan the server says what it was asked.
        let winning = serde_json::to_string(plan.get("stages").unwrap()).unwrap();
        assert!(winning.contains(INDEX), "{winning}");
        let sorts = winning.contains(r#""stage":"SORT""#) || winning.contains(r#"{"$sort""#);
        assert!(!sorts, "{winning}");
    }
}
