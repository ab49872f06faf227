//! `refund.requested`

use shared::{
    app::record_refund::{end_refund_lease, lease_refund, record_history, record_refund_failed},
    domain::{
        Id,
        payment::{GatewayName, Payment, Refund, RefundLease, RefundStatus},
    },
    gateway::{GatewayError, RefundRequest},
    queue::ProcessError,
    store::Versioned,
};

use crate::{PaymentProcessing, no_answer, not_recorded};

impl PaymentProcessing {
    /// Pays out an approved refund.
    pub(crate) async fn refund(&self, id: Id<Payment>, refund: Id<Refund>) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        let payment = self.load(id).await?;
        let Some(found) = payment.refunds.iter().find(|each| each.id == refund) else {
            return Err(ProcessError::Poison(format!("payment {id} has no refund {refund}")));
        };
        if found.by_transfer || payment.gateway != GatewayName::Stripe || payment.transaction_id.is_none() {
            tracing::warn!(payment = %id, refund = %refund, "a refund has to be transferred by hand");
            return Ok(());
        }
        match lease_refund(store, id, refund, self.worker.clock.now()).await.map_err(not_recorded)? {
            RefundLease::Acquired { attempt, .. } => self.pay_out(&payment, refund, attempt).await,
            RefundLease::NotDue => Ok(()),
            RefundLease::Held => {
                Err(ProcessError::retry("another worker has the lease of the refund", refund.to_string()))
            }
        }
    }

    /// Pays out a refund whose lease is held. What the gateway knows is recorded first: an earlier attempt may have been paid
    /// out, and refunds made by hand reduce this one.
    async fn pay_out(&self, payment: &Payment, refund: Id<Refund>, attempt: i64) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        let (id, currency) = (payment.id, payment.currency);
        let intent = payment.transaction_id.as_deref().unwrap_or_default();
        let made = match self.record_history(id, intent, currency).await {
            Ok(payment) => match due(&payment, refund) {
                Some(due) => {
                    let request = RefundRequest { refund, attempt, amount: due.amount, currency };
                    self.gateway.refund(intent, &request).await
                }
                None => return Ok(()),
            },
            Err(error) => {
                end_refund_lease(store, id, refund, attempt).await.map_err(not_recorded)?;
                return Err(error);
            }
        };
        let now = self.worker.clock.now();
        match made {
            Ok(made) => {
                let recorded = record_history(store, id, &[made], &[], now).await;
                self.worker.dispatch(recorded.map_err(not_recorded)?.1).await;
                Ok(())
            }
            Err(error @ (GatewayError::Unknown(_) | GatewayError::Misconfigured(_))) => {
                end_refund_lease(store, id, refund, attempt).await.map_err(not_recorded)?;
                Err(no_answer(error))
            }
            Err(error) => record_refund_failed(store, id, refund, &error.to_string(), now).await.map_err(not_recorded),
        }
    }
}

/// The refund, if it is still to be made.
fn due(payment: &Versioned<Payment>, refund: Id<Refund>) -> Option<&Refund> {
    let is_due = |each: &&Refund| each.status == RefundStatus::Approved && each.refund_id.is_none();
    payment.refunds.iter().find(|each| each.id == refund).filter(is_due)
}
