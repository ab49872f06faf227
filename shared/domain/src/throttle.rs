//! Throttling: how long further attempts are refused.

use std::time::Duration;

/// How often something may be tried, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// So many tries cost nothing.
    pub free_tries: u32,
    /// What the try after them has to wait. Each further one waits twice as long,
    pub first_delay: Duration,
    /// up to this.
    pub longest_delay: Duration,
    /// How long tries are remembered, from the first one on.
    pub window: Duration,
}

const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl ThrottlePolicy {
    /// Wrong passwords for one account. There is no lock for good: that would lock the owner out, too.
    pub const ACCOUNT: Self =
        Self { free_tries: 5, first_delay: Duration::from_secs(5), longest_delay: LONGEST_DELAY, window: DAY };

    /// Wrong passwords from one address, whatever the account. Offices and schools share an address.
    pub const ADDRESS: Self = Self {
        free_tries: 300,
        first_delay: Duration::from_secs(5),
        longest_delay: LONGEST_DELAY,
        window: LONGEST_DELAY,
    };

    /// Mails that an unauthenticated request triggers.
    pub const MAILBOX: Self = Self {
        free_tries: 5,
        first_delay: LONGEST_DELAY,
        longest_delay: LONGEST_DELAY,
        window: Duration::from_secs(60 * 60),
    };

    /// How long the next try waits after each try: an item per try, of which the last holds for all that follow.
    pub fn delays(&self) -> Vec<Duration> {
        let mut delays = vec![Duration::ZERO; self.free_tries.saturating_sub(1) as usize];
        let mut delay = self.first_delay;
        while delay < self.longest_delay {
            delays.push(delay);
            delay = delay.saturating_mul(2);
        }
        delays.push(self.longest_delay);
        delays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_attempts_are_free_then_the_wait_doubles_up_to_15_minutes() {
        let seconds: Vec<u64> = ThrottlePolicy::ACCOUNT.delays().iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900]);
    }
}
