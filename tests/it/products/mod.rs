//! The products function, one file for each endpoint.

mod adjust_inventory;
mod archive_product;
mod create_category;
mod create_product;
mod currencies;
mod delete_category;
mod delete_product;
mod import_products;
mod list_categories;
mod list_products;
mod list_related_products;
mod publish_product;
mod show_category;
mod show_inventory;
mod show_product;
mod system;
mod update_category;
mod update_product;

use serde_json::{Value, json};
use tests::{Person, Reply};

/// The least that makes a product.
fn draft(sku: &str) -> Value {
    json!({
        "sku": sku,
        "name": format!("Product {sku}"),
        "description": "A thing that is sold in tests.",
        "price": {"regular": 1000},
    })
}

/// The least that makes a product, with these fields instead of or beside the usual ones.
fn draft_with(sku: &str, fields: Value) -> Value {
    let mut body = draft(sku);
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    body.as_object_mut().unwrap().extend(fields);
    body
}

/// A shirt in two sizes, 3 small ones and 5 medium ones.
fn shirt(sku: &str) -> Value {
    draft_with(
        sku,
        json!({
            "options": [{"name": "Size", "values": ["S", "M"]}],
            "variants": [
                {"sku": format!("{sku}-S"), "choices": {"Size": "S"}, "quantity": 3},
                {"sku": format!("{sku}-M"), "choices": {"Size": "M"}, "priceModifier": 150, "quantity": 5},
            ],
        }),
    )
}

/// Makes a category and answers its id.
async fn category(admin: &Person, name: &str, parent: Option<&str>) -> String {
    let created = admin.post("/v1/categories", json!({"name": name, "parent": parent})).await;
    created.is(201).id()
}

/// A member of every item of a list, as text.
fn all(reply: &Reply, member: &str) -> Vec<String> {
    let items = reply.is(200).json["items"].as_array().unwrap();
    items.iter().map(|item| item[member].as_str().unwrap_or_default().to_owned()).collect()
}
