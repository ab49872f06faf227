//! Payments that are captured on shipping: records what the gateway authorised, captured and released, and ends an
//! authorisation in time.
//!
//! Shipping, capturing by hand, cancelling and recording all write the payment, so that they conflict and serialise. What is
//! recorded are the gateway's sums, so that the next look-up finds a capture whose answer was lost, or that a person made.

use super::{
    end_order::{cancel_in, save_both, void_authorisation},
    record_payment::{RecordError, SucceededCharge, load_payment, reopen},
};
use shop_domain::{
    Id, Money, MoneyError, Timestamp,
    message::{Event, Message},
    order::{Cancellation, Order, OrderStatus},
    payment::{
        AUTHORISATION_MARGIN, Authorisation, Capture, CaptureError, CaptureLease, CaptureOrigin, CaptureStatus,
        Failure, FailureCode, GatewayCaptures, Payment, PaymentDetails, PaymentStatus,
    },
    sealing::Sealed,
};
use shop_store::{Store, Tx, Versioned, transaction};

/// What the gateway reports about an intent that is captured on shipping.
#[derive(Clone, Debug)]
pub struct ReportedCaptures {
    /// The payment that owns it; `None` if the shop did not make it.
    pub payment: Option<Id<Payment>>,
    /// Its currency's code.
    pub currency: String,
    /// What was captured, minor units; `None` if it is no whole number of them.
    pub captured: Option<Money>,
    /// What can still be captured; `None` if nothing ever can.
    pub authorised: Option<Authorisation>,
    /// Our id of the latest capture that the shop made.
    pub latest: Option<Id<Capture>>,
    /// The card, as printed on receipts.
    pub details: Option<PaymentDetails>,
    /// What is kept of the gateway's answer.
    pub answer: Option<Sealed>,
}

impl ReportedCaptures {
    /// A charge that succeeded: nothing more can be captured.
    pub fn of_charge(charge: &SucceededCharge) -> Self {
        Self {
            payment: charge.payment,
            currency: charge.currency.clone(),
            captured: charge.captured,
            authorised: None,
            latest: None,
            details: charge.details.clone(),
            answer: charge.answer.clone(),
        }
    }

    /// What contradicts the payment: currency and owner have to be its own, and the amount too until a part is released.
    fn contradiction(&self, payment: &Payment) -> Option<String> {
        let left = self.authorised.map_or(Money::ZERO, |authorised| authorised.amount);
        let total = self.captured.and_then(|captured| captured.plus(left).ok());
        let fits = match self.authorised {
            Some(_) => total == Some(payment.amount),
            None => total.is_some_and(|total| total <= payment.amount && total > Money::ZERO),
        };
        if fits && self.payment == Some(payment.id) && self.currency == payment.currency.code() {
            return None;
        }
        let owner = self.payment.map_or_else(|| "no payment of the shop".to_owned(), |id| format!("payment {id}"));
        let total = total.map_or_else(|| "a fraction".to_owned(), |money| money.minor().to_string());
        Some(format!("the gateway authorised {total} {} for {owner}", self.currency))
    }
}

/// The amount is authorised, or a part of it captured: the order is confirmed. An expired order is reopened; for a cancelled
/// one the authorisation is voided, and what was captured is refunded.
pub async fn record_captures(
    store: &Store,
    payment: Id<Payment>,
    reported: &ReportedCaptures,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    transaction!(store, |tx| { record_captures_in(store, tx, payment, reported, now).await })
}

