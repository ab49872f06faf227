use serde_json::json;
use tests::{Person, TestShop};

use super::{all, category, draft, draft_with, shirt};

/// Five products whose orders differ by every sort.
async fn shelf(shop: &TestShop) -> Person {
    let grace = shop.seller("grace").await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    category(&admin, "Kitchen", Some(&home)).await;
    category(&admin, "Garden", None).await;
    for (sku, fields) in [
        ("A", json!({"name": "zebra mug", "price": {"regular": 500}, "category": "home/kitchen", "brand": "Acme"})),
        (
            "B",
            json!({"name": "Apple mug", "price": {"regular": 900, "sale": 300}, "category": "home", "tags": ["blue"]}),
        ),
        ("C", json!({"name": "apple spade", "price": {"regular": 500}, "category": "garden", "featured": true})),
        ("D", json!({"name": "Mango bowl", "price": {"regular": 100}, "inventory": {"quantity": 0}, "brand": "Acme"})),
        ("E", json!({"name": "Rake", "description": "Better than a mug.", "price": {"regular": 700}})),
    ] {
        shop.product_of(&grace, sku, fields).await;
    }
    grace
}

#[tokio::test]
async fn every_sort_order_lists_each_item_once() {
    let shop = TestShop::start().await;
    shelf(&shop).await;
    for (sort, expected) in [
        ("newest", "EDCBA"),
        ("price", "DBACE"),
        ("-price", "ECABD"),
        ("rating", "EDCBA"),
        ("bestselling", "EDCBA"),
        ("name", "BCDEA"),
        ("relevance", "EDCBA"),
    ] {
        let mut seen = String::new();
        let mut cursor = String::new();
        loop {
            let page = shop.get(&format!("/v1/products?sort={sort}&limit=2{cursor}")).await;
            seen.push_str(&all(&page, "sku").concat());
            match page.json["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{sort}");
    }
}

#[tokio::test]
async fn a_list_is_narrowed_by_each_filter() {
    let shop = TestShop::start().await;
    let grace = shelf(&shop).await;
    let other = shop.stock("F", 1).await;
    shop.find_product(&other).await;
    let home = shop.get("/v1/categories/home").await.id();
    for (query, expected) in [
        ("brand=Acme", "DA"),
        ("brand=acme", ""),
        ("tag=blue", "B"),
        ("featured=true", "C"),
        ("category=home", "BA"),
        ("category=home/kitchen", "A"),
        (&format!("category={home}"), "BA"),
        ("category=nowhere", ""),
        ("category=507f1f77bcf86cd799439011", ""),
        ("minPrice=500", "FECA"),
        ("maxPrice=499", "DB"),
        ("minPrice=300&maxPrice=500", "CBA"),
        ("inStock=true", "FECBA"),
        ("inStock=false", "D"),
        ("minRating=1", ""),
        (&format!("seller={}", grace.id), "EDCBA"),
        ("brand=Acme&inStock=true", "A"),
        ("brand=%7B%22%24gt%22%3A%22%22%7D", ""),
        ("brand=&limit=100", "FEDCBA"),
    ] {
        let page = shop.get(&format!("/v1/products?count=true&{query}")).await;
        assert_eq!(all(&page, "sku").concat(), expected, "{query}");
        assert_eq!(page.json["count"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn a_search_ranks_names_before_descriptions_and_pages_stably() {
    let shop = TestShop::start().await;
    shelf(&shop).await;
    let found = shop.get("/v1/products?q=mug&count=true").await;
    assert_eq!((found.json["count"].clone(), all(&found, "sku")[2].as_str()), (json!(3), "E"));
    let first = shop.get("/v1/products?q=mug&limit=2").await;
    let next = first.json["nextCursor"].as_str().unwrap();
    let second = shop.get(&format!("/v1/products?q=mug&limit=2&cursor={next}")).await;
    assert_eq!([all(&first, "sku"), all(&second, "sku")].concat(), all(&found, "sku"));
    assert_eq!(all(&shop.get("/v1/products?q=mug&sort=price").await, "sku").concat(), "BAE");
    assert_eq!(all(&shop.get("/v1/products?q=mug&sort=name").await, "sku").concat(), "BEA");
    for nothing in ["q=%22", "q=-", "q=the", "q=%24where"] {
        assert!(all(&shop.get(&format!("/v1/products?{nothing}")).await, "sku").is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn a_page_is_complete_despite_changes_between_pages() {
    let shop = TestShop::start().await;
    let grace = shelf(&shop).await;
    let first = shop.get("/v1/products?sort=price&limit=2").await;
    assert_eq!(all(&first, "sku").concat(), "DB");
    shop.product_of(&grace, "CHEAP", json!({"price": {"regular": 1}})).await;
    grace.delete(&format!("/v1/products/{}", first.json["items"][1]["id"].as_str().unwrap())).await.is(204);
    let next = first.json["nextCursor"].as_str().unwrap();
    let second = shop.get(&format!("/v1/products?sort=price&limit=9&cursor={next}")).await;
    assert_eq!((all(&second, "sku").concat(), second.json["nextCursor"].clone()), ("ACE".to_owned(), json!(null)));
}

#[tokio::test]
async fn invalid_parameters_are_pointed_at() {
    let shop = TestShop::start().await;
    shelf(&shop).await;
    let first = shop.get("/v1/products?sort=price&limit=1").await;
    let of_another_order = format!("sort=name&cursor={}", first.json["nextCursor"].as_str().unwrap());
    let long = format!("q={}", "x".repeat(201));
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=x", "/limit"),
        ("minPrice=-1", "/minPrice"),
        ("minRating=6", "/minRating"),
        ("minRating=NaN", "/minRating"),
        ("inStock=maybe", "/inStock"),
        ("sort=upwards", "/sort"),
        ("seller=me", "/seller"),
        ("cursor=x", "/cursor"),
        (&of_another_order, "/cursor"),
        (&long, "/q"),
    ] {
        let refused = shop.get(&format!("/v1/products?{query}")).await;
        assert_eq!(refused.is_problem(422, "invalid_query").json["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[tokio::test]
async fn drafts_are_listed_for_their_seller_and_admins_only() {
    let shop = TestShop::start().await;
    let (grace, rival) = (shop.seller("grace").await, shop.seller("rival").await);
    grace.post("/v1/products", draft("MUG-1")).await.is(201);
    rival.post("/v1/products", draft("MUG-2")).await.is(201);
    let path = "/v1/products?status=draft";
    assert!(all(&shop.get("/v1/products").await, "sku").is_empty());
    shop.get(path).await.is_problem(401, "not_authenticated");
    shop.request("GET", path).bearer("expired").send().await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.get(path).await.is_problem(403, "forbidden");
    grace.get(&format!("{path}&seller={}", rival.id)).await.is_problem(403, "forbidden");
    assert_eq!(all(&grace.get(path).await, "sku"), ["MUG-1"]);
    assert_eq!(all(&shop.admin("admin").await.get(path).await, "sku"), ["MUG-2", "MUG-1"]);
}

#[tokio::test]
async fn a_product_is_in_stock_as_long_as_one_of_its_variants_is() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", shirt("TEE")).await.is(201).id();
    grace.post(&format!("/v1/products/{id}/publish"), json!({})).await.is(200);
    let path = format!("/v1/products/{id}/inventory/adjustments");
    for (sku, left, listed) in [("TEE-S", 3, 1), ("TEE-M", 5, 0)] {
        let gone = json!({"sku": sku, "delta": -left, "reason": "broken"});
        grace.request("POST", &path).key(sku).json(gone).send().await.is(200);
        assert_eq!(all(&shop.get("/v1/products?inStock=true").await, "sku").len(), listed);
    }
}

#[tokio::test]
async fn an_unchanged_list_is_not_sent_again() {
    let shop = TestShop::start().await;
    let grace = shelf(&shop).await;
    let first = shop.get("/v1/products").await;
    let tag = first.header("etag").unwrap().to_owned();
    for known in [tag.clone(), format!("\"other\", {tag}"), "*".to_owned()] {
        shop.request("GET", "/v1/products").header("if-none-match", known).send().await.is(304);
    }
    shop.product_of(&grace, "NEW", draft_with("NEW", json!({}))).await;
    shop.request("GET", "/v1/products").header("if-none-match", &tag).send().await.is(200);
}
