//! Mails that an anonymous request can trigger. They are enqueued here and written by the notifications function.

use std::time::Duration;

use shared::{
    domain::{
        Email, Id,
        message::{Event, Message},
        secret_hash::sha256_hex,
        throttle::ThrottlePolicy,
        user::User,
    },
    http::App,
    transaction,
};

use crate::problems::AuthError;

/// Enqueues a mail in a transaction of its own and dispatches it.
pub(crate) async fn send(app: &App, event: Event) -> Result<(), AuthError> {
    let message = event.now(app.clock.now());
    transaction!(app.store, |tx| { Ok::<_, AuthError>(app.store.outbox.enqueue(tx, &message).await?) })?;
    app.dispatch(vec![message]).await;
    Ok(())
}

/// Enqueues the mail to the owner of an address that was registered again.
///
/// Takes the steps of a registration, with a read in place of its write, so that both take equally long.
pub(crate) async fn warn_owner(app: &App, owner: Id<User>) -> Result<Message, AuthError> {
    let message = Event::EmailAlreadyRegistered { user_id: owner }.now(app.clock.now());
    transaction!(app.store, |tx| {
        app.store.users.find_in(tx, owner).await?;
        Ok::<_, AuthError>(app.store.outbox.enqueue(tx, &message).await?)
    })?;
    Ok(message)
}

/// Counts a mail to this mailbox. Answers how long to wait if the limit is reached.
pub(crate) async fn count(app: &App, mailbox: &Email) -> Result<Option<Duration>, AuthError> {
    let key = format!("mailbox:{}", sha256_hex(mailbox.expose()));
    Ok(app.store.throttles.count(&key, &ThrottlePolicy::MAILBOX, app.clock.now()).await?)
}
