//! Money for an order.

mod capture;
mod card;
mod dispute;
mod failure;
mod instrument;
mod methods;
mod refund;
mod transfer;
mod window;

use serde::{Deserialize, Serialize};

use super::{
    Address, Command, Currency, Id, Idempotent, IllegalTransition, Money, State, Timestamp, order::Order,
    saved_method::SavedMethod, sealing::Sealed, user::User,
};

pub use self::{
    capture::{
        AUTHORISATION_MARGIN, Authorisation, CAPTURE_LEASE, Capture, CaptureError, CaptureLease, CaptureMode,
        CaptureOrigin, CaptureStatus, GatewayCaptures, PaymentSettings,
    },
    card::CardDetails,
    dispute::{Dispute, DisputeStatus, GatewayDispute},
    failure::{Failure, FailureCode},
    instrument::{Funding, Instrument},
    methods::PaymentMethods,
    refund::{
        GatewayRefund, GatewayRefundState, REFUND_LEASE, Refund, RefundError, RefundLease, RefundOrigin, RefundStatus,
    },
    transfer::{Transfer, TransferError, TransferInstructions, TransferOutcome},
    window::PaymentWindow,
};

/// The payment of one order: its attempts and refunds.
///
/// At most one intent at the gateway is alive for it: the next attempt first makes sure that the last one's intent can
/// never be charged. An intent is charged once, so a payment cannot be charged twice (invariant I3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Payment>,
    /// For which order.
    pub order: Id<Order>,
    /// By whom; `None` for a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Id<User>>,
    /// What is owed: the order's total.
    pub amount: Money,
    /// Of all amounts here.
    pub currency: Currency,
    /// How it is paid.
    pub method: PaymentMethod,
    /// Where it stands.
    pub status: PaymentStatus,
    /// The gateway's id of the intent; unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// What arrived by bank transfer, also what is owed back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<Transfer>,
    /// Which attempt that intent belongs to. At most one intent of a payment is alive: the next attempt cancels it first.
    #[serde(default)]
    pub intent_attempt: i64,
    /// Who moves the money.
    pub gateway: GatewayName,
    /// What the current attempt charges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<PaymentSource>,
    /// The saved method that the source is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_method: Option<Id<SavedMethod>>,
    /// Whether the source is saved for the customer once it is charged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub save_method: bool,
    /// How many attempts were asked for.
    pub attempts: i64,
    /// Whether the customer has to do something at the gateway (3-D Secure) before it goes on.
    #[serde(default)]
    pub action_required: bool,
    /// Whether its intent is to be cancelled at the gateway, because the order has ended or expired or another method was
    /// chosen: until that is confirmed it could still be charged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub void_pending: bool,
    /// The card that paid, as printed on receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_details: Option<PaymentDetails>,
    /// Where the invoice goes; a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// What was charged, or arrived by transfer. What was transferred beside a charge is only in `transfers`.
    pub captured: Money,
    /// When it is captured, as the shop's settings said when the order was placed.
    #[serde(default)]
    pub capture_mode: CaptureMode,
    /// What is authorised and not captured yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorised: Option<Authorisation>,
    /// Captures of what is authorised, made or to be made.
    #[serde(default)]
    pub captures: Vec<Capture>,
    /// Refunds, paid out or to be.
    pub refunds: Vec<Refund>,
    /// What the customer's bank takes back or took back.
    #[serde(default)]
    pub disputes: Vec<Dispute>,
    /// Why the last attempt failed, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<FailureCode>,
    /// Why the last attempt failed, for the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// What is kept of the gateway's answer to the last attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_answer: Option<Sealed>,
    /// What a person has to decide: the gateway reports what contradicts the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<String>,
    /// Every change of state.
    pub timeline: Vec<PaymentEvent>,
    /// When the money arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// A credit card.
    CreditCard,
    /// A debit card.
    DebitCard,
    /// PayPal, through the gateway.
    Paypal,
    /// Whatever the gateway's form offered.
    Stripe,
    /// The customer transfers the amount; an administrator marks it as paid.
    BankTransfer,
}

/// Who moves the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayName {
    /// Stripe.
    Stripe,
    /// The customer's bank.
    BankTransfer,
    /// None: the total was 0.
    None,
}

