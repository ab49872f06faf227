//! Records the gateway's outcomes in payment and order.
//!
//! Each function returns the messages that it enqueued, to be dispatched after the commit, and may be called again with the
//! same outcome: the second call changes nothing.

use super::{
    end_order::{EndOrderError, cancel_in, save_both},
    record_capture::{ReportedCaptures, end_authorisation_in, record_captures_in},
};
use shop_domain::{
    Command, Id, Idempotent, IllegalTransition, Money, MoneyError, State, Timestamp,
    message::{Event, Message},
    order::{Cancellation, Order, OrderStatus},
    payment::{Begin, CaptureMode, Failure, Payment, PaymentDetails, PaymentStatus, RefundError},
    sealing::Sealed,
};
use shop_store::{
    Store, StoreError, TransactionError, Tx, Versioned, coupons::Redemption, inventory::Taken, transaction,
};

/// Why an outcome was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The states contradict the outcome: a person has to look.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The refund that has to follow is not possible.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for RecordError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<MoneyError> for RecordError {
    fn from(error: MoneyError) -> Self {
        Self::Refund(error.into())
    }
}

impl From<EndOrderError> for RecordError {
    fn from(error: EndOrderError) -> Self {
        match error {
            EndOrderError::Illegal(error) => Self::Illegal(error),
            EndOrderError::PaymentUnderWay => {
                Self::Illegal(IllegalTransition { command: Command::CancelOrder, state: State::BeingPaid })
            }
            EndOrderError::Money(error) => error.into(),
            EndOrderError::Store(error) => Self::Store(error),
        }
    }
}

/// Records that an attempt begins, before the gateway is called. Only a pending order is charged.
pub async fn begin_attempt(
    store: &Store,
    payment: Id<Payment>,
    attempt: i64,
    now: Timestamp,
) -> Result<(Begin, Versioned<Payment>), RecordError> {
    transaction!(store, |tx| {
        let (order, mut payment) = load_payment(store, tx, payment).await?;
        if order.status != OrderStatus::Pending {
            return Ok((Begin::Over, payment));
        }
        let begin = payment.begin(attempt, now);
        if begin == Begin::Now {
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok((begin, payment))
    })
}

/// Records the intent of an attempt, before it is confirmed. `None`: the attempt is over or has an intent already, so this
/// one must not be confirmed.
pub async fn record_intent(
    store: &Store,
    payment: Id<Payment>,
    attempt: i64,
    intent: &str,
    now: Timestamp,
) -> Result<Option<Versioned<Payment>>, RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        if payment.open_intent(attempt, intent.to_owned(), now).is_err() {
            return Ok(None);
        }
        store.payments.save_in(tx, &mut payment).await?;
        Ok(Some(payment))
    })
}

/// A charge that the gateway reports as succeeded.
#[derive(Clone, Debug)]
pub struct SucceededCharge {
    /// The payment that owns it; `None` if the shop did not make it.
    pub payment: Option<Id<Payment>>,
    /// Its currency's code.
    pub currency: String,
    /// What was charged, minor units; `None` if it is no whole number of them.
    pub captured: Option<Money>,
    /// The card, as printed on receipts.
    pub details: Option<PaymentDetails>,
    /// What is kept of the gateway's answer.
    pub answer: Option<Sealed>,
}

impl SucceededCharge {
    /// What contradicts the payment: amount, currency and owner have to be its own.
    fn contradiction(&self, payment: &Payment) -> Option<String> {
        let owner = self.payment.map_or_else(|| "no payment of the shop".to_owned(), |id| format!("payment {id}"));
        let captured = self.captured.map_or_else(|| "a fraction".to_owned(), |money| money.minor().to_string());
        let is_right = self.payment == Some(payment.id)
            && self.currency == payment.currency.code()
            && self.captured == Some(payment.amount);
        (!is_right).then(|| format!("the gateway charged {captured} {} for {owner}", self.currency))
    }
}

