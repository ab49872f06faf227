//! Bank transfers: where to, what arrived, and what is owed back.
//!
//! No gateway reports a transfer. An administrator records each line of the bank statement, once in the whole shop; what
//! arrives beyond what is owed goes back as an approved refund that an administrator transfers.

use serde::{Deserialize, Serialize};

use super::{Failure, FailureCode, GatewayName, Payment, PaymentMethod, PaymentSource, PaymentStatus, Refund};
use crate::{
    Command, Id, IllegalTransition, Money, MoneyError, State, Timestamp,
    bank_account::BankAccount,
    order::{Order, OrderStatus},
};

/// A transfer that arrived: one line of the bank statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// What the bank statement calls it.
    pub reference: String,
    /// The reference as it is compared: trimmed and in lower case. Unique over all payments.
    pub key: String,
    /// Minor units of the payment's currency.
    pub amount: Money,
    /// When the bank booked it.
    pub received_at: Timestamp,
}

impl Transfer {
    /// Low enough that no number of transfers overflows.
    pub const HIGHEST: Money = Money::from_minor(1_000_000_000_000_000);

    /// A line of the bank statement.
    pub fn new(reference: &str, amount: Money, received_at: Timestamp) -> Self {
        let reference = reference.trim().to_owned();
        Self { key: reference.to_lowercase(), reference, amount, received_at }
    }
}

/// What a transfer did to its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferOutcome {
    /// Less than the amount has arrived: the payment waits for the rest.
    Partial,
    /// The payment is completed with what has arrived.
    Completed,
    /// The payment was completed before: the transfer is owed back.
    OwedBack,
}

/// Why a transfer is not recorded.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TransferError {
    /// Its line of the bank statement is recorded already.
    #[error("a transfer with this reference is recorded already")]
    ReferenceUsed,
    /// The payment cannot take it now.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The sum does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Where a buyer transfers what is owed, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferInstructions {
    /// The shop's account.
    pub account: BankAccount,
    /// What is still owed.
    pub amount: Money,
    /// What the transfer has to name: the order's number.
    pub reference: String,
    /// When the order expires.
    pub until: Timestamp,
}

impl TransferInstructions {
    /// The instructions, while the transfer is owed.
    pub fn of(order: &Order, payment: &Payment, account: BankAccount) -> Option<Self> {
        if !payment.awaits_transfer() || order.status != OrderStatus::Pending {
            return None;
        }
        let amount = payment.received().and_then(|received| payment.amount.minus(received)).ok()?;
        Some(Self { account, amount, reference: order.order_number.clone(), until: order.reserved_until })
    }
}

impl Payment {
    /// What has arrived by transfer.
    pub fn received(&self) -> Result<Money, MoneyError> {
        Money::sum(self.transfers.iter().map(|transfer| transfer.amount))
    }

    /// Whether the buyer still has to transfer something.
    pub fn awaits_transfer(&self) -> bool {
        self.gateway == GatewayName::BankTransfer && self.status == PaymentStatus::Pending
    }

    /// Records a transfer that arrived. What is not owed has to be refunded by the caller. Beside a charge, nothing of it is
    /// captured: captures and refunds of the charge are the gateway's alone.
    ///
    /// # Errors
    /// If its reference is used, nothing was ever to be paid, or a charge can still succeed: one of the two would be lost.
    pub fn receive_transfer(
        &mut self,
        transfer: Transfer,
        order: OrderStatus,
        now: Timestamp,
    ) -> Result<TransferOutcome, TransferError> {
        if self.transfers.iter().any(|known| known.key == transfer.key) {
            return Err(TransferError::ReferenceUsed);
        }
        let illegal =
            |state| Err(TransferError::Illegal(IllegalTransition { command: Command::RecordTransfer, state }));
        let is_paid = matches!(self.status, PaymentStatus::Completed | PaymentStatus::Refunded);
        match self.gateway {
            GatewayName::None => illegal(State::Payment(self.status)),
            _ if !is_paid && self.can_be_charged(order) => illegal(State::ChargedByGateway),
            GatewayName::Stripe if is_paid || order != OrderStatus::Cancelled || !self.transfers.is_empty() => {
                self.transfers.push(transfer);
                self.updated_at = now;
                Ok(TransferOutcome::OwedBack)
            }
            GatewayName::BankTransfer if is_paid => {
                self.captured = self.captured.plus(transfer.amount)?;
                self.transfers.push(transfer);
                self.updated_at = now;
                if self.status == PaymentStatus::Refunded {
                    self.enter(PaymentStatus::Completed, "another transfer arrived", now);
                }
                Ok(TransferOutcome::OwedBack)
            }
            // Owed, or late: a charge that failed and is voided is replaced by it.
            GatewayName::Stripe | GatewayName::BankTransfer => {
                self.transfers.push(transfer);
                let received = self.received()?;
                if order == OrderStatus::Pending && received < self.amount {
                    self.updated_at = now;
                    return Ok(TransferOutcome::Partial);
                }
                self.method = PaymentMethod::BankTransfer;
                self.gateway = GatewayName::BankTransfer;
                let _ = self.complete(received, None, now);
                Ok(TransferOutcome::Completed)
            }
        }
    }

