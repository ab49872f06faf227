//! What differs between a charge at the gateway, its payment and its order.

use serde::Serialize;
use shared::{
    domain::{
        Id, Money,
        order::{Order, OrderStatus},
        payment::{CaptureMode, GatewayName, Payment, PaymentStatus, RefundStatus},
    },
    gateway::{IntentState, ListedCharge},
};

/// A difference between the gateway's books and the shop's.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Break {
    /// The payment that the charge names.
    pub payment: Id<Payment>,
    /// Its order, if the shop knows the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Id<Order>>,
    /// The gateway's id of the intent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The kind of difference.
    pub cause: Cause,
    /// What ends it.
    pub remedy: Remedy,
    /// The difference, as a sentence.
    pub detail: String,
    /// Whether the remedy was enqueued.
    pub is_healing: bool,
}

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The gateway charged or authorised, and the payment is not completed or authorised.
    ChargeNotRecorded,
    /// The gateway charged what contradicts the payment.
    ChargeContradicts,
    /// The gateway charged another attempt than the one that paid.
    ChargedTwice,
    /// The gateway charged for a payment that the shop does not know.
    PaymentUnknown,
    /// The payment is completed, and the gateway did not charge.
    ChargeMissing,
    /// The gateway captured another amount.
    CapturedDiffers,
    /// The gateway refunded another amount.
    RefundsDiffer,
    /// The gateway knows a dispute that the payment does not.
    DisputeNotRecorded,
    /// The order has ended, and the intent can still be charged.
    ChargeAlive,
    /// The payment is completed, and its order still pending.
    OrderNotConfirmed,
    /// The order goes on, and its payment is not completed.
    OrderUnpaid,
    /// The order is cancelled, and the money neither refunded nor to be refunded.
    NotRefunded,
}

impl Cause {
    /// As in the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChargeNotRecorded => "charge_not_recorded",
            Self::ChargeContradicts => "charge_contradicts",
            Self::ChargedTwice => "charged_twice",
            Self::PaymentUnknown => "payment_unknown",
            Self::ChargeMissing => "charge_missing",
            Self::CapturedDiffers => "captured_differs",
            Self::RefundsDiffer => "refunds_differ",
            Self::DisputeNotRecorded => "dispute_not_recorded",
            Self::ChargeAlive => "charge_alive",
            Self::OrderNotConfirmed => "order_not_confirmed",
            Self::OrderUnpaid => "order_unpaid",
            Self::NotRefunded => "not_refunded",
        }
    }
}

/// What ends a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// The gateway is asked, and its answer recorded.
    LookUp,
    /// The intent is cancelled.
    Void,
    /// A person decides.
    Person,
}

/// A difference of a charge.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) cause: Cause,
    pub(super) remedy: Remedy,
    pub(super) detail: String,
}

const fn difference(cause: Cause, remedy: Remedy, detail: String) -> Difference {
    Difference { cause, remedy, detail }
}

/// What the gateway captured; `None` if it has not charged.
fn captured(charge: &ListedCharge) -> Option<String> {
    let captured = match charge.intent.state {
        IntentState::Succeeded { captured, .. } => captured,
        // Authorised, and captured in part.
        IntentState::Authorised { captured, .. } if captured != Some(Money::ZERO) => captured,
        _ => return None,
    };
    Some(in_words(captured, &charge.intent.currency))
}

/// An amount in minor units, for a person.
fn in_words(amount: Option<Money>, currency: &str) -> String {
    match amount {
        Some(amount) => format!("{} {currency} (minor units)", amount.minor()),
        None => format!("a fraction of {currency}"),
    }
}

/// A charge whose payment the shop does not know.
pub(super) fn unknown_payment(charge: &ListedCharge) -> Option<Difference> {
    let captured = captured(charge)?;
    let detail = format!("the gateway charged {captured} for a payment that does not exist");
    Some(difference(Cause::PaymentUnknown, Remedy::Person, detail))
}

/// A payment whose charge the gateway does not know.
pub(super) fn unknown_charge(payment: &Payment) -> Option<Difference> {
    let detail = match payment.status {
        PaymentStatus::Completed | PaymentStatus::Refunded => {
            "the payment is completed, and the gateway does not know its charge".to_owned()
        }
        // A look-up ends the attempt.
        PaymentStatus::Processing => {
            let detail = "the payment is being charged, and the gateway does not know its charge".to_owned();
            return Some(difference(Cause::ChargeMissing, Remedy::LookUp, detail));
        }
        PaymentStatus::Pending | PaymentStatus::Failed => return None,
    };
    Some(difference(Cause::ChargeMissing, Remedy::Person, detail))
}

/// Every difference between a charge, the payment that it names, and the payment's order.
pub(super) fn differences(charge: &ListedCharge, payment: &Payment, order: &Order) -> Vec<Difference> {
    if payment.transaction_id.as_ref() != Some(&charge.intent.id) {
        let other = captured(charge).map(|captured| match &payment.transaction_id {
            Some(_) => {
                let detail = format!("the gateway charged {captured} for an attempt that was replaced");
                difference(Cause::ChargedTwice, Remedy::Person, detail)
            }
            // After the database was restored. A look-up would open another intent.
            None => {
                let detail = format!("the gateway charged {captured}, and the payment has no charge");
                difference(Cause::ChargeNotRecorded, Remedy::Person, detail)
            }
        });
        return Vec::from_iter(other);
    }
    let books = match captured(charge) {
        Some(captured) => differences_of_success(charge, &captured, payment),
        None => Vec::from_iter(difference_without_success(charge, payment, order)),
    };
    books.into_iter().chain(difference_of_order(payment, order)).collect()
}

