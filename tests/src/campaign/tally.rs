//! What is counted in the runs of a campaign, also in those that fail.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::request::Reply;

/// What came of all the requests.
#[derive(Debug, Default)]
pub struct Tally {
    orders: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
}

impl Tally {
    /// Counts an answer. Fails the run if it is one that nobody may get: a failure of ours, unless it says that the shop is
    /// not available right now, or that somebody asks too often.
    #[track_caller]
    pub fn note(&self, reply: &Reply) {
        match reply.status.as_u16() {
            503 => self.unavailable.fetch_add(1, Ordering::Relaxed),
            429 | 500.. => panic!("nobody may get this answer: {reply:?}"),
            400.. => self.refused.fetch_add(1, Ordering::Relaxed),
            _ => return,
        };
    }

    /// Counts orders.
    pub fn note_orders(&self, placed: u64) {
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

    /// How many were told to come again: 503.
    pub fn unavailable(&self) -> u64 {
        self.unavailable.load(Ordering::Relaxed)
    }
}
