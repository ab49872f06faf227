//! I3: the consistency of a payment, and with its order.

use std::time::Duration;

use serde::Deserialize;
use shared::domain::{
    Currency, Id, Money, MoneyError, Timestamp,
    order::{Order, OrderStatus, ReturnStatus},
    payment::{
        Authorisation, Capture, CaptureStatus, Dispute, DisputeStatus, GatewayName, Payment, PaymentStatus, Refund,
        RefundOrigin, RefundStatus, Transfer,
    },
};

use super::{orders::OrderFacts, snapshot::Row, states};

pub(super) const FIELDS: &str = "order amount currency gateway status captured authorised captures transfers refunds disputes attention timeline.status";

/// How long a worker may take to record the refund of a cancelled order.
const OVERDUE_AFTER: Duration = Duration::from_secs(15 * 60);

/// The checked fields of a payment.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentFacts {
    #[serde(rename = "_id")]
    pub(super) id: Id<Payment>,
    pub(super) order: Id<Order>,
    amount: Money,
    currency: Currency,
    status: PaymentStatus,
    captured: Money,
    authorised: Option<Authorisation>,
    #[serde(default)]
    captures: Vec<Capture>,
    gateway: GatewayName,
    #[serde(default)]
    transfers: Vec<Transfer>,
    refunds: Vec<Refund>,
    #[serde(default)]
    disputes: Vec<Dispute>,
    attention: Option<String>,
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
    /// Not so the refund of what was transferred beside a charge.
    fn is_of_captured(&self, refund: &Refund) -> bool {
        self.gateway != GatewayName::Stripe || !refund.by_transfer
    }

    fn refund_total(&self) -> Result<Money, MoneyError> {
        let counted = self.refunds.iter().filter(|refund| refund.counts() && self.is_of_captured(refund));
        Money::sum(counted.map(|refund| refund.amount))
    }

    /// What is disputed or lost.
    fn disputed(&self) -> Result<Money, MoneyError> {
        let taken = self.disputes.iter().filter(|dispute| dispute.status != DisputeStatus::Won);
        Money::sum(taken.map(|dispute| dispute.amount))
    }

    fn processed_refunds(&self) -> Result<Money, MoneyError> {
        let is_processed = |refund: &&Refund| refund.status == RefundStatus::Processed && self.is_of_captured(refund);
        let processed = self.refunds.iter().filter(is_processed);
        Money::sum(processed.map(|refund| refund.amount))
    }
}

pub(super) fn timeline_violation(payment: &PaymentFacts) -> Option<String> {
    let timeline: Vec<PaymentStatus> = payment.timeline.iter().map(|entry| entry.status).collect();
    states::payment_violation(&timeline, payment.status)
}

pub(super) fn payment_violations(payment: &PaymentFacts) -> Result<Vec<String>, MoneyError> {
    let mut violations = Vec::new();
    let PaymentFacts { amount, captured, status, .. } = payment;
    let (refunds, processed) = (payment.refund_total()?, payment.processed_refunds()?);
    let is_paid = matches!(status, PaymentStatus::Completed | PaymentStatus::Refunded);
    let received = Money::sum(payment.transfers.iter().map(|transfer| transfer.amount))?;
    let by_transfer = payment.gateway == GatewayName::BankTransfer;
    let fits =
        if by_transfer && is_paid { *captured == received } else { captured <= amount && *captured >= Money::ZERO };
    if !fits {
        violations.push(format!("its amount is {}, {} was captured", amount.minor(), captured.minor()));
    }
    if by_transfer && !is_paid && !received.is_zero() && (*status != PaymentStatus::Pending || received >= *amount) {
        let (received, amount) = (received.minor(), amount.minor());
        violations.push(format!("it is {}, and {received} of {amount} was transferred", status.as_str()));
    }
    let made = payment.captures.iter().filter(|capture| capture.status == CaptureStatus::Captured);
    let made = Money::sum(made.map(|capture| capture.amount))?;
    if !payment.captures.is_empty() && !by_transfer && made != *captured {
        violations.push(format!("{} was captured, its captures add up to {}", captured.minor(), made.minor()));
    }
    let authorised = payment.authorised.map_or(Money::ZERO, |authorised| authorised.amount);
    if !authorised.is_zero() && captured.plus(authorised)? > *amount {
        let (amount, authorised) = (amount.minor(), authorised.minor());
        violations.push(format!("its amount is {amount}, and beyond what was captured {authorised} is authorised"));
    }
    // More, if a person transferred a refund and the charge was refunded as well: that is listed for a person.
    if refunds > *captured && payment.attention.is_none() {
        violations.push(format!("{} was captured, its refunds add up to {}", captured.minor(), refunds.minor()));
    }
    if payment.refunds.iter().any(|refund| refund.amount <= Money::ZERO) {
        violations.push("a refund is not positive".to_owned());
    }
    if is_paid == captured.is_zero() && !amount.is_zero() {
        violations.push(format!("it is {}, and {} was captured", status.as_str(), captured.minor()));
    }
    if (*status == PaymentStatus::Refunded) != (processed >= *captured && !captured.is_zero()) {
        let (processed, captured) = (processed.minor(), captured.minor());
        violations.push(format!("it is {}, and {processed} of {captured} was refunded", status.as_str()));
    }
    Ok(violations)
}

