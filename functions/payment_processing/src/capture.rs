//! `payment.captureRequested`

use shared::{
    domain::{Id, Money, payment::Payment},
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer};

impl PaymentProcessing {
    /// Takes an authorised amount (minor units), or all of it.
    pub(crate) async fn capture(&self, id: Id<Payment>, amount: Option<i64>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let Some(noted) = payment.transaction_id else { return Ok(()) };
        let intent = self.gateway.capture(&noted, amount.map(Money::from_minor)).await.map_err(no_answer)?;
        self.settle(id, payment.intent_attempt, intent).await
    }
}
