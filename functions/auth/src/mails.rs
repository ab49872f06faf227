//! Mails that anybody can have us send to somebody. The notifications function writes them; here they are promised.

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

/// Promises a mail by itself, and has it sent.
pub(crate) async fn send(app: &App, event: Event) -> Result<(), AuthError> {
    let message = event.now(app.clock.now());
    transaction!(app.store, |tx| { Ok::<_, AuthError>(app.store.outbox.enqueue(tx, &message).await?) })?;
    app.dispatch(vec![message]).await;
    Ok(())
}

/// Tells the owner that somebody tried to register their address again.
///
/// The steps are those of a registration, reading where that one writes, so that both take as long.
pub(crate) async fn warn_owner(app: &App, owner: Id<User>) -> Result<Message, AuthError> {
    let message = Event::EmailAlreadyRegistered { user_id: owner }.now(app.clock.now());
    transaction!(app.store, |tx| {
        app.store.users.find_in(tx, owner).await?;
        Ok::<_, AuthError>(app.store.outbox.enqueue(tx, &message).await?)
    })?;
    Ok(message)
}

/// Counts a mail to this mailbox, of which somebody else may have asked for too many: then how long to wait.
pub(crate) async fn count(app: &App, mailbox: &Email) -> Result<Option<Duration>, AuthError> {
    let key = format!("mailbox:{}", sha256_hex(mailbox.expose()));
    Ok(app.store.throttles.count(&key, &ThrottlePolicy::MAILBOX, app.clock.now()).await?)
}
