//! Throttling of logins (domain rules §6).
//!
//! Failed attempts are counted by account and by client address. A device from which the owner has logged in has a counter
//! of its own, so guessing from elsewhere does not lock the owner out.

use std::time::Duration;

use shared::{
    domain::{Email, Timestamp, secret_hash::sha256_hex, throttle::ThrottlePolicy},
    http::ClientAddress,
    store::{Store, throttles::Throttle},
};

use crate::problems::AuthError;

/// A known device is remembered again only when its record expires sooner than this.
const FRESH_ENOUGH: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// An admitted attempt to log in.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    store: &'a Store,
    now: Timestamp,
    account_key: String,
    address_key: String,
    device_key: String,
    /// The counter of this device, if the owner has logged in from it.
    device: Option<Throttle>,
}

impl<'a> Attempt<'a> {
    /// Admits an attempt, or answers how long to wait; called before the password is hashed.
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

    /// The counter that decides together with that of the address.
    fn key(&self) -> &str {
        if self.device.is_some() { &self.device_key } else { &self.account_key }
    }

    /// Counts a wrong password. Answers the error: parallel attempts beyond the free ones learn only that they must wait.
    pub(crate) async fn fail(self) -> Result<AuthError, AuthError> {
        let throttles = &self.store.throttles;
        let by_account = throttles.count(self.key(), &ThrottlePolicy::ACCOUNT, self.now).await?;
        let by_address = throttles.count(&self.address_key, &ThrottlePolicy::ADDRESS, self.now).await?;
        Ok(by_account.max(by_address).map_or(AuthError::InvalidCredentials, AuthError::TooManyAttempts))
    }

    /// Resets the counters after a correct password, unless concurrent failures have reached the limit.
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
