//! What crosses the functions behind the queues: the outbox, duplicate deliveries, poison messages and random faults.

mod deliveries;
mod outbox;
mod poison;
mod storm;
