//! Money for an order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Address, Command, Currency, Id, Idempotent, IllegalTransition, Money, MoneyError, State, Timestamp, order::Order,
    user::User,
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
    /// What the bank statement calls the transfer that paid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_reference: Option<String>,
    /// Which attempt that intent belongs to. At most one intent of a payment is alive: the next attempt cancels it first.
    #[serde(default)]
    pub intent_attempt: i64,
    /// Who moves the money.
    pub gateway: GatewayName,
    /// What the current attempt charges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<PaymentSource>,
    /// How many attempts were asked for.
    pub attempts: i64,
    /// Whether the customer has to do something at the gateway (3-D Secure) before it goes on.
    #[serde(default)]
    pub action_required: bool,
    /// The card that paid, as printed on receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_details: Option<PaymentDetails>,
    /// Where the invoice goes; a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// What arrived.
    pub captured: Money,
    /// Refunds, paid out or to be.
    pub refunds: Vec<Refund>,
    /// Why the last attempt failed, for the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
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

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Not tried yet.
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
    pub holder_name: Option<String>,
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

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Its id.
    pub id: Id<Refund>,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// The gateway's id of the refund, or the reference of the transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// Until when one worker has the exclusive right to pay it out: two at once would both find no refund at the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Timestamp>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<Timestamp>,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefundStatus {
    /// Will be paid out.
    Approved,
    /// Was paid out.
    Processed,
}

impl RefundStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Processed => "processed",
        }
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

/// How long a worker may take to pay a refund out: longer than the gateway is waited for.
pub const REFUND_LEASE: Duration = Duration::from_secs(60);

/// The outcome of [`Payment::lease_refund`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundLease {
    /// The refund may be paid out now: persist that first.
    Taken {
        /// How much.
        amount: Money,
    },
    /// Another worker pays it out.
    Held,
    /// It is paid out already, or does not exist.
    NotDue,
}

