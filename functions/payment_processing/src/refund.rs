//! `refund.requested`

use shared::{
    app::record_refund::{end_refund_lease, lease_refund, record_refunded},
    domain::{
        Id,
        payment::{GatewayName, Payment, Refund, RefundLease},
    },
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer, not_recorded};

impl PaymentProcessing {
    /// Pays out an approved refund.
    pub(crate) async fn refund(&self, id: Id<Payment>, refund: Id<Refund>) -> Result<(), ProcessError> {
        let (store, now) = (&self.worker.store, self.worker.clock.now());
        let payment = self.load(id).await?;
        if !payment.refunds.iter().any(|each| each.id == refund) {
            return Err(ProcessError::Poison(format!("payment {id} has no refund {refund}")));
        }
        let Some(intent) = payment.transaction_id.as_deref().filter(|_| payment.gateway == GatewayName::Stripe) else {
            tracing::warn!(payment = %id, refund = %refund, "a refund has to be transferred by hand");
            return Ok(());
        };
        let amount = match lease_refund(store, id, refund, now).await.map_err(not_recorded)? {
            RefundLease::Taken { amount } => amount,
            RefundLease::NotDue => return Ok(()),
            RefundLease::Held => {
                return Err(ProcessError::retry("another worker has the lease of the refund", refund.to_string()));
            }
        };
        match self.gateway.refund(intent, refund, amount).await {
            Ok(gateway_id) => {
                let messages = record_refunded(store, id, refund, &gateway_id, now).await;
                self.worker.dispatch(messages.map_err(not_recorded)?).await;
                Ok(())
            }
            Err(error) => {
                end_refund_lease(store, id, refund).await.map_err(not_recorded)?;
                Err(no_answer(error))
            }
        }
    }
}
