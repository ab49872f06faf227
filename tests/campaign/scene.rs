//! The scene of every campaign: a shop on the replica set, concurrent requests, and the final checks.

use std::{ops::Deref, sync::Arc, time::Duration};

use tests::{Person, Reply, StripeApi, TestShop, at_once, campaign::Run};

use crate::Arena;

/// Longer than the reservation lease.
pub(crate) const AFTER_LEASE: Duration = Duration::from_secs(36);

/// How often a buyer sends a checkout while the shop is unavailable.
const MAX_ATTEMPTS: usize = 20;

/// The range in which concurrent requests start.
pub(crate) const MOMENT_MILLIS: u64 = 30;

/// A shop for one run.
pub(crate) struct Scene {
    pub(crate) shop: TestShop,
    pub(crate) stripe: StripeApi,
    pub(crate) run: Run,
}

impl Deref for Scene {
    type Target = TestShop;

    fn deref(&self) -> &TestShop {
        &self.shop
    }
}

impl Scene {
    /// An empty shop.
    pub(crate) async fn open(arena: &Arena, run: Run) -> Self {
        let shop = TestShop::start_at(arena.place().await, |real| real);
        let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
        Self { shop, stripe, run }
    }

    /// Checks out for all buyers concurrently, in random order, and retries while the shop is unavailable or an earlier
    /// request is in progress. Answers the final replies.
    pub(crate) async fn check_out(&self, buyers: &[Person]) -> Vec<Reply> {
        let mut replies: Vec<Option<Reply>> = vec![None; buyers.len()];
        for attempt in 0..MAX_ATTEMPTS {
            let waiting: Vec<usize> = (0..buyers.len()).filter(|number| replies[*number].is_none()).collect();
            if waiting.is_empty() {
                break;
            }
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                self.clock.advance(AFTER_LEASE);
            }
            for (number, reply) in self.click(buyers, waiting).await {
                replies[number] = Some(reply).filter(is_decided);
            }
        }
        replies.into_iter().map(|reply| reply.expect("the shop stays unavailable")).collect()
    }

    /// These buyers check out once.
    pub(crate) async fn click(&self, buyers: &[Person], numbers: Vec<usize>) -> Vec<(usize, Reply)> {
        at_once(self.run.shuffled(numbers).into_iter().map(|number| {
            let (buyer, pause) = (buyers[number].clone(), self.run.pause(MOMENT_MILLIS));
            let tally = Arc::clone(&self.run.tally);
            async move {
                tokio::time::sleep(pause).await;
                let reply = buyer.checkout("order").await;
                tally.record(&reply);
                (number, reply)
            }
        }))
        .await
    }

    /// Fails the run unless every invariant holds, before and after all messages are processed, and the charges match the
    /// orders.
    pub(crate) async fn close(&self) {
        self.verify().await;
        self.process_everything().await;
        self.verify().await;
        self.assert_money_matches_orders(&self.stripe).await;
        self.run.tally.record_orders(self.count("orders").await);
    }
}

fn is_decided(reply: &Reply) -> bool {
    reply.status != 503 && !is_in_progress(reply)
}

/// Whether the answer is that a request with this key is in progress.
pub(crate) fn is_in_progress(reply: &Reply) -> bool {
    reply.json["code"] == "idempotency_in_progress"
}

/// Those with this status.
pub(crate) fn with_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status.as_u16() == status).collect()
}
