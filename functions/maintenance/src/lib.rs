//! Every minute: sends what was promised and left behind, gives up orders that nobody paid, looks up payments that nobody
//! knows the end of, frees stock whose buyer's process died, and finds the carts that their owners left.
//!
//! Each task works through what is due in bounded steps and stands alone: one that fails does not keep the others from
//! running, and the next minute goes on.

mod expire_orders;
mod expire_reservations;
mod find_abandoned_carts;
mod look_up_payments;
mod relay_outbox;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::{
    config::Env,
    domain::message::Queue,
    queue::{Worker, WorkerSettings},
    store::StoreError,
};

/// The queues that this function sends to: the relay sends what any function promised. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

/// How much one task takes on at once.
const BATCH: i64 = 200;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Messages sent that had been left behind.
    pub relayed: usize,
    /// Orders given up, or whose charge is being called off.
    pub expired: usize,
    /// Payments that are being looked up.
    pub looked_up: usize,
    /// Reservations of stock ended whose process died.
    pub reservations: usize,
    /// Carts found abandoned.
    pub abandoned: usize,
}

/// Runs every task once.
///
/// # Errors
/// The first task's that failed, after all have run.
pub async fn run(worker: &Worker) -> Result<Report, StoreError> {
    // Side by side, so that one that is slow does not keep the others from running either.
    let (relayed, expired, looked_up, reservations, abandoned) = tokio::join!(
        relay_outbox::run(worker),
        expire_orders::run(worker),
        look_up_payments::run(worker),
        expire_reservations::run(worker),
        find_abandoned_carts::run(worker),
    );
    let report = Report {
        relayed: relayed?,
        expired: expired?,
        looked_up: looked_up?,
        reservations: reservations?,
        abandoned: abandoned?,
    };
    if report != Report::default() {
        let Report { relayed, expired, looked_up, reservations, abandoned } = report;
        tracing::info!(relayed, expired, looked_up, reservations, abandoned, "maintenance");
    }
    Ok(report)
}

/// Serves the schedule as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = WorkerSettings::read(&mut env, SENDS_TO);
    env.finish()?;
    let worker = settings.connect("maintenance").await?;
    lambda_runtime::run(service_fn(move |_: LambdaEvent<EventBridgeEvent>| {
        let worker = worker.clone();
        async move { Box::pin(run(&worker)).await.map(|_| ()).map_err(Error::from) }
    }))
    .await
}