/// The charge succeeded: the order is confirmed. An expired order is reopened, a cancelled one refunded. A charge that
/// contradicts the payment confirms nothing: a person has to decide.
pub async fn record_succeeded(
    store: &Store,
    payment: Id<Payment>,
    charge: &SucceededCharge,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    transaction!(store, |tx| {
        let (_, mut found) = load_payment(store, tx, payment).await?;
        if let Some(contradiction) = charge.contradiction(&found) {
            tracing::error!(%payment, contradiction, "a charge contradicts its payment: a person has to decide");
            // It has been charged, so it cannot be voided.
            let was_pending = std::mem::take(&mut found.void_pending);
            if found.ask_for_attention(contradiction, now).was_executed() || was_pending {
                found.gateway_answer.clone_from(&charge.answer);
                store.payments.save_in(tx, &mut found).await?;
            }
            return Ok(Vec::new());
        }
        if found.capture_mode == CaptureMode::OnShipping {
            let reported = ReportedCaptures::of_charge(charge);
            return record_captures_in(store, tx, payment, &reported, now).await;
        }
        let amount = found.amount;
        record_succeeded_in(store, tx, payment, amount, charge, now).await
    })
}

/// [`record_succeeded`] in an open transaction.
async fn record_succeeded_in(
    store: &Store,
    tx: &mut Tx,
    payment: Id<Payment>,
    captured: Money,
    charge: &SucceededCharge,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    let (mut order, mut payment) = load_payment(store, tx, payment).await?;
    if payment.complete(captured, charge.details.clone(), now) == Idempotent::AlreadyApplied {
        return Ok(Vec::new());
    }
    payment.gateway_answer = charge.answer.clone();
    payment.was_charged();
    let mut messages = Vec::new();
    if !confirm_in(store, tx, &mut order, now, &mut messages).await? {
        let refund = payment.approve_refund(captured, "the order had been cancelled before it was paid", now)?;
        let event = Event::RefundRequested { payment_id: payment.id, order_id: order.id, refund_id: refund };
        messages.push(event.now(now));
    }
    if payment.save_method {
        messages.push(Event::SaveMethodRequested { payment_id: payment.id, order_id: order.id }.now(now));
    }
    save_both(store, tx, &mut order, &mut payment).await?;
    store.outbox.enqueue_all(tx, &messages).await?;
    Ok(messages)
}

/// The money is here: confirms the order, or reopens an expired one. Returns whether it could; otherwise the money has to be
/// refunded.
pub(super) async fn confirm_in(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    now: Timestamp,
    messages: &mut Vec<Message>,
) -> Result<bool, RecordError> {
    let is_wanted = match order.status {
        OrderStatus::Cancelled => reopen(store, tx, order, now, messages).await?,
        _ => order.confirm(now)?.was_executed(),
    };
    if is_wanted {
        messages.push(Event::OrderPaid { order_id: order.id }.now(now));
        messages.push(Event::EmailOrderPaid { order_id: order.id }.now(now));
    }
    Ok(is_wanted)
}

/// Late money: reserves the stock of an expired order again, all of it or nothing. Returns whether it could.
pub(super) async fn reopen(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    now: Timestamp,
    messages: &mut Vec<Message>,
) -> Result<bool, RecordError> {
    if !order.has_expired() {
        return Ok(false);
    }
    let units = order.units();
    let stock = store.inventory.find_all_in(tx, units.iter().map(|(sku, _)| sku)).await?;
    let is_there = |sku, wanted| stock.iter().any(|record| record.sku == sku && record.orderable() >= wanted);
    if !units.iter().all(|(sku, quantity)| is_there(sku.clone(), quantity.get())) {
        return Ok(false);
    }
    if let Some(code) = &order.coupon_code {
        let Some(coupon) = store.coupons.find_by_code(code).await? else { return Ok(false) };
        let redemption = Redemption {
            order: order.id,
            coupon: coupon.id,
            user: order.user,
            email: order.email.clone(),
            created_at: now,
        };
        if store.coupons.redeem_in(tx, &redemption).await?.is_err() {
            return Ok(false);
        }
    }
    for (sku, quantity) in units {
        match store.inventory.reserve_in(tx, &sku, quantity, now).await? {
            Taken::Yes(record) => {
                if record.crossed_threshold_from(record.available + quantity.get()) {
                    messages.push(Event::EmailLowStock { sku }.now(now));
                }
            }
            // Cannot happen: the snapshot has just shown enough. The transaction would start over.
            Taken::Short { .. } => return Err(StoreError::VersionMismatch.into()),
        }
    }
    order.reopen(now)?;
    Ok(true)
}

