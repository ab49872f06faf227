//! SQS, both ways: [`publish`] what was promised, [`consume()`] what arrives.

pub mod consume;
pub mod publish;
pub mod worker;

pub use consume::{Consumer, ProcessError, consume, run_lambda};
pub use publish::{Publisher, QueueUrls};
pub use worker::{Worker, WorkerSettings};
