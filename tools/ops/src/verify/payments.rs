//! I3: a payment against itself and against its order.

use std::time::Duration;

use serde::Deserialize;
use shared::domain::{
    Currency, Id, Money, MoneyError, Timestamp,
    order::{Order, OrderStatus, ReturnStatus},
    payment::{Payment, PaymentStatus, Refund, RefundStatus},
};

use super::{orders::OrderFacts, snapshot::Row, states};

pub(super) const FIELDS: &str = "order amount currency status captured refunds timeline.status";

/// What a worker may take to promise the money of a cancelled order back.
const OVERDUE_AFTER: Duration = Duration::from_secs(15 * 60);

/// A payment, as far as it is checked.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentFacts {
    #[serde(rename = "_id")]
    pub(super) id: Id<Payment>,
    pub(super) order: Id<Order>,
    amount: Money,
    currency: Currency,
    status: PaymentStatus,
    captured: Money,
    refunds: Vec<Refund>,
    timeline: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    status: PaymentStatus,
}

impl Row for PaymentFacts {
    type Key = Id<Order>;

    fn key(&self) -> &Id<Order> {
        &self.order
    }
}

impl PaymentFacts {
    fn promised_back(&self) -> Result<Money, MoneyError> {
        Money::sum(self.refunds.iter().map(|refund| refund.amount))
    }

    fn given_back(&self) -> Result<Money, MoneyError> {
        let processed = self.refunds.iter().filter(|refund| refund.status == RefundStatus::Processed);
        Money::sum(processed.map(|refund| refund.amount))
    }
}

pub(super) fn way_complaint(payment: &PaymentFacts) -> Option<String> {
    let timeline: Vec<PaymentStatus> = payment.timeline.iter().map(|entry| entry.status).collect();
    states::payment_complaint(&timeline, payment.status)
}

pub(super) fn own_complaints(payment: &PaymentFacts) -> Result<Vec<String>, MoneyError> {
    let mut complaints = Vec::new();
    let PaymentFacts { amount, captured, status, .. } = payment;
    let (promised, given) = (payment.promised_back()?, payment.given_back()?);
    if captured > amount || *captured < Money::ZERO {
        complaints.push(format!("{} was owed, {} was captured", amount.minor(), captured.minor()));
    }
    if promised > *captured {
        complaints.push(format!("{} was captured, {} is promised back", captured.minor(), promised.minor()));
    }
    if payment.refunds.iter().any(|refund| refund.amount <= Money::ZERO) {
        complaints.push("a refund is not positive".to_owned());
    }
    let is_paid = matches!(status, PaymentStatus::Completed | PaymentStatus::Refunded);
    if is_paid == captured.is_zero() && !amount.is_zero() {
        complaints.push(format!("it is {}, and {} was captured", status.as_str(), captured.minor()));
    }
    if (*status == PaymentStatus::Refunded) != (given == *captured && !captured.is_zero()) {
        let (given, captured) = (given.minor(), captured.minor());
        complaints.push(format!("it is {}, and {given} of {captured} went back", status.as_str()));
    }
    Ok(complaints)
}

pub(super) fn complaints(order: &OrderFacts, payment: &PaymentFacts) -> Vec<String> {
    let mut complaints = Vec::new();
    if order.payment != payment.id {
        complaints.push(format!("it names the payment {}, but {} is for it", order.payment, payment.id));
    }
    if order.pricing.total != payment.amount || order.currency != payment.currency {
        let (total, amount) = (order.pricing.total.display(order.currency), payment.amount.display(payment.currency));
        complaints.push(format!("its total is {total}, its payment is about {amount}"));
    }
    for each in &order.returns {
        let refund = each.refund_id.and_then(|id| payment.refunds.iter().find(|refund| refund.id == id));
        let promised = refund.map_or(Money::ZERO, |refund| refund.amount);
        let expected = if each.status == ReturnStatus::Received { each.refund } else { Money::ZERO };
        if promised != expected {
            let (id, promised, expected) = (each.id, promised.minor(), expected.minor());
            complaints.push(format!("the return {id} gives {expected} back, its refund is {promised}"));
        }
    }
    let fits = match order.status {
        OrderStatus::Pending => {
            matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Processing | PaymentStatus::Failed)
        }
        // A charge that nobody called off could still happen.
        OrderStatus::Cancelled => !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Processing),
        _ => matches!(payment.status, PaymentStatus::Completed | PaymentStatus::Refunded),
    };
    if !fits {
        complaints.push(format!("it is {}, its payment is {}", order.status.as_str(), payment.status.as_str()));
    }
    complaints
}

/// A message carries the wish to give money back, so this may be true for a while.
pub(super) fn owed(order: &OrderFacts, payment: &PaymentFacts, now: Timestamp) -> Result<Option<String>, MoneyError> {
    let promised = payment.promised_back()?;
    let left = payment.captured.minus(promised)?;
    let is_owed =
        order.status == OrderStatus::Cancelled && left > Money::ZERO && now.since(order.updated_at) > OVERDUE_AFTER;
    Ok(is_owed.then(|| format!("{} is not promised back yet", left.display(payment.currency))))
}
