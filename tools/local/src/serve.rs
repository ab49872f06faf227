//! The shop itself: every function's router in one process, and the pollers that feed its consumers.

use crate::stack::Stack;

/// Serves the shop until the process is told to end.
///
/// # Errors
/// If the shop cannot start.
pub async fn run(stack: Stack) -> anyhow::Result<()> {
    anyhow::bail!("there is nothing to serve on {} yet", stack.listen)
}
