//! Requests the nightly reconciliation with the gateway: one message for each of the last days.

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

/// How far back charges are compared: refunds and disputes come late.
const DAYS: u32 = 30;

/// Requests the comparison of each of the last days with the gateway, once a night. Answers how many days.
///
/// # Errors
/// If the database cannot be reached.
pub async fn request_reconciliation(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let midnight = midnight_before(worker.clock.now());
    let messages: Vec<Message> = (1..=DAYS).map(|day| message(midnight, day)).collect();
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

/// The message about a day before this midnight. Its id is made of both, so that it is enqueued once.
fn message(midnight: Timestamp, day: u32) -> Message {
    let until = midnight.minus(DAY * (day - 1));
    let mut message = Event::PaymentReconcileRequested { from: until.minus(DAY), until }.now(midnight);
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&midnight.as_seconds().to_be_bytes());
    bytes[8..].copy_from_slice(&day.to_be_bytes());
    message.id = Id::from_bytes(bytes);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_has_one_message_for_each_day() {
        let at = |hours: i64| Timestamp::from_millis((20_000 * 24 + hours) * 3600 * 1000);
        let midnight = midnight_before(at(5));
        assert_eq!((midnight, midnight_before(at(-1))), (at(0), at(-24)));
        let (first, second) = (message(midnight, 1), message(midnight, 2));
        assert_eq!(first.event, Event::PaymentReconcileRequested { from: at(-24), until: at(0) });
        assert_eq!(second.event, Event::PaymentReconcileRequested { from: at(-48), until: at(-24) });
        assert_eq!(first.id, message(midnight, 1).id);
        assert_ne!(first.id, second.id);
        assert_ne!(first.id, message(at(24), 1).id);
    }
}
