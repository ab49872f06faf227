//! Password hashing: Argon2id with the minimum parameters of OWASP (19 MiB, two passes, one lane).
//!
//! A hash takes tens of milliseconds of a core and 19 MiB, so hashing runs on blocking threads with limited
//! concurrency. A caller that waits too long gets [`PasswordError::Busy`].

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, SaltString},
};
use tokio::{sync::Semaphore, task::JoinError};

use shop_domain::{
    Random,
    password::{Password, PasswordAttempt},
    user::PasswordHash,
};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How long a caller waits for a permit to hash: well below the time limit of a request.
const HASHING_TIMEOUT: Duration = Duration::from_secs(8);

/// The hash of an unknown password with today's parameters: comparing with it takes as long as comparing with the hash
/// of an account.
const UNKNOWN_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGtub3dzIGl0$pSdRnQSeZtWQcm5gpvGfZqCwR2zc2uSZxmJ4Cn9WgqU";

/// Hashes and compares passwords. Cheap to clone: clones share the concurrency limit.
#[derive(Clone, Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    random: Random,
    timeout: Duration,
}

/// The result of comparing an attempt with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The password is wrong.
    No,
    /// The password is correct.
    Yes,
    /// The password is correct, but its hash is weaker than today's parameters: hash it again.
    YesButOutdated,
}

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many passwords are being hashed; retry later.
    #[error("too many passwords are waiting to be hashed")]
    Busy,
    /// The stored hash is malformed, or the library failed.
    #[error("the password could not be hashed")]
    Hash(#[source] password_hash::Error),
    /// The task panicked or was cancelled.
    #[error("the hashing was interrupted")]
    Interrupted(#[source] JoinError),
}

impl Passwords {
    /// Hashes at most `concurrency` passwords at the same time; more than the number of cores does not help.
    pub fn new(concurrency: usize, random: Random) -> Self {
        Self { permits: Arc::new(Semaphore::new(concurrency.max(1))), random, timeout: HASHING_TIMEOUT }
    }

    /// Hashes as many passwords at the same time as this machine has cores.
    pub fn for_this_machine(random: Random) -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from), random)
    }

    /// The hash of a password, with a salt of its own.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let password = password.expose().to_owned();
        self.hash_text(password).await
    }

    /// A new hash of an attempt that matched, for [`Match::YesButOutdated`].
    pub async fn hash_again(&self, attempt: &PasswordAttempt) -> Result<PasswordHash, PasswordError> {
        self.hash_text(attempt.expose().to_owned()).await
    }

    async fn hash_text(&self, text: String) -> Result<PasswordHash, PasswordError> {
        // 22 characters of base64 carry 132 random bits.
        let salt = SaltString::encode_b64(&self.random.secret().as_bytes()[..22]).map_err(PasswordError::Hash)?;
        self.run(move || {
            let hash = argon2()?.hash_password(text.as_bytes(), &salt)?;
            Ok(PasswordHash::from_phc(hash.to_string()))
        })
        .await
    }

    /// Compares an attempt with the hash. Without one, comparing takes as long and never matches.
    pub async fn compare(
        &self,
        attempt: &PasswordAttempt,
        hash: Option<&PasswordHash>,
    ) -> Result<Match, PasswordError> {
        let attempt = attempt.expose().to_owned();
        let exists = hash.is_some();
        let hash = hash.map_or(UNKNOWN_HASH, PasswordHash::expose).to_owned();
        self.run(move || {
            let hash = password_hash::PasswordHash::new(&hash)?;
            match argon2()?.verify_password(attempt.as_bytes(), &hash) {
                Ok(()) if !exists => Ok(Match::No),
                Ok(()) if is_outdated(&hash) => Ok(Match::YesButOutdated),
                Ok(()) => Ok(Match::Yes),
                Err(password_hash::Error::Password) => Ok(Match::No),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> password_hash::Result<T> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = tokio::time::timeout(self.timeout, Arc::clone(&self.permits).acquire_owned()).await;
        // The semaphore is never closed.
        let Ok(Ok(permit)) = permit else { return Err(PasswordError::Busy) };
        let outcome = tokio::task::spawn_blocking(move || {
            // Moved in here, so that a cancelled caller keeps its permit until the hashing ends.
            let _permit = permit;
            work()
        });
        outcome.await.map_err(PasswordError::Interrupted)?.map_err(PasswordError::Hash)
    }
}

fn argon2() -> password_hash::Result<Argon2<'static>> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, PASSES, LANES, None)?))
}

/// Whether the hash has weaker parameters than today's.
fn is_outdated(hash: &password_hash::PasswordHash<'_>) -> bool {
    let Ok(params) = Params::try_from(hash) else { return true };
    hash.algorithm != Algorithm::Argon2id.ident()
        || hash.version != Some(Version::V0x13.into())
        || params.m_cost() < MEMORY_KIB
        || params.t_cost() < PASSES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(concurrency: usize) -> Passwords {
        Passwords::new(concurrency, Random::seeded(1))
    }

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::from(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_and_no_other() {
        let passwords = passwords(2);
        let password = Password::try_new("mug-and-saucer").unwrap();
        let hash = passwords.hash(&password).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_eq!(passwords.compare(&attempt("mug-and-saucer"), Some(&hash)).await.unwrap(), Match::Yes);
        assert_eq!(passwords.compare(&attempt("mug-and-Saucer"), Some(&hash)).await.unwrap(), Match::No);
        let twin = passwords.hash(&password).await.unwrap();
        assert_ne!(hash.expose(), twin.expose(), "each has its own salt");
    }

    #[tokio::test]
    async fn comparing_for_an_unknown_account_costs_the_same_and_never_matches() {
        let unknown = password_hash::PasswordHash::new(UNKNOWN_HASH).unwrap();
        assert!(!is_outdated(&unknown));
        assert_eq!(unknown.hash.unwrap().len(), 32);
        for text in ["", "mug-and-saucer", &"x".repeat(100_000)] {
            assert_eq!(passwords(1).compare(&attempt(text), None).await.unwrap(), Match::No);
        }
    }

    #[tokio::test]
    async fn a_weaker_hash_is_recognised() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let salt = SaltString::from_b64("c29tZSBzYWx0").unwrap();
        let hash = PasswordHash::from_phc(weak.hash_password(b"mug-and-saucer", &salt).unwrap().to_string());
        let passwords = passwords(1);
        assert_eq!(passwords.compare(&attempt("mug-and-saucer"), Some(&hash)).await.unwrap(), Match::YesButOutdated);
        let again = passwords.hash_again(&attempt("mug-and-saucer")).await.unwrap();
        assert_eq!(passwords.compare(&attempt("mug-and-saucer"), Some(&again)).await.unwrap(), Match::Yes);
    }

    #[tokio::test]
    async fn an_invalid_hash_is_an_error_and_no_match() {
        let broken = PasswordHash::from_phc("no hash at all".to_owned());
        assert!(matches!(passwords(1).compare(&attempt("x"), Some(&broken)).await, Err(PasswordError::Hash(_))));
    }

    #[tokio::test]
    async fn a_comparison_that_waits_too_long_answers_busy() {
        let passwords = Passwords { timeout: Duration::from_millis(1), ..passwords(1) };
        let _busy = passwords.permits.acquire().await.unwrap();
        assert!(matches!(passwords.compare(&attempt("x"), None).await, Err(PasswordError::Busy)));
    }
}
