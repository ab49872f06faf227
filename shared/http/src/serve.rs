//! The middleware of every request: an id, a deadline, one log line, default headers, and a problem for every failure.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use lambda_http::{Adapter, RequestExt, request::RequestContext};
use lambda_runtime::{Runtime, layers::TracingLayer};
use tower::util::ThenLayer;
use tracing::{Instrument, field::display};
use utoipa_axum::router::OpenApiRouter;

use super::{
    app::App,
    background::BackgroundTasks,
    body::BODY_LIMIT_BYTES,
    health,
    problem::{Problem, ProblemCode, Report},
    query::DeclaredParameters,
    request_id::{self, Context},
};
use shop_domain::{Clock, Random};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The time that a Lambda must have left when the response is sent.
const LAMBDA_MARGIN: Duration = Duration::from_millis(500);

/// Completes the routes of one or several functions: adds `GET /v1/health` and the middleware. A request is cancelled
/// after `deadline`, or before its Lambda times out.
pub fn finish(routes: OpenApiRouter, app: &App, deadline: Duration) -> Router {
    let (router, document) = routes.merge(health::routes().with_state(app.clone())).split_for_parts();
    let parameters = DeclaredParameters::of(&document);
    let state = Middleware { random: app.random.clone(), clock: app.clock.clone(), deadline, parameters };
    with_layers(router, &state, app.cors.layer())
}

/// Serves API Gateway's requests until Lambda ends the process.
pub async fn run_lambda(router: Router, background: BackgroundTasks) -> Result<(), lambda_http::Error> {
    // Runs after the response was sent and before the next event is requested: until then Lambda does not freeze the
    // process.
    let finish = ThenLayer::new(async move |answered| {
        background.finished().await;
        answered
    });
    Runtime::new(Adapter::from(router)).layer(TracingLayer::new()).layer(finish).run().await
}

#[derive(Clone)]
struct Middleware {
    random: Random,
    clock: Clock,
    deadline: Duration,
    parameters: DeclaredParameters,
}

fn with_layers(router: Router, state: &Middleware, cors: tower_http::cors::CorsLayer) -> Router {
    // The last layer is the outermost.
    router
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(middleware::from_fn_with_state(state.clone(), refuse_unknown_parameters))
        .layer(middleware::from_fn_with_state(state.clone(), catch_failures))
        .layer(cors)
        .layer(middleware::from_fn_with_state(state.clone(), observe))
}

/// Refuses query parameters that the operation does not have: a misspelt filter must not answer with the whole list.
async fn refuse_unknown_parameters(
    State(state): State<Middleware>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    if let (Some(route), Some(query)) = (route, request.uri().query())
        && let Err(problem) = state.parameters.check(route.as_str(), request.method(), query)
    {
        return problem.into_response();
    }
    next.run(request).await
}

/// Assigns the request its id, logs it, and sets the default headers.
async fn observe(State(state): State<Middleware>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = Context::new(id_of(&request, &state.random));
    let method = request.method().clone();
    // The route, not the path: a path may contain a token.
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id = context.id, route);
    let mut response = request_id::scope(context.clone(), next.run(request)).instrument(span).await;
    log(&context, &method, &route, started.elapsed(), &response);

    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

fn log(context: &Context, method: &Method, route: &str, took: Duration, response: &Response) {
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let report = response.extensions().get::<Report>();
    let code = report.map(|report| report.code.as_str());
    let causes = report.and_then(|report| report.causes.as_deref());
    let user = context.user().map(display);
    let request_id = context.id.as_str();
    if status >= 500 {
        tracing::error!(%method, route, status, duration_ms, request_id, user, code, causes, "request");
    } else {
        tracing::info!(%method, route, status, duration_ms, request_id, user, code, causes, "request");
    }
}

fn id_of(request: &Request, random: &Random) -> String {
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref()
        && let Some(id) = &context.request_id
    {
        return id.clone();
    }
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'='))
    };
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    given.map_or_else(|| random.readable(16), str::to_owned)
}

#[derive(Debug, thiserror::Error)]
enum RequestFailure {
    #[error("the request took longer than {0:?}")]
    TimedOut(Duration),
    #[error("panicked: {0}")]
    Panicked(String),
}

/// Cancels a request at its deadline, catches panics, and turns error responses without a body (the router's 404 and
/// 405) into problems.
async fn catch_failures(State(state): State<Middleware>, request: Request, next: Next) -> Response {
    let deadline = time_limit(&request, &state);
    match tokio::time::timeout(deadline, AssertUnwindSafe(next.run(request)).catch_unwind()).await {
        Ok(Ok(response)) => as_problem(response),
        Ok(Err(payload)) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
            Problem::internal(RequestFailure::Panicked(text)).into_response()
        }
        Err(_) => Problem::unavailable(RequestFailure::TimedOut(deadline)).into_response(),
    }
}

fn time_limit(request: &Request, state: &Middleware) -> Duration {
    let Some(context) = request.lambda_context_ref() else { return state.deadline };
    let now = u64::try_from(state.clock.now().as_millis()).unwrap_or_default();
    let left = Duration::from_millis(context.deadline.saturating_sub(now)).saturating_sub(LAMBDA_MARGIN);
    state.deadline.min(left)
}

