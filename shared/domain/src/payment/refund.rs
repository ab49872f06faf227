//! Refunds: approved by the shop or made at the gateway, and paid out or not.
//!
//! A refund's state is the gateway's, also later: one that was paid out can fail days afterwards.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{GatewayName, Payment, PaymentStatus};
use crate::{Command, Id, Idempotent, IllegalTransition, Money, MoneyError, State, Timestamp};

/// How long a worker has the exclusive right to pay a refund out: longer than the gateway is waited for.
pub const REFUND_LEASE: Duration = Duration::from_secs(60);

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Its id.
    pub id: Id<Refund>,
    /// Minor units.
    pub amount: Money,
    /// The reason in words.
    pub reason: String,
    /// Whether it is paid out.
    pub status: RefundStatus,
    /// By whom it was made.
    #[serde(default)]
    pub made_at: RefundOrigin,
    /// The gateway's id of it, or the reference of the bank transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// The gateway's ids of its attempts that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_ids: Vec<String>,
    /// Whether it was paid by bank transfer and not by the gateway.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_transferred: bool,
    /// Why it failed or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// The number of the attempt to pay it out; the gateway's idempotency key derives from refund and attempt.
    #[serde(default)]
    pub attempts: i64,
    /// Until when one worker has the exclusive right to pay it out: two at once would both find no refund at the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Timestamp>,
    /// Whether it returns money that arrived by transfer, so that an administrator transfers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_transfer: bool,
    /// When it was approved, or seen at the gateway.
    pub requested_at: Timestamp,
    /// When it was paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<Timestamp>,
}

/// The state of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefundStatus {
    /// To be paid out, or accepted by the gateway and not paid out yet.
    Approved,
    /// Paid out.
    Processed,
    /// The gateway could not pay it out: to be retried, paid otherwise, or rejected.
    Failed,
    /// Not paid out and not owed any more.
    Rejected,
}

impl RefundStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
        }
    }
}

/// By whom a refund was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefundOrigin {
    /// The shop.
    #[default]
    Shop,
    /// A person in the gateway's dashboard.
    Gateway,
}

/// A refund as the gateway reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRefund {
    /// The gateway's id of it.
    pub id: String,
    /// Our id of it, if the shop made it.
    pub ours: Option<Id<Refund>>,
    /// Minor units.
    pub amount: Money,
    /// Its state at the gateway.
    pub state: GatewayRefundState,
}

/// The state of a refund at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayRefundState {
    /// Accepted, not paid out yet.
    Pending,
    /// Paid out, as far as the gateway knows by now.
    Succeeded,
    /// Not paid out, with the gateway's reason.
    Failed(String),
}

/// The outcome of [`Payment::lease_refund`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundLease {
    /// The refund may be paid out now: persist that first.
    Acquired {
        /// Minor units.
        amount: Money,
        /// The number of this attempt.
        attempt: i64,
    },
    /// Another worker pays it out.
    Held,
    /// It is not to be paid out now: it is decided, does not exist, or waits for a dispute.
    NotDue,
}

/// Why a refund is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RefundError {
    /// Nothing was captured yet.
    #[error("only a completed payment can be refunded")]
    NotCompleted,
    /// More than can be refunded.
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

impl Refund {
    /// Whether its amount is paid out or owed.
    pub fn counts(&self) -> bool {
        self.status != RefundStatus::Rejected
    }

    fn reject(&mut self, reason: &str) {
        self.status = RefundStatus::Rejected;
        self.failure_reason = Some(reason.to_owned());
        self.leased_until = None;
    }
}

impl Payment {
    /// The captured amount less the refunds of it that are paid out or owed, and less what is disputed or lost.
    pub fn refundable(&self) -> Result<Money, MoneyError> {
        let left = self.captured.minus(self.refund_total()?)?.minus(self.disputed()?)?;
        Ok(left.max(Money::ZERO))
    }

    /// What would be refundable if every open dispute were won: refunds within it can be approved, and wait for the disputes.
    pub fn refundable_after_disputes(&self) -> Result<Money, MoneyError> {
        let left = self.captured.minus(self.refund_total()?)?.minus(self.lost()?)?;
        Ok(left.max(Money::ZERO))
    }