impl GatewayName {
    /// Who moves the money of a method.
    pub const fn of(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::BankTransfer => Self::BankTransfer,
            _ => Self::Stripe,
        }
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Not tried yet, or waiting for a transfer.
    Pending,
    /// Being charged; the outcome is unknown.
    Processing,
    /// The money is here.
    Completed,
    /// The last attempt was declined.
    Failed,
    /// All of it was refunded.
    Refunded,
}

impl PaymentStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
        }
    }
}

/// What an attempt charges: a token that the gateway's own form made, never a card number. Hides itself in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentSource(String);

impl PaymentSource {
    /// Wraps a gateway token.
    pub const fn from_token(token: String) -> Self {
        Self(token)
    }

    /// The token, for the gateway.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Debug for PaymentSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PaymentSource(…)")
    }
}

/// A card as printed on receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDetails {
    /// `visa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The last four digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// `01`–`12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_month: Option<String>,
    /// `2030`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_year: Option<String>,
    /// The name on the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_name: Option<Sealed>,
}

/// One change of a payment's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// The state after it.
    pub status: PaymentStatus,
    /// When.
    pub timestamp: Timestamp,
    /// Why.
    pub note: String,
}

/// What a gateway can charge in one currency, in minor units: a multiple of the step from the minimum to the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeLimits {
    /// The smallest charge.
    pub minimum: Money,
    /// The largest charge.
    pub maximum: Money,
    /// What every charge is a multiple of.
    pub step: Money,
}

impl ChargeLimits {
    /// Whether an order of this amount can be paid. One of 0 is not charged.
    pub fn allow(&self, amount: Money) -> bool {
        let is_within = (self.minimum..=self.maximum).contains(&amount);
        amount.is_zero() || (is_within && amount.minor() % self.step.minor().max(1) == 0)
    }
}

/// What is to be done about an attempt that a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// It starts now: persist that before calling the gateway.
    Now,
    /// It had started; how it ended is unknown: look it up before going on.
    Resume,
    /// It has ended, or a later attempt replaced it: nothing to do.
    Over,
}

