//! Management of coupons, and their validation.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::{coupon, fill_cart, is_for_admins_only, stored};

#[tokio::test]
async fn an_admin_creates_a_coupon_and_reads_it_back() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let mug = shop.stock("MUG-1", 5).await;
    let body = json!({
        "code": " spring-10 ", "type": "percentage", "value": 12.5, "description": "Spring",
        "minimumPurchase": 2000, "maximumDiscount": 500, "applicableProducts": [mug, mug],
        "usageLimit": {"total": 100, "perUser": 1}, "userRestrictions": {"newUsersOnly": true},
        "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
    });
    let created = admin.post("/v1/coupons", body).await;
    let id = created.is(201).id();
    let location = format!("/v1/coupons/{id}");
    assert_eq!(created.header("location"), Some(location.as_str()));
    let mut expected = json!({
        "id": id, "code": "SPRING-10", "description": "Spring", "type": "percentage", "value": 12.5, "currency": "USD",
        "minimumPurchase": 2000, "maximumDiscount": 500, "applicableProducts": [mug], "applicableCategories": [],
        "usageLimit": {"total": 100, "perUser": 1}, "usageCount": 0,
        "userRestrictions": {"newUsersOnly": true, "specificUsers": []},
        "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
        "isActive": true, "createdBy": admin.id.to_string(),
    });
    expected["createdAt"] = created.json["createdAt"].clone();
    expected["updatedAt"] = created.json["createdAt"].clone();
    assert_eq!(created.json, expected);
    assert_eq!(admin.get(&location).await.is(200).json, expected);
    assert_eq!(stored(&shop, "Spring-10").await.value, 1250);

    let fixed = admin.post("/v1/coupons", json!({"code": "five", "type": "fixed", "value": 500})).await;
    assert_eq!(fixed.is(201).json["value"], 500);
    let free = admin.post("/v1/coupons", json!({"code": "ship", "type": "free_shipping"})).await;
    assert_eq!((&free.is(201).json["value"], &free.json["validUntil"]), (&json!(0), &Value::Null));
    admin.get("/v1/coupons/507f1f77bcf86cd799439011").await.is_problem(404, "not_found");
}

#[tokio::test]
async fn coupons_are_listed_newest_first_page_by_page() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    for code in ["A", "B", "C"] {
        coupon(&admin, code, json!({"isActive": code != "B"})).await;
        shop.clock.advance(Duration::from_millis(5));
    }
    let codes = |page: &tests::Reply| -> Vec<String> {
        let items = page.is(200).json["items"].as_array().unwrap();
        items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
    };
    let first = admin.get("/v1/coupons?limit=2&count=true").await;
    assert_eq!((codes(&first), &first.json["count"]), (vec!["C".to_owned(), "B".to_owned()], &json!(3)));
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/coupons?limit=2&cursor={cursor}")).await;
    assert_eq!((codes(&second), &second.json["nextCursor"]), (vec!["A".to_owned()], &Value::Null));
    assert_eq!(codes(&admin.get("/v1/coupons?isActive=true").await), ["C", "A"]);
    assert_eq!(codes(&admin.get("/v1/coupons?isActive=false&count=true").await), ["B"]);
    assert_eq!(codes(&admin.get("/v1/coupons?code=c").await), ["C"]);
    assert!(codes(&admin.get("/v1/coupons?code=unknown").await).is_empty());
    admin.get("/v1/coupons?isActive=perhaps").await.is_problem(422, "invalid_query");
    admin.get("/v1/coupons?cursor=nonsense").await.is_problem(422, "invalid_query");
}

