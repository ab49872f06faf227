//! A cart that its owner left, and the way back to it.

use std::time::Duration;

use super::{Cart, CartItem, CartStatus};
use crate::Id;
use crate::Timestamp;

/// How long a customer's cart lies untouched before it counts as abandoned.
pub const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// A cart that is abandoned again and again is mentioned once in this time.
pub const REMINDER_INTERVAL: Duration = Duration::from_secs(7 * 24 * 3600);

/// Whether the owner of an abandoned cart is to hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// Now.
    Due,
    /// They were told a short while ago.
    TooSoon,
}

impl Cart {
    /// Marks the cart as abandoned; `None` if it is in use, empty, or a guest's.
    #[must_use = "an abandoned cart has to be saved, and its owner reminded if that is due"]
    pub fn abandon(&mut self, now: Timestamp) -> Option<Reminder> {
        let is_left = self.status == CartStatus::Active
            && self.user.is_some()
            && !self.items.is_empty()
            && now.since(self.last_activity) >= ABANDONED_AFTER;
        if !is_left {
            return None;
        }
        self.status = CartStatus::Abandoned;
        self.updated_at = now;
        if self.reminded_at.is_some_and(|at| now.since(at) < REMINDER_INTERVAL) {
            return Some(Reminder::TooSoon);
        }
        self.reminded_at = Some(now);
        Some(Reminder::Due)
    }

    /// The owner came back: the cart is active again.
    pub fn resume(&mut self, now: Timestamp) {
        self.touch(now);
    }

    /// A guest's cart with the same lines, as far as they were in it at `until`; `None` if there are none or it has become an
    /// order. The coupon stays behind: it may be meant for its owner alone.
    pub fn copy_for_guest(&self, token_hash: String, until: Timestamp, now: Timestamp) -> Option<Self> {
        let lines = self.items.iter().filter(|line| line.added_at <= until);
        let items: Vec<CartItem> = lines.map(|line| CartItem { id: Id::new(), ..line.clone() }).collect();
        if self.status == CartStatus::Converted || items.is_empty() {
            return None;
        }
        Some(Self { items, currency: self.currency, ..Self::of_guest(token_hash, now) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Money;
    use crate::Quantity;
    use crate::Sku;

    const MONDAY: Timestamp = Timestamp::from_millis(0);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn put(cart: &mut Cart, sku: &str, now: Timestamp) {
        let sku = Sku::try_new(sku).unwrap();
        let price = Money::from_minor(100);
        let line = CartItem {
            id: Id::new(),
            product: Id::new(),
            variant: None,
            sku,
            quantity: Quantity::ONE,
            price,
            added_at: now,
        };
        cart.items.push(line);
        cart.touch(now);
    }

    fn cart() -> Cart {
        let mut cart = Cart::of_customer(Id::new(), MONDAY);
        put(&mut cart, "MUG", MONDAY);
        cart
    }

    #[test]
    fn a_cart_is_abandoned_after_a_day_and_only_once() {
        let mut cart = cart();
        let almost = MONDAY.plus(ABANDONED_AFTER).minus(Duration::from_millis(1));
        assert_eq!(cart.abandon(almost), None);
        assert_eq!(cart.abandon(MONDAY.plus(DAY)), Some(Reminder::Due));
        assert_eq!(cart.abandon(MONDAY.plus(DAY * 2)), None);
    }

    #[test]
    fn guest_carts_and_empty_carts_are_never_abandoned() {
        let mut guests = Cart::of_guest("hash".to_owned(), MONDAY);
        put(&mut guests, "MUG", MONDAY);
        let mut empty = Cart::of_customer(Id::new(), MONDAY);
        let mut ordered = cart();
        ordered.convert(MONDAY);
        for cart in [&mut guests, &mut empty, &mut ordered] {
            assert_eq!(cart.abandon(MONDAY.plus(DAY * 5)), None);
        }
    }

    #[test]
    fn a_returning_customer_is_reminded_again_after_a_week() {
        let mut cart = cart();
        let mut reminders = Vec::new();
        for day in 1..=14 {
            let now = MONDAY.plus(DAY * day);
            reminders.extend(cart.abandon(now).map(|reminder| (day, reminder)));
            cart.resume(now);
        }
        let due: Vec<u32> =
            reminders.iter().filter(|(_, reminder)| *reminder == Reminder::Due).map(|(day, _)| *day).collect();
        assert_eq!((reminders.len(), due), (14, vec![1, 8]));
    }

    #[test]
    fn a_guest_copy_has_the_mailed_lines_and_no_data_of_the_owner() {
        let mut cart = cart();
        cart.coupon_code = Some("FOR-ADA".to_owned());
        put(&mut cart, "SURPRISE", MONDAY.plus(DAY * 2));
        let copy = cart.copy_for_guest("hash".to_owned(), MONDAY.plus(DAY), MONDAY.plus(DAY * 3)).unwrap();
        assert_eq!(copy.items.iter().map(|line| line.sku.as_str()).collect::<Vec<_>>(), ["MUG"]);
        assert_eq!((copy.user, copy.coupon_code, copy.status), (None, None, CartStatus::Active));
        assert!(copy.id != cart.id && copy.items[0].id != cart.items[0].id);
        cart.convert(MONDAY.plus(DAY * 3));
        assert!(cart.copy_for_guest("hash".to_owned(), MONDAY.plus(DAY), MONDAY.plus(DAY * 4)).is_none());
    }
}
