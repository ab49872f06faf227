//! Collects all failures, so that a test over every operation reports the whole list.

use std::{collections::BTreeMap, fs, sync::LazyLock};

use local::components::workspace_root;
use serde_json::Value;
use shared::validation::FieldCode;
use tests::Reply;

/// The failures so far.
#[derive(Default)]
pub(super) struct Findings(Vec<String>);

impl Findings {
    /// Records a failure.
    pub(super) fn record(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    /// Records a failure unless it holds.
    pub(super) fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.0.push(otherwise());
        }
    }

    /// Records what is wrong with a refusal: the status has to be one of these, the code one of these if there are any.
    pub(super) fn expect_refusal(&mut self, what: &str, reply: &Reply, statuses: &[u16], codes: &[&str]) {
        let status = reply.status.as_u16();
        if !statuses.contains(&status) {
            let body = String::from_utf8_lossy(&reply.body);
            let body: String = body.chars().take(300).collect();
            return self.record(format!("{what}: {status} instead of {statuses:?}: {body}"));
        }
        let code = reply.json["code"].as_str().unwrap_or_default();
        self.expect(codes.is_empty() || codes.contains(&code), || format!("{what}: {code} instead of {codes:?}"));
        for fault in faults_of_problem(reply) {
            self.record(format!("{what}: {fault}: {}", reply.json));
        }
    }

    /// Fails the test if there are any.
    #[track_caller]
    pub(super) fn assert_none(self) {
        let count = self.0.len();
        assert!(count == 0, "{count} findings:\n{}", self.0.join("\n"));
    }
}

/// The codes of docs/ERRORS.md with their statuses. A unit test holds that page to the code.
static DOCUMENTED: LazyLock<BTreeMap<String, u16>> = LazyLock::new(|| {
    let page = fs::read_to_string(workspace_root().join("docs/ERRORS.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let code = cells.next()?.trim().trim_end_matches('`').to_owned();
        Some((code, cells.next()?.trim().parse().ok()?))
    });
    rows.collect()
});

/// Words that only our own machinery says.
const INTERNALS: [&str; 9] =
    ["mongo", "bson", "serde", "panicked", "E11000", "stack backtrace", ".rs:", "duplicate key error", "objectid("];

fn faults_of_problem(reply: &Reply) -> Vec<String> {
    let mut faults = Vec::new();
    let problem = &reply.json;
    if reply.header("content-type") != Some("application/problem+json") {
        faults.push("no application/problem+json".to_owned());
    }
    for member in ["type", "title", "detail", "code", "requestId"] {
        if problem[member].as_str().is_none_or(str::is_empty) {
            faults.push(format!("a problem without {member}"));
        }
    }
    if problem["status"] != reply.status.as_u16() {
        faults.push("its status is not the answer's".to_owned());
    }
    if reply.header("x-request-id").is_none_or(|id| problem["requestId"] != id) {
        faults.push("its requestId is not the X-Request-Id".to_owned());
    }
    let code = problem["code"].as_str().unwrap_or_default();
    if DOCUMENTED.get(code) != Some(&reply.status.as_u16()) {
        faults.push(format!("docs/ERRORS.md knows no {code} with this status"));
    }
    if matches!(reply.status.as_u16(), 429 | 503) && reply.header("retry-after").is_none() {
        faults.push("no Retry-After".to_owned());
    }
    for error in problem["errors"].as_array().into_iter().flatten() {
        let text = |member: &str| error[member].as_str();
        if text("pointer").is_none_or(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            faults.push("an error whose pointer is none".to_owned());
        }
        if !FieldCode::ALL.iter().any(|code| text("code") == Some(code.as_str())) {
            faults.push(format!("an error whose code is not on the list: {}", error["code"]));
        }
        if text("message").is_none_or(str::is_empty) {
            faults.push("an error without message".to_owned());
        }
    }
    let body = String::from_utf8_lossy(&reply.body).to_lowercase();
    for word in INTERNALS {
        if body.contains(&word.to_lowercase()) {
            faults.push(format!("it speaks of {word}"));
        }
    }
    faults
}

/// Whether one of the problem's errors points there, or below: where an object was expected, its fields are looked at.
pub(super) fn points_at(problem: &Value, pointer: &str) -> bool {
    problem["errors"].as_array().into_iter().flatten().any(|error| {
        let below = error["pointer"].as_str().and_then(|shown| shown.strip_prefix(pointer));
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}
