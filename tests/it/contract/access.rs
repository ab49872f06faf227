//! Authentication, roles and ownership, for every operation of the contract.

use serde_json::{Value, json};
use shared::{
    domain::{Id, user::Role},
    http::token::{Claims, SigningKey},
};
use tests::{Person, Reply, Request, TestShop};

use super::{
    findings::Findings,
    operations::{Api, Operation, Who},
    samples::good_bodies,
    world::{World, path_to},
};

/// Sends a request to every operation, and checks that nothing was stored.
async fn ask_everywhere(ask: impl AsyncFn(&Api, &World, &Operation, &mut Findings)) {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    for operation in &api.operations {
        let before = world.contents().await;
        ask(&api, &world, operation, &mut findings).await;
        world.expect_unchanged(&before, &operation.name(), &mut findings).await;
    }
    findings.assert_none();
}

/// The request with a body that is good, if the operation takes one.
fn with_good_body(api: &Api, world: &World, operation: &Operation, request: Request) -> Request {
    match operation.body() {
        Some(_) => request.json(good_bodies(api, world, operation).remove(0)),
        None => request,
    }
}

#[tokio::test]
async fn protected_operations_require_a_token() {
    ask_everywhere(async |api, world, operation, findings| {
        if operation.rule.who == Who::Anybody {
            return;
        }
        let path = world.path(operation);
        let request = with_good_body(api, world, operation, world.without_token(operation, &path));
        findings.expect_refusal(&operation.name(), &request.send().await, &[401], &["not_authenticated"]);
        // A caller without a token learns nothing about the body or existing resources.
        let nowhere = if operation.has_id() { path_to(operation, "nonsense") } else { path };
        let request = world.without_token(operation, &nowhere).raw("text/plain", "{");
        findings.expect_refusal(&operation.name(), &request.send().await, &[401], &["not_authenticated"]);
    })
    .await;
}

#[tokio::test]
async fn an_invalid_token_is_refused_except_by_public_reads() {
    ask_everywhere(async |api, world, operation, findings| {
        if !operation.takes_bearer() || operation.is_public_read() {
            return;
        }
        for (what, authorization) in bad_tokens(&world.shop, &world.ada) {
            let request = world.without_token(operation, &world.path(operation)).header("authorization", authorization);
            let reply = with_good_body(api, world, operation, request).send().await;
            let what = format!("{} with {what}", operation.name());
            findings.expect_refusal(&what, &reply, &[401], &["invalid_token"]);
        }
        let twice = world.by(&world.root, operation, &world.path(operation)).bearer(&world.root.token);
        let reply = with_good_body(api, world, operation, twice).send().await;
        let what = format!("{} with two tokens", operation.name());
        findings.expect_refusal(&what, &reply, &[401], &["invalid_token"]);
    })
    .await;
}

#[tokio::test]
async fn a_public_read_ignores_a_bad_token() {
    ask_everywhere(async |_, world, operation, findings| {
        if !operation.is_public_read() {
            return;
        }
        let path = world.path(operation);
        let expected = answer(&world.without_token(operation, &path).send().await);
        let mut requests: Vec<(&str, Request)> = bad_tokens(&world.shop, &world.ada)
            .into_iter()
            .map(|(what, token)| (what, world.without_token(operation, &path).header("authorization", token)))
            .collect();
        requests.push(("two tokens", world.by(&world.root, operation, &path).bearer(&world.root.token)));
        for (what, request) in requests {
            let answer = answer(&request.send().await);
            findings.expect(answer == expected, || format!("{} with {what}: {answer:?}", operation.name()));
        }
    })
    .await;
}

/// What a reply says, apart from the id of its request.
fn answer(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("requestId");
    }
    (reply.status.as_u16(), body)
}

