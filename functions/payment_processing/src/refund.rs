//! `refund.requested`

use shared::{
    app::record_refund::{end_refund_lease, lease_refund, record_history, record_refund_failed},
    domain::{
        Id, Money,
        payment::{GatewayName, Payment, Refund, RefundLease, RefundStatus},
    },
    gateway::{GatewayError, RefundRequest},
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer, not_recorded};

/// The reason of a refund that the gateway refuses.
const REFUSED: &str = "the payment provider did not accept the refund";

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
        let (store, id) = (&self.worker.store, payment.id);
        let Some(amount) = self.due(payment, refund, attempt).await? else { return Ok(()) };
        let intent = payment.transaction_id.as_deref().unwrap_or_default();
        let request = RefundRequest { refund, attempt, amount, currency: payment.currency };
        let made = self.gateway.refund(intent, &request).await;
        let now = self.worker.clock.now();
        match made {
            Ok(made) => {
                let recorded = record_history(store, id, &[made], &[], now).await;
                self.worker.dispatch(recorded.map_err(not_recorded)?.1).await;
                Ok(())
            }
            // The gateway may still be executing the call: the lease keeps every other one off until it has run out.
            Err(error @ GatewayError::Unknown(_)) => Err(no_answer(error)),
            Err(error @ (GatewayError::Misconfigured(_) | GatewayError::UnknownCustomer(_))) => {
                end_refund_lease(store, id, refund, attempt).await.map_err(not_recorded)?;
                Err(no_answer(error))
            }
            // A refund by hand or a dispute may have been faster.
            Err(error) => match self.due(payment, refund, attempt).await? {
                None => Ok(()),
                Some(left) if left == amount => {
                    // The gateway's own words are for the shop: customers read the reason.
                    tracing::error!(payment = %id, %refund, reason = %error, "the gateway refuses a refund");
                    record_refund_failed(store, id, refund, REFUSED, now).await.map_err(not_recorded)
                }
                Some(_) => {
                    end_refund_lease(store, id, refund, attempt).await.map_err(not_recorded)?;
                    Err(ProcessError::retry("a refund was made at the gateway meanwhile", error))
                }
            },
        }
    }

    /// The amount of a refund that is still to be made, after what the gateway knows is recorded. If there is none, the lease
    /// ends. Disputed money is not refunded: the end of the dispute requests it again.
    async fn due(&self, payment: &Payment, refund: Id<Refund>, attempt: i64) -> Result<Option<Money>, ProcessError> {
        let intent = payment.transaction_id.as_deref().unwrap_or_default();
        let recorded = self.record_history(payment.id, intent, payment.currency).await;
        let due = recorded.map(|payment| {
            let is_due =
                |each: &&Refund| each.id == refund && each.status == RefundStatus::Approved && each.refund_id.is_none();
            let is_disputed = payment.has_open_dispute();
            payment.refunds.iter().find(is_due).filter(|_| !is_disputed).map(|refund| refund.amount)
        });
        if !matches!(due, Ok(Some(_))) {
            let ended = end_refund_lease(&self.worker.store, payment.id, refund, attempt).await;
            ended.map_err(not_recorded)?;
        }
        due
    }
}