pub(super) fn order_violations(order: &OrderFacts, payment: &PaymentFacts) -> Vec<String> {
    let mut violations = Vec::new();
    if order.payment != payment.id {
        violations.push(format!("it names the payment {}, but {} is for it", order.payment, payment.id));
    }
    if order.pricing.total != payment.amount || order.currency != payment.currency {
        let (total, amount) = (order.pricing.total.display(order.currency), payment.amount.display(payment.currency));
        violations.push(format!("its total is {total}, the amount of its payment is {amount}"));
    }
    for each in &order.returns {
        let refund = each.refund_id.and_then(|id| payment.refunds.iter().find(|refund| refund.id == id));
        let amount = refund.map_or(Money::ZERO, |refund| refund.amount);
        let expected = if each.status == ReturnStatus::Received { each.refund } else { Money::ZERO };
        // A refund that was made at the gateway reduces the others.
        let is_reduced =
            amount < expected && payment.refunds.iter().any(|refund| refund.made_at == RefundOrigin::Gateway);
        if amount != expected && !is_reduced {
            let (id, amount, expected) = (each.id, amount.minor(), expected.minor());
            violations.push(format!("the return {id} refunds {expected}, its refund is {amount}"));
        }
    }
    let is_authorised = payment.authorised.is_some();
    let fits = match order.status {
        OrderStatus::Pending => {
            matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Processing | PaymentStatus::Failed)
                && !is_authorised
        }
        // A charge that was not voided could still succeed.
        OrderStatus::Cancelled => !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Processing),
        _ => match payment.status {
            PaymentStatus::Completed | PaymentStatus::Refunded => true,
            PaymentStatus::Processing => is_authorised,
            // It left, and the authorisation ended before it was captured; or it came back before that.
            PaymentStatus::Failed => {
                payment.attention.is_some() || order.returns.iter().any(|each| each.status == ReturnStatus::Received)
            }
            PaymentStatus::Pending => false,
        },
    };
    if !fits {
        violations.push(format!("it is {}, its payment is {}", order.status.as_str(), payment.status.as_str()));
    }
    violations
}

/// What a person has to decide about a payment.
pub(super) fn undecided(payment: &PaymentFacts) -> Option<String> {
    let failed = payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Failed);
    let failed =
        failed.map(|refund| format!("the refund {} failed: retry it, pay it otherwise or reject it", refund.id));
    let owed = payment.refunds.iter().filter(|refund| refund.by_transfer && refund.status == RefundStatus::Approved);
    let owed =
        owed.map(|refund| format!("the refund {} is owed by bank transfer: transfer it, mark it as paid", refund.id));
    let disputes = payment.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Open);
    let disputes = disputes.map(|dispute| format!("the dispute {} is open: send evidence to the gateway", dispute.id));
    let all: Vec<String> = payment.attention.clone().into_iter().chain(failed).chain(owed).chain(disputes).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The captured amount of a cancelled order that has no refund yet. A message starts the refund, so there is a delay.
pub(super) fn unrefunded(
    order: &OrderFacts,
    payment: &PaymentFacts,
    now: Timestamp,
) -> Result<Option<String>, MoneyError> {
    let remaining = payment.captured.minus(payment.refund_total()?)?.minus(payment.disputed()?)?;
    let is_owed = order.status == OrderStatus::Cancelled
        && remaining > Money::ZERO
        && now.since(order.updated_at) > OVERDUE_AFTER;
    Ok(is_owed.then(|| format!("{} is not refunded yet", remaining.display(payment.currency))))
}
