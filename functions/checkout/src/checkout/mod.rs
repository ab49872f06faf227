//! From a cart to an order: the quote and the order itself.

mod delivery;
pub(crate) mod place_order;
mod problems;
pub(crate) mod quote;
mod quote_view;

use shared::{
    domain::{
        Currency,
        payment::{ChargeLimits, PaymentMethod},
    },
    gateway::stripe,
};

/// What a payment method, or a card where none is named, can charge in a currency. `None`: a transfer has no limits.
fn charge_limits(method: Option<PaymentMethod>, currency: Currency) -> Option<ChargeLimits> {
    (method != Some(PaymentMethod::BankTransfer)).then(|| stripe::charge_limits(currency))
}