    /// Whether the gateway may still charge it.
    fn can_be_charged(&self, order: OrderStatus) -> bool {
        let is_undecided = match order {
            OrderStatus::Pending => true,
            OrderStatus::Cancelled => self.status == PaymentStatus::Processing,
            _ => false,
        };
        self.void_pending || (self.gateway == GatewayName::Stripe && is_undecided)
    }

    /// Approves the refund of money that [`Payment::receive_transfer`] has recorded. It goes back by transfer, whatever
    /// else the payment was paid by.
    pub fn approve_transfer_refund(&mut self, amount: Money, reason: &str, now: Timestamp) -> Id<Refund> {
        self.push_refund(amount, reason, true, now)
    }

    /// Changes an unpaid payment from a transfer to a charge of `source`, or from a charge that failed or waits for the
    /// customer to a transfer. An intent that could still be confirmed has to be voided then: see `void_pending`.
    ///
    /// # Errors
    /// While a charge or a void is under way, once something has arrived by transfer, or if the method stays a transfer or a
    /// charge.
    pub fn change_method(
        &mut self,
        method: PaymentMethod,
        source: Option<PaymentSource>,
        now: Timestamp,
    ) -> Result<(), IllegalTransition> {
        let to_transfer = method == PaymentMethod::BankTransfer;
        let may_change = !self.void_pending
            && match self.gateway {
                GatewayName::BankTransfer => !to_transfer && self.awaits_transfer() && self.transfers.is_empty(),
                GatewayName::Stripe => to_transfer && (self.status == PaymentStatus::Failed || self.action_required),
                GatewayName::None => false,
            };
        if !may_change {
            return Err(IllegalTransition { command: Command::ChangeMethod, state: State::Payment(self.status) });
        }
        if self.status == PaymentStatus::Processing {
            let _ = self.fail(&Failure::new(FailureCode::Cancelled, "another payment method was chosen"), now)?;
        }
        self.clear_failure();
        self.replace_method(method, true);
        self.source = source;
        // Messages about earlier attempts are over.
        self.attempts = self.attempts.saturating_add(1);
        if to_transfer {
            self.gateway = GatewayName::BankTransfer;
            self.void_pending = self.transaction_id.is_some();
            self.enter(PaymentStatus::Pending, "to be paid by bank transfer", now);
        } else {
            self.gateway = GatewayName::Stripe;
            self.enter(PaymentStatus::Processing, format!("attempt {}", self.attempts), now);
        }
        Ok(())
    }

    /// Another method for the next attempt. Without a token of its own, the customer chooses the account at the gateway.
    pub fn replace_method(&mut self, method: PaymentMethod, without_source: bool) {
        self.method = method;
        if without_source {
            self.source = None;
            self.saved_method = None;
            self.save_method = false;
        }
    }

