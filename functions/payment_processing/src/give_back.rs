//! `refund.requested`

use shared::{
    domain::{
        Id,
        payment::{GatewayName, Payment, Refund, RefundStatus},
        secret_hash::sha256_hex,
    },
    queue::ProcessError,
    store::idempotency::Claimed,
    workflows::settle_refund::settle_refunded,
};

use crate::{PaymentProcessing, no_answer, not_settled};

impl PaymentProcessing {
    /// Pays an approved refund out.
    pub(crate) async fn give_back(&self, id: Id<Payment>, refund: Id<Refund>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let wanted = payment.refunds.iter().find(|each| each.id == refund);
        let wanted = wanted.ok_or_else(|| ProcessError::Poison(format!("payment {id} has no refund {refund}")))?;
        if wanted.status != RefundStatus::Approved {
            return Ok(());
        }
        let Some(noted) = payment.transaction_id.as_deref().filter(|_| payment.gateway == GatewayName::Stripe) else {
            tracing::warn!(payment = %id, refund = %refund, "a refund has to be transferred by hand");
            return Ok(());
        };
        // One at a time: a refund is looked up before it is made, and two deliveries at once would both find none.
        let records = &self.worker.store.idempotency;
        let now = self.worker.clock.now();
        let scope = format!("refund {refund}");
        let Claimed::Yes(claim) = records.claim(&scope, &sha256_hex(&scope), now).await? else {
            return Err(ProcessError::retry("the refund is worked on elsewhere", refund.to_string()));
        };
        let outcome = self.gateway.refund(noted, refund, wanted.amount).await.map_err(no_answer);
        let settled = match outcome {
            Ok(gateway_id) => {
                settle_refunded(&self.worker.store, id, refund, &gateway_id, now).await.map_err(not_settled)
            }
            Err(error) => Err(error),
        };
        records.release(&claim).await?;
        self.worker.send(settled?).await;
        Ok(())
    }
}
