//! What a token of the gateway stands for, and which payment methods it fits.

use serde::{Deserialize, Serialize};

use super::PaymentMethod;

/// What a token or a payment method of the gateway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// A card; `None` if its funding is unknown.
    Card(Option<Funding>),
    /// A PayPal account.
    Paypal,
    /// Anything else that the gateway offers.
    Other,
}

/// How a card is funded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Funding {
    /// A credit card.
    Credit,
    /// A debit card.
    Debit,
    /// A prepaid card.
    Prepaid,
}

impl PaymentMethod {
    /// Whether an order that is paid by this method can charge the instrument. `credit_card` takes every card, because
    /// customers call them so; `debit_card` takes no credit card.
    pub const fn accepts(self, instrument: Instrument) -> bool {
        match self {
            Self::CreditCard => matches!(instrument, Instrument::Card(_)),
            Self::DebitCard => matches!(instrument, Instrument::Card(None | Some(Funding::Debit | Funding::Prepaid))),
            Self::Paypal => matches!(instrument, Instrument::Paypal),
            Self::Stripe => true,
            Self::BankTransfer => false,
        }
    }

    /// Whether a charge needs a token. The customer of PayPal chooses an account on PayPal's own page.
    pub const fn needs_token(self) -> bool {
        matches!(self, Self::CreditCard | Self::DebitCard | Self::Stripe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_method_accepts_the_instruments_that_it_names() {
        let credit = Instrument::Card(Some(Funding::Credit));
        let debit = Instrument::Card(Some(Funding::Debit));
        let unknown = Instrument::Card(None);
        for (method, accepted) in [
            (PaymentMethod::CreditCard, [true, true, true, false, false]),
            (PaymentMethod::DebitCard, [false, true, true, false, false]),
            (PaymentMethod::Paypal, [false, false, false, true, false]),
            (PaymentMethod::Stripe, [true; 5]),
            (PaymentMethod::BankTransfer, [false; 5]),
        ] {
            let all = [credit, debit, unknown, Instrument::Paypal, Instrument::Other];
            assert_eq!(all.map(|instrument| method.accepts(instrument)), accepted, "{method:?}");
        }
    }
}
