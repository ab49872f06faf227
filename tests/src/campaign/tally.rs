//! Counters over the runs of a campaign, including failed runs.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::request::Reply;

/// The outcomes of all requests.
#[derive(Debug, Default)]
pub struct Tally {
    orders: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
}

impl Tally {
    /// Counts an answer. Fails the run at 429 and at any 5xx but 503.
    #[track_caller]
    pub fn record(&self, reply: &Reply) {
        match reply.status.as_u16() {
            503 => self.unavailable.fetch_add(1, Ordering::Relaxed),
            429 | 500.. => panic!("an unexpected answer: {reply:?}"),
            400.. => self.refused.fetch_add(1, Ordering::Relaxed),
            _ => return,
        };
    }

    /// Counts orders.
    pub fn record_orders(&self, placed: u64) {
        self.orders.fetch_add(placed, Ordering::Relaxed);
    }

    /// How many orders were placed.
    pub fn orders(&self) -> u64 {
        self.orders.load(Ordering::Relaxed)
    }

    /// How many requests were refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many answers were 503.
    pub fn unavailable(&self) -> u64 {
        self.unavailable.load(Ordering::Relaxed)
    }
}
