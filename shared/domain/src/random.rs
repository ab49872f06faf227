//! Where randomness comes from.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

/// A source of randomness: the operating system's, or a seeded one that a test can replay.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

/// The digits of [`Random::readable`]: no `0`/`O` and no `1`/`I`/`L`, which people confuse.
const READABLE: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

impl Random {
    /// A cryptographic generator (ChaCha12) seeded by the operating system.
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// The same sequence every time, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        // A generator whose holder panicked is still a generator.
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A secret of 256 bits, base64url without padding (43 characters).
    pub fn secret(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// `length` characters that survive being read aloud.
    pub fn readable(&self, length: usize) -> String {
        self.with(|rng| (0..length).map(|_| char::from(READABLE[rng.random_range(0..READABLE.len())])).collect())
    }

    /// A number in `0..bound`.
    pub fn below(&self, bound: u64) -> u64 {
        self.with(|rng| rng.random_range(0..bound.max(1)))
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}
