//! Invalid bodies and queries: each is refused with a problem and changes nothing.

use serde_json::{Value, json};
use tests::{Reply, Request, shop::WEBHOOK_SECRET};

use super::{
    findings::{Findings, points_at},
    operations::{Api, Operation},
    samples::{Field, fields, full_body, good_bodies, good_body_with},
    world::World,
};

/// Every refusal that the contract knows.
const REFUSED: [u16; 10] = [400, 401, 403, 404, 405, 409, 412, 415, 422, 429];

/// A query operator, as an injection attempt.
fn operator() -> Value {
    json!({"$gt": ""})
}

/// Sends something bad to every operation that takes a JSON body, and sees to it that nothing was stored.
async fn refuse_everywhere(bad: impl AsyncFn(&Api, &World, &Operation, &mut Findings)) {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    for operation in api.operations.iter().filter(|operation| operation.body().is_some()) {
        let before = world.contents().await;
        bad(&api, &world, operation, &mut findings).await;
        world.expect_unchanged(&before, &operation.name(), &mut findings).await;
    }
    findings.assert_none();
}

/// A request of an operation to an existing resource, by a caller who may.
fn request(world: &World, operation: &Operation) -> Request {
    world.allowed(operation, &world.path(operation))
}

async fn send(world: &World, operation: &Operation, body: impl Into<Vec<u8>>) -> Reply {
    request(world, operation).raw("application/json", body).send().await
}

async fn send_json(world: &World, operation: &Operation, body: &Value) -> Reply {
    send(world, operation, body.to_string()).await
}

/// A body with something else in one place.
fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items[name.parse::<usize>().unwrap()] = value,
        other => panic!("{pointer} is in {other:?}"),
    }
    body
}

/// The tests below prove nothing unless the bodies are valid before they are broken.
#[tokio::test]
async fn the_sample_bodies_are_valid() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    for operation in api.operations.iter().filter(|operation| operation.body().is_some()) {
        for body in good_bodies(&api, &world, operation) {
            let reply = send_json(&world, operation, &body).await;
            let code = reply.json["code"].as_str().unwrap_or_default();
            let is_about_shape = ["malformed_json", "invalid_body", "validation_failed", "forbidden"].contains(&code);
            let is_refused = is_about_shape || matches!(reply.status.as_u16(), 413 | 415 | 500..);
            findings.expect(!is_refused, || format!("{} does not take {body}: {}", operation.name(), reply.json));
        }
    }
    findings.assert_none();
}

