//! The card that paid, before the name of its holder is sealed.

use crate::{
    Id, Random,
    sealing::{KeyRing, Plaintext, SealedField, SealingError},
};

use super::{Payment, PaymentDetails};

/// A card as the gateway reports it. Never stored: see [`PaymentDetails`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardDetails {
    /// `visa`.
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// `01`–`12`.
    pub expiry_month: Option<String>,
    /// `2030`.
    pub expiry_year: Option<String>,
    /// The name on the card.
    pub holder_name: Option<Plaintext>,
}

impl CardDetails {
    /// The card as a payment keeps it.
    ///
    /// # Errors
    /// If the name cannot be sealed.
    pub fn seal(self, keys: &KeyRing, random: &Random, payment: Id<Payment>) -> Result<PaymentDetails, SealingError> {
        let seal = |name| keys.seal(random, SealedField::PaymentHolderName, payment, &name);
        Ok(PaymentDetails {
            brand: self.brand,
            last4: self.last4,
            expiry_month: self.expiry_month,
            expiry_year: self.expiry_year,
            holder_name: self.holder_name.map(seal).transpose()?,
        })
    }
}
