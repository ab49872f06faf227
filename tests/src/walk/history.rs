//! Draws histories.

use super::step::{Call, Decision, Method, Step};
use crate::{
    campaign::Run,
    stripe_double::{Failure, RefundOutcome},
};

/// The steps of a run: an order first, then anything.
pub(super) fn draw(run: &Run) -> Vec<Step> {
    let mut steps = Vec::new();
    if run.random.below(3) == 0 {
        steps.push(Step::CaptureOnShipping);
    }
    steps.push(check_out(run));
    for _ in 0..run.between(4, 30) {
        steps.push(step(run));
    }
    steps
}

fn step(run: &Run) -> Step {
    let order = number(run);
    match run.random.below(100) {
        0..6 => check_out(run),
        6..10 => Step::PayAgain { order, method: method(run) },
        10..15 => Step::Authenticate { order, succeeds: run.random.below(3) > 0 },
        15..18 => Step::Return { order },
        18..25 => Step::Cancel { order, by_customer: run.flips_heads() },
        25..29 => Step::Ship { order },
        29..32 => Step::Deliver { order },
        32..34 => Step::SendBack { order },
        34..38 => Step::Refund { order, amount: run.between(1, 1500) },
        38..42 => Step::Decide { order, refund: number(run), decision: pick(run, &DECISIONS) },
        42..44 => Step::MarkPaid { order, percent: pick(run, &PERCENTS) },
        44..58 => Step::DeliverOne { message: number(run) },
        58..61 => Step::DeliverAgain { message: number(run) },
        61..67 => Step::DeliverAll,
        67..72 => Step::Webhook { event: number(run) },
        72..80 => Step::Fail { call: pick(run, &CALLS), failure: pick(run, &FAILURES) },
        80..82 => Step::NextRefund { outcome: pick(run, &OUTCOMES) },
        82..84 => Step::SettleRefund { refund: number(run), outcome: pick(run, &OUTCOMES) },
        84..87 => Step::RefundInDashboard { order, amount: run.between(1, 1500) },
        87..88 => Step::CancelInDashboard { order },
        88..89 => Step::ChargeWrongly { order },
        89..91 => Step::Dispute { order },
        91..92 => Step::CloseDispute { won: run.flips_heads() },
        92..93 => Step::CaptureInDashboard { order, percent: pick(run, &PERCENTS) },
        93..94 => Step::Capture { order },
        94..97 => Step::Wait { minutes: pick(run, &MINUTES) },
        _ => Step::Maintain,
    }
}

fn check_out(run: &Run) -> Step {
    Step::CheckOut { customer: number(run), quantity: run.between(1, 2), method: method(run) }
}

fn method(run: &Run) -> Method {
    pick(run, &METHODS)
}

fn number(run: &Run) -> usize {
    usize::try_from(run.random.below(8)).unwrap()
}

fn pick<T: Copy>(run: &Run, choices: &[T]) -> T {
    choices[usize::try_from(run.random.below(choices.len() as u64)).unwrap()]
}

/// Good cards most of the time, so that there is money to lose.
const METHODS: [Method; 9] = [
    Method::Card,
    Method::Card,
    Method::Card,
    Method::Card,
    Method::AuthenticatedCard,
    Method::DeclinedCard,
    Method::UnknownToken,
    Method::Paypal,
    Method::Transfer,
];

const DECISIONS: [Decision; 3] = [Decision::Retry, Decision::Reject, Decision::MarkPaid];

const CALLS: [Call; 7] =
    [Call::Open, Call::Confirm, Call::LookUp, Call::Cancel, Call::Capture, Call::Refund, Call::ListRefunds];

const FAILURES: [Failure; 8] = [
    Failure::RequestLost,
    Failure::AnswerLost,
    Failure::AnswerLost,
    Failure::Status(403),
    Failure::Status(409),
    Failure::Status(429),
    Failure::Status(500),
    Failure::AfterExecuting(500),
];

const OUTCOMES: [RefundOutcome; 4] = [
    RefundOutcome::Succeeded,
    RefundOutcome::Pending,
    RefundOutcome::Failed("expired_or_canceled_card"),
    RefundOutcome::Failed("lost_or_stolen_card"),
];

/// Of a total that is transferred: in part, in full, too much.
const PERCENTS: [i64; 4] = [40, 100, 100, 130];

/// Around the times after which something happens: a lease, a resumption, an expiry, a day of idempotency keys.
const MINUTES: [u64; 5] = [1, 6, 11, 36, 24 * 60 + 1];
