//! Who wants the same thing stands in line for it, within a process.
//!
//! A crowd that orders one product all at once takes the processors from everybody else, and would be served no later one by
//! one. Between processes the database decides, as ever: a line is a courtesy that spares work, and nothing is right because
//! of it. A Lambda serves one request at a time and never waits here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// Nobody stands longer than this: whoever is in front may be waiting for a server that has gone.
const PATIENCE: Duration = Duration::from_secs(3);

/// So many lines may be empty before they are cleared away.
const SPARE: usize = 1000;

/// The lines of a process, by what is wanted.
#[derive(Clone, Debug)]
pub struct Lines {
    lines: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
    abreast: usize,
}

/// The first places in some lines. Whoever drops it lets the next ones go.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    _places: Vec<OwnedSemaphorePermit>,
}

impl Default for Lines {
    fn default() -> Self {
        Self::abreast(1)
    }
}

impl Lines {
    /// Lines in which so many go at once.
    pub fn abreast(abreast: usize) -> Self {
        Self { lines: Arc::default(), abreast }
    }

    /// Waits until it is one's turn for all of these, or until patience is over.
    pub async fn stand(&self, wanted: BTreeSet<String>) -> Turn {
        self.stand_until(Instant::now() + PATIENCE, wanted).await
    }

    async fn stand_until(&self, end: Instant, wanted: BTreeSet<String>) -> Turn {
        let mut places = Vec::with_capacity(wanted.len());
        // Everybody takes their places in the same order, so that nobody waits in a circle.
        for line in wanted {
            let Ok(Ok(place)) = timeout_at(end, self.line(line).acquire_owned()).await else { break };
            places.push(place);
        }
        Turn { _places: places }
    }

    fn line(&self, wanted: String) -> Arc<Semaphore> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() > SPARE {
            lines.retain(|_, line| line.strong_count() > 0);
        }
        if let Some(line) = lines.get(&wanted).and_then(Weak::upgrade) {
            return line;
        }
        let line = Arc::new(Semaphore::new(self.abreast));
        lines.insert(wanted, Arc::downgrade(&line));
        line
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::join_all};

    use super::*;

    fn of(wanted: &[&str]) -> BTreeSet<String> {
        wanted.iter().map(|name| (*name).to_owned()).collect()
    }

    #[tokio::test]
    async fn one_at_a_time_has_what_several_want_and_in_the_order_in_which_they_came() {
        let lines = Lines::default();
        let first = lines.stand(of(&["mug", "pot"])).await;
        let mut second = Box::pin(lines.stand(of(&["pot"])));
        let mut third = Box::pin(lines.stand(of(&["pan", "pot"])));
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        assert!(lines.stand(of(&["lid"])).now_or_never().is_some(), "nobody else wants it");
        drop(first);
        assert!((&mut third).now_or_never().is_none(), "it is the second's turn");
        drop(second.await);
        drop(third.await);
        drop(lines.stand(of(&["mug", "pan", "pot"])).await);
    }

    #[tokio::test]
    async fn those_who_want_the_same_in_opposite_orders_all_get_their_turn() {
        let lines = &Lines::default();
        let wishes = (0..100).map(|number| if number % 2 == 0 { ["mug", "pot"] } else { ["pot", "mug"] });
        join_all(wishes.map(|wish| async move {
            let turn = lines.stand(of(&wish)).await;
            tokio::task::yield_now().await;
            drop(turn);
        }))
        .await;
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let lines = Lines::default();
        let stuck = lines.stand(of(&["mug"])).await;
        let end = Instant::now() + Duration::from_millis(20);
        let _without = lines.stand_until(end, of(&["mug"])).await;
        assert!(Instant::now() >= end);
        drop(stuck);
    }

    #[tokio::test]
    async fn empty_lines_are_cleared_away() {
        let lines = Lines::default();
        let kept = lines.stand(of(&["kept"])).await;
        for number in 0..3 * SPARE {
            drop(lines.stand(of(&[&number.to_string()])).await);
        }
        assert!(lines.lines.lock().unwrap().len() <= SPARE + 1);
        assert!(lines.stand(of(&["kept"])).now_or_never().is_none());
        drop(kept);
    }
}
