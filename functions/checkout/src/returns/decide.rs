//! The steps that approving, rejecting and receiving a return share.

use shared::{
    domain::{
        Id, Idempotent, Timestamp,
        message::Message,
        order::{Order, Return, ReturnError},
    },
    http::{App, Problem},
    transaction,
};

use super::{problems::ReturnProblem, view::ReturnView};

/// A command on a return.
pub(super) struct Command<F> {
    /// Its change of the order.
    pub(super) apply: F,
    /// The messages to enqueue if it was executed.
    pub(super) messages: fn(&Order, Id<Return>, Timestamp) -> Vec<Message>,
}

/// Executes a command. A repeat changes nothing and enqueues nothing.
pub(super) async fn decide<F>(app: &App, id: Id<Return>, command: &Command<F>) -> Result<ReturnView, Problem>
where
    F: Fn(&mut Order, Id<Return>, Timestamp) -> Result<Idempotent, ReturnError> + Send + Sync,
{
    let (store, now) = (&app.store, app.clock.now());
    let (view, messages) = transaction!(store, |tx| {
        let order = store.orders.find_by_return_in(tx, id).await?;
        let mut order = order.ok_or(ReturnProblem::NotFound("return"))?;
        let mut messages = Vec::new();
        if (command.apply)(&mut order, id, now)?.was_executed() {
            messages = (command.messages)(&order, id, now);
            store.orders.save_in(tx, &mut order).await?;
            store.outbox.enqueue_all(tx, &messages).await?;
        }
        Ok::<_, ReturnProblem>((ReturnView::of(&order, order.find_return(id)?), messages))
    })?;
    app.dispatch(messages).await;
    Ok(view)
}
