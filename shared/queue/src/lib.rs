//! SQS: [`publish`] dispatches the outbox, [`consume()`] processes a batch, [`worker`] is the state of such functions.

pub mod consume;
pub mod publish;
pub mod worker;

pub use consume::{Consumer, ProcessError, consume, run_lambda};
pub use publish::{Publisher, QueueUrls};
pub use worker::{Worker, WorkerSettings};
