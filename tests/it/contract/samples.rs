//! Good bodies, made from the description of the API: what is spoilt afterwards has to be good first.

use serde_json::{Map, Value, json};

use super::{
    operations::{Api, Operation},
    world::World,
};

/// Fields that exclude each other: each list leaves a body without them that passes every check.
const ALTERNATIVES: &[(&str, &[&[&str]])] = &[
    ("POST /v1/cart/items", &[&["/variant"]]),
    (
        "POST /v1/checkout",
        &[&["/addressId", "/payment/savedMethodId"], &["/shippingAddress", "/payment/token", "/payment/saveMethod"]],
    ),
    ("POST /v1/checkout/quote", &[&["/addressId"], &["/shippingAddress"]]),
    ("POST /v1/payments/{id}/confirm", &[&["/savedMethodId"], &["/token"]]),
    ("POST /v1/products/{id}/inventory/adjustments", &[&["/setTo", "/expected"], &["/delta", "/reason"]]),
    ("POST /v1/products", &[&["/options", "/variants"], &["/inventory/quantity"]]),
    ("PATCH /v1/products/{id}", &[&["/options", "/variants"], &[]]),
    ("POST /v1/wishlists/{id}/items/{productId}/move-to-cart", &[&["/variant"]]),
    ("PUT /v1/settings/bank-account", &[&["/accountNumber", "/routingNumber"], &["/iban", "/bic"]]),
];

/// A field of a body, however deep.
pub(super) struct Field {
    /// Where it is.
    pub(super) pointer: String,
    /// Its last name.
    pub(super) name: String,
    /// What it is, resolved.
    pub(super) schema: Value,
    /// Whether it may be `null`.
    pub(super) is_nullable: bool,
}

impl Field {
    /// Whether it may be of this JSON type.
    pub(super) fn may_be(&self, kind: &str) -> bool {
        match &self.schema["type"] {
            Value::String(only) => only == kind,
            Value::Array(any) => any.iter().any(|one| one == kind),
            _ => false,
        }
    }

    /// Whether it is an object with any names.
    pub(super) fn is_map(&self) -> bool {
        self.may_be("object") && self.schema.get("properties").is_none() && self.schema["additionalProperties"] != false
    }
}

/// A body that has every field of an operation, each of the right shape; what excludes each other is in there together.
pub(super) fn full_body(api: &Api, world: &World, operation: &Operation) -> Value {
    let (schema, name) = api.resolve(operation.body().unwrap());
    sample(api, world, schema, name, "")
}

/// Bodies that pass every check of shape; together they have every field.
pub(super) fn good_bodies(api: &Api, world: &World, operation: &Operation) -> Vec<Value> {
    let full = full_body(api, world, operation);
    let alternatives = ALTERNATIVES.iter().find(|(name, _)| *name == operation.name());
    let leave_out: &[&[&str]] = alternatives.map_or(&[&[]], |(_, leave_out)| leave_out);
    let without = |pointers: &&[&str]| {
        let mut body = full.clone();
        for pointer in *pointers {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let removed = body.pointer_mut(parent).and_then(|parent| parent.as_object_mut()?.remove(name));
            assert!(removed.is_some(), "{} has no {pointer} to leave out", operation.name());
        }
        body
    };
    leave_out.iter().map(without).collect()
}

/// A body that has this field and passes every check of shape.
pub(super) fn good_body_with(api: &Api, world: &World, operation: &Operation, field: &Field) -> Value {
    let bodies = good_bodies(api, world, operation);
    let found = bodies.into_iter().find(|body| body.pointer(&field.pointer).is_some());
    // What is left out everywhere needs something that this world does not have.
    found.unwrap_or_else(|| full_body(api, world, operation))
}

/// Every field of an operation's body.
pub(super) fn fields(api: &Api, operation: &Operation) -> Vec<Field> {
    let mut found = Vec::new();
    collect(api, operation.body().unwrap(), "", &mut found);
    found
}

fn collect(api: &Api, schema: &Value, at: &str, found: &mut Vec<Field>) {
    let (schema, _) = api.resolve(schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{at}/{name}");
        let (resolved, _) = api.resolve(property);
        let alternatives = property["oneOf"].as_array().into_iter().flatten();
        let types = resolved["type"].as_array().into_iter().flatten();
        let is_nullable =
            alternatives.into_iter().any(|one| one["type"] == "null") || types.into_iter().any(|one| one == "null");
        let field = Field { pointer: pointer.clone(), name: name.clone(), schema: resolved.clone(), is_nullable };
        found.push(field);
        if let Some(items) = resolved.get("items") {
            let (items, _) = api.resolve(items);
            let pointer = format!("{pointer}/0");
            let field =
                Field { pointer: pointer.clone(), name: name.clone(), schema: items.clone(), is_nullable: false };
            found.push(field);
            collect(api, items, &pointer, found);
        }
        collect(api, property, &pointer, found);
    }
}

