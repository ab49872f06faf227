//! Who may try a password now (domain rules §6).
//!
//! Tries are counted by account and by address. A device from which the owner has logged in has a counter of its own, so
//! that nobody can keep an owner out by guessing from elsewhere. Only failures count.

use std::time::Duration;

use shared::{
    domain::{Email, Timestamp, secret_hash::sha256_hex, throttle::ThrottlePolicy},
    http::ClientAddress,
    store::{Store, throttles::Throttle},
};

use crate::problems::AuthError;

/// A known device whose memory lasts at least this long need not be remembered anew.
const FRESH_ENOUGH: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// The right to try one password.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    store: &'a Store,
    now: Timestamp,
    account_key: String,
    address_key: String,
    device_key: String,
    /// What is known of this device, if the owner has logged in from it.
    device: Option<Throttle>,
}

impl<'a> Attempt<'a> {
    /// Lets a try begin, or says how long to wait. Asked before any work is done for the try.
    pub(crate) async fn begin(
        store: &'a Store,
        email: &Email,
        client: ClientAddress,
        now: Timestamp,
    ) -> Result<Self, AuthError> {
        let network = client.subscriber();
        let account_key = format!("account:{}", sha256_hex(email.expose()));
        let address_key = format!("address:{}", sha256_hex(&network));
        let device_key = format!("device:{}", sha256_hex(&format!("{} {network}", email.expose())));
        let known = store.throttles.find_all(&[&account_key, &address_key, &device_key], now).await?;
        let device =
            known.iter().find(|throttle| throttle.key == device_key).filter(|throttle| throttle.is_known_device);
        let attempt = Self { store, now, account_key, address_key, device_key, device: device.cloned() };
        let deciding = [attempt.key(), &attempt.address_key];
        let waits =
            known.iter().filter(|throttle| deciding.contains(&throttle.key.as_str())).filter_map(|it| it.wait(now));
        match waits.max() {
            Some(wait) => Err(AuthError::TooManyAttempts(wait)),
            None => Ok(attempt),
        }
    }

    /// The counter that decides beside the address's.
    fn key(&self) -> &str {
        if self.device.is_some() { &self.device_key } else { &self.account_key }
    }

    /// The password was wrong. Answers how to say so: who made many tries at once learns nothing from those beyond the
    /// free ones.
    pub(crate) async fn fail(self) -> Result<AuthError, AuthError> {
        let throttles = &self.store.throttles;
        let by_account = throttles.count(self.key(), &ThrottlePolicy::ACCOUNT, self.now).await?;
        let by_address = throttles.count(&self.address_key, &ThrottlePolicy::ADDRESS, self.now).await?;
        Ok(by_account.max(by_address).map_or(AuthError::InvalidCredentials, AuthError::TooManyAttempts))
    }

    /// The password was right: what failed before is forgotten, unless too much of it failed meanwhile.
    pub(crate) async fn succeed(self) -> Result<(), AuthError> {
        let throttles = &self.store.throttles;
        let known = throttles.find_all(&[self.key()], self.now).await?;
        if let Some(wait) = known.iter().find_map(|throttle| throttle.wait(self.now)) {
            return Err(AuthError::TooManyAttempts(wait));
        }
        let is_fresh = |device: &Throttle| device.tries == 0 && device.expires_at > self.now.plus(FRESH_ENOUGH);
        if !known.iter().any(|throttle| throttle.is_known_device && is_fresh(throttle)) {
            throttles.remember_device(&self.device_key, self.now).await?;
        }
        if self.device.is_none() && !known.is_empty() {
            throttles.forget(&self.account_key).await?;
        }
        Ok(())
    }
}
