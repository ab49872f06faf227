//! The state of the handlers.

use super::{background::BackgroundTasks, cors::CorsOrigins, token::AccessTokens};
use shop_domain::{Clock, Random, message::Message};
use shop_queue::Publisher;
use shop_store::Store;

/// The state that all HTTP functions share. Cheap to clone.
///
/// A function that needs more (a signing key, a gateway) has its own state and implements `FromRef` for this one, so
/// that the extractors of [`super::identity`] work with both.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The source of random values.
    pub random: Random,
    /// Verifies access tokens.
    pub tokens: AccessTokens,
    /// Dispatches messages.
    pub publisher: Publisher,
    /// Runs tasks after the response.
    pub background: BackgroundTasks,
    /// The allowed origins.
    pub cors: CorsOrigins,
}

impl App {
    /// Dispatches messages whose transaction has committed. The response does not wait for it.
    pub async fn dispatch(&self, messages: Vec<Message>) {
        let publisher = self.publisher.clone();
        self.background.run(async move { publisher.dispatch(&messages).await }).await;
    }
}