    /// The refunds of what was captured that are paid out or owed.
    fn refund_total(&self) -> Result<Money, MoneyError> {
        let counted = self.refunds.iter().filter(|refund| refund.counts() && self.is_of_captured(refund));
        Money::sum(counted.map(|refund| refund.amount))
    }

    /// Whether a refund returns what was captured. Transfers beside a charge are not captured, and their refunds stand apart.
    pub fn is_of_captured(&self, refund: &Refund) -> bool {
        self.gateway != GatewayName::Stripe || !refund.by_transfer
    }

    /// Whether everything that was captured is refunded, or approved to be, and no more will be captured. An order that cost
    /// nothing is not.
    pub fn is_paid_back(&self) -> bool {
        !self.captured.is_zero() && self.authorised.is_none() && self.refundable() == Ok(Money::ZERO)
    }

    /// Approves a refund, to be paid out by a message.
    pub fn approve_refund(&mut self, amount: Money, reason: &str, now: Timestamp) -> Result<Id<Refund>, RefundError> {
        let left = self.refundable()?;
        self.approve_refund_of(left, amount, reason, now)
    }

    /// Approves a refund that the customer is owed, also while a dispute is open: it is paid out if the dispute is won, and
    /// rejected if the customer keeps the money.
    pub fn approve_owed_refund(
        &mut self,
        amount: Money,
        reason: &str,
        now: Timestamp,
    ) -> Result<Id<Refund>, RefundError> {
        let left = self.refundable_after_disputes()?;
        self.approve_refund_of(left, amount, reason, now)
    }

    fn approve_refund_of(
        &mut self,
        left: Money,
        amount: Money,
        reason: &str,
        now: Timestamp,
    ) -> Result<Id<Refund>, RefundError> {
        if self.status != PaymentStatus::Completed {
            return Err(RefundError::NotCompleted);
        }
        if amount <= Money::ZERO {
            return Err(RefundError::NotPositive);
        }
        if amount > left {
            return Err(RefundError::ExceedsCaptured { left: left.minor() });
        }
        Ok(self.push_refund(amount, reason, self.gateway == GatewayName::BankTransfer, now))
    }

    pub(super) fn push_refund(&mut self, amount: Money, reason: &str, by_transfer: bool, now: Timestamp) -> Id<Refund> {
        let id = Id::new();
        self.refunds.push(Refund {
            id,
            amount,
            reason: reason.to_owned(),
            status: RefundStatus::Approved,
            made_at: RefundOrigin::Shop,
            refund_id: None,
            failed_ids: Vec::new(),
            is_transferred: false,
            failure_reason: None,
            attempts: 0,
            leased_until: None,
            by_transfer,
            requested_at: now,
            processed_at: None,
        });
        self.updated_at = now;
        id
    }

    /// Gives one worker the exclusive right to pay an approved refund out, until it is paid, [`Payment::end_refund_lease`] or
    /// the lease ends. While a dispute is open, no refund is paid out: the money may already be with the customer's bank.
    pub fn lease_refund(&mut self, id: Id<Refund>, now: Timestamp) -> RefundLease {
        if self.has_open_dispute() {
            return RefundLease::NotDue;
        }
        match self.refunds.iter_mut().find(|refund| refund.id == id) {
            // A refund that the gateway has accepted is not made again: its outcome is looked up.
            Some(refund)
                if refund.status == RefundStatus::Approved && refund.refund_id.is_none() && !refund.by_transfer =>
            {
                if refund.leased_until.is_some_and(|until| until > now) {
                    return RefundLease::Held;
                }
                refund.leased_until = Some(now.plus(REFUND_LEASE));
                refund.attempts = refund.attempts.saturating_add(1);
                RefundLease::Acquired { amount: refund.amount, attempt: refund.attempts }
            }
            _ => RefundLease::NotDue,
        }
    }