pub(super) async fn record_captures_in(
    store: &Store,
    tx: &mut Tx,
    payment: Id<Payment>,
    reported: &ReportedCaptures,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    let (mut order, mut payment) = load_payment(store, tx, payment).await?;
    if let Some(contradiction) = reported.contradiction(&payment) {
        tracing::error!(payment = %payment.id, contradiction, "a charge contradicts its payment: a person has to decide");
        if payment.ask_for_attention(contradiction, now).was_executed() {
            store.payments.save_in(tx, &mut payment).await?;
        }
        return Ok(Vec::new());
    }
    let before = payment.clone();
    let captures = GatewayCaptures {
        captured: reported.captured.unwrap_or_default(),
        authorised: reported.authorised,
        latest: reported.latest,
    };
    if !payment.record_captures(&captures, now)?.was_executed() {
        return Ok(Vec::new());
    }
    payment.was_charged();
    payment.payment_details = reported.details.clone().or_else(|| payment.payment_details.take());
    payment.gateway_answer = reported.answer.clone().or_else(|| payment.gateway_answer.take());
    report_captures(&before, &mut payment, now);
    let mut messages = Vec::new();
    let is_first = before.authorised.is_none() && before.captured.is_zero();
    let is_confirmed = match order.status {
        OrderStatus::Pending => order.confirm_authorised(now)?.was_executed(),
        OrderStatus::Cancelled if is_first => reopen(store, tx, &mut order, now, &mut messages).await?,
        _ => false,
    };
    if is_confirmed {
        payment.void_pending = false;
        messages.push(Event::OrderPaid { order_id: order.id }.now(now));
        messages.push(Event::EmailOrderPaid { order_id: order.id }.now(now));
    } else if order.status == OrderStatus::Cancelled {
        messages.extend(give_back(&mut payment, now)?);
    }
    report_uncollected(&order, &mut payment, now)?;
    if is_first && payment.save_method {
        messages.push(Event::SaveMethodRequested { payment_id: payment.id, order_id: order.id }.now(now));
    }
    save_both(store, tx, &mut order, &mut payment).await?;
    store.outbox.enqueue_all(tx, &messages).await?;
    Ok(messages)
}

/// The order is cancelled: what is authorised is voided, and what was captured is refunded.
fn give_back(payment: &mut Payment, now: Timestamp) -> Result<Vec<Message>, RecordError> {
    let mut messages = Vec::new();
    if payment.authorised.is_some() {
        messages.push(void_authorisation(payment, now)?);
    }
    let left = payment.refundable()?;
    if payment.status == PaymentStatus::Completed && !left.is_zero() {
        let refund = payment.approve_refund(left, "the order had been cancelled before it was paid", now)?;
        let event = Event::RefundRequested { payment_id: payment.id, order_id: payment.order, refund_id: refund };
        messages.push(event.now(now));
    }
    Ok(messages)
}

/// Shows captures that have failed since to a person, unless all of the money is here, and warns about those that were made
/// at the gateway.
fn report_captures(before: &Payment, payment: &mut Payment, now: Timestamp) {
    let previous = |id| before.captures.iter().find(|other| other.id == id).map(|capture| capture.status);
    let mut failures = Vec::new();
    for capture in payment.captures.iter().filter(|capture| previous(capture.id) != Some(capture.status)) {
        let (id, amount) = (capture.id, capture.amount.display(payment.currency));
        match (capture.status, capture.made_at) {
            (CaptureStatus::Failed, _) if payment.captured < payment.amount => {
                let reason = capture.failure_reason.as_deref().unwrap_or_default();
                tracing::error!(payment = %payment.id, capture = %id, reason, "a capture failed: a person has to decide");
                failures.push(format!("the capture of {amount} failed: {reason}"));
            }
            (CaptureStatus::Captured, CaptureOrigin::Gateway) => {
                tracing::warn!(payment = %payment.id, amount, "a capture was made at the gateway");
            }
            _ => {}
        }
    }
    if !failures.is_empty() {
        let _ = payment.ask_for_attention(failures.join("; "), now);
    }
}

/// Shows to a person that less was captured than the order costs, and that no more can be.
fn report_uncollected(order: &Order, payment: &mut Payment, now: Timestamp) -> Result<(), MoneyError> {
    forget_returned(order, payment)?;
    let uncollected = payment.uncollected(order)?;
    if order.status == OrderStatus::Cancelled || uncollected.is_zero() || payment.attention.is_some() {
        return Ok(());
    }
    let (captured, amount) = (payment.captured.display(payment.currency), payment.amount.display(payment.currency));
    tracing::error!(payment = %payment.id, captured, amount, "too little was captured: a person has to decide");
    let reason = format!(
        "only {captured} of {amount} was captured, and nothing more can be: cancel the order, or ask for the rest"
    );
    let _ = payment.ask_for_attention(reason, now);
    Ok(())
}

/// What was not captured has come back: nothing is left to decide.
fn forget_returned(order: &Order, payment: &mut Payment) -> Result<(), MoneyError> {
    let has_come_back = !order.returned_unpaid()?.is_zero() && payment.uncollected(order)?.is_zero();
    if payment.authorised.is_none() && has_come_back {
        payment.attention = None;
    }
    Ok(())
}

