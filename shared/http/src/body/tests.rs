//! Invalid bodies and their problems.

use serde::Deserialize;

use super::*;
use shop_domain::{Id, user::User};
use shop_validation::rules::{entries, optional_line, range};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Basket {
    items: Vec<Line>,
    #[serde(default)]
    gift: bool,
    #[serde(default)]
    gift_note: Option<String>,
    #[serde(default)]
    password: Option<String>,
}

impl Validate for Basket {
    fn validate(&self, v: &mut Violations) {
        v.check("items", &self.items, entries(1..=3));
        v.nested("items", &self.items);
        v.check("giftNote", &self.gift_note, optional_line(5));
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    product_id: Id<User>,
    line_quantity: u32,
}

impl Validate for Line {
    fn validate(&self, v: &mut Violations) {
        v.check("lineQuantity", &self.line_quantity, range(1..=999));
    }
}

const LINE: &str = r#"{"productId":"507f1f77bcf86cd799439011","lineQuantity":2}"#;

fn refusal(body: &str) -> (&'static str, String, String) {
    let problem = parse::<Basket>(body.as_bytes()).unwrap_err();
    let first = problem.errors().first();
    (
        problem.code().as_str(),
        first.map(|error| error.pointer.clone()).unwrap_or_default(),
        first.map(|error| error.code.as_str().to_owned()).unwrap_or_default(),
    )
}

fn is(code: &'static str, pointer: &str, field_code: &str) -> (&'static str, String, String) {
    (code, pointer.to_owned(), field_code.to_owned())
}

#[test]
fn a_good_body_is_taken() {
    let basket: Basket = parse(format!(r#"{{"items":[{LINE}],"giftNote":"hi"}}"#).as_bytes()).unwrap();
    assert_eq!((basket.items[0].line_quantity, basket.gift, basket.gift_note.as_deref()), (2, false, Some("hi")));
    assert_eq!(basket.items[0].product_id.to_string(), "507f1f77bcf86cd799439011");
    assert_eq!(basket.password, None);
}

#[test]
fn what_is_not_json_is_malformed() {
    for body in ["", "{", "nope", "{\"items\":}", "{} {}", "{\"gift\":1e999}", "{\"giftNote\":\"\\ud800\"}", "\u{feff}"]
    {
        assert_eq!(refusal(body).0, "malformed_json", "{body}");
    }
    assert_eq!(parse::<Basket>(b"{\"giftNote\":\"\xff\"}").unwrap_err().code(), ProblemCode::MalformedJson);
}

#[test]
fn a_byte_order_mark_before_the_body_is_accepted() {
    let basket: Basket = parse(format!("\u{feff}{{\"items\":[{LINE}]}}").as_bytes()).unwrap();
    assert_eq!(basket.items.len(), 1);
    assert_eq!(refusal("\u{feff}\u{feff}{}").0, "malformed_json");
}

#[test]
fn card_data_is_refused() {
    let body = format!(r#"{{"items":[{LINE}],"giftNote":"4242424242424242"}}"#);
    assert_eq!(refusal(&body), is("raw_card_data_refused", "/giftNote", "raw_card_data"));
    // A name that is a card number is spelled out nowhere.
    let twice = parse::<Basket>(br#"{"4242424242424242":1,"4242424242424242":2}"#).unwrap_err();
    assert!(!format!("{twice:?}").contains("4242"), "{twice:?}");
}

#[test]
fn a_name_that_occurs_twice_is_malformed() {
    assert_eq!(refusal(r#"{"gift":true,"gift":false}"#), is("malformed_json", "/gift", "duplicate_name"));
    assert_eq!(refusal(r#"{"items":[{"a":{"b":1,"b":1}}]}"#), is("malformed_json", "/items/0/a/b", "duplicate_name"));
}

#[test]
fn depth_bombs_are_malformed_and_harmless() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let bomb = format!("{{\"items\":{}1{}}}", open.repeat(20_000), close.repeat(20_000));
        assert_eq!(refusal(&bomb).0, "malformed_json");
    }
}

#[test]
fn the_wrong_shape_is_pointed_at_by_its_json_name() {
    assert_eq!(refusal("[]"), is("invalid_body", "", "wrong_type"));
    assert_eq!(refusal("\"x\""), is("invalid_body", "", "wrong_type"));
    assert_eq!(refusal("{}"), is("invalid_body", "/items", "missing"));
    assert_eq!(refusal(r#"{"items":[],"extra":1}"#), is("invalid_body", "/extra", "unknown_field"));
    assert_eq!(
        refusal(r#"{"items":[{"productId":"507f1f77bcf86cd799439011"}]}"#),
        is("invalid_body", "/items/0/lineQuantity", "missing")
    );
    assert_eq!(refusal(r#"{"items":[{"nope":1}]}"#), is("invalid_body", "/items/0/nope", "unknown_field"));
    assert_eq!(refusal(r#"{"items":{"$gt":""}}"#), is("invalid_body", "/items", "wrong_type"));
    assert_eq!(
        refusal(r#"{"items":[{"productId":{"$gt":""},"lineQuantity":1}]}"#),
        is("invalid_body", "/items/0/productId", "wrong_type")
    );
    assert_eq!(
        refusal(r#"{"items":[{"productId":"x","lineQuantity":1}]}"#),
        is("invalid_body", "/items/0/productId", "invalid")
    );
    assert_eq!(refusal(r#"{"items":[],"gift":"yes"}"#), is("invalid_body", "/gift", "wrong_type"));
}

#[test]
fn numbers_that_do_not_fit_are_pointed_at() {
    for number in ["-1", "4294967296", "99999999999999999999999999999", "1.5", "1e300"] {
        let body = format!(r#"{{"items":[{{"productId":"507f1f77bcf86cd799439011","lineQuantity":{number}}}]}}"#);
        let (code, pointer, _) = refusal(&body);
        assert_eq!((code, pointer.as_str()), ("invalid_body", "/items/0/lineQuantity"), "{number}");
    }
}

#[test]
fn values_out_of_range_are_pointed_at_by_their_json_name() {
    let body = LINE.replace(":2}", ":1000}");
    assert_eq!(
        refusal(&format!(r#"{{"items":[{LINE},{body}]}}"#)),
        is("validation_failed", "/items/1/lineQuantity", "out_of_range")
    );
    assert_eq!(refusal(r#"{"items":[]}"#), is("validation_failed", "/items", "too_short"));
    assert_eq!(
        refusal(&format!(r#"{{"items":[{LINE}],"giftNote":"toolong"}}"#)),
        is("validation_failed", "/giftNote", "too_long")
    );
}

#[test]
fn messages_never_quote_a_value() {
    for body in [
        r#"{"items":"hunter2"}"#,
        r#"{"items":[{"productId":"hunter2","lineQuantity":1}]}"#,
        r#"{"items":[{"productId":"507f1f77bcf86cd799439011","lineQuantity":"hunter2"}]}"#,
        r#"{"items":[],"gift":"hunter2, expected hunter2"}"#,
        r#"{"items":[],"gift":"`hunter2`"}"#,
    ] {
        let problem = parse::<Basket>(body.as_bytes()).unwrap_err();
        assert!(!format!("{problem:?} {problem}").contains("hunter2"), "{problem:?}");
    }
}

async fn post(content_type: Option<&str>, body: Body) -> Result<Bytes, ProblemCode> {
    let mut request = axum::http::Request::post("/");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    json_body(request.body(body).unwrap()).await.map_err(|problem| problem.code())
}

#[tokio::test]
async fn only_json_of_at_most_256_kib_is_read() {
    for content_type in [None, Some("text/plain"), Some("application/jsonx"), Some("multipart/form-data")] {
        assert_eq!(post(content_type, Body::from("{}")).await, Err(ProblemCode::UnsupportedMediaType));
    }
    assert!(post(Some("application/JSON; charset=utf-8"), Body::from("{}")).await.is_ok());
    assert!(post(Some("application/json"), Body::from(vec![b' '; BODY_LIMIT_BYTES])).await.is_ok());
    assert_eq!(
        post(Some("application/json"), Body::from(vec![b' '; 1024 * 1024])).await,
        Err(ProblemCode::BodyTooLarge)
    );
    // A body of unknown length is counted while it comes in.
    let chunks = (0..1024).map(|_| Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b' '; 1024])));
    let streamed = Body::from_stream(futures::stream::iter(chunks));
    assert_eq!(post(Some("application/json"), streamed).await, Err(ProblemCode::BodyTooLarge));
}

#[tokio::test]
async fn no_body_is_an_empty_object_where_the_operation_allows_it() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Cancel {
        reason: Option<String>,
    }
    impl Validate for Cancel {}
    for nothing in ["", "\u{feff}"] {
        let request = axum::http::Request::post("/").body(Body::from(nothing)).unwrap();
        let OptionalBody(cancel) = OptionalBody::<Cancel>::from_request(request, &()).await.unwrap();
        assert_eq!(cancel.reason, None);
    }
}

#[test]
fn an_array_is_no_object_however_well_its_items_would_fit() {
    let items = r#"{"items":[["507f1f77bcf86cd799439011",2]]}"#;
    assert_eq!(refusal(items), is("invalid_body", "/items/0", "wrong_type"));
    assert_eq!(refusal(&format!("[[{LINE}]]")).0, "invalid_body");
}