    /// Ends the lease of an attempt that the gateway has answered or that was not sent, so that the next delivery of its message
    /// makes another one at once. The lease of a later attempt stays.
    pub fn end_refund_lease(&mut self, id: Id<Refund>, attempt: i64) {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id && refund.attempts == attempt) {
            refund.leased_until = None;
        }
    }

    /// Whether an approved refund is not paid out yet.
    pub fn owes_refunds(&self) -> bool {
        self.refunds.iter().any(|refund| matches!(refund.status, RefundStatus::Approved | RefundStatus::Failed))
    }

    /// The gateway refuses to pay an approved refund out.
    pub fn fail_refund(&mut self, id: Id<Refund>, reason: &str, now: Timestamp) -> Idempotent {
        let approved = |refund: &&mut Refund| refund.id == id && refund.status == RefundStatus::Approved;
        let Some(refund) = self.refunds.iter_mut().find(approved) else { return Idempotent::AlreadyApplied };
        refund.status = RefundStatus::Failed;
        refund.failure_reason = Some(reason.to_owned());
        refund.leased_until = None;
        self.updated_at = now;
        Idempotent::Executed
    }

    /// Approves a failed refund again. One that is approved and not paid out stays so: its message is enqueued again.
    ///
    /// # Errors
    /// Once it is paid out or rejected.
    pub fn retry_refund(&mut self, id: Id<Refund>, now: Timestamp) -> Result<(), IllegalTransition> {
        let refund = self.find_refund_mut(id, Command::RetryRefund)?;
        match refund.status {
            RefundStatus::Approved => {}
            RefundStatus::Failed => {
                refund.status = RefundStatus::Approved;
                refund.failed_ids.extend(refund.refund_id.take());
                refund.failure_reason = None;
            }
            status => return Err(IllegalTransition { command: Command::RetryRefund, state: State::Refund(status) }),
        }
        self.updated_at = now;
        Ok(())
    }

    /// Rejects a refund that failed, or that the gateway has not accepted: it is not owed any more.
    ///
    /// # Errors
    /// Once the gateway has accepted it, or it is decided.
    pub fn reject_refund(&mut self, id: Id<Refund>, reason: &str, now: Timestamp) -> Result<(), IllegalTransition> {
        let refund = self.find_refund_mut(id, Command::RejectRefund)?;
        let is_idle = refund.refund_id.is_none() && refund.leased_until.is_none_or(|until| until <= now);
        match refund.status {
            RefundStatus::Failed => {}
            RefundStatus::Approved if is_idle => {}
            status => return Err(IllegalTransition { command: Command::RejectRefund, state: State::Refund(status) }),
        }
        refund.reject(reason);
        self.updated_at = now;
        Ok(())
    }

    /// An administrator paid a refund out by bank transfer; `reference` is that of the bank statement.
    ///
    /// # Errors
    /// Unless the bank pays it out: the money arrived by transfer, or the gateway failed.
    pub fn refund_transferred(
        &mut self,
        id: Id<Refund>,
        reference: &str,
        now: Timestamp,
    ) -> Result<(), IllegalTransition> {
        let command = Command::MarkRefundPaid;
        let refund = self.find_refund_mut(id, command)?;
        match refund.status {
            RefundStatus::Failed => {}
            RefundStatus::Approved if refund.by_transfer => {}
            RefundStatus::Approved => return Err(IllegalTransition { command, state: State::PaidOutByGateway }),
            status => return Err(IllegalTransition { command, state: State::Refund(status) }),
        }
        refund.failed_ids.extend(refund.refund_id.replace(reference.to_owned()));
        refund.is_transferred = true;
        self.refund_processed(id, now);
        Ok(())
    }

    /// Records what the gateway reports about a refund, of the shop or by hand. Refunds made elsewhere come off those that are
    /// approved and not accepted yet, because the gateway refunds no more than it captured.
    pub fn record_refund(&mut self, reported: &GatewayRefund, now: Timestamp) -> Result<Idempotent, MoneyError> {
        if self.refunds.iter().any(|refund| refund.failed_ids.contains(&reported.id)) {
            return Ok(Idempotent::AlreadyApplied);
        }
        let known = self.refunds.iter_mut().find(|refund| {
            refund.refund_id.as_ref() == Some(&reported.id)
                || (refund.refund_id.is_none()
                    && refund.status != RefundStatus::Rejected
                    && reported.ours == Some(refund.id))
        });
        let Some(refund) = known else { return self.record_foreign_refund(reported, now) };
        let is_new = refund.refund_id.is_none();
        refund.refund_id = Some(reported.id.clone());
        refund.leased_until = None;
        let id = refund.id;
        match (&reported.state, refund.status) {
            // A refund that the gateway failed stays failed: another report is older.
            (GatewayRefundState::Succeeded, RefundStatus::Failed) if !is_new => return Ok(Idempotent::AlreadyApplied),
            (GatewayRefundState::Succeeded, RefundStatus::Approved | RefundStatus::Failed) => {
                self.refund_processed(id, now);
            }
            (GatewayRefundState::Failed(reason), RefundStatus::Approved | RefundStatus::Processed) => {
                refund.status = RefundStatus::Failed;
                refund.failure_reason = Some(reason.clone());
                refund.processed_at = None;
                self.updated_at = now;
                if self.status == PaymentStatus::Refunded {
                    self.enter(PaymentStatus::Completed, "a refund failed", now);
                }
            }
            _ if is_new => self.updated_at = now,
            _ => return Ok(Idempotent::AlreadyApplied),
        }
        Ok(Idempotent::Executed)
    }

    fn record_foreign_refund(&mut self, reported: &GatewayRefund, now: Timestamp) -> Result<Idempotent, MoneyError> {
        // A failed refund that the payment does not know moved no money: it was retried, or made by hand.
        if matches!(reported.state, GatewayRefundState::Failed(_)) {
            return Ok(Idempotent::AlreadyApplied);
        }
        let excess = self.make_room(reported.amount)?;
        if excess > Money::ZERO {
            let excess = excess.display(self.currency);
            self.attention = Some(format!("the customer got back {excess} more than was captured"));
        }
        let id = Id::new();
        self.refunds.push(Refund {
            id,
            amount: reported.amount,
            reason: "refunded at the gateway".to_owned(),
            status: RefundStatus::Approved,
            made_at: RefundOrigin::Gateway,
            refund_id: Some(reported.id.clone()),
            failed_ids: Vec::new(),
            is_transferred: false,
            failure_reason: None,
            attempts: 0,
            leased_until: None,
            by_transfer: false,
            requested_at: now,
            processed_at: None,
        });
        self.updated_at = now;
        if reported.state == GatewayRefundState::Succeeded {
            self.refund_processed(id, now);
        }
        Ok(Idempotent::Executed)
    }

    /// Reduces refunds that the gateway owes until another `amount` fits into what was captured, the latest first. Answers by how
    /// much it does not fit.
    pub(super) fn make_room(&mut self, amount: Money) -> Result<Money, MoneyError> {
        let mut excess = self.refund_total()?.plus(self.disputed()?)?.plus(amount)?.minus(self.captured)?;
        let owed = |refund: &&mut Refund| {
            let is_accepted = refund.status == RefundStatus::Approved && refund.refund_id.is_some();
            matches!(refund.status, RefundStatus::Approved | RefundStatus::Failed)
                && !is_accepted
                && !refund.by_transfer
        };
        for refund in self.refunds.iter_mut().rev().filter(owed) {
            if excess <= Money::ZERO {
                break;
            }
            let part = excess.min(refund.amount);
            excess = excess.minus(part)?;
            if part == refund.amount {
                refund.reject("the amount went back to the customer otherwise");
            } else {
                refund.amount = refund.amount.minus(part)?;
            }
        }
        Ok(excess.max(Money::ZERO))
    }

    fn refund_processed(&mut self, id: Id<Refund>, now: Timestamp) {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) {
            refund.status = RefundStatus::Processed;
            refund.failure_reason = None;
            refund.leased_until = None;
            refund.processed_at = Some(now);
        }
        self.updated_at = now;
        let is_processed = |refund: &&Refund| refund.status == RefundStatus::Processed && self.is_of_captured(refund);
        let processed = self.refunds.iter().filter(is_processed);
        if Money::sum(processed.map(|refund| refund.amount)).is_ok_and(|paid_back| paid_back >= self.captured)
            && self.status == PaymentStatus::Completed
        {
            self.enter(PaymentStatus::Refunded, "refunded in full", now);
        }
    }

    fn find_refund_mut(&mut self, id: Id<Refund>, command: Command) -> Result<&mut Refund, IllegalTransition> {
        let refund = self.refunds.iter_mut().find(|refund| refund.id == id);
        refund.ok_or(IllegalTransition { command, state: State::UnknownRefund })
    }
}
