//! I6: the transitions of the state machines, and whether a timeline follows them.

use shared::domain::{order::OrderStatus, payment::PaymentStatus};

use OrderStatus as O;
use PaymentStatus as P;

/// From, to. An order that was partly shipped or partly delivered enters its state again.
const ORDER: &[(O, O)] = &[
    (O::Pending, O::Confirmed),
    (O::Pending, O::Cancelled),
    (O::Confirmed, O::Processing),
    (O::Confirmed, O::Cancelled),
    (O::Processing, O::Processing),
    (O::Processing, O::Shipped),
    (O::Processing, O::Cancelled),
    (O::Shipped, O::Shipped),
    (O::Shipped, O::Delivered),
    (O::Shipped, O::Refunded),
    (O::Delivered, O::Refunded),
];

/// From, to. An action of the customer, and a new attempt during it, enter `processing` again.
const PAYMENT: &[(P, P)] = &[
    (P::Pending, P::Processing),
    (P::Pending, P::Failed),
    (P::Processing, P::Processing),
    (P::Processing, P::Completed),
    (P::Processing, P::Failed),
    (P::Failed, P::Processing),
    // The buyer chose a bank transfer instead.
    (P::Failed, P::Pending),
    (P::Completed, P::Refunded),
    // A refund failed after it was paid out.
    (P::Refunded, P::Completed),
];

/// The violation of an order's timeline in this state.
pub(super) fn order_violation(timeline: &[O], now: O) -> Option<String> {
    violation(timeline, now, O::Pending, O::as_str, |at, from, to| {
        // Only an order that expired unpaid can be reopened by late money, unless its customer cancelled it afterwards.
        let has_expired = timeline[..at].ends_with(&[O::Pending, O::Cancelled]);
        ORDER.contains(&(from, to))
            || (has_expired && [(O::Cancelled, O::Confirmed), (O::Cancelled, O::Cancelled)].contains(&(from, to)))
    })
}

/// The violation of a payment's timeline in this state.
pub(super) fn payment_violation(timeline: &[P], now: P) -> Option<String> {
    violation(timeline, now, P::Pending, P::as_str, |_, from, to| {
        // A person decided what it waited for: an entry within the state.
        from == to || PAYMENT.contains(&(from, to))
    })
}

/// Whether the order ended unpaid.
pub(super) fn ended_unpaid(timeline: &[O]) -> bool {
    timeline.ends_with(&[O::Pending, O::Cancelled]) || timeline.ends_with(&[O::Pending, O::Cancelled, O::Cancelled])
}

fn violation<S: Copy + PartialEq>(
    timeline: &[S],
    now: S,
    first: S,
    name: impl Fn(S) -> &'static str,
    is_transition: impl Fn(usize, S, S) -> bool,
) -> Option<String> {
    let (Some(start), Some(last)) = (timeline.first(), timeline.last()) else {
        return Some("its timeline is empty".to_owned());
    };
    if *start != first {
        return Some(format!("its timeline begins with {}", name(*start)));
    }
    if *last != now {
        return Some(format!("it is {}, its timeline ends with {}", name(now), name(*last)));
    }
    let steps = timeline.windows(2).enumerate().filter_map(|(at, step)| match step {
        [from, to] => Some((at.saturating_add(1), *from, *to)),
        _ => None,
    });
    let mut wrong = steps.filter(|(at, from, to)| !is_transition(*at, *from, *to));
    wrong.next().map(|(_, from, to)| format!("its timeline goes from {} to {}", name(from), name(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valid_timelines_of_an_order() {
        let timelines: &[&[O]] = &[
            &[O::Pending],
            &[O::Pending, O::Confirmed, O::Processing, O::Processing, O::Shipped, O::Delivered, O::Refunded],
            &[O::Pending, O::Confirmed, O::Processing, O::Shipped, O::Shipped, O::Delivered],
            &[O::Pending, O::Cancelled, O::Confirmed, O::Processing, O::Cancelled],
            &[O::Pending, O::Cancelled, O::Cancelled],
        ];
        for timeline in timelines {
            assert_eq!(order_violation(timeline, *timeline.last().unwrap()), None, "{timeline:?}");
        }
    }

    #[test]
    fn a_paid_and_cancelled_order_is_not_reopened() {
        let timeline = [O::Pending, O::Confirmed, O::Cancelled, O::Confirmed];
        assert_eq!(order_violation(&timeline, O::Confirmed).unwrap(), "its timeline goes from cancelled to confirmed");
    }

    #[test]
    fn an_expired_and_then_cancelled_order_is_final() {
        for after in [O::Confirmed, O::Cancelled] {
            let timeline = [O::Pending, O::Cancelled, O::Cancelled, after];
            assert!(order_violation(&timeline, after).is_some(), "{after:?}");
        }
        assert!(ended_unpaid(&[O::Pending, O::Cancelled, O::Cancelled]));
        assert!(!ended_unpaid(&[O::Pending, O::Confirmed, O::Cancelled]));
    }

    #[test]
    fn a_timeline_with_gaps_or_wrong_ends_is_invalid() {
        assert!(order_violation(&[], O::Pending).is_some());
        assert!(order_violation(&[O::Confirmed], O::Confirmed).is_some());
        assert!(order_violation(&[O::Pending, O::Confirmed], O::Pending).is_some());
        assert!(order_violation(&[O::Pending, O::Shipped], O::Shipped).is_some());
        assert!(payment_violation(&[P::Pending, P::Completed], P::Completed).is_some());
        assert!(payment_violation(&[P::Pending, P::Processing, P::Refunded], P::Refunded).is_some());
    }

    #[test]
    fn the_valid_timelines_of_a_payment() {
        let timeline = [P::Pending, P::Failed, P::Processing, P::Processing, P::Completed, P::Refunded];
        assert_eq!(payment_violation(&timeline, P::Refunded), None);
    }
}
