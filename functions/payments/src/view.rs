//! A payment in answers.

use serde::Serialize;
use shared::{
    domain::{
        Currency, Id, Money, Timestamp,
        order::Order,
        payment::{Payment, PaymentDetails, PaymentMethod, PaymentStatus, Refund, RefundStatus},
    },
    gateway::{Intent, IntentState},
};

/// A payment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
pub(crate) struct PaymentView {
    #[schema(value_type = String)]
    id: Id<Payment>,
    #[schema(value_type = String)]
    order_id: Id<Order>,
    amount: Money,
    currency: Currency,
    method: PaymentMethod,
    status: PaymentStatus,
    /// The number of attempts.
    attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    /// For the gateway's script, while the customer must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_details: Option<PaymentDetailsView>,
    refunds: Vec<RefundView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The customer's next action.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NextAction {
    /// `use_stripe_sdk`: pass `clientSecret` to the gateway's script, then confirm the payment.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A card as printed on receipts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PaymentDetails)]
pub(crate) struct PaymentDetailsView {
    /// `visa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// The last four digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    last4: Option<String>,
    /// `01`–`12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_month: Option<String>,
    /// `2030`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_year: Option<String>,
    /// The name on the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_name: Option<String>,
}

/// A refund.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Refund)]
pub(crate) struct RefundView {
    #[schema(value_type = String)]
    id: Id<Refund>,
    amount: Money,
    reason: String,
    status: RefundStatus,
    /// The reference of the gateway or bank, once it is paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed_at: Option<Timestamp>,
}

impl PaymentView {
    pub(crate) fn of(payment: &Payment, intent: Option<Intent>) -> Self {
        let waiting = intent.filter(|intent| intent.state == IntentState::ActionRequired);
        Self {
            id: payment.id,
            order_id: payment.order,
            amount: payment.amount,
            currency: payment.currency,
            method: payment.method,
            status: payment.status,
            attempts: payment.attempts,
            failure_reason: payment.failure_reason.clone(),
            next_action: waiting.as_ref().map(|_| NextAction { kind: "use_stripe_sdk" }),
            client_secret: waiting.and_then(|intent| intent.client_secret),
            payment_details: payment.payment_details.as_ref().map(PaymentDetailsView::of),
            refunds: payment.refunds.iter().map(RefundView::of).collect(),
            paid_at: payment.paid_at,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl PaymentDetailsView {
    fn of(card: &PaymentDetails) -> Self {
        Self {
            brand: card.brand.clone(),
            last4: card.last4.clone(),
            expiry_month: card.expiry_month.clone(),
            expiry_year: card.expiry_year.clone(),
            holder_name: card.holder_name.clone(),
        }
    }
}

impl RefundView {
    fn of(refund: &Refund) -> Self {
        Self {
            id: refund.id,
            amount: refund.amount,
            reason: refund.reason.clone(),
            status: refund.status,
            reference: refund.refund_id.clone(),
            requested_at: refund.requested_at,
            processed_at: refund.processed_at,
        }
    }
}
