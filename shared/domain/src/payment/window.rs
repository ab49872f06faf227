//! How long an order may stay unpaid.

use std::time::Duration;

use super::PaymentMethod;
use crate::Timestamp;

/// How long an order may stay unpaid before it expires; its stock stays reserved until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentWindow {
    /// For payments charged by the gateway.
    pub charge: Duration,
    /// For bank transfers.
    pub transfer: Duration,
}

impl PaymentWindow {
    /// The window of a method.
    pub const fn of(self, method: PaymentMethod) -> Duration {
        match method {
            PaymentMethod::BankTransfer => self.transfer,
            _ => self.charge,
        }
    }

    /// When an order expires whose method changes now. A charge gets its own window from the change on, but no change extends
    /// the order beyond the window of a transfer, counted from its creation.
    pub fn end_after_change(self, method: PaymentMethod, created_at: Timestamp, now: Timestamp) -> Timestamp {
        let end = created_at.plus(self.of(method));
        match method {
            PaymentMethod::BankTransfer => end,
            _ => end.max(now.plus(self.charge).min(created_at.plus(self.transfer))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_changes_extends_an_order_beyond_a_transfer() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let window = PaymentWindow { charge: minutes(30), transfer: minutes(10_000) };
        let created = Timestamp::from_millis(0);
        let end = |method, after| window.end_after_change(method, created, created.plus(minutes(after)));
        for after in [0, 20, 9_999] {
            assert_eq!(end(PaymentMethod::BankTransfer, after), created.plus(minutes(10_000)));
        }
        for (after, expected) in [(0, 30), (20, 50), (5_000, 5_030), (9_990, 10_000), (20_000, 10_000)] {
            assert_eq!(end(PaymentMethod::CreditCard, after), created.plus(minutes(expected)), "{after}");
        }
    }
}
