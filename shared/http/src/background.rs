//! What a request leaves to do when it has been answered.

use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Work that no customer waits for. It dies with its process, so it may only be what maintenance does later if it is not
/// done: what must happen is promised in the outbox. It must end by itself within three seconds, which is what a Lambda has
/// left when a request took as long as it may.
///
/// In Lambda it runs after the answer is out and before the next request is asked for ([`super::serve::run_lambda`]): in
/// between the process is not frozen.
#[derive(Clone, Debug)]
pub struct BackgroundTasks {
    tasks: TaskTracker,
    before_the_answer: bool,
}

impl BackgroundTasks {
    /// Work begins when the answer is on its way.
    #[must_use]
    pub fn after_the_answer() -> Self {
        let tasks = TaskTracker::new();
        // Closed only means that one can wait for it: it still takes tasks.
        tasks.close();
        Self { tasks, before_the_answer: false }
    }

    /// Work is done before the answer is sent: for tests that look at what a request brought about.
    #[must_use]
    pub fn before_the_answer() -> Self {
        Self { before_the_answer: true, ..Self::after_the_answer() }
    }

    /// Has something done.
    pub async fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        if self.before_the_answer {
            task.await;
        } else {
            let task = async {
                // Lets the answer be sent first.
                tokio::task::yield_now().await;
                task.await;
            };
            self.tasks.spawn(task.in_current_span());
        }
    }

    /// Waits until everything is done.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}