#[tokio::test]
async fn malformed_json_is_refused() {
    refuse_everywhere(async |api, world, operation, findings| {
        let good = full_body(api, world, operation).to_string();
        let mut bad: Vec<Vec<u8>> = vec![
            b"{".to_vec(),
            b"nonsense".to_vec(),
            b"{\"a\":}".to_vec(),
            b"{'a':1}".to_vec(),
            b"{\"a\":1,}".to_vec(),
            b"{\"a\":1e999}".to_vec(),
            b"{\"a\":\"\xff\"}".to_vec(),
            b"{\"a\":\"\\ud800\"}".to_vec(),
            b"\xef\xbb\xbf\xef\xbb\xbf{}".to_vec(),
            b"\0".to_vec(),
            br#"{"a":1,"a":2}"#.to_vec(),
            format!("{good}{good}").into_bytes(),
            good.as_bytes()[..good.len() - 1].to_vec(),
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes(),
            format!("{}1{}", r#"{"a":"#.repeat(30_000), "}".repeat(30_000)).into_bytes(),
        ];
        if !operation.can_do_without_body() {
            bad.push(Vec::new());
            bad.push(b" \n".to_vec());
        }
        for body in bad {
            let shown: String = String::from_utf8_lossy(&body).chars().take(60).collect();
            let what = format!("{} with {shown}", operation.name());
            findings.expect_refusal(&what, &send(world, operation, body).await, &[400], &["malformed_json"]);
        }
    })
    .await;
}

#[tokio::test]
async fn json_other_than_the_expected_object_is_refused() {
    refuse_everywhere(async |api, world, operation, findings| {
        let good = full_body(api, world, operation);
        let bad = [
            operator(),
            json!({"$where": "sleep(1000)"}),
            json!([]),
            json!([operator()]),
            json!([good]),
            json!("text"),
            json!(1),
            json!(-1.5),
            json!(true),
            Value::Null,
        ];
        for body in bad {
            let what = format!("{} with {}", operation.name(), body.to_string().chars().take(60).collect::<String>());
            findings.expect_refusal(&what, &send_json(world, operation, &body).await, &[422], &["invalid_body"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_refused_and_pointed_at() {
    refuse_everywhere(async |api, world, operation, findings| {
        for field in fields(api, operation) {
            let good = good_body_with(api, world, operation, &field);
            for value in wrong_values(&field) {
                let what = format!("{} with {value} at {}", operation.name(), field.pointer);
                let reply = send_json(world, operation, &with(&good, &field.pointer, value)).await;
                // Maps take any names, but not those of operators.
                let codes = if field.is_map() { ["invalid_body", "validation_failed"] } else { ["invalid_body"; 2] };
                findings.expect_refusal(&what, &reply, &[422], &codes);
                let is_there = points_at(&reply.json, &field.pointer);
                findings.expect(is_there, || format!("{what}: it is not pointed at: {}", reply.json["errors"]));
            }
        }
    })
    .await;
}

/// Values of every type that the field is not of, and an operator.
fn wrong_values(field: &Field) -> Vec<Value> {
    let mut wrong = vec![operator(), json!([operator()]), json!({"$ne": null})];
    let others = [
        (&["string"][..], json!("nonsense")),
        (&["integer", "number"], json!(1)),
        (&["number"], json!(0.5)),
        (&["boolean"], json!(true)),
        (&["array"], json!([])),
        (&["object"], json!({})),
    ];
    for (kinds, value) in others {
        if !kinds.iter().any(|kind| field.may_be(kind)) {
            wrong.push(value);
        }
    }
    if !field.is_nullable {
        wrong.push(Value::Null);
    }
    let has_a_form = matches!(field.schema["format"].as_str(), Some("email" | "date-time"));
    if has_a_form || field.schema.get("enum").is_some() {
        wrong.push(json!("nonsense"));
        wrong.push(json!(""));
    }
    wrong
}

#[tokio::test]
async fn an_unknown_field_is_refused_at_every_depth() {
    refuse_everywhere(async |api, world, operation, findings| {
        let good = full_body(api, world, operation);
        let objects = fields(api, operation).into_iter().filter(|field| field.may_be("object") && !field.is_map());
        let places = std::iter::once(String::new()).chain(objects.map(|field| field.pointer));
        for place in places {
            for name in ["surprise", "$where", "__proto__", "_id", ""] {
                let pointer = format!("{place}/{name}");
                let what = format!("{} with {pointer}", operation.name());
                let reply = send_json(world, operation, &with(&good, &pointer, json!(1))).await;
                findings.expect_refusal(&what, &reply, &[422], &["invalid_body"]);
                let is_there = points_at(&reply.json, &pointer);
                findings.expect(is_there, || format!("{what}: it is not pointed at: {}", reply.json["errors"]));
            }
        }
    })
    .await;
}

/// Where less than nothing makes sense.
const MAY_BE_NEGATIVE: [&str; 3] = ["delta", "order", "priceModifier"];

#[tokio::test]
async fn numbers_out_of_range_are_refused() {
    refuse_everywhere(async |api, world, operation, findings| {
        let numbers =
            fields(api, operation).into_iter().filter(|field| field.may_be("integer") || field.may_be("number"));
        for field in numbers {
            let body = good_body_with(api, world, operation, &field);
            let mut literals = vec![
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775808",
                "18446744073709551616",
                "-1e30",
                "1e300",
                "1e999",
                "999999999999999999999999999999999999999999",
            ];
            if field.may_be("integer") {
                literals.push("0.5");
                literals.push("1e-300");
            }
            for literal in literals {
                let what = format!("{} with {literal} at {}", operation.name(), field.pointer);
                let text = with(&body, &field.pointer, json!("the number")).to_string();
                let text = text.replace("\"the number\"", literal);
                findings.expect_refusal(&what, &send(world, operation, text).await, &REFUSED, &[]);
            }
            if MAY_BE_NEGATIVE.contains(&field.name.as_str()) {
                continue;
            }
            let reply = send_json(world, operation, &with(&body, &field.pointer, json!(-1))).await;
            let what = format!("{} with -1 at {}", operation.name(), field.pointer);
            findings.expect_refusal(&what, &reply, &[422], &["invalid_body", "validation_failed"]);
            let is_there = points_at(&reply.json, &field.pointer);
            findings.expect(is_there, || format!("{what}: it is not pointed at: {}", reply.json["errors"]));
        }
    })
    .await;
}

/// The rules are written beside the fields: this finds a rule that is missing, or that names another field than it checks.
#[tokio::test]
async fn overlong_text_is_refused() {
    refuse_everywhere(async |api, world, operation, findings| {
        let texts = fields(api, operation).into_iter().filter(|field| field.may_be("string"));
        for field in texts {
            let good = good_body_with(api, world, operation, &field);
            let body = with(&good, &field.pointer, json!("x".repeat(200_000)));
            let what = format!("{} with 200,000 characters at {}", operation.name(), field.pointer);
            let reply = send_json(world, operation, &body).await;
            findings.expect_refusal(&what, &reply, &REFUSED, &[]);
            // Passwords, codes and tokens that match nothing are refused as such.
            let is_about_fields =
                ["invalid_body", "validation_failed"].contains(&reply.json["code"].as_str().unwrap_or_default());
            let is_there = !is_about_fields || points_at(&reply.json, &field.pointer);
            findings.expect(is_there, || format!("{what}: it is not pointed at: {}", reply.json["errors"]));
        }
    })
    .await;
}

/// What is stored of a text with these is the shop's choice; that it answers is not.
#[tokio::test]
async fn unusual_characters_break_nothing() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    for operation in api.operations.iter().filter(|operation| operation.body().is_some()) {
        for field in fields(&api, operation).into_iter().filter(|field| field.may_be("string") || field.is_map()) {
            for text in ["a\0b", "\u{202e}\u{feff}", "💥'\"; DROP TABLE users; --", "${jndi:ldap://x}", ".", "$", "%00"]
            {
                let value = if field.is_map() { json!({text: text}) } else { json!(text) };
                let body = with(&good_body_with(&api, &world, operation, &field), &field.pointer, value);
                let reply = send_json(&world, operation, &body).await;
                let what = format!("{} with {text:?} at {}", operation.name(), field.pointer);
                if !reply.status.is_success() {
                    findings.expect_refusal(&what, &reply, &REFUSED, &[]);
                }
            }
        }
    }
    findings.assert_none();
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_too_large() {
    refuse_everywhere(async |_, world, operation, findings| {
        let filler = "x".repeat(1 << 20);
        for (how, body) in [
            ("JSON", format!("{{\"a\":\"{filler}\"}}")),
            ("spaces", format!("{}{{}}", " ".repeat(1 << 20))),
            ("nonsense", filler.clone()),
        ] {
            let what = format!("{} with a mebibyte of {how}", operation.name());
            let announced = request(world, operation)
                .header("content-length", body.len().to_string())
                .raw("application/json", body.clone())
                .send()
                .await;
            findings.expect_refusal(&what, &announced, &[413], &["body_too_large"]);
            let counted = send(world, operation, body).await;
            findings.expect_refusal(&what, &counted, &[413], &["body_too_large"]);
        }
    })
    .await;
}

#[tokio::test]
async fn another_media_type_is_refused() {
    refuse_everywhere(async |api, world, operation, findings| {
        let good = good_bodies(api, world, operation).remove(0).to_string();
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/jsonp",
            "application/json+x",
            "nonsense",
            "",
        ] {
            let what = format!("{} as {media_type:?}", operation.name());
            let reply = request(world, operation).raw(media_type, good.clone()).send().await;
            findings.expect_refusal(&what, &reply, &[415], &["unsupported_media_type"]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_invalid_query_is_refused_or_finds_nothing() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    let before = world.contents().await;
    for operation in &api.operations {
        for (name, schema) in operation.query() {
            let path = format!("{}?{}", world.bare_path(operation), world.query_without(operation, name));
            let nonsense = [
                "%7B%22%24gt%22%3A%22%22%7D",
                "-1",
                "99999999999999999999999",
                "-9223372036854775808",
                "9223372036854775807",
                "1e300",
                "a%00b",
                "%ff",
                "%F0%9F%92%A5%22%5C",
                &"x".repeat(10_000),
            ];
            let queries = nonsense.map(|value| format!("{name}={value}")).into_iter().chain([
                format!("{name}=1&{name}=2"),
                name.to_string(),
                format!("{name}=%"),
            ]);
            for query in queries {
                let shown: String = query.chars().take(80).collect();
                let what = format!("{}?{shown}", operation.name());
                let reply = world.allowed(operation, &format!("{path}{query}")).send().await;
                if !reply.status.is_success() {
                    findings.expect_refusal(&what, &reply, &[404, 422], &[]);
                }
            }
            let (schema, _) = api.resolve(schema);
            let is_number = schema["type"].to_string().contains("integer");
            let is_date = schema["format"] == "date" || schema["format"] == "date-time";
            let is_choice = schema.get("enum").is_some() || schema["type"].to_string().contains("boolean");
            if is_number || is_date || is_choice || name == "cursor" {
                let what = format!("{}?{name}=nonsense", operation.name());
                let reply = world.allowed(operation, &format!("{path}{name}=nonsense")).send().await;
                findings.expect_refusal(&what, &reply, &[422], &["invalid_query"]);
                let is_there = points_at(&reply.json, &format!("/{name}"));
                findings.expect(is_there, || format!("{what}: it is not pointed at: {}", reply.json["errors"]));
            }
            if name == "limit" {
                let too_many = (schema["maximum"].as_i64().unwrap_or(100) + 1).to_string();
                for limit in ["0", &too_many, "-1"] {
                    let reply = world.allowed(operation, &format!("{path}limit={limit}")).send().await;
                    let what = format!("{}?limit={limit}", operation.name());
                    findings.expect_refusal(&what, &reply, &[422], &["invalid_query"]);
                }
            }
        }
    }
    world.expect_unchanged(&before, "a query", &mut findings).await;
    findings.assert_none();
}

#[tokio::test]
async fn a_query_parameter_that_the_operation_does_not_have_is_refused() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    let before = world.contents().await;
    for operation in &api.operations {
        let path = format!("{}?{}", world.bare_path(operation), world.query_without(operation, ""));
        let other_case = operation.query().first().map(|(name, _)| name.to_uppercase());
        let unknown = ["surprise", "utm_source", "limit[$gt]", "page", "$where", "__proto__"].map(str::to_owned);
        for name in unknown.into_iter().chain(other_case) {
            for value in ["1", ""] {
                let request = world.allowed(operation, &format!("{path}{name}={value}"));
                let request = match operation.body() {
                    Some(_) => request.json(good_bodies(&api, &world, operation).remove(0)),
                    None => request,
                };
                let reply = request.send().await;
                let what = format!("{}?{name}={value}", operation.name());
                findings.expect_refusal(&what, &reply, &[422], &["unknown_parameter"]);
                let expected = [(format!("/{name}"), "unknown_parameter".to_owned())];
                let shown: Vec<_> =
                    reply.json["errors"].as_array().into_iter().flatten().map(pointer_and_code).collect();
                findings.expect(shown == expected, || format!("{what}: {}", reply.json["errors"]));
            }
        }
    }
    world.expect_unchanged(&before, "an unknown parameter", &mut findings).await;
    findings.assert_none();
}

fn pointer_and_code(error: &Value) -> (String, String) {
    let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
    (text("pointer"), text("code"))
}

/// Editors and some platforms put one before every text.
#[tokio::test]
async fn a_byte_order_mark_before_a_body_changes_nothing() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    for operation in api.operations.iter().filter(|operation| operation.body().is_some()) {
        for body in good_bodies(&api, &world, operation) {
            let marked = send(&world, operation, format!("\u{feff}{body}")).await;
            let code = marked.json["code"].as_str().unwrap_or_default();
            let is_read = !["malformed_json", "invalid_body", "validation_failed"].contains(&code);
            findings.expect(is_read, || format!("{} does not read {body}: {}", operation.name(), marked.json));
        }
        let unknown = send(&world, operation, "\u{feff}{\"surprise\":1}").await;
        findings.expect_refusal(&operation.name(), &unknown, &[422], &["invalid_body"]);
    }
    findings.assert_none();
}

/// The gateway's events are not ours to describe: what counts is the signature, and that no event breaks anything.
#[tokio::test]
async fn a_webhook_is_accepted_only_with_a_valid_signature() {
    let world = World::build().await;
    let secret = shared::config::Secret::new(WEBHOOK_SECRET);
    let webhook = || world.shop.request("POST", "/v1/payments/webhooks/stripe");
    let event = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}});
    let mut bodies = vec![b"".to_vec(), b"{".to_vec(), b"\xff".to_vec(), b"[]".to_vec(), b"{}".to_vec()];
    for pointer in ["/id", "/type", "/data", "/data/object"] {
        // Any object can be that of an event.
        for value in [operator(), json!([]), json!(-1), Value::Null] {
            if pointer == "/data/object" && value.is_object() {
                continue;
            }
            bodies.push(with(&event, pointer, value).to_string().into_bytes());
        }
    }
    let mut findings = Findings::default();
    let before = world.contents().await;
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let signed = payments::sign(&body, &secret, world.shop.clock.now());
        let genuine = webhook().header("stripe-signature", signed.clone()).raw("application/json", body.clone());
        findings.expect_refusal(&shown, &genuine.send().await, &[400], &["malformed_json"]);
        let forged = signed.replace("v1=", "v1=00");
        for signature in [forged.as_str(), "", "t=1", "v1=", "t=x,v1=y", "t=99999999999999999999,v1=00", "💥"] {
            let unsigned = webhook().header("stripe-signature", signature).raw("application/json", body.clone());
            findings.expect_refusal(&shown, &unsigned.send().await, &[400], &["invalid_signature"]);
        }
        let bare = webhook().raw("application/json", body.clone()).send().await;
        findings.expect_refusal(&shown, &bare, &[400], &["invalid_signature"]);
    }
    let large = "x".repeat(1 << 20);
    let signed = payments::sign(large.as_bytes(), &secret, world.shop.clock.now());
    let reply = webhook().header("stripe-signature", signed).raw("application/json", large).send().await;
    findings.expect_refusal("a mebibyte", &reply, &[413], &["body_too_large"]);
    world.expect_unchanged(&before, "the webhook", &mut findings).await;
    findings.assert_none();
}