fn bad_tokens(shop: &TestShop, person: &Person) -> Vec<(&'static str, String)> {
    let now = shop.clock.now();
    let hour = std::time::Duration::from_secs(3600);
    let claims = |at| Claims::new(person.id, Role::Admin, Id::new(), true, at, 900);
    let bearer = |token: &str| format!("Bearer {token}");
    let stranger = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
    let token = person.token.as_str();
    let parts: Vec<&str> = token.split('.').collect();
    let admin = shop.signing.issue(&claims(now)).unwrap();
    let admin_claims = admin.split('.').nth(1).unwrap();
    vec![
        ("an empty header", String::new()),
        ("no token", "Bearer".to_owned()),
        ("an empty token", "Bearer ".to_owned()),
        ("nonsense", bearer("nonsense")),
        ("an operator", bearer(r#"{"$gt":""}"#)),
        ("a token without its scheme", token.to_owned()),
        ("another scheme", format!("Basic {token}")),
        ("a token without its signature", bearer(&format!("{}.{}.", parts[0], parts[1]))),
        ("another's claims under one's signature", bearer(&format!("{}.{admin_claims}.{}", parts[0], parts[2]))),
        // {"alg":"none","typ":"JWT"}
        ("an unsigned token", bearer(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{admin_claims}."))),
        ("a token of another shop", bearer(&stranger.issue(&claims(now)).unwrap())),
        ("an expired token", bearer(&shop.signing.issue(&claims(now.minus(hour))).unwrap())),
        ("an endless token", bearer(&"x".repeat(20_000))),
    ]
}

#[tokio::test]
async fn a_guest_is_identified_by_the_cart_token() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    for operation in api.operations.iter().filter(|operation| operation.rule.who == Who::Buyer) {
        let path = world.path(operation);
        for token in ["nonsense", r#"{"$gt":""}"#, &"x".repeat(20_000)] {
            let request = world.without_token(operation, &path).cart(token);
            let reply = with_good_body(&api, &world, operation, request).send().await;
            let what = format!("{} with the cart {token:.20}", operation.name());
            // Where something of theirs is named, the cart is only how they are known.
            let codes: &[&str] = if operation.rule.is_owned { &[] } else { &["cart_not_found"] };
            findings.expect_refusal(&what, &reply, &[404], codes);
        }
        let request = world.without_token(operation, &path).cart(&world.guest);
        let reply = with_good_body(&api, &world, operation, request).send().await;
        let refused = matches!(reply.status.as_u16(), 401 | 403 | 500..) || reply.json["code"] == "cart_not_found";
        findings.expect(!refused, || format!("{} does not serve a guest: {}", operation.name(), reply.json));
    }
    findings.assert_none();
}

#[tokio::test]
async fn operations_of_other_roles_are_forbidden() {
    ask_everywhere(async |api, world, operation, findings| {
        let strangers: &[&Person] = match operation.rule.who {
            Who::Seller => &[&world.ada],
            Who::Admin => &[&world.ada, &world.grace],
            Who::Anybody | Who::Buyer | Who::Customer => &[],
        };
        for stranger in strangers {
            let path = world.path(operation);
            let request = with_good_body(api, world, operation, world.by(stranger, operation, &path));
            let what = format!("{} by {}", operation.name(), stranger.email);
            findings.expect_refusal(&what, &request.send().await, &[403], &["forbidden"]);
            // The role is checked before the request.
            let nowhere = if operation.has_id() { path_to(operation, "nonsense") } else { path };
            let request = world.by(stranger, operation, &nowhere).raw("text/plain", "{");
            findings.expect_refusal(&what, &request.send().await, &[403], &["forbidden"]);
        }
    })
    .await;
}

#[tokio::test]
async fn resources_of_other_users_are_not_found() {
    ask_everywhere(async |api, world, operation, findings| {
        if !operation.rule.is_owned {
            return;
        }
        let path = world.path(operation);
        let mut requests = Vec::new();
        match operation.rule.who {
            Who::Seller => requests.push(("another seller", world.by(&world.eve, operation, &path))),
            Who::Customer => requests.push(("another customer", world.by(&world.bob, operation, &path))),
            Who::Buyer => {
                requests.push(("another customer", world.by(&world.bob, operation, &path)));
                requests.push(("a guest", world.without_token(operation, &path).cart(&world.guest)));
            }
            Who::Anybody | Who::Admin => panic!("{} has no owner", operation.name()),
        }
        for (stranger, request) in requests {
            let reply = with_good_body(api, world, operation, request).send().await;
            let what = format!("{} by {stranger}", operation.name());
            findings.expect_refusal(&what, &reply, &[404], &["not_found"]);
        }
    })
    .await;
}

/// What cannot be an id, and a good one of nothing.
const NOTHING: [&str; 14] = [
    "507f1f77bcf86cd799439011",
    "nonsense",
    "1",
    "-1",
    "null",
    "zzzzzzzzzzzzzzzzzzzzzzzz",
    "507f1f77bcf86cd79943901",
    "507f1f77bcf86cd7994390111",
    "%7B%22%24gt%22%3A%22%22%7D",
    "%5B%24ne%5D",
    "%00",
    "%ff",
    "%2e%2e%2fusers",
    "%F0%9F%92%A5",
];

/// Removing a product that is not on the list succeeds, because the operation is idempotent.
const IDEMPOTENT_REMOVAL: &str = "DELETE /v1/wishlists/{id}/items/{productId}";

#[tokio::test]
async fn unknown_and_malformed_ids_are_not_found() {
    ask_everywhere(async |api, world, operation, findings| {
        if !operation.has_id() {
            return;
        }
        let endless = "x".repeat(5000);
        for id in NOTHING.into_iter().chain([endless.as_str()]) {
            for path in world.paths_with(operation, id) {
                let request = world.allowed(operation, &path);
                let reply = with_good_body(api, world, operation, request).send().await;
                let what = format!("{} at {path:.120}", operation.name());
                if operation.name() == IDEMPOTENT_REMOVAL && path.ends_with(NOTHING[0]) {
                    findings.expect(reply.status == 204, || format!("{what}: {}", reply.status));
                } else {
                    findings.expect_refusal(&what, &reply, &[404], &["not_found"]);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn operations_that_must_not_repeat_require_an_idempotency_key() {
    ask_everywhere(async |api, world, operation, findings| {
        if !operation.rule.needs_key {
            return;
        }
        let path = world.path(operation);
        let person = match operation.rule.who {
            Who::Seller => &world.grace,
            Who::Admin => &world.root,
            Who::Anybody | Who::Buyer | Who::Customer => &world.ada,
        };
        let bare = person.request(&operation.method, &path);
        let reply = with_good_body(api, world, operation, bare).send().await;
        findings.expect_refusal(&operation.name(), &reply, &[400], &["idempotency_key_required"]);
        for key in ["", "two words", "caf\u{e9}", &"x".repeat(256)] {
            let request = person.request(&operation.method, &path).key(key);
            let reply = with_good_body(api, world, operation, request).send().await;
            let what = format!("{} with the key {key:.20}", operation.name());
            findings.expect_refusal(&what, &reply, &[400], &["invalid_header"]);
        }
        let twice = person.request(&operation.method, &path).key("one").key("two");
        let reply = with_good_body(api, world, operation, twice).send().await;
        findings.expect_refusal(&operation.name(), &reply, &[400], &["invalid_header"]);
    })
    .await;
}

#[tokio::test]
async fn other_methods_are_refused_with_the_allowed_ones() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    let before = world.contents().await;
    for operation in &api.operations {
        let documented = api.document["paths"][&operation.path].as_object().unwrap();
        let mut takes: Vec<String> = documented.keys().map(|method| method.to_uppercase()).collect();
        if takes.iter().any(|method| method == "GET") {
            takes.push("HEAD".to_owned());
        }
        takes.sort();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if takes.iter().any(|taken| taken == method) {
                continue;
            }
            let reply = world.root.request(method, &world.path(operation)).json(json!({})).send().await;
            let what = format!("{method} {}", operation.path);
            findings.expect_refusal(&what, &reply, &[405], &["method_not_allowed"]);
            let mut allowed: Vec<&str> = reply.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
            allowed.sort_unstable();
            findings.expect(allowed == takes, || format!("{what}: it allows {allowed:?} instead of {takes:?}"));
        }
    }
    for path in ["/", "/v1", "/v1/", "/v2/products", "/v1/nonsense", "/v1/products/a/b/c", "/v1/cart/", "//v1/cart"] {
        let reply = world.root.request("GET", path).send().await;
        findings.expect_refusal(path, &reply, &[404], &["not_found"]);
    }
    world.expect_unchanged(&before, "another method", &mut findings).await;
    findings.assert_none();
}

/// Caches must not store an answer that depends on its caller.
#[tokio::test]
async fn private_answers_are_not_cacheable() {
    let (api, world) = (Api::load(), World::build().await);
    let mut findings = Findings::default();
    let reads =
        api.operations.iter().filter(|operation| operation.method == "GET" && operation.rule.who != Who::Anybody);
    for operation in reads {
        let reply = world.allowed(operation, &world.path(operation)).send().await;
        findings.expect(reply.status == 200, || format!("{}: {} {}", operation.name(), reply.status, reply.json));
        let kept = reply.header("cache-control").unwrap_or_default();
        let is_private = kept.contains("no-store") || kept.contains("private");
        findings.expect(is_private, || format!("{}: Cache-Control: {kept}", operation.name()));
        findings.expect(reply.json != Value::Null, || format!("{}: no JSON", operation.name()));
    }
    findings.assert_none();
}
