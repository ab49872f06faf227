//! What every handler can ask for.

use super::{cors::CorsOrigins, token::AccessTokens};
use crate::{
    domain::{Clock, Random},
    queue::Publisher,
    store::Store,
};

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
    /// Whose browsers may call.
    pub cors: CorsOrigins,
}