#[tokio::test]
async fn an_invalid_coupon_is_refused_and_stores_nothing() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let unknown = "507f1f77bcf86cd799439011";
    for (fields, code, pointer) in [
        (json!({"code": ""}), "validation_failed", "/code"),
        (json!({"code": "TWO WORDS"}), "validation_failed", "/code"),
        (json!({"code": "ŽLUŤ"}), "validation_failed", "/code"),
        (json!({"code": "X".repeat(65)}), "validation_failed", "/code"),
        (json!({"code": {"$gt": ""}}), "invalid_body", "/code"),
        (json!({"type": "half"}), "invalid_body", "/type"),
        (json!({"value": "10"}), "invalid_body", "/value"),
        (json!({"value": null}), "validation_failed", "/value"),
        (json!({"value": 0}), "validation_failed", "/value"),
        (json!({"value": -5}), "validation_failed", "/value"),
        (json!({"value": 100.01}), "validation_failed", "/value"),
        (json!({"value": 12.345}), "validation_failed", "/value"),
        (json!({"type": "fixed", "value": 0}), "validation_failed", "/value"),
        (json!({"type": "fixed", "value": 12.5}), "validation_failed", "/value"),
        (json!({"type": "fixed", "value": i64::MAX}), "validation_failed", "/value"),
        (json!({"minimumPurchase": -1}), "validation_failed", "/minimumPurchase"),
        (json!({"maximumDiscount": 0}), "validation_failed", "/maximumDiscount"),
        (json!({"type": "fixed", "maximumDiscount": 100}), "validation_failed", "/maximumDiscount"),
        (json!({"usageLimit": {"total": 0}}), "validation_failed", "/usageLimit/total"),
        (json!({"usageLimit": {"perUser": 0}}), "validation_failed", "/usageLimit/perUser"),
        (json!({"usageLimit": {"total": 1_000_000_001}}), "validation_failed", "/usageLimit/total"),
        (json!({"usageLimit": {"perUser": i64::MAX}}), "validation_failed", "/usageLimit/perUser"),
        (json!({"usageLimit": {"daily": 1}}), "invalid_body", "/usageLimit/daily"),
        (json!({"validFrom": "yesterday"}), "invalid_body", "/validFrom"),
        (
            json!({"validFrom": "2026-02-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}),
            "validation_failed",
            "/validUntil",
        ),
        (json!({"applicableProducts": [unknown]}), "unknown_reference", "/applicableProducts/0"),
        (json!({"applicableCategories": [unknown]}), "unknown_reference", "/applicableCategories/0"),
        (
            json!({"userRestrictions": {"specificUsers": [admin.id.to_string(), unknown]}}),
            "unknown_reference",
            "/userRestrictions/specificUsers/1",
        ),
        (json!({"applicableProducts": vec![unknown; 201]}), "validation_failed", "/applicableProducts"),
        (json!({"currency": "XAU"}), "invalid_body", "/currency"),
        (json!({"usageCount": 5}), "invalid_body", "/usageCount"),
        (json!({"description": "4111 1111 1111 1111"}), "raw_card_data_refused", "/description"),
    ] {
        let mut body = json!({"code": "SPRING", "type": "percentage", "value": 10});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let refused = admin.post("/v1/coupons", body).await;
        let problem = &refused.is_problem(422, code).json;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{fields}: {problem}");
    }
    assert_eq!(shop.count("coupons").await, 0);
}

#[tokio::test]
async fn only_administrators_may_manage_coupons() {
    let shop = TestShop::start().await;
    let id = coupon(&shop.admin("root").await, "SPRING", json!({})).await;
    let path = format!("/v1/coupons/{id}");
    let requests = [
        ("GET", "/v1/coupons", Value::Null),
        ("POST", "/v1/coupons", json!({"code": "X", "type": "fixed", "value": 1})),
        ("GET", path.as_str(), Value::Null),
        ("PATCH", path.as_str(), json!({"isActive": false})),
        ("DELETE", path.as_str(), Value::Null),
    ];
    is_for_admins_only(&shop, &requests).await;
    assert!(stored(&shop, "SPRING").await.is_active);
    assert_eq!(shop.count("coupons").await, 1);
}

#[tokio::test]
async fn coupon_codes_are_unique_regardless_of_case() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let body = json!({"code": "Spring", "type": "fixed", "value": 100});
    let posts = join_all((0..6).map(|_| admin.post("/v1/coupons", body.clone()))).await;
    assert_eq!(posts.iter().filter(|reply| reply.status == 201).count(), 1);
    for refused in posts.iter().filter(|reply| reply.status != 201) {
        refused.is_problem(409, "coupon_code_taken");
    }
    let other = coupon(&admin, "SUMMER", json!({})).await;
    let path = format!("/v1/coupons/{other}");
    admin.patch(&path, json!({"code": "spring"})).await.is_problem(409, "coupon_code_taken");
    assert_eq!(admin.patch(&path, json!({"code": "summer"})).await.is(200).json["code"], "SUMMER");
    assert_eq!(admin.patch(&path, json!({"code": "autumn"})).await.is(200).json["code"], "AUTUMN");
}