/// The good value of a field of a schema with this name.
fn sample(api: &Api, world: &World, schema: &Value, owner: &str, field: &str) -> Value {
    let (schema, name) = api.resolve(schema);
    if let Some(value) = chosen(world, name, owner, field) {
        return value;
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let owner = if name.is_empty() { owner } else { name };
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let body = properties.map(|(name, schema)| (name.clone(), sample(api, world, schema, owner, name)));
            let mut body: Map<String, Value> = body.collect();
            if schema.get("properties").is_none() && schema["additionalProperties"].is_object() {
                body.insert("Material".to_owned(), json!("clay"));
            }
            Value::Object(body)
        }
        Some("array") => json!([sample(api, world, &schema["items"], owner, field)]),
        Some("integer") => json!(1),
        Some("number") => json!(1.0),
        Some("boolean") => json!(true),
        Some("string") => json!("Some text"),
        other => panic!("{owner}.{field} is of the unknown type {other:?}"),
    }
}

/// Where any value of the type would not do.
fn chosen(world: &World, schema: &str, owner: &str, field: &str) -> Option<Value> {
    let by_owner = match (owner, field) {
        ("OptionInput", "name") => Some(json!("Size")),
        ("OptionInput", "values") => Some(json!(["S"])),
        ("VariantInput", "choices") => Some(json!({"Size": "S"})),
        ("VariantInput", "sku") => Some(json!("SHIRT-S")),
        ("ProductRow", "sku") => Some(json!("SHIRT")),
        ("CreateCoupon" | "UpdateCoupon", "code") => Some(json!("SUMMER")),
        ("ResumeCart", "token") => Some(json!(world.resume)),
        _ => None,
    };
    let by_field = || match field {
        "productId" => Some(json!(world.tea)),
        "relatedProducts" => Some(json!([world.tea])),
        "applicableProducts" => Some(json!([world.tea])),
        "applicableCategories" => Some(json!([world.id_of("/v1/categories/")])),
        "specificUsers" => Some(json!([world.ada.id.to_string()])),
        "itemId" => Some(json!(world.line)),
        "code" => Some(json!("TEN")),
        "validUntil" => Some(json!("2031-01-31T12:00:00Z")),
        "countries" => Some(json!(["US"])),
        "savedMethodId" => Some(json!(world.id_of("/v1/payments/methods/"))),
        "addressId" => Some(json!(world.id_of("/v1/auth/me/addresses/"))),
        "sku" => Some(json!("MUG-1")),
        "category" | "parent" => Some(json!("mugs")),
        "country" => Some(json!("US")),
        "state" => Some(json!("CA")),
        "phone" | "phoneNumber" => Some(json!("+14155550100")),
        "username" => Some(json!("countess")),
        "language" => Some(json!("en")),
        "avatar" | "image" | "icon" | "url" | "trackingUrl" => Some(json!("https://images.example.test/a.png")),
        "images" if owner.ends_with("Review") => Some(json!(["https://images.example.test/a.png"])),
        "regular" => Some(json!(1000)),
        "sale" => Some(json!(900)),
        "iban" => Some(json!("DE89370400440532013000")),
        "bic" => Some(json!("COBADEFFXXX")),
        "accountNumber" | "routingNumber" => Some(json!("12345678")),
        "receivedAt" => Some(json!("2020-01-31T12:00:00Z")),
        "token" if ["CheckoutPayment", "ConfirmPayment", "SavePaymentMethod"].contains(&owner) => {
            Some(json!("pm_card_visa"))
        }
        _ => None,
    };
    let by_schema = || match schema {
        "Email" => Some(json!("person@example.test")),
        "Password" | "PasswordAttempt" => Some(json!("correct-horse-battery")),
        "Sku" => Some(json!("MUG-1")),
        "Slug" => Some(json!("a-slug-of-its-own")),
        "Currency" => Some(json!("USD")),
        "Timestamp" => Some(json!("2030-01-31T12:00:00Z")),
        _ => None,
    };
    by_owner.or_else(by_field).or_else(by_schema)
}
