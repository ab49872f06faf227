//! Every minute: relays the outbox, expires unpaid orders, ends authorisations in time, looks up undecided payments, resumes
//! orders, payments and deleted payment methods whose messages may be dead letters, expires reservations, and marks abandoned
//! carts. Every night: requests
//! the reconciliation with the gateway.
//!
//! Each task works in bounded batches and is independent: a failure does not keep the others from running, and the next run
//! continues.

mod end_authorisations;
mod expire_orders;
mod expire_reservations;
mod find_abandoned_carts;
mod look_up_payments;
mod relay_outbox;
mod request_reconciliation;
mod resume;
mod resume_methods;
mod resume_orders;
mod resume_payments;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use shared::{
    config::Env,
    domain::message::Queue,
    queue::{Worker, WorkerSettings},
    store::StoreError,
};

pub use request_reconciliation::request_reconciliation;

/// The queues that this function sends to: the relay sends the outbox messages of every function. `template.yaml`
/// grants access to these queues only.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

/// The batch size of a task.
const BATCH: i64 = 200;

/// The result of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Messages relayed.
    pub relayed: usize,
    /// Orders expired, or whose charge is voided first, and authorisations captured or voided before they end.
    pub expired: usize,
    /// Payments whose look-up was enqueued.
    pub looked_up: usize,
    /// Orders, payments and payment methods whose next step was enqueued again.
    pub resumed: usize,
    /// Reservations confirmed or released.
    pub reservations: usize,
    /// Carts marked as abandoned.
    pub abandoned: usize,
}

/// Runs every task once.
///
/// # Errors
/// The first failed task's, after all have run.
pub async fn run(worker: &Worker) -> Result<Report, StoreError> {
    // Concurrently, so that a slow task does not delay the others.
    let (relayed, expired, authorisations, looked_up, orders, payments, methods, reservations, abandoned) = tokio::join!(
        relay_outbox::run(worker),
        expire_orders::run(worker),
        end_authorisations::run(worker),
        look_up_payments::run(worker),
        resume_orders::run(worker),
        resume_payments::run(worker),
        resume_methods::run(worker),
        expire_reservations::run(worker),
        find_abandoned_carts::run(worker),
    );
    let report = Report {
        relayed: relayed?,
        expired: expired? + authorisations?,
        looked_up: looked_up?,
        resumed: orders? + payments? + methods?,
        reservations: reservations?,
        abandoned: abandoned?,
    };
    if report != Report::default() {
        let Report { relayed, expired, looked_up, resumed, reservations, abandoned } = report;
        tracing::info!(relayed, expired, looked_up, resumed, reservations, abandoned, "maintenance");
    }
    Ok(report)
}

/// A schedule's event: EventBridge's own, or the input that `template.yaml` names.
#[derive(Debug, Deserialize)]
struct Scheduled {
    #[serde(default)]
    task: Task,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Task {
    #[default]
    EveryMinute,
    Reconcile,
}

/// Serves the schedules as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = WorkerSettings::read(&mut env, SENDS_TO);
    env.finish()?;
    let worker = settings.connect("maintenance").await?;
    lambda_runtime::run(service_fn(move |scheduled: LambdaEvent<Scheduled>| {
        let worker = worker.clone();
        async move {
            let done = match scheduled.payload.task {
                Task::EveryMinute => Box::pin(run(&worker)).await.map(|_| ()),
                Task::Reconcile => Box::pin(request_reconciliation(&worker)).await.map(|_| ()),
            };
            done.map_err(Error::from)
        }
    }))
    .await
}
