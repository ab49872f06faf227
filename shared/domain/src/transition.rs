//! What a command to a state machine answers.

/// A command was legal. Messages and webhooks arrive more than once, so a repeat is a success too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "`Now` has to be persisted, `Before` must not be"]
pub enum Applied {
    /// The command changed something: persist it.
    Now,
    /// The command had been applied before: nothing to do.
    Before,
}

impl Applied {
    /// Whether there is something to persist.
    pub fn is_now(self) -> bool {
        self == Self::Now
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