fn differences_of_success(charge: &ListedCharge, captured: &str, payment: &Payment) -> Vec<Difference> {
    let is_recorded = matches!(payment.status, PaymentStatus::Completed | PaymentStatus::Refunded);
    if let Some(reason) = payment.attention.as_ref().filter(|_| !is_recorded) {
        return vec![difference(Cause::ChargeContradicts, Remedy::Person, reason.clone())];
    }
    if !is_recorded {
        let detail = format!("the gateway charged {captured}, and the payment is {}", payment.status.as_str());
        return vec![difference(Cause::ChargeNotRecorded, Remedy::LookUp, detail)];
    }
    let currency = payment.currency.code();
    let expected = in_words(Some(payment.captured), currency);
    let mut found = Vec::new();
    if captured != expected {
        let detail = format!("the gateway captured {captured}, the payment {expected}");
        // A capture by hand is recorded by a look-up.
        let is_on_shipping = payment.capture_mode == CaptureMode::OnShipping;
        let remedy = if is_on_shipping { Remedy::LookUp } else { Remedy::Person };
        found.push(difference(Cause::CapturedDiffers, remedy, detail));
    }
    let refunded = refunded_by_gateway(payment);
    if charge.refunded != Some(refunded) {
        let (theirs, ours) = (in_words(charge.refunded, currency), in_words(Some(refunded), currency));
        let detail = format!("the gateway refunded {theirs}, the payment {ours}");
        found.push(difference(Cause::RefundsDiffer, Remedy::LookUp, detail));
    }
    if charge.disputed && payment.disputes.is_empty() {
        let detail = "the charge is disputed, and the payment is not".to_owned();
        found.push(difference(Cause::DisputeNotRecorded, Remedy::LookUp, detail));
    }
    found
}

/// The refunds that the gateway accepted.
fn refunded_by_gateway(payment: &Payment) -> Money {
    let is_accepted = |status| matches!(status, RefundStatus::Approved | RefundStatus::Processed);
    let accepted = payment
        .refunds
        .iter()
        .filter(|refund| refund.refund_id.is_some() && !refund.is_transferred && is_accepted(refund.status));
    Money::sum(accepted.map(|refund| refund.amount)).unwrap_or(Money::ZERO)
}

fn difference_without_success(charge: &ListedCharge, payment: &Payment, order: &Order) -> Option<Difference> {
    let is_completed = matches!(payment.status, PaymentStatus::Completed | PaymentStatus::Refunded);
    if is_completed && payment.gateway == GatewayName::Stripe {
        let detail = "the payment is completed, and the gateway did not charge".to_owned();
        return Some(difference(Cause::ChargeMissing, Remedy::Person, detail));
    }
    let is_authorised = matches!(charge.intent.state, IntentState::Authorised { .. });
    if is_authorised != payment.authorised.is_some() && order.status != OrderStatus::Cancelled {
        let (cause, detail) = if is_authorised {
            (Cause::ChargeNotRecorded, "the gateway authorised the amount, and the payment is not authorised")
        } else {
            (Cause::ChargeMissing, "the payment is authorised, and the gateway has released the amount")
        };
        return Some(difference(cause, Remedy::LookUp, detail.to_owned()));
    }
    let is_alive = is_authorised
        || matches!(charge.intent.state, IntentState::Open | IntentState::ActionRequired | IntentState::Processing);
    (is_alive && order.status == OrderStatus::Cancelled).then(|| {
        let detail = "the order is cancelled, and its intent can still be charged".to_owned();
        difference(Cause::ChargeAlive, Remedy::Void, detail)
    })
}

fn difference_of_order(payment: &Payment, order: &Order) -> Option<Difference> {
    let is_completed = matches!(payment.status, PaymentStatus::Completed | PaymentStatus::Refunded);
    // A person may have rejected the refund.
    let is_rejected = payment.refunds.iter().any(|refund| refund.status == RefundStatus::Rejected);
    let is_left = !is_rejected && payment.refundable().is_ok_and(|left| !left.is_zero());
    let (cause, detail) = match order.status {
        OrderStatus::Pending if is_completed => {
            (Cause::OrderNotConfirmed, "the payment is completed, and the order is pending")
        }
        OrderStatus::Cancelled if is_completed && is_left && !payment.has_open_dispute() => {
            (Cause::NotRefunded, "the order is cancelled, and its payment is not refunded")
        }
        OrderStatus::Confirmed | OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered
            if !is_completed && payment.authorised.is_none() =>
        {
            (Cause::OrderUnpaid, "the order goes on, and its payment is not completed")
        }
        _ => return None,
    };
    Some(difference(cause, Remedy::Person, detail.to_owned()))
}
