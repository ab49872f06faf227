//! What every handler can ask for.

use super::{background::BackgroundTasks, cors::CorsOrigins, token::AccessTokens};
use shop_domain::{Clock, Random, message::Message};
use shop_queue::Publisher;
use shop_store::Store;

/// The parts that all HTTP functions share. Cheap to clone: everything in it is shared.
///
/// A group that needs more (a signing key, a gateway) makes its own state and implements `FromRef` to this; the
/// extractors of [`super::identity`] then work with either.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Who says who is asking.
    pub tokens: AccessTokens,
    /// Where messages go once they are committed.
    pub publisher: Publisher,
    /// What is done after the answer.
    pub background: BackgroundTasks,
    /// The origins whose pages may call.
    pub cors: CorsOrigins,
}

impl App {
    /// Sends messages whose transaction has just committed. The answer does not wait for it.
    pub async fn dispatch(&self, messages: Vec<Message>) {
        let publisher = self.publisher.clone();
        self.background.run(async move { publisher.dispatch(&messages).await }).await;
    }
}