#[tokio::test]
async fn a_change_leaves_absent_fields_as_they_are() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let fields = json!({
        "description": "Spring", "minimumPurchase": 100, "usageLimit": {"total": 9, "perUser": 2},
        "userRestrictions": {"newUsersOnly": true, "specificUsers": [admin.id.to_string()]},
        "validUntil": "2099-01-01T00:00:00Z",
    });
    let path = format!("/v1/coupons/{}", coupon(&admin, "SPRING", fields).await);
    let before = admin.get(&path).await.json;
    shop.clock.advance(Duration::from_secs(1));
    let mut same = admin.patch(&path, json!({})).await.is(200).json.clone();
    assert!(same["updatedAt"].as_str() > before["updatedAt"].as_str());
    same["updatedAt"] = before["updatedAt"].clone();
    assert_eq!(same, before);

    let change = json!({
        "description": null, "minimumPurchase": null, "value": 7.25, "usageLimit": {"total": null},
        "userRestrictions": {"specificUsers": []}, "validUntil": null, "isActive": false,
    });
    let changed = admin.patch(&path, change).await.is(200).json.clone();
    for (field, value) in [
        ("description", Value::Null),
        ("minimumPurchase", Value::Null),
        ("value", json!(7.25)),
        ("usageLimit", json!({"total": null, "perUser": 2})),
        ("userRestrictions", json!({"newUsersOnly": true, "specificUsers": []})),
        ("validUntil", Value::Null),
        ("isActive", json!(false)),
        ("code", json!("SPRING")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    let cleared = admin.patch(&path, json!({"usageLimit": null, "userRestrictions": null})).await.is(200).json.clone();
    assert_eq!(cleared["usageLimit"], json!({"total": null, "perUser": null}));
    assert_eq!(cleared["userRestrictions"], json!({"newUsersOnly": false, "specificUsers": []}));
    assert_eq!(admin.get(&path).await.json, cleared);
}

#[tokio::test]
async fn an_invalid_change_is_pointed_at() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let path = format!("/v1/coupons/{}", coupon(&admin, "SPRING", json!({"maximumDiscount": 500})).await);
    let before = admin.get(&path).await.json;
    for (change, code, pointer) in [
        (json!({"code": null}), "invalid_body", "/code"),
        (json!({"isActive": null}), "invalid_body", "/isActive"),
        (json!({"applicableProducts": null}), "invalid_body", "/applicableProducts"),
        (json!({"value": 101}), "validation_failed", "/value"),
        // 10 percent are not 10 cents.
        (json!({"type": "fixed"}), "validation_failed", "/value"),
        (json!({"type": "fixed", "value": 100}), "validation_failed", "/maximumDiscount"),
        (json!({"currency": null}), "validation_failed", "/currency"),
        (json!({"validUntil": "2020-01-01T00:00:00Z"}), "validation_failed", "/validUntil"),
        (json!({"applicableProducts": ["507f1f77bcf86cd799439011"]}), "unknown_reference", "/applicableProducts/0"),
        (json!({"usageCount": 0}), "invalid_body", "/usageCount"),
    ] {
        let refused = admin.patch(&path, change.clone()).await;
        let problem = &refused.is_problem(422, code).json;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{change}: {problem}");
    }
    assert_eq!(admin.get(&path).await.json, before);
    let fixed = json!({"type": "fixed", "value": 100, "maximumDiscount": null});
    assert_eq!(admin.patch(&path, fixed).await.is(200).json["value"], 100);
    let unknown = "/v1/coupons/507f1f77bcf86cd799439011";
    admin.patch(unknown, json!({"isActive": false})).await.is_problem(404, "not_found");
    admin.delete(unknown).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn an_unused_coupon_is_deleted_and_a_used_one_deactivated() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let unused = format!("/v1/coupons/{}", coupon(&admin, "UNUSED", json!({})).await);
    admin.delete(&unused).await.is(204);
    admin.delete(&unused).await.is_problem(404, "not_found");
    coupon(&admin, "UNUSED", json!({})).await;

    let used = format!("/v1/coupons/{}", coupon(&admin, "USED", json!({})).await);
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    fill_cart(&ada, &mug, 1, Some("used")).await;
    assert_eq!(ada.checkout("first").await.is(201).json["discount"]["amount"], 100);
    admin.patch(&used, json!({"usageLimit": {"total": 1}})).await.is(200);
    for _ in 0..2 {
        admin.delete(&used).await.is(204);
        assert_eq!(admin.get(&used).await.is(200).json["isActive"], false);
    }
    ada.add_to_cart(&mug, 1).await.is(200);
    let refused = ada.put("/v1/cart/coupon", json!({"code": "USED"})).await;
    assert_eq!(refused.is_problem(422, "coupon_invalid").json["reason"], "unknown");
    assert_eq!(shop.count("couponUses").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_never_falls_below_the_number_of_redemptions() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let path = format!("/v1/coupons/{}", coupon(&admin, "TEN", json!({"usageLimit": {"total": 10}})).await);
    let mug = shop.stock("MUG-1", 50).await;
    let mut customers = Vec::new();
    for number in 0..6 {
        let customer = shop.customer(&format!("customer-{number}")).await;
        fill_cart(&customer, &mug, 1, Some("ten")).await;
        customers.push(customer);
    }
    let (early, late) = customers.split_at(3);
    for customer in early {
        customer.checkout("early").await.is(201);
    }
    let before = admin.get(&path).await.json;
    let refused = admin.patch(&path, json!({"usageLimit": {"total": 2}})).await;
    let error = &refused.is_problem(422, "validation_failed").json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/usageLimit/total"), &json!("invalid")));
    assert_eq!(error["message"], "the coupon was used 3 times already; to end it, switch it off");
    assert_eq!(admin.get(&path).await.json, before);

    // Either the lower limit is refused, or the fourth redemption.
    let lower = async { admin.patch(&path, json!({"usageLimit": {"total": 3}})).await };
    let (lowered, orders) = futures::join!(lower, join_all(late.iter().map(|customer| customer.checkout("late"))));
    let used = orders.iter().filter(|reply| reply.status == 201).count();
    for refused in orders.iter().filter(|reply| reply.status != 201) {
        assert_eq!(refused.is_problem(422, "coupon_invalid").json["reason"], "limit_reached");
    }
    if used == 0 {
        lowered.is(200);
    } else {
        assert_eq!(lowered.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/usageLimit/total");
        assert_eq!(used, 3);
    }
    let after = stored(&shop, "TEN").await;
    assert_eq!(after.usage_count, 3 + i64::try_from(used).unwrap());
    assert!(after.usage_limit.total.is_some_and(|limit| limit >= after.usage_count));
    shop.verify().await;
}