    /// A charge completed the payment, also if the buyer had chosen a transfer meanwhile: its refunds go through the gateway.
    pub fn was_charged(&mut self) {
        if self.gateway == GatewayName::BankTransfer {
            self.gateway = GatewayName::Stripe;
            self.method = PaymentMethod::Stripe;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    const NOW: Timestamp = Timestamp::from_millis(0);
    const AMOUNT: Money = Money::from_minor(1000);

    fn payment(method: PaymentMethod) -> Payment {
        Payment::new(Id::new(), None, AMOUNT, Currency::USD, method, None, None, NOW)
    }

    fn transfer(reference: &str, amount: i64) -> Transfer {
        Transfer::new(reference, Money::from_minor(amount), NOW)
    }

    fn receive(payment: &mut Payment, reference: &str, amount: i64, order: OrderStatus) -> TransferOutcome {
        payment.receive_transfer(transfer(reference, amount), order, NOW).unwrap()
    }

    #[test]
    fn a_payment_is_completed_once_enough_has_arrived() {
        let mut payment = payment(PaymentMethod::BankTransfer);
        assert_eq!(receive(&mut payment, "1", 400, OrderStatus::Pending), TransferOutcome::Partial);
        assert_eq!(
            (payment.status, payment.captured, payment.received()),
            (PaymentStatus::Pending, Money::ZERO, Ok(Money::from_minor(400)))
        );
        assert_eq!(receive(&mut payment, "2", 700, OrderStatus::Pending), TransferOutcome::Completed);
        assert_eq!((payment.status, payment.captured.minor()), (PaymentStatus::Completed, 1100));
        assert_eq!(receive(&mut payment, "3", 1000, OrderStatus::Confirmed), TransferOutcome::OwedBack);
        assert_eq!(payment.captured.minor(), 2100);
    }

    #[test]
    fn a_line_of_the_statement_is_compared_trimmed_and_without_case() {
        let mut payment = payment(PaymentMethod::BankTransfer);
        receive(&mut payment, " Statement 7, line 3", 1, OrderStatus::Pending);
        let again = payment.receive_transfer(transfer("STATEMENT 7, LINE 3 ", 1), OrderStatus::Pending, NOW);
        assert_eq!((again, payment.transfers.len()), (Err(TransferError::ReferenceUsed), 1));
    }

    #[test]
    fn a_transfer_to_a_refunded_payment_opens_it_again() {
        let mut payment = payment(PaymentMethod::BankTransfer);
        receive(&mut payment, "1", 1000, OrderStatus::Pending);
        let refund = payment.approve_refund(AMOUNT, "cancelled", NOW).unwrap();
        payment.refund_transferred(refund, "back", NOW).unwrap();
        assert_eq!(payment.status, PaymentStatus::Refunded);
        assert_eq!(receive(&mut payment, "2", 50, OrderStatus::Cancelled), TransferOutcome::OwedBack);
        let second = payment.approve_transfer_refund(Money::from_minor(50), "twice", NOW);
        assert_eq!(payment.status, PaymentStatus::Completed);
        payment.refund_transferred(second, "back too", NOW).unwrap();
        assert_eq!(payment.status, PaymentStatus::Refunded);
    }

    #[test]
    fn a_transfer_is_refused_while_a_charge_can_succeed() {
        let mut card = payment(PaymentMethod::CreditCard);
        let expected = Err(TransferError::Illegal(IllegalTransition {
            command: Command::RecordTransfer,
            state: State::ChargedByGateway,
        }));
        assert_eq!(card.receive_transfer(transfer("1", 1000), OrderStatus::Pending, NOW), expected);
        card.begin(1, NOW);
        assert_eq!(card.receive_transfer(transfer("1", 1000), OrderStatus::Cancelled, NOW), expected);
        let _ = card.fail(&Failure::expired(), NOW).unwrap();
        card.void_pending = true;
        assert_eq!(card.receive_transfer(transfer("1", 1000), OrderStatus::Cancelled, NOW), expected);
        card.void_pending = false;
        assert_eq!(receive(&mut card, "1", 1000, OrderStatus::Cancelled), TransferOutcome::Completed);
        assert_eq!((card.method, card.gateway), (PaymentMethod::BankTransfer, GatewayName::BankTransfer));
        let mut free =
            Payment::new(Id::new(), None, Money::ZERO, Currency::USD, PaymentMethod::BankTransfer, None, None, NOW);
        let _ = free.complete(Money::ZERO, None, NOW);
        assert!(free.receive_transfer(transfer("1", 1), OrderStatus::Confirmed, NOW).is_err());
    }

    #[test]
    fn a_second_payment_by_transfer_goes_back_by_transfer() {
        let mut card = payment(PaymentMethod::CreditCard);
        let _ = card.complete(AMOUNT, None, NOW);
        assert_eq!(receive(&mut card, "1", 1000, OrderStatus::Confirmed), TransferOutcome::OwedBack);
        let refund = card.approve_transfer_refund(AMOUNT, "twice", NOW);
        assert_eq!(card.lease_refund(refund, NOW), super::super::RefundLease::NotDue);
        // Refunds at the gateway come off those at the gateway.
        card.make_room(AMOUNT).unwrap();
        assert_eq!((card.refunds.len(), card.refunds[0].amount), (1, AMOUNT));
        assert_eq!((card.captured, card.refundable()), (AMOUNT, Ok(AMOUNT)));
        card.refund_transferred(refund, "back", NOW).unwrap();
        assert_eq!((card.status, card.refundable()), (PaymentStatus::Completed, Ok(AMOUNT)));
    }

    #[test]
    fn the_method_changes_between_attempts_and_not_during_them() {
        let source = || Some(PaymentSource::from_token("pm_1".to_owned()));
        let mut payment = payment(PaymentMethod::BankTransfer);
        assert!(payment.change_method(PaymentMethod::BankTransfer, None, NOW).is_err(), "it is one already");
        payment.change_method(PaymentMethod::CreditCard, source(), NOW).unwrap();
        assert_eq!(
            (payment.status, payment.gateway, payment.attempts),
            (PaymentStatus::Processing, GatewayName::Stripe, 2)
        );
        assert!(payment.change_method(PaymentMethod::BankTransfer, None, NOW).is_err(), "a charge is under way");
        payment.open_intent(2, "pi_1".to_owned(), NOW).unwrap();
        let _ = payment.require_action(NOW).unwrap();
        payment.change_method(PaymentMethod::BankTransfer, None, NOW).unwrap();
        assert_eq!((payment.status, payment.void_pending, payment.attempts), (PaymentStatus::Pending, true, 3));
        assert!(payment.change_method(PaymentMethod::CreditCard, source(), NOW).is_err(), "its void is under way");
        payment.void_pending = false;
        receive(&mut payment, "1", 1, OrderStatus::Pending);
        assert!(payment.change_method(PaymentMethod::CreditCard, source(), NOW).is_err(), "something has arrived");
        let states: Vec<_> = payment.timeline.iter().map(|event| event.status.as_str()).collect();
        assert_eq!(states, ["pending", "processing", "processing", "failed", "pending"]);
    }
}