/// Why a refund is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RefundError {
    /// Nothing arrived yet.
    #[error("only a completed payment can be refunded")]
    NotCompleted,
    /// More than is left.
    #[error("only {left} of the captured amount is left to refund")]
    ExceedsCaptured {
        /// Minor units.
        left: i64,
    },
    /// Not positive.
    #[error("a refund is a positive amount")]
    NotPositive,
    /// Does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
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
        let gateway = match method {
            _ if amount.is_zero() => GatewayName::None,
            PaymentMethod::BankTransfer => GatewayName::BankTransfer,
            _ => GatewayName::Stripe,
        };
        Self {
            id: Id::new(),
            order,
            user,
            amount,
            currency,
            method,
            status: PaymentStatus::Pending,
            transaction_id: None,
            bank_reference: None,
            intent_attempt: 0,
            gateway,
            source,
            attempts: 1,
            action_required: false,
            payment_details: None,
            billing_address,
            captured: Money::ZERO,
            refunds: Vec::new(),
            failure_reason: None,
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
        }
        self.action_required = false;
        self.failure_reason = None;
        self.enter(PaymentStatus::Processing, format!("attempt {}", self.attempts), now);
        Ok(())
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
        self.failure_reason = None;
        self.captured = captured;
        self.payment_details = details.or_else(|| self.payment_details.take());
        self.paid_at = Some(now);
        self.enter(PaymentStatus::Completed, "captured", now);
        Idempotent::Executed
    }

    /// The attempt came to nothing; `reason` is for the customer.
    pub fn fail(&mut self, reason: &str, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        match self.status {
            PaymentStatus::Failed => Ok(Idempotent::AlreadyApplied),
            PaymentStatus::Pending | PaymentStatus::Processing => {
                self.action_required = false;
                self.failure_reason = Some(reason.to_owned());
                self.enter(PaymentStatus::Failed, reason, now);
                Ok(Idempotent::Executed)
            }
            other => Err(IllegalTransition { command: Command::FailPayment, state: State::Payment(other) }),
        }
    }

    /// Whether a charge is under way, so that its outcome is unknown. While the gateway waits for the customer, none is:
    /// it can be voided.
    pub fn is_under_way(&self) -> bool {
        self.status == PaymentStatus::Processing && !self.action_required
    }

    /// The captured amount less approved and processed refunds.
    pub fn refundable(&self) -> Result<Money, MoneyError> {
        self.captured.minus(Money::sum(self.refunds.iter().map(|refund| refund.amount))?)
    }

    /// Whether everything that was captured is refunded, or approved to be. An order that cost nothing is not.
    pub fn is_paid_back(&self) -> bool {
        !self.captured.is_zero() && self.refundable() == Ok(Money::ZERO)
    }

    /// Approves a refund, to be paid out by a message.
    pub fn approve_refund(&mut self, amount: Money, reason: &str, now: Timestamp) -> Result<Id<Refund>, RefundError> {
        if self.status != PaymentStatus::Completed {
            return Err(RefundError::NotCompleted);
        }
        if amount <= Money::ZERO {
            return Err(RefundError::NotPositive);
        }
        let left = self.refundable()?;
        if amount > left {
            return Err(RefundError::ExceedsCaptured { left: left.minor() });
        }
        let id = Id::new();
        self.refunds.push(Refund {
            id,
            amount,
            reason: reason.to_owned(),
            status: RefundStatus::Approved,
            refund_id: None,
            leased_until: None,
            requested_at: now,
            processed_at: None,
        });
        self.updated_at = now;
        Ok(id)
    }

    /// Gives one worker the exclusive right to pay an approved refund out, until it is paid, [`Payment::end_refund_lease`] or
    /// the lease ends.
    pub fn lease_refund(&mut self, id: Id<Refund>, now: Timestamp) -> RefundLease {
        match self.refunds.iter_mut().find(|refund| refund.id == id) {
            Some(refund) if refund.status == RefundStatus::Approved => {
                if refund.leased_until.is_some_and(|until| until > now) {
                    return RefundLease::Held;
                }
                refund.leased_until = Some(now.plus(REFUND_LEASE));
                RefundLease::Taken { amount: refund.amount }
            }
            _ => RefundLease::NotDue,
        }
    }

    /// Ends the lease of a refund whose outcome is unknown, so that the next delivery of its message looks it up at once.
    pub fn end_refund_lease(&mut self, id: Id<Refund>) {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) {
            refund.leased_until = None;
        }
    }

    /// Whether an approved refund is not paid out yet.
    pub fn owes_refunds(&self) -> bool {
        self.refunds.iter().any(|refund| refund.status == RefundStatus::Approved)
    }

    /// An administrator transferred an approved refund back; `reference` is what the bank calls it.
    ///
    /// # Errors
    /// Unless the money came by bank transfer and the refund waits to be paid out: the gateway reports the others.
    pub fn refund_transferred(
        &mut self,
        id: Id<Refund>,
        reference: &str,
        now: Timestamp,
    ) -> Result<(), IllegalTransition> {
        let command = Command::MarkRefundPaid;
        if self.gateway != GatewayName::BankTransfer {
            return Err(IllegalTransition { command, state: State::PaidOutByGateway });
        }
        let status = self.refunds.iter().find(|refund| refund.id == id).map(|refund| refund.status);
        if status != Some(RefundStatus::Approved) {
            return Err(IllegalTransition { command, state: status.map_or(State::UnknownRefund, State::Refund) });
        }
        self.refund_processed(id, reference, now).map(|_| ())
    }

    /// The refund was paid out; `reference` is what the gateway, or the bank, calls it. Once everything that arrived has gone
    /// back, the payment is refunded.
    pub fn refund_processed(
        &mut self,
        id: Id<Refund>,
        reference: &str,
        now: Timestamp,
    ) -> Result<Idempotent, IllegalTransition> {
        let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) else {
            return Err(IllegalTransition { command: Command::RecordRefund, state: State::UnknownRefund });
        };
        match refund.status {
            RefundStatus::Processed => return Ok(Idempotent::AlreadyApplied),
            RefundStatus::Approved => {
                refund.status = RefundStatus::Processed;
                refund.refund_id = Some(reference.to_owned());
                refund.leased_until = None;
                refund.processed_at = Some(now);
            }
        }
        self.updated_at = now;
        let given_back = Money::sum(
            self.refunds.iter().filter(|refund| refund.status == RefundStatus::Processed).map(|refund| refund.amount),
        );
        if given_back == Ok(self.captured) {
            self.enter(PaymentStatus::Refunded, "refunded in full", now);
        }
        Ok(Idempotent::Executed)
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn an_attempt_begins_once() {
        let mut payment = payment(100);
        assert_eq!(payment.begin(1, NOW), Begin::Now);
        assert_eq!(payment.begin(1, NOW), Begin::Resume);
        assert!(payment.fail("declined", NOW).unwrap().was_executed());
        assert_eq!(payment.begin(1, NOW), Begin::Over);
        payment.retry(None, NOW).unwrap();
        assert_eq!((payment.begin(1, NOW), payment.begin(2, NOW)), (Begin::Over, Begin::Resume));
    }

    #[test]
    fn a_completed_payment_neither_fails_nor_is_retried() {
        let mut payment = payment(100);
        assert_eq!(payment.complete(Money::from_minor(100), None, NOW), Idempotent::Executed);
        assert_eq!(payment.complete(Money::from_minor(100), None, NOW), Idempotent::AlreadyApplied);
        assert!(payment.fail("declined", NOW).is_err());
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
        assert!(payment.refund_processed(first, "re_1", NOW).unwrap().was_executed());
        assert_eq!(payment.status, PaymentStatus::Completed);
        assert_eq!(payment.refund_processed(first, "re_1", NOW).unwrap(), Idempotent::AlreadyApplied);
        assert!(payment.refund_processed(second, "re_2", NOW).unwrap().was_executed());
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
        let _ = payment.fail("declined", NOW).unwrap();
        let _ = payment.complete(Money::from_minor(100), None, NOW);
        let states: Vec<_> = payment.timeline.iter().map(|event| event.status.as_str()).collect();
        assert_eq!(states, ["pending", "failed", "processing", "completed"]);
    }
}
