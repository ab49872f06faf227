//! The instructions for a bank transfer in answers, while it is owed.

use serde::Serialize;
use shop_domain::{
    Money, Timestamp,
    order::Order,
    payment::{Payment, TransferInstructions},
};
use shop_store::StoreError;

use super::App;

/// Where to transfer what is owed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TransferInstructions)]
pub struct InstructionsView {
    account_holder: String,
    /// ISO 13616, without spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bic: Option<String>,
    /// Instead of an IBAN.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_name: Option<String>,
    /// What is still owed.
    amount: Money,
    /// What the transfer has to name: the order's number.
    reference: String,
    /// When the order expires.
    until: Timestamp,
}

impl InstructionsView {
    /// The instructions for a payment, if a transfer is owed.
    pub async fn find(app: &App, order: &Order, payment: &Payment) -> Result<Option<Self>, StoreError> {
        if !payment.awaits_transfer() {
            return Ok(None);
        }
        let account = app.store.settings.bank_account().await?;
        Ok(account.and_then(|account| TransferInstructions::of(order, payment, account)).map(Self::from))
    }
}

impl From<TransferInstructions> for InstructionsView {
    fn from(instructions: TransferInstructions) -> Self {
        let TransferInstructions { account, amount, reference, until } = instructions;
        Self {
            account_holder: account.account_holder,
            iban: account.iban.map(Into::into),
            bic: account.bic,
            account_number: account.account_number,
            routing_number: account.routing_number,
            bank_name: account.bank_name,
            amount,
            reference,
            until,
        }
    }
}
