//! What a page of another origin may send and read: the Fetch standard's CORS protocol, here and at API Gateway.

use std::{collections::BTreeSet, fs};

use local::components::workspace_root;
use serde_json::{Value, json};
use shared::http::cors::CorsOrigins;
use tests::{Reply, TestShop};

/// What frontends send beyond the headers that the Fetch standard always allows.
const SENT: [&str; 6] =
    ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-cart-token"];
/// What frontends read beyond the headers that the Fetch standard always exposes.
const READ: [&str; 6] = ["etag", "location", "retry-after", "idempotent-replayed", "x-cart-token", "x-request-id"];
/// Exposed without being named.
const ALWAYS_READ: [&str; 2] = ["cache-control", "content-type"];

async fn shop_with(cors: CorsOrigins) -> TestShop {
    let mut shop = TestShop::start().await;
    shop.reopen(|shop| shop.cors = cors);
    shop
}

/// Asks as a browser does before it sends a checkout.
async fn preflight(shop: &TestShop, origin: &str) -> Reply {
    shop.request("OPTIONS", "/v1/checkout")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", SENT.join(","))
        .send()
        .await
}

fn names(list: Option<&str>) -> BTreeSet<String> {
    list.unwrap_or_default().split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

#[tokio::test]
async fn the_local_shop_answers_frontends_on_any_local_port() {
    let shop = shop_with(CorsOrigins::none().and_loopback()).await;
    for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:4200", "http://localhost"] {
        let allowed = preflight(&shop, origin).await;
        assert_eq!(allowed.is(200).header("access-control-allow-origin"), Some(origin));
        let headers = names(allowed.header("access-control-allow-headers"));
        assert!(SENT.iter().all(|name| headers.contains(*name)), "{headers:?}");
        let methods = names(allowed.header("access-control-allow-methods"));
        for method in ["get", "head", "post", "put", "patch", "delete"] {
            assert!(methods.contains(method), "{methods:?}");
        }

        let answer = shop.request("GET", "/v1/products").header("origin", origin).send().await;
        assert_eq!(answer.is(200).header("access-control-allow-origin"), Some(origin));
        let exposed = names(answer.header("access-control-expose-headers"));
        assert!(READ.iter().all(|name| exposed.contains(*name)), "{exposed:?}");
    }
    for origin in ["https://evil.example", "http://localhost.evil.example:3000", "null"] {
        assert_eq!(preflight(&shop, origin).await.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn an_installation_answers_only_the_configured_origins() {
    let shop = shop_with(CorsOrigins::parse("https://shop.example,http://localhost:3000").unwrap()).await;
    for origin in ["https://shop.example", "http://localhost:3000"] {
        assert_eq!(preflight(&shop, origin).await.header("access-control-allow-origin"), Some(origin));
    }
    for origin in ["http://localhost:3001", "http://127.0.0.1:3000", "https://evil.example", "http://shop.example"] {
        assert_eq!(preflight(&shop, origin).await.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_page_can_read_why_it_was_refused() {
    let shop = shop_with(CorsOrigins::none().and_loopback()).await;
    let refused = shop.request("POST", "/v1/checkout").header("origin", "http://localhost:3000").json(json!({}));
    let refused = refused.send().await;
    assert!(refused.status.is_client_error());
    assert_eq!(refused.header("access-control-allow-origin"), Some("http://localhost:3000"));
}

/// A header that the contract documents and a page cannot send or read would only work outside of browsers.
#[tokio::test]
async fn every_header_of_the_contract_can_be_sent_or_read_by_a_page() {
    let shop = shop_with(CorsOrigins::none().and_loopback()).await;
    let origin = "http://localhost:3000";
    let allowed = names(preflight(&shop, origin).await.header("access-control-allow-headers"));
    let answer = shop.request("GET", "/v1/products").header("origin", origin).send().await;
    let exposed = names(answer.header("access-control-expose-headers"));

    let contract = serde_json::to_value(local::shop::openapi()).unwrap();
    let mut missing = Vec::new();
    let operations =
        contract["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let (mut sent, mut read) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        sent.extend(
            parameters.filter(|parameter| parameter["in"] == "header").map(|parameter| name(&parameter["name"])),
        );
        for response in operation["responses"].as_object().unwrap().values() {
            read.extend(response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase()));
        }
    }
    // What Stripe sends comes from no page.
    sent.remove("stripe-signature");
    assert!(sent.contains("idempotency-key") && read.contains("location"), "{sent:?} {read:?}");
    missing.extend(sent.difference(&allowed).map(|name| format!("{name} cannot be sent")));
    let unread = read.difference(&exposed).filter(|name| !ALWAYS_READ.contains(&name.as_str()));
    missing.extend(unread.map(|name| format!("{name} cannot be read")));
    assert_eq!(missing, Vec::<String>::new());
}

fn name(value: &Value) -> String {
    value.as_str().unwrap().to_lowercase()
}

/// API Gateway answers preflights itself, and replaces what the functions say.
#[tokio::test]
async fn api_gateway_allows_what_the_functions_allow() {
    let shop = shop_with(CorsOrigins::parse("https://shop.example").unwrap()).await;
    let origin = "https://shop.example";
    let here = preflight(&shop, origin).await;
    let answer = shop.request("GET", "/v1/products").header("origin", origin).send().await;
    let template = fs::read_to_string(workspace_root().join("template.yaml")).unwrap();
    for (property, header, reply) in [
        ("AllowMethods", "access-control-allow-methods", &here),
        ("AllowHeaders", "access-control-allow-headers", &here),
        ("ExposeHeaders", "access-control-expose-headers", &answer),
    ] {
        let line = template.lines().find_map(|line| line.trim().strip_prefix(&format!("{property}: ")));
        let there = names(line.map(|list| list.trim_matches(['[', ']'])));
        assert_eq!(there, names(reply.header(header)), "{property} of template.yaml");
    }
}
