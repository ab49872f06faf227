//! Payment methods that a customer has saved: the gateway's token and what is printed on the card, never its number.

use serde::{Deserialize, Serialize};

use super::{
    Id, Random, Timestamp,
    payment::{Funding, Instrument, PaymentMethod, PaymentSource},
    sealing::{KeyRing, Plaintext, Sealed, SealedField, SealingError},
    user::User,
};

/// How many payment methods a customer can save.
pub const MAX_SAVED_METHODS: u64 = 20;

/// A card as the gateway keeps it for a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardOnFile {
    /// The gateway's id of it; unique.
    pub token: PaymentSource,
    /// `visa`.
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1–12.
    pub expiry_month: i64,
    /// Four digits.
    pub expiry_year: i64,
    /// How it is funded, if the gateway tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding: Option<Funding>,
    /// The name on the card; stored sealed, in [`SavedMethod`].
    #[serde(skip)]
    pub holder_name: Option<Plaintext>,
}

/// A card that a customer has saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedMethod {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<SavedMethod>,
    /// Its owner.
    pub user: Id<User>,
    /// The card.
    #[serde(flatten)]
    pub card: CardOnFile,
    /// The name on the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_name: Option<Sealed>,
    /// Whether it is offered first. At most one per user.
    pub is_default: bool,
    /// Since when it is deleted; the document is removed once the gateway has detached the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl SavedMethod {
    /// A card that is saved now.
    ///
    /// # Errors
    /// If the name on the card cannot be sealed.
    pub fn new(
        user: Id<User>,
        mut card: CardOnFile,
        is_default: bool,
        (keys, random): (&KeyRing, &Random),
        now: Timestamp,
    ) -> Result<Self, SealingError> {
        let id = Id::new();
        let seal = |name| keys.seal(random, SealedField::SavedMethodHolderName, id, &name);
        let holder_name = card.holder_name.take().map(seal).transpose()?;
        Ok(Self { id, user, card, holder_name, is_default, deleted_at: None, created_at: now, updated_at: now })
    }

    /// What it is, for the payment method of an order.
    pub const fn instrument(&self) -> Instrument {
        Instrument::Card(self.card.funding)
    }

    /// Whether the card has expired: it is valid until the end of its month.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        let valid_until = format!("{:04}{:02}", self.card.expiry_year, self.card.expiry_month);
        now.compact_date().get(..6).is_some_and(|month| valid_until.as_str() < month)
    }

    /// Takes it from the list of its owner.
    pub const fn delete(&mut self, now: Timestamp) {
        self.is_default = false;
        self.deleted_at = Some(now);
        self.updated_at = now;
    }
}

/// Why an order cannot be paid by a saved method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedMethodRefusal {
    /// It is of another kind than the payment method of the order.
    #[error("the saved method is of another kind than the payment method of the order")]
    Mismatch,
    /// The card has expired.
    #[error("the saved card has expired")]
    Expired,
}

impl PaymentMethod {
    /// Whether an order that is paid by this method can charge a saved one now.
    ///
    /// # Errors
    /// If it is of another kind or has expired.
    pub fn check_saved(self, saved: &SavedMethod, now: Timestamp) -> Result<(), SavedMethodRefusal> {
        if !self.accepts(saved.instrument()) {
            Err(SavedMethodRefusal::Mismatch)
        } else if saved.has_expired(now) {
            Err(SavedMethodRefusal::Expired)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_valid_until_the_end_of_its_month() {
        let saved = |expiry_month, expiry_year| {
            let token = PaymentSource::from_token("pm_1".to_owned());
            let (brand, last4) = ("visa".to_owned(), "4242".to_owned());
            let card = CardOnFile { token, brand, last4, expiry_month, expiry_year, funding: None, holder_name: None };
            let keys = KeyRing::try_new([("k1", [1; 32])]).unwrap();
            SavedMethod::new(Id::new(), card, false, (&keys, &Random::seeded(1)), Timestamp::from_millis(0)).unwrap()
        };
        // 2026-03-31T23:59:59Z and a second later.
        let (last, after) = (Timestamp::from_millis(1_775_001_599_000), Timestamp::from_millis(1_775_001_600_000));
        for (month, year, expired) in [
            (3, 2026, (false, true)),
            (2, 2026, (true, true)),
            (12, 2025, (true, true)),
            (4, 2026, (false, false)),
            (1, 2027, (false, false)),
        ] {
            let card = saved(month, year);
            assert_eq!((card.has_expired(last), card.has_expired(after)), expired, "{month}/{year}");
        }
    }
}