/// The gateway has released what was authorised: it lapsed, or was voided. An order of which nothing has left is cancelled; what
/// has left without its money is shown to a person.
pub async fn record_released(store: &Store, payment: Id<Payment>, now: Timestamp) -> Result<Vec<Message>, RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        if payment.authorised.is_none() {
            return Ok(Vec::new());
        }
        end_authorisation_in(store, tx, &mut order, &mut payment, now).await
    })
}

/// [`record_released`] in an open transaction.
pub(super) async fn end_authorisation_in(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    payment: &mut Versioned<Payment>,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    let before = payment.clone();
    let released = before.authorised.map_or(Money::ZERO, |authorised| authorised.amount);
    let _ = payment.release(&Failure::new(FailureCode::Cancelled, "the authorisation has ended"), now);
    report_captures(&before, payment, now);
    if order.status.reserves_stock() && !order.has_left() {
        return Ok(cancel_in(store, tx, order, payment, Cancellation::authorisation_ended(), now).await?);
    }
    forget_returned(order, payment)?;
    let is_owed = order.status != OrderStatus::Cancelled && !payment.uncollected(order)?.is_zero();
    if is_owed && payment.attention.is_none() {
        let released = released.display(payment.currency);
        tracing::error!(payment = %payment.id, released, "an authorisation ended before it was captured: a person has to decide");
        let _ = payment.ask_for_attention(format!("the authorisation of {released} ended before it was captured"), now);
    }
    save_both(store, tx, order, payment).await?;
    Ok(Vec::new())
}

/// Acquires the exclusive right to make a capture.
pub async fn lease_capture(
    store: &Store,
    payment: Id<Payment>,
    capture: Id<Capture>,
    now: Timestamp,
) -> Result<CaptureLease, RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        let lease = payment.lease_capture(capture, now);
        if matches!(lease, CaptureLease::Acquired { .. }) {
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok(lease)
    })
}

/// Ends the lease of an attempt that the gateway has answered, or that was not sent.
pub async fn end_capture_lease(
    store: &Store,
    payment: Id<Payment>,
    capture: Id<Capture>,
    attempt: i64,
) -> Result<(), RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        payment.end_capture_lease(capture, attempt);
        Ok(store.payments.save_in(tx, &mut payment).await?)
    })
}

/// The gateway refuses a capture for good: a person has to decide.
pub async fn record_capture_failed(
    store: &Store,
    payment: Id<Payment>,
    capture: Id<Capture>,
    reason: &str,
    now: Timestamp,
) -> Result<(), RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        let before = payment.clone();
        if payment.fail_capture(capture, reason, now).was_executed() {
            report_captures(&before, &mut payment, now);
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok(())
    })
}

/// An authorisation is about to end: an order of which nothing has left is cancelled and its authorisation voided; otherwise
/// the rest is captured, because the order stands, less what came back before it was paid. Where that leaves nothing, the
/// authorisation is voided.
pub async fn end_before_expiry(
    store: &Store,
    payment: Id<Payment>,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        let is_due = payment.authorised.is_some_and(|authorised| authorised.until <= now.plus(AUTHORISATION_MARGIN));
        if !is_due || payment.void_pending || payment.requested_captures().next().is_some() {
            return Ok(Vec::new());
        }
        if order.status.reserves_stock() && !order.has_left() {
            let cancellation = Cancellation::authorisation_ended();
            return Ok(cancel_in(store, tx, &mut order, &mut payment, cancellation, now).await?);
        }
        if order.status == OrderStatus::Cancelled {
            return Ok(Vec::new());
        }
        let rest = payment.chargeable(&order)?;
        let (payment_id, order_id) = (payment.id, order.id);
        let event = match payment.request_capture(rest, None, now) {
            Ok(capture_id) => Event::PaymentCaptureRequested { payment_id, order_id, capture_id },
            Err(CaptureError::Money(error)) => return Err(error.into()),
            Err(CaptureError::ExceedsAuthorised { .. } | CaptureError::NotPositive) => {
                payment.void_pending = true;
                payment.updated_at = now;
                Event::PaymentVoidRequested { payment_id, order_id }
            }
        };
        let messages = vec![event.now(now)];
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        Ok(messages)
    })
}
