//! `payment.captureRequested`

use shared::{
    app::record_capture::{end_capture_lease, lease_capture, record_capture_failed},
    domain::{
        Id,
        payment::{Capture, CaptureLease, Payment},
    },
    gateway::{CaptureRequest, GatewayError},
    queue::ProcessError,
    store::Versioned,
};

use crate::{PaymentProcessing, no_answer, not_recorded};

/// How an attempt ended.
enum Made {
    /// It was captured or refused, or was not due.
    Decided,
    /// The gateway may still be executing the call: the lease keeps every other one off until it has run out.
    Unanswered(GatewayError),
}

impl PaymentProcessing {
    /// Makes a capture that was requested.
    pub(crate) async fn capture(&self, id: Id<Payment>, capture: Id<Capture>) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        let payment = self.load(id).await?;
        if !payment.captures.iter().any(|each| each.id == capture) {
            return Err(ProcessError::Poison(format!("payment {id} has no capture {capture}")));
        }
        let attempt = match lease_capture(store, id, capture, self.worker.clock.now()).await.map_err(not_recorded)? {
            CaptureLease::Acquired { attempt } => attempt,
            CaptureLease::NotDue => return Ok(()),
            CaptureLease::Held => {
                return Err(ProcessError::retry("another worker captures the payment", capture.to_string()));
            }
        };
        match self.make_capture(id, capture, attempt).await {
            Ok(Made::Decided) => Ok(()),
            Ok(Made::Unanswered(error)) => Err(no_answer(error)),
            Err(error) => {
                end_capture_lease(store, id, capture, attempt).await.map_err(not_recorded)?;
                Err(error)
            }
        }
    }

    /// Makes a capture whose lease is held. What the gateway knows is recorded first: an earlier attempt may have made it, and
    /// the authorisation may have been captured or released by hand.
    async fn make_capture(&self, id: Id<Payment>, capture: Id<Capture>, attempt: i64) -> Result<Made, ProcessError> {
        let Some(payment) = self.look_up_due(id, capture).await? else { return Ok(Made::Decided) };
        let intent = payment.transaction_id.as_deref().unwrap_or_default();
        let Some(request) = request(&payment, capture, attempt) else { return Ok(Made::Decided) };
        let refused = match self.gateway.capture(intent, &request).await {
            Ok(captured) => {
                return self.record(id, payment.intent_attempt, captured).await.map(|()| Made::Decided);
            }
            Err(error @ GatewayError::Unknown(_)) => return Ok(Made::Unanswered(error)),
            Err(error @ (GatewayError::Misconfigured(_) | GatewayError::UnknownCustomer(_))) => {
                return Err(no_answer(error));
            }
            Err(error) => error,
        };
        // If a state made the gateway refuse, the look-up records it.
        if self.look_up_due(id, capture).await?.is_none() {
            return Ok(Made::Decided);
        }
        let now = self.worker.clock.now();
        let recorded = record_capture_failed(&self.worker.store, id, capture, &refused.to_string(), now).await;
        recorded.map(|()| Made::Decided).map_err(not_recorded)
    }

    /// Records the state of the intent. Answers the payment, if the capture is still to be made.
    async fn look_up_due(
        &self,
        id: Id<Payment>,
        capture: Id<Capture>,
    ) -> Result<Option<Versioned<Payment>>, ProcessError> {
        self.look_up(id).await?;
        let payment = self.load(id).await?;
        let is_due = payment.requested_captures().any(|each| each.id == capture);
        Ok(is_due.then_some(payment))
    }
}

fn request(payment: &Payment, capture: Id<Capture>, attempt: i64) -> Option<CaptureRequest> {
    let authorised = payment.authorised?;
    let due = payment.requested_captures().find(|each| each.id == capture)?;
    Some(CaptureRequest {
        capture,
        attempt,
        amount: due.amount.min(authorised.amount),
        currency: payment.currency,
        // A capture that takes less keeps the rest for the next parcel, where the gateway can.
        is_final: due.amount >= authorised.amount || !authorised.multicapture,
    })
}