fn as_problem(response: Response) -> Response {
    let status = response.status();
    if status.as_u16() < 400 || response.extensions().get::<Report>().is_some() {
        return response;
    }
    let mut problem = Problem::new(ProblemCode::for_status(status));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        if let Some(allowed) = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok()) {
            problem = problem.detail(format!("Allowed here: {}.", allowed.replace(',', ", ")));
        }
    } else if status == StatusCode::NOT_FOUND {
        problem = problem.detail("There is no such endpoint. Check the path.");
    }
    let (mut parts, _) = response.into_parts();
    let (problem, body) = problem.into_response().into_parts();
    // Headers such as Allow are kept, but not the length of the replaced body.
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(problem.headers);
    parts.extensions.extend(problem.extensions);
    parts.status = problem.status;
    Response::from_parts(parts, Body::new(body))
}

#[cfg(test)]
mod tests {
    use axum::{Json, routing::get};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;
    use crate::RequestId;
    use crate::cors::CorsOrigins;

    #[expect(clippy::panic, reason = "the test is about panics")]
    async fn panicking() -> &'static str {
        panic!("at the disco")
    }

    fn router() -> Router {
        let router = Router::new()
            .route("/things/{id}", get(|| async { "thing" }).post(|| async { StatusCode::NO_CONTENT }))
            .route("/id", get(|RequestId(id): RequestId| async { id }))
            .route("/panic", get(panicking))
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }))
            .route("/cached", get(|| async { ([(header::CACHE_CONTROL, "public, max-age=60")], Json(1)) }))
            .route("/down", get(|| async { Problem::unavailable("the database is away") }));
        let state = Middleware {
            random: Random::seeded(1),
            clock: Clock::system(),
            deadline: Duration::from_millis(50),
            parameters: DeclaredParameters::default(),
        };
        with_layers(router, &state, CorsOrigins::parse("https://shop.example").unwrap().layer())
    }

    async fn send(method: &str, path: &str, headers: &[(&str, &str)]) -> (Response<()>, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, ()), String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn problem(method: &str, path: &str) -> (Response<()>, Value) {
        let (response, body) = send(method, path, &[]).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["requestId"], response.headers()["x-request-id"].to_str().unwrap());
        assert_eq!(body["status"], response.status().as_u16());
        (response, body)
    }

    #[tokio::test]
    async fn a_refusal_by_the_router_is_a_problem() {
        let (_, body) = problem("GET", "/nothing").await;
        assert_eq!(body["code"], "not_found");
        let (response, body) = problem("DELETE", "/things/1").await;
        assert_eq!((response.status().as_u16(), body["code"].as_str()), (405, Some("method_not_allowed")));
        assert_eq!(response.headers()["allow"], "GET,HEAD,POST");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_that_says_nothing() {
        let (response, body) = problem("GET", "/panic").await;
        assert_eq!((response.status().as_u16(), body["code"].as_str()), (500, Some("internal")));
        assert!(!body.to_string().contains("disco"));
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_unavailable() {
        let (response, body) = problem("GET", "/slow").await;
        assert_eq!((response.status().as_u16(), body["code"].as_str()), (503, Some("unavailable")));
        assert!(response.headers().contains_key("retry-after"));
    }

    #[tokio::test]
    async fn a_problem_of_a_handler_carries_the_requests_id() {
        let (response, body) = problem("GET", "/down").await;
        assert_eq!(response.headers()["retry-after"], "2");
        assert!(!body.to_string().contains("database"));
    }

    #[tokio::test]
    async fn a_sensible_request_id_is_kept_and_any_other_replaced() {
        let (response, body) = send("GET", "/id", &[("x-request-id", "web-1.a_B")]).await;
        assert_eq!((response.headers()["x-request-id"].to_str().unwrap(), body.as_str()), ("web-1.a_B", "web-1.a_B"));
        for bad in ["", "a b", "<script>", &"x".repeat(65)] {
            let (response, body) = send("GET", "/id", &[("x-request-id", bad)]).await;
            assert_eq!(response.headers()["x-request-id"].to_str().unwrap(), body);
            assert_eq!(body.len(), 16);
        }
    }

    #[tokio::test]
    async fn answers_are_not_stored_unless_the_handler_says_so() {
        let (response, _) = send("GET", "/id", &[]).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let (response, _) = send("GET", "/cached", &[]).await;
        assert_eq!(response.headers()["cache-control"], "public, max-age=60");
    }

    #[tokio::test]
    async fn only_configured_origins_may_call() {
        let ask = |origin| {
            [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "idempotency-key"),
            ]
        };
        let (response, _) = send("OPTIONS", "/things/1", &ask("https://shop.example")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
        assert!(response.headers()["access-control-allow-headers"].to_str().unwrap().contains("idempotency-key"));
        let (response, _) = send("OPTIONS", "/things/1", &ask("https://evil.example")).await;
        assert!(!response.headers().contains_key("access-control-allow-origin"));
        let (response, _) = send("GET", "/nothing", &[("origin", "https://shop.example")]).await;
        assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
        assert!(response.headers()["access-control-expose-headers"].to_str().unwrap().contains("x-request-id"));
    }
}
