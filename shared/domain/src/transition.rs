//! The outcome of a command to a state machine.

/// The outcome of a legal command. Messages and webhooks arrive more than once, so a repeat is a success too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "`Executed` has to be persisted, `AlreadyApplied` must not be"]
pub enum Idempotent {
    /// The command changed the aggregate: persist it.
    Executed,
    /// The command had been applied before: nothing to do.
    AlreadyApplied,
}

impl Idempotent {
    /// Whether there is something to persist.
    pub fn was_executed(self) -> bool {
        self == Self::Executed
    }
}

/// The state does not allow the command.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("cannot {command} that is {from}")]
pub struct IllegalTransition {
    /// The command that was refused, as an imperative.
    pub command: &'static str,
    /// The state that refused it.
    pub from: &'static str,
}