impl Payment {
    /// The payment of an order that has just been placed.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of its own that has no default")]
    pub fn new(
        order: Id<Order>,
        user: Option<Id<User>>,
        amount: Money,
        currency: Currency,
        method: PaymentMethod,
        source: Option<PaymentSource>,
        billing_address: Option<Address>,
        now: Timestamp,
    ) -> Self {
        let gateway = if amount.is_zero() { GatewayName::None } else { GatewayName::of(method) };
        Self {
            id: Id::new(),
            order,
            user,
            amount,
            currency,
            method,
            status: PaymentStatus::Pending,
            transaction_id: None,
            transfers: Vec::new(),
            intent_attempt: 0,
            gateway,
            source,
            saved_method: None,
            save_method: false,
            attempts: 1,
            action_required: false,
            void_pending: false,
            payment_details: None,
            billing_address,
            captured: Money::ZERO,
            capture_mode: CaptureMode::Immediately,
            authorised: None,
            captures: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            failure_code: None,
            failure_reason: None,
            gateway_answer: None,
            attention: None,
            timeline: vec![PaymentEvent {
                status: PaymentStatus::Pending,
                timestamp: now,
                note: "requested".to_owned(),
            }],
            paid_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    fn enter(&mut self, status: PaymentStatus, note: impl Into<String>, now: Timestamp) {
        self.status = status;
        self.timeline.push(PaymentEvent { status, timestamp: now, note: note.into() });
        self.updated_at = now;
    }

    /// Starts attempt number `attempt`, or tells why not.
    pub fn begin(&mut self, attempt: i64, now: Timestamp) -> Begin {
        match self.status {
            _ if attempt != self.attempts => Begin::Over,
            PaymentStatus::Pending => {
                self.enter(PaymentStatus::Processing, format!("attempt {attempt}"), now);
                Begin::Now
            }
            PaymentStatus::Processing => Begin::Resume,
            PaymentStatus::Completed | PaymentStatus::Failed | PaymentStatus::Refunded => Begin::Over,
        }
    }

    /// Asks for another attempt, with the same source or another one. The attempt's number is in `attempts` afterwards.
    ///
    /// # Errors
    /// Unless the last attempt failed or waits for the customer.
    pub fn retry(&mut self, source: Option<PaymentSource>, now: Timestamp) -> Result<(), IllegalTransition> {
        let may_retry =
            self.status == PaymentStatus::Failed || (self.status == PaymentStatus::Processing && self.action_required);
        if !may_retry {
            return Err(IllegalTransition { command: Command::RetryPayment, state: State::Payment(self.status) });
        }
        self.attempts = self.attempts.saturating_add(1);
        if source.is_some() {
            self.source = source;
            self.saved_method = None;
        }
        self.action_required = false;
        self.clear_failure();
        self.enter(PaymentStatus::Processing, format!("attempt {}", self.attempts), now);
        Ok(())
    }

    /// Charges a saved method from the current attempt on. It is not saved again.
    pub fn charge_saved(&mut self, method: &SavedMethod) {
        self.source = Some(method.card.token.clone());
        self.saved_method = Some(method.id);
        self.save_method = false;
    }

    /// Whether the source belongs to the customer's account at the gateway, or will.
    pub const fn is_on_file(&self) -> bool {
        self.saved_method.is_some() || self.save_method
    }

    /// Records the intent of the current attempt, before it is confirmed.
    ///
    /// # Errors
    /// Unless that attempt is being tried: it must not be confirmed then.
    pub fn open_intent(
        &mut self,
        attempt: i64,
        transaction_id: String,
        now: Timestamp,
    ) -> Result<(), IllegalTransition> {
        let is_current = attempt == self.attempts && self.intent_attempt < attempt;
        if self.status != PaymentStatus::Processing || !is_current {
            return Err(IllegalTransition { command: Command::OpenIntent, state: State::Payment(self.status) });
        }
        self.transaction_id = Some(transaction_id);
        self.intent_attempt = attempt;
        self.updated_at = now;
        Ok(())
    }

    /// The gateway waits for the customer (3-D Secure).
    pub fn require_action(&mut self, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        match self.status {
            PaymentStatus::Processing if self.action_required => Ok(Idempotent::AlreadyApplied),
            PaymentStatus::Processing => {
                self.action_required = true;
                self.enter(PaymentStatus::Processing, "the customer has to act", now);
                Ok(Idempotent::Executed)
            }
            other => Err(IllegalTransition { command: Command::RequireAction, state: State::Payment(other) }),
        }
    }

    /// The money is here. A failed payment is tried once more by that very fact.
    pub fn complete(&mut self, captured: Money, details: Option<PaymentDetails>, now: Timestamp) -> Idempotent {
        match self.status {
            PaymentStatus::Completed | PaymentStatus::Refunded => return Idempotent::AlreadyApplied,
            PaymentStatus::Pending | PaymentStatus::Failed => {
                self.enter(PaymentStatus::Processing, "the gateway reports a charge", now);
            }
            PaymentStatus::Processing => {}
        }
        self.action_required = false;
        self.void_pending = false;
        self.clear_failure();
        self.captured = captured;
        self.payment_details = details.or_else(|| self.payment_details.take());
        self.paid_at = Some(now);
        self.enter(PaymentStatus::Completed, "captured", now);
        Idempotent::Executed
    }

    fn clear_failure(&mut self) {
        self.failure_code = None;
        self.failure_reason = None;
    }

    /// The attempt failed.
    pub fn fail(&mut self, failure: &Failure, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        match self.status {
            PaymentStatus::Failed => Ok(Idempotent::AlreadyApplied),
            PaymentStatus::Pending | PaymentStatus::Processing => {
                self.action_required = false;
                self.failure_code = Some(failure.code);
                self.failure_reason = Some(failure.reason.clone());
                self.enter(PaymentStatus::Failed, failure.reason.as_str(), now);
                Ok(Idempotent::Executed)
            }
            other => Err(IllegalTransition { command: Command::FailPayment, state: State::Payment(other) }),
        }
    }

    /// Records what a person has to decide. The payment does not go on by itself.
    pub fn ask_for_attention(&mut self, reason: String, now: Timestamp) -> Idempotent {
        if self.attention.as_ref() == Some(&reason) {
            return Idempotent::AlreadyApplied;
        }
        self.attention = Some(reason);
        self.updated_at = now;
        Idempotent::Executed
    }

    /// Whether the gateway charged what contradicts the payment: it will not go on by itself.
    pub fn is_contradicted(&self) -> bool {
        self.attention.is_some() && self.authorised.is_none() && self.captured.is_zero()
    }

    /// A person has decided what the payment waited for.
    pub fn resolve_attention(&mut self, reason: &str, now: Timestamp) -> Idempotent {
        if self.attention.take().is_none() {
            return Idempotent::AlreadyApplied;
        }
        self.enter(self.status, format!("decided: {reason}"), now);
        Idempotent::Executed
    }

    /// Whether a charge or a capture is under way, so that its outcome is unknown. While the gateway waits for the customer,
    /// or has only authorised the amount, none is: it can be voided.
    pub fn is_under_way(&self) -> bool {
        let is_charging = self.status == PaymentStatus::Processing
            && !self.action_required
            && self.authorised.is_none()
            && !self.is_contradicted();
        is_charging || self.requested_captures().next().is_some()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn payment(amount: i64) -> Payment {
        Payment::new(
            Id::new(),
            None,
            Money::from_minor(amount),
            Currency::USD,
            PaymentMethod::CreditCard,
            None,
            None,
            NOW,
        )
    }

    fn declined() -> Failure {
        Failure::new(FailureCode::CardDeclined, "declined")
    }

    pub(crate) fn succeeded(id: &str, ours: Option<Id<Refund>>, amount: i64) -> GatewayRefund {
        let state = GatewayRefundState::Succeeded;
        GatewayRefund { id: id.to_owned(), ours, amount: Money::from_minor(amount), state }
    }

    #[test]
    fn an_attempt_begins_once() {
        let mut payment = payment(100);
        assert_eq!(payment.begin(1, NOW), Begin::Now);
        assert_eq!(payment.begin(1, NOW), Begin::Resume);
        assert!(payment.fail(&declined(), NOW).unwrap().was_executed());
        assert_eq!(payment.begin(1, NOW), Begin::Over);
        payment.retry(None, NOW).unwrap();
        assert_eq!((payment.begin(1, NOW), payment.begin(2, NOW)), (Begin::Over, Begin::Resume));
    }

    #[test]
    fn a_completed_payment_neither_fails_nor_is_retried() {
        let mut payment = payment(100);
        assert_eq!(payment.complete(Money::from_minor(100), None, NOW), Idempotent::Executed);
        assert_eq!(payment.complete(Money::from_minor(100), None, NOW), Idempotent::AlreadyApplied);
        assert!(payment.fail(&declined(), NOW).is_err());
        assert!(payment.retry(None, NOW).is_err());
    }

    #[test]
    fn a_charge_that_waits_for_the_customer_is_not_under_way() {
        let mut payment = payment(100);
        assert!(!payment.is_under_way());
        payment.begin(1, NOW);
        assert!(payment.is_under_way());
        let _ = payment.require_action(NOW).unwrap();
        assert!(!payment.is_under_way());
        payment.retry(None, NOW).unwrap();
        assert!(payment.is_under_way());
    }

    #[test]
    fn no_more_is_refunded_than_was_captured() {
        let mut payment = payment(100);
        assert_eq!(payment.approve_refund(Money::from_minor(1), "early", NOW), Err(RefundError::NotCompleted));
        let _ = payment.complete(Money::from_minor(100), None, NOW);
        let first = payment.approve_refund(Money::from_minor(60), "broken", NOW).unwrap();
        assert_eq!(
            payment.approve_refund(Money::from_minor(41), "more", NOW),
            Err(RefundError::ExceedsCaptured { left: 40 })
        );
        assert_eq!(payment.approve_refund(Money::ZERO, "none", NOW), Err(RefundError::NotPositive));
        assert!(!payment.is_paid_back());
        let second = payment.approve_refund(Money::from_minor(40), "rest", NOW).unwrap();
        assert!(payment.is_paid_back());
        assert!(payment.record_refund(&succeeded("re_1", Some(first), 60), NOW).unwrap().was_executed());
        assert_eq!(payment.status, PaymentStatus::Completed);
        assert_eq!(
            payment.record_refund(&succeeded("re_1", Some(first), 60), NOW).unwrap(),
            Idempotent::AlreadyApplied
        );
        assert!(payment.record_refund(&succeeded("re_2", Some(second), 40), NOW).unwrap().was_executed());
        assert_eq!(payment.status, PaymentStatus::Refunded);
        assert!(payment.is_paid_back());
    }

    #[test]
    fn a_free_payment_is_not_refunded() {
        let mut payment = payment(0);
        let _ = payment.complete(Money::ZERO, None, NOW);
        assert!(!payment.is_paid_back());
    }

    #[test]
    fn only_an_approved_refund_of_a_transfer_is_marked_as_paid() {
        let amount = Money::from_minor(100);
        for method in [PaymentMethod::BankTransfer, PaymentMethod::CreditCard] {
            let mut payment = Payment::new(Id::new(), None, amount, Currency::USD, method, None, None, NOW);
            let _ = payment.complete(amount, None, NOW);
            let refund = payment.approve_refund(amount, "late", NOW).unwrap();
            assert!(payment.owes_refunds());
            assert!(payment.refund_transferred(Id::new(), "line 3", NOW).is_err(), "of nothing");
            let is_transfer = method == PaymentMethod::BankTransfer;
            assert_eq!(payment.refund_transferred(refund, "line 3", NOW).is_ok(), is_transfer);
            assert_eq!(
                (payment.owes_refunds(), payment.status == PaymentStatus::Refunded),
                (!is_transfer, is_transfer)
            );
            assert!(payment.refund_transferred(refund, "line 4", NOW).is_err(), "twice");
            let reference = payment.refunds[0].refund_id.as_deref();
            assert_eq!(reference, is_transfer.then_some("line 3"));
        }
    }

    #[test]
    fn a_late_charge_moves_along_the_edges() {
        let mut payment = payment(100);
        let _ = payment.fail(&declined(), NOW).unwrap();
        let _ = payment.complete(Money::from_minor(100), None, NOW);
        let states: Vec<_> = payment.timeline.iter().map(|event| event.status.as_str()).collect();
        assert_eq!(states, ["pending", "failed", "processing", "completed"]);
    }

    fn captured(amount: i64) -> Payment {
        let mut payment = payment(amount);
        let _ = payment.complete(Money::from_minor(amount), None, NOW);
        payment
    }

    fn statuses(payment: &Payment) -> Vec<(i64, RefundStatus, RefundOrigin)> {
        payment.refunds.iter().map(|refund| (refund.amount.minor(), refund.status, refund.made_at)).collect()
    }

    #[test]
    fn a_refund_made_at_the_gateway_leaves_the_rest_to_refund() {
        let mut payment = captured(1000);
        let all = payment.approve_refund(Money::from_minor(1000), "cancelled", NOW).unwrap();
        let by_hand = succeeded("re_hand", None, 400);
        assert!(payment.record_refund(&by_hand, NOW).unwrap().was_executed());
        assert_eq!(payment.record_refund(&by_hand, NOW), Ok(Idempotent::AlreadyApplied));
        assert_eq!(
            statuses(&payment),
            [(600, RefundStatus::Approved, RefundOrigin::Shop), (400, RefundStatus::Processed, RefundOrigin::Gateway)]
        );
        assert_eq!(payment.refundable(), Ok(Money::ZERO));
        assert!(payment.record_refund(&succeeded("re_ours", Some(all), 600), NOW).unwrap().was_executed());
        assert_eq!(payment.status, PaymentStatus::Refunded);
    }

    #[test]
    fn a_refund_that_was_made_elsewhere_in_full_is_rejected() {
        let mut payment = captured(1000);
        let _ = payment.approve_refund(Money::from_minor(1000), "cancelled", NOW).unwrap();
        let _ = payment.record_refund(&succeeded("re_hand", None, 1000), NOW).unwrap();
        assert_eq!(payment.refunds[0].status, RefundStatus::Rejected);
        assert_eq!(payment.status, PaymentStatus::Refunded);
    }

    #[test]
    fn a_refund_can_fail_after_it_was_paid_out_and_be_retried() {
        let mut payment = captured(1000);
        let refund = payment.approve_refund(Money::from_minor(1000), "cancelled", NOW).unwrap();
        let _ = payment.record_refund(&succeeded("re_1", Some(refund), 1000), NOW).unwrap();
        let failed = GatewayRefund {
            state: GatewayRefundState::Failed("lost_or_stolen_card".into()),
            ..succeeded("re_1", Some(refund), 1000)
        };
        assert!(payment.record_refund(&failed, NOW).unwrap().was_executed());
        assert_eq!((payment.status, payment.owes_refunds()), (PaymentStatus::Completed, true));
        assert_eq!(payment.refundable(), Ok(Money::ZERO), "it is still owed");
        // A report from before it failed.
        let older = payment.record_refund(&succeeded("re_1", Some(refund), 1000), NOW);
        assert_eq!((older, payment.refunds[0].status), (Ok(Idempotent::AlreadyApplied), RefundStatus::Failed));
        payment.retry_refund(refund, NOW).unwrap();
        // The report about the failed one arrives again, late.
        assert_eq!(payment.record_refund(&failed, NOW), Ok(Idempotent::AlreadyApplied));
        assert!(payment.record_refund(&succeeded("re_2", Some(refund), 1000), NOW).unwrap().was_executed());
        assert_eq!(payment.status, PaymentStatus::Refunded);
    }

    #[test]
    fn a_failed_refund_is_rejected_or_paid_otherwise() {
        for is_rejected in [true, false] {
            let mut payment = captured(1000);
            let refund = payment.approve_refund(Money::from_minor(1000), "cancelled", NOW).unwrap();
            let state = GatewayRefundState::Failed("declined".into());
            let _ = payment.record_refund(&GatewayRefund { state, ..succeeded("re_1", Some(refund), 1000) }, NOW);
            if is_rejected {
                payment.reject_refund(refund, "the customer does not want it", NOW).unwrap();
                assert_eq!(payment.refundable(), Ok(Money::from_minor(1000)));
            } else {
                payment.refund_transferred(refund, "statement 3", NOW).unwrap();
                assert_eq!(payment.status, PaymentStatus::Refunded);
            }
            assert!(payment.retry_refund(refund, NOW).is_err());
        }
    }

    fn dispute(status: DisputeStatus) -> GatewayDispute {
        let (id, reason) = ("dp_1".to_owned(), "fraudulent".to_owned());
        GatewayDispute { id, amount: Money::from_minor(1000), reason, status, evidence_due_by: None }
    }

    #[test]
    fn no_refund_is_paid_out_during_a_dispute_and_none_after_a_lost_one() {
        for (status, left) in
            [(DisputeStatus::Won, RefundStatus::Approved), (DisputeStatus::Lost, RefundStatus::Rejected)]
        {
            let mut payment = captured(1000);
            let refund = payment.approve_refund(Money::from_minor(1000), "cancelled", NOW).unwrap();
            let _ = payment.record_dispute(&dispute(DisputeStatus::Open), NOW).unwrap();
            assert_eq!(payment.lease_refund(refund, NOW), RefundLease::NotDue);
            assert_eq!(payment.record_dispute(&dispute(DisputeStatus::Open), NOW), Ok(Idempotent::AlreadyApplied));
            let _ = payment.record_dispute(&dispute(status), NOW).unwrap();
            assert_eq!(payment.refunds[0].status, left);
            assert!(!payment.has_open_dispute() && payment.disputes[0].closed_at.is_some());
        }
    }

    #[test]
    fn disputed_money_cannot_be_refunded_until_the_dispute_is_won() {
        let mut payment = captured(1000);
        let _ = payment.record_dispute(&dispute(DisputeStatus::Open), NOW).unwrap();
        assert_eq!(payment.refundable(), Ok(Money::ZERO));
        let _ = payment.record_dispute(&dispute(DisputeStatus::Won), NOW).unwrap();
        assert_eq!(payment.refundable(), Ok(Money::from_minor(1000)));
    }

    #[test]
    fn a_late_worker_does_not_end_the_lease_of_the_next_one() {
        let mut payment = captured(1000);
        let refund = payment.approve_refund(Money::from_minor(1000), "cancelled", NOW).unwrap();
        let amount = Money::from_minor(1000);
        assert_eq!(payment.lease_refund(refund, NOW), RefundLease::Acquired { amount, attempt: 1 });
        let later = NOW.plus(REFUND_LEASE);
        assert_eq!(payment.lease_refund(refund, later), RefundLease::Acquired { amount, attempt: 2 });
        payment.end_refund_lease(refund, 1);
        assert_eq!(payment.lease_refund(refund, later), RefundLease::Held);
        payment.end_refund_lease(refund, 2);
        assert_eq!(payment.lease_refund(refund, later), RefundLease::Acquired { amount, attempt: 3 });
    }
}
