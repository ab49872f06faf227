//! The payment methods that the shop accepts.

use serde::{Deserialize, Serialize};

use super::PaymentMethod;
use crate::bank_account::BankAccount;

/// The setting: which methods checkout and a change of the method accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethods {
    /// Without repetition.
    pub methods: Vec<PaymentMethod>,
}

/// Those that work without further configuration, and transfers, which need a bank account.
impl Default for PaymentMethods {
    fn default() -> Self {
        let methods = vec![
            PaymentMethod::CreditCard,
            PaymentMethod::DebitCard,
            PaymentMethod::Paypal,
            PaymentMethod::Stripe,
            PaymentMethod::BankTransfer,
        ];
        Self { methods }
    }
}

impl PaymentMethods {
    /// Whether an order can be paid so. A transfer needs an account to go to.
    pub fn accepts(&self, method: PaymentMethod, account: Option<&BankAccount>) -> bool {
        self.methods.contains(&method) && (method != PaymentMethod::BankTransfer || account.is_some())
    }
}
