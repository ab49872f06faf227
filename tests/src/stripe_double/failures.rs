//! Failures on demand: of one call, or of a share of all calls.

use std::sync::{Arc, Mutex};

use shared::domain::Random;

use crate::gateway::{Gate, Moment};

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection ends before Stripe receives the request.
    RequestLost,
    /// Stripe has done it, and the connection ends without an answer.
    AnswerLost,
    /// Stripe does nothing and answers this status: 400, 401, 402, 403, 404, 409, 424, 429, 500 or 503.
    Status(u16),
    /// Stripe has done it, and answers this status: the answer for the idempotency key is the failure.
    AfterExecuting(u16),
}

/// Which failure comes next.
#[derive(Debug, Default)]
pub(super) struct Failures {
    scripted: Mutex<Vec<(Pattern, Failure)>>,
    gates: Mutex<Vec<(Pattern, Moment, Arc<Gate>)>>,
    storm: Mutex<Option<(Random, u64)>>,
}

/// A method, and a path in which `*` is any one segment.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    method: String,
    path: String,
}

impl Pattern {
    pub(super) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned() }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let (pattern, path): (Vec<_>, Vec<_>) = (self.path.split('/').collect(), path.split('/').collect());
        let same = |(left, right): (&&str, &&str)| *left == "*" || left == right;
        self.method == method && pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
    }
}

/// The kinds of failures in a storm.
const STORM: [Failure; 5] = [
    Failure::RequestLost,
    Failure::AnswerLost,
    Failure::Status(429),
    Failure::Status(500),
    Failure::AfterExecuting(500),
];

impl Failures {
    pub(super) fn script(&self, pattern: Pattern, failure: Failure) {
        self.scripted.lock().unwrap().push((pattern, failure));
    }

    pub(super) fn block(&self, pattern: Pattern, moment: Moment, gate: Arc<Gate>) {
        self.gates.lock().unwrap().push((pattern, moment, gate));
    }

    pub(super) fn storm(&self, random: Random, percent: u64) {
        *self.storm.lock().unwrap() = Some((random, percent));
    }

    pub(super) fn calm(&self) {
        *self.storm.lock().unwrap() = None;
        self.scripted.lock().unwrap().clear();
    }

    /// The failure of this request, once.
    pub(super) fn next(&self, method: &str, path: &str) -> Option<Failure> {
        let mut scripted = self.scripted.lock().unwrap();
        if let Some(at) = scripted.iter().position(|(pattern, _)| pattern.matches(method, path)) {
            return Some(scripted.remove(at).1);
        }
        match &*self.storm.lock().unwrap() {
            Some((random, percent)) if random.below(100) < *percent => {
                Some(STORM[usize::try_from(random.below(STORM.len() as u64)).unwrap()])
            }
            _ => None,
        }
    }

    /// Waits at the gate that a test has put here.
    pub(super) async fn wait_at(&self, method: &str, path: &str, moment: Moment) {
        let gate = {
            let mut gates = self.gates.lock().unwrap();
            let at = gates.iter().position(|(pattern, when, _)| *when == moment && pattern.matches(method, path));
            at.map(|at| gates.remove(at).2)
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
    }
}
