//! Tasks that run after the response.

use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Runs tasks after the response. A task is lost with its process, so it may only do what maintenance would do later;
/// everything else is enqueued in the outbox. A task must end within three seconds: the time that a Lambda has left
/// after a request of the maximum duration.
///
/// In Lambda, tasks run between the response and the request for the next event ([`super::serve::run_lambda`]), while
/// the process is not frozen.
#[derive(Clone, Debug)]
pub struct BackgroundTasks {
    tasks: TaskTracker,
    before_the_answer: bool,
}

impl BackgroundTasks {
    /// Tasks start when the response is on its way.
    #[must_use]
    pub fn after_the_answer() -> Self {
        let tasks = TaskTracker::new();
        // A closed tracker can be waited for, and still accepts tasks.
        tasks.close();
        Self { tasks, before_the_answer: false }
    }

    /// Tasks end before the response is sent, for tests that check their effects.
    #[must_use]
    pub fn before_the_answer() -> Self {
        Self { before_the_answer: true, ..Self::after_the_answer() }
    }

    /// Runs a task.
    pub async fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        if self.before_the_answer {
            task.await;
        } else {
            let task = async {
                // Lets the response be sent first.
                tokio::task::yield_now().await;
                task.await;
            };
            self.tasks.spawn(task.in_current_span());
        }
    }

    /// Waits until all tasks have ended.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}
