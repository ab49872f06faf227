//! Concurrent futures, and races of two.

use std::time::Duration;

use futures::future::join_all;

/// Runs all futures concurrently, each on its own task, and answers in the same order.
pub async fn at_once<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let done = join_all(tasks).await.into_iter();
    done.map(|done| done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))).collect()
}

/// Two competitors that race repeatedly. The winner starts later in the next race, so that most races are close and
/// each competitor wins some.
#[derive(Debug)]
pub struct Rivals {
    delay_micros: [u64; 2],
    step_micros: u64,
    /// How often each of the two won.
    pub won: [usize; 2],
}

impl Default for Rivals {
    fn default() -> Self {
        Self { delay_micros: [0, 0], step_micros: 20_000, won: [0, 0] }
    }
}

impl Rivals {
    /// Competitors without a race yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs both. Pass the winner to [`Rivals::record`].
    pub async fn race<A, B>(&self, first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
        let [first_waits, second_waits] =
            self.delay_micros.map(|micros| tokio::time::sleep(Duration::from_micros(micros)));
        futures::join!(
            async {
                first_waits.await;
                first.await
            },
            async {
                second_waits.await;
                second.await
            }
        )
    }

    /// Records the winner, so that the next race is closer.
    pub fn record(&mut self, first_won: bool) {
        let (winner, loser) = if first_won { (0, 1) } else { (1, 0) };
        let had_won_before = self.won[winner] > 0 && self.won[loser] > 0;
        if had_won_before {
            self.step_micros = (self.step_micros * 2 / 3).max(500);
        }
        self.won[winner] += 1;
        let relief = self.delay_micros[loser].min(self.step_micros);
        self.delay_micros[loser] -= relief;
        self.delay_micros[winner] += self.step_micros - relief;
    }

    /// Fails the test if one competitor always won, because then the races were not concurrent.
    #[track_caller]
    pub fn assert_close(&self) {
        assert!(self.won.iter().all(|won| *won > 0), "one of them always won: {:?}", self.won);
    }
}