/// The attempt failed; `answer` is what is kept of the gateway's. The order stays pending for another one until it expires.
pub async fn record_failed(
    store: &Store,
    payment: Id<Payment>,
    attempt: i64,
    failure: &Failure,
    answer: Option<&Sealed>,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        let is_current = payment.attempts == attempt && payment.status == PaymentStatus::Processing;
        // A decline that is reported after the authorisation is older than it.
        if !is_current || payment.authorised.is_some() || payment.fail(failure, now)? == Idempotent::AlreadyApplied {
            return Ok(Vec::new());
        }
        payment.gateway_answer = answer.cloned();
        let mut messages = Vec::new();
        if order.status == OrderStatus::Pending {
            messages.push(Event::EmailPaymentFailed { order_id: order.id, payment_id: payment.id }.now(now));
        }
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        Ok(messages)
    })
}

/// The gateway waits for the customer (3-D Secure).
pub async fn record_action_required(
    store: &Store,
    payment: Id<Payment>,
    attempt: i64,
    now: Timestamp,
) -> Result<(), RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        let is_current = payment.attempts == attempt && payment.status == PaymentStatus::Processing;
        if is_current && payment.authorised.is_none() && payment.require_action(now)?.was_executed() {
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok(())
    })
}

/// The charge can no longer happen: `intent`, if there was one, is cancelled at the gateway. A charge is voided because its
/// order has ended, because the buyer has chosen a transfer instead, or because its order has expired; that one ends now.
/// `None`: another intent was opened meanwhile and has to be cancelled first.
pub async fn record_voided(
    store: &Store,
    payment: Id<Payment>,
    intent: Option<&str>,
    now: Timestamp,
) -> Result<Option<Vec<Message>>, RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        let is_chargeable = matches!(payment.status, PaymentStatus::Processing | PaymentStatus::Failed);
        // A late repeat: the intent of an order that goes on is to be charged.
        let is_over = !payment.void_pending && (order.status == OrderStatus::Pending || !is_chargeable);
        if is_over && payment.authorised.is_none() {
            return Ok(Some(Vec::new()));
        }
        if payment.transaction_id.as_deref() != intent {
            return Ok(None);
        }
        if payment.authorised.is_some() {
            let ended = end_authorisation_in(store, tx, &mut order, &mut payment, now).await;
            return ended.map(Some);
        }
        let was_pending = std::mem::take(&mut payment.void_pending);
        if is_chargeable {
            // A look-up may have recorded it already.
            let failed = payment.fail(&Failure::expired(), now)?;
            if order.status == OrderStatus::Pending {
                let messages = cancel_in(store, tx, &mut order, &mut payment, Cancellation::expired(), now).await?;
                return Ok(Some(messages));
            }
            if !failed.was_executed() && !was_pending {
                return Ok(Some(Vec::new()));
            }
        }
        save_both(store, tx, &mut order, &mut payment).await?;
        Ok(Some(Vec::new()))
    })
}

/// A payment and its order, as a transaction sees them.
pub(super) async fn load_payment(
    store: &Store,
    tx: &mut Tx,
    payment: Id<Payment>,
) -> Result<(Versioned<Order>, Versioned<Payment>), RecordError> {
    let missing = || StoreError::Missing(format!("payment {payment} or its order"));
    let payment = store.payments.find_in(tx, payment).await?.ok_or_else(missing)?;
    let order = store.orders.find_in(tx, payment.order).await?.ok_or_else(missing)?;
    Ok((order, payment))
}
