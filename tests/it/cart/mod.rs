//! The cart function: carts of customers and guests, the way back to them, and wishlists.

mod abandoned;
mod add_item;
mod change_item;
mod clear_cart;
mod coupon;
mod expiry;
mod merge_cart;
mod remove_item;
mod resume_cart;
mod show_cart;
mod wishlist_items;
mod wishlist_sharing;
mod wishlist_to_cart;
mod wishlists;

use serde_json::{Value, json};
use tests::{Person, Reply, Request, TestShop};

/// A well-formed id of nothing.
const UNKNOWN_HASH: &str = "507f1f77bcf86cd799439011";

/// A guest with a cart.
struct Guest<'a> {
    shop: &'a TestShop,
    token: String,
}

impl<'a> Guest<'a> {
    /// A guest whose cart has units of a product.
    async fn with(shop: &'a TestShop, product: &str, quantity: i64) -> Self {
        let first = shop.post("/v1/cart/items", line(product, quantity)).await;
        Self { shop, token: token_of(&first) }
    }

    fn request(&self, method: &str, path: &str) -> Request {
        self.shop.request(method, path).cart(&self.token)
    }

    async fn add(&self, product: &str, quantity: i64) -> Reply {
        self.request("POST", "/v1/cart/items").json(line(product, quantity)).send().await
    }

    async fn cart(&self) -> Reply {
        self.request("GET", "/v1/cart").send().await
    }
}

/// A request for units of a product.
fn line(product: &str, quantity: i64) -> Value {
    json!({"productId": product, "quantity": quantity})
}

/// The products in a cart and how many of each.
#[track_caller]
fn lines(cart: &Reply) -> Vec<(String, i64)> {
    let items = cart.is(200).json["items"].as_array().unwrap();
    items.iter().map(|item| (item["product"]["id"].as_str().unwrap().to_owned(), quantity_of(item))).collect()
}

fn quantity_of(item: &Value) -> i64 {
    item["quantity"].as_i64().unwrap()
}

/// The id of the only line of a cart.
#[track_caller]
fn only_line(cart: &Reply) -> String {
    let items = cart.is(200).json["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{}", cart.json);
    items[0]["id"].as_str().unwrap().to_owned()
}

/// The token of a cart that was just made.
#[track_caller]
fn token_of(first: &Reply) -> String {
    first.is(200).json["cartToken"].as_str().unwrap().to_owned()
}

/// A product `TEE` at 10.00 in S and M, five of each; M costs 1.50 more.
async fn shirt(shop: &TestShop) -> String {
    let fields = json!({
        "options": [{"name": "Size", "values": ["S", "M"]}],
        "variants": [
            {"sku": "TEE-S", "choices": {"Size": "S"}, "quantity": 5},
            {"sku": "TEE-M", "choices": {"Size": "M"}, "priceModifier": 150, "quantity": 5},
        ],
        "inventory": {},
    });
    shop.product("TEE", fields).await
}

/// Requests for one each of 110 variants of a product `TILE`: more than a cart has lines.
async fn tiles(shop: &TestShop) -> Vec<Value> {
    let values = |name: &str, count: usize| (0..count).map(|number| format!("{name}{number}")).collect::<Vec<_>>();
    let (rows, columns) = (values("R", 11), values("C", 10));
    let sku = |row: &str, column: &str| format!("TILE-{row}-{column}");
    let pairs: Vec<_> = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column))).collect();
    let variant = |(row, column): &(&String, &String)| {
        let choices = json!({"Row": row, "Column": column});
        json!({"sku": sku(row, column), "choices": choices, "quantity": 9})
    };
    let variants: Vec<Value> = pairs.iter().map(variant).collect();
    let options = json!([{"name": "Row", "values": rows}, {"name": "Column", "values": columns}]);
    let tile = shop.product("TILE", json!({"options": options, "variants": variants, "inventory": {}})).await;
    let request =
        |(row, column): &(&String, &String)| json!({"productId": tile, "variant": sku(row, column), "quantity": 1});
    pairs.iter().map(request).collect()
}

/// A coupon of 10 % with these fields in place of the usual ones.
async fn coupon(admin: &Person, code: &str, fields: Value) {
    let mut body = json!({"code": code, "type": "percentage", "value": 10});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    admin.post("/v1/coupons", body).await.is(201);
}
