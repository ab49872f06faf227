//! The OpenAPI document: the parts that all operations share, and the two endpoints that serve it.
//!
//! Handlers describe themselves; the refusals that any of them may answer are added here, once.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, PathItem, Ref, RefOr, ResponseBuilder, Schema,
        ServerBuilder,
        path::Operation,
        schema::{Object, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::problem::{FieldCode, FieldError, ProblemCode, ProblemDocument};

/// The name of the security scheme: `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";
/// The name of the scheme of guests, where they are served: `security(("bearer" = []), ("cartToken" = []))`.
pub const CART: &str = "cartToken";

/// Completes the merged document of all functions: the info, the security schemes, and the problem response of every
/// operation.
pub fn describe(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Shop")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Amounts are integers in the currency's minor unit, times are RFC 3339 in UTC, ids are 24 hexadecimal digits. \
             Lists are paginated: pass a page's `nextCursor` as `cursor`. \
             Errors are problems (RFC 9457) with a stable `code`.",
        ))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url("/").build()]);
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The accessToken of POST /v1/auth/login."))
        .build();
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(bearer));
    let cart = ApiKeyValue::with_description("X-Cart-Token", "The cartToken of a guest's first POST /v1/cart/items.");
    components.security_schemes.insert(CART.to_owned(), SecurityScheme::ApiKey(ApiKey::Header(cart)));
    components.schemas.insert(ProblemDocument::name().into_owned(), ProblemDocument::schema());
    components.schemas.insert(ProblemCode::name().into_owned(), ProblemCode::schema());
    components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
    components.schemas.insert(FieldCode::name().into_owned(), FieldCode::schema());
    components.responses.insert("Problem".to_owned(), RefOr::T(problem_response()));
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let refusal = RefOr::Ref(Ref::from_response_name("Problem"));
            operation.responses.responses.entry("default".to_owned()).or_insert(refusal);
        }
    }
    document
}

fn problem_response() -> utoipa::openapi::Response {
    let text = || Schema::Object(Object::with_type(SchemaType::Type(Type::String)));
    let seconds = || Schema::Object(Object::with_type(SchemaType::Type(Type::Integer)));
    ResponseBuilder::new()
        .description("An error. `code` identifies it; docs/ERRORS.md lists all codes.")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDocument::name()))).build(),
        )
        .header("X-Request-Id", HeaderBuilder::new().schema(text()).build())
        .header("Retry-After", HeaderBuilder::new().schema(seconds()).build())
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// `GET /v1/openapi.json` and `GET /v1/docs`, serving this document (the JSON of [`describe`]).
pub fn routes<S: Clone + Send + Sync + 'static>(document: impl Into<Arc<str>>) -> OpenApiRouter<S> {
    OpenApiRouter::new().routes(routes!(get_openapi)).routes(routes!(show_docs)).with_state(Document(document.into()))
}

#[derive(Clone)]
struct Document(Arc<str>);

/// Retrieve this document
#[utoipa::path(get, path = "/v1/openapi.json", tag = "system", responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
async fn get_openapi(State(Document(document)): State<Document>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, document.to_string()).into_response()
}

/// The page. It reads `openapi.json`, and loads nothing from other origins.
const PAGE: &str = include_str!("docs.html");

/// Allows only the page's own script, and only requests to the same origin.
static PAGE_POLICY: LazyLock<String> = LazyLock::new(|| {
    let script =
        PAGE.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).map_or("", |(script, _)| script);
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, script.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'"
    )
});

/// Browse the API reference
#[utoipa::path(get, path = "/v1/docs", tag = "system", responses((status = 200, content_type = "text/html", body = String)))]
async fn show_docs() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_SECURITY_POLICY, PAGE_POLICY.as_str()), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, Html(PAGE))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_operation_can_refuse_and_every_reference_resolves() {
        let router = routes("{}").merge(crate::health::routes());
        let document = serde_json::to_value(describe(router.into_openapi())).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        for path in ["/v1/openapi.json", "/v1/docs", "/v1/health"] {
            assert_eq!(
                document["paths"][path]["get"]["responses"]["default"]["$ref"],
                "#/components/responses/Problem"
            );
        }
        assert_eq!(document["paths"]["/v1/health"]["get"]["operationId"], "get_health");
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        assert_eq!(document["components"]["securitySchemes"]["cartToken"]["name"], "X-Cart-Token");
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    fn collect_references(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    into.push(reference.clone());
                }
                members.values().for_each(|member| collect_references(member, into));
            }
            Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
            _ => {}
        }
    }

    #[test]
    fn the_pages_script_is_the_one_that_may_run() {
        assert!(PAGE_POLICY.contains("sha256-"));
        assert_eq!(PAGE.matches("<script>").count(), 1);
        assert!(!PAGE.contains("http://") && !PAGE.contains("https://"), "the page must need nothing from elsewhere");
    }
}
