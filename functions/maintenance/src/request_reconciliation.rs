//! Requests the nightly reconciliation with the gateway: a message for each window of the last days.

use std::time::Duration;

use shared::{
    domain::{
        Id, Timestamp,
        message::{Event, Message},
    },
    queue::Worker,
    store::StoreError,
    transaction,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

const HOUR: Duration = Duration::from_secs(3600);

/// How far back charges are compared: refunds and disputes come late.
const DAYS: u32 = 30;

/// How many of the last days are compared by the hour: most changes are in them, and each changed charge costs calls, for
/// which one message has only the time of one invocation. An hour for all would be too many messages for one transaction.
const DAYS_BY_HOUR: u32 = 3;

/// Requests the comparison of each window of the last days with the gateway, once a night. Answers how many windows.
///
/// # Errors
/// If the database cannot be reached.
pub async fn request_reconciliation(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let midnight = midnight_before(worker.clock.now());
    let messages = messages(midnight);
    let Some(first) = messages.first() else { return Ok(0) };
    if store.outbox.contains(first.id).await? {
        return Ok(0);
    }
    transaction!(store, |tx| { store.outbox.enqueue_all(tx, &messages).await })?;
    let count = messages.len();
    worker.dispatch(messages).await;
    Ok(count)
}

fn midnight_before(now: Timestamp) -> Timestamp {
    let day = DAY.as_secs().cast_signed();
    Timestamp::from_millis(now.as_seconds().div_euclid(day) * day * 1000)
}

/// The messages of a night, the latest window first.
fn messages(midnight: Timestamp) -> Vec<Message> {
    let hours = (0..DAYS_BY_HOUR * 24).map(|hour| (midnight.minus(HOUR * hour), HOUR));
    let days = (DAYS_BY_HOUR..DAYS).map(|day| (midnight.minus(DAY * day), DAY));
    (0..).zip(hours.chain(days)).map(|(number, (until, length))| message(midnight, number, until, length)).collect()
}

/// A message of the night of this midnight. Its id is made of the midnight and its number, so that it is enqueued once.
fn message(midnight: Timestamp, number: u32, until: Timestamp, length: Duration) -> Message {
    let mut message = Event::PaymentReconcileRequested { from: until.minus(length), until }.now(midnight);
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&midnight.as_seconds().to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    message.id = Id::from_bytes(bytes);
    message
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_windows_of_a_night_are_short_and_without_gaps() {
        let at = |hours: i64| Timestamp::from_millis((20_000 * 24 + hours) * 3600 * 1000);
        let midnight = midnight_before(at(5));
        assert_eq!((midnight, midnight_before(at(-1))), (at(0), at(-24)));
        let windows = messages(midnight).into_iter().map(|message| match message.event {
            Event::PaymentReconcileRequested { from, until } => (from, until),
            other => panic!("{other:?}"),
        });
        let mut earliest = at(0);
        for (from, until) in windows {
            assert_eq!(until, earliest);
            assert_eq!(from, until.minus(if until > at(-3 * 24) { HOUR } else { DAY }));
            earliest = from;
        }
        assert_eq!(earliest, at(-30 * 24));
    }

    #[test]
    fn a_message_of_a_night_is_enqueued_once() {
        let midnight = |night: i64| Timestamp::from_millis(night * 24 * 3600 * 1000);
        let ids = |night| messages(midnight(night)).into_iter().map(|message| message.id);
        assert!(ids(20_000).eq(ids(20_000)));
        let nights: BTreeSet<_> = ids(20_000).chain(ids(20_001)).collect();
        assert_eq!(nights.len(), 2 * (3 * 24 + 27));
    }
}
