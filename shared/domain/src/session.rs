//! Sessions: what a refresh token is worth when it is presented (RFC 9700 §4.14.2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp, secret_hash::sha256_hex, user::User};

/// How long a refresh token works.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long after its use a token may come again without being taken for stolen: a client whose answer was lost, or two
/// of its windows at once.
const GRACE: Duration = Duration::from_secs(10);

/// One refresh token of a session. A login starts a family; each refresh uses one token up and adds its successor, so
/// that a family has exactly one token that still works.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Session>,
    /// The login that all its tokens descend from; revoked as one.
    pub family: Id<SessionFamily>,
    /// Its user.
    pub user: Id<User>,
    /// SHA-256 of the token, hex. The token itself is never stored.
    pub token_hash: String,
    /// Set once the token has been exchanged for its successor: seeing it again is theft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// When the token stops working; the document is removed then.
    pub expires_at: Timestamp,
    /// When it was issued.
    pub created_at: Timestamp,
}

/// Marks the id that all refresh tokens of one login share.
#[derive(Debug)]
pub enum SessionFamily {}

/// What to do about a refresh token that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Exchange it for its successor.
    Current,
    /// Refuse it: it has just been exchanged, most likely by the same client.
    JustUsed,
    /// Refuse it and end the family: there is a copy of the token.
    Replayed,
    /// Refuse it: it is too old.
    Expired,
}

impl Session {
    /// The first token of a new login.
    pub fn start(user: Id<User>, token: &str, now: Timestamp) -> Self {
        Self::issue(Id::new(), user, token, now)
    }

    /// The token that follows this one.
    #[must_use]
    pub fn successor(&self, token: &str, now: Timestamp) -> Self {
        Self::issue(self.family, self.user, token, now)
    }

    fn issue(family: Id<SessionFamily>, user: Id<User>, token: &str, now: Timestamp) -> Self {
        Self {
            id: Id::new(),
            family,
            user,
            token_hash: sha256_hex(token),
            used_at: None,
            expires_at: now.plus(LIFETIME),
            created_at: now,
        }
    }

    /// What the token is worth now.
    pub fn presented(&self, now: Timestamp) -> Presented {
        match self.used_at {
            Some(used_at) if now.since(used_at) <= GRACE => Presented::JustUsed,
            Some(_) => Presented::Replayed,
            None if now >= self.expires_at => Presented::Expired,
            None => Presented::Current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_token_works_once_and_for_30_days() {
        let session = Session::start(Id::new(), "token", START);
        assert_eq!(session.presented(START), Presented::Current);
        assert_eq!(session.presented(after(30 * 86_400 - 1)), Presented::Current);
        assert_eq!(session.presented(after(30 * 86_400)), Presented::Expired);
    }

    #[test]
    fn a_reused_token_is_tolerated_for_10_seconds_then_a_replay() {
        let session = Session { used_at: Some(START), ..Session::start(Id::new(), "token", START) };
        assert_eq!(session.presented(after(0)), Presented::JustUsed);
        assert_eq!(session.presented(START.minus(Duration::from_secs(3))), Presented::JustUsed);
        assert_eq!(session.presented(after(10)), Presented::JustUsed);
        assert_eq!(session.presented(after(11)), Presented::Replayed);
        assert_eq!(session.presented(after(40 * 86_400)), Presented::Replayed);
    }

    #[test]
    fn a_successor_stays_in_the_family_with_a_new_lifetime() {
        let first = Session::start(Id::new(), "first", START);
        let second = first.successor("second", after(3600));
        assert_eq!((second.family, second.user), (first.family, first.user));
        assert_ne!((second.id, &second.token_hash), (first.id, &first.token_hash));
        assert_eq!(second.expires_at, after(3600 + 30 * 86_400));
    }
}
