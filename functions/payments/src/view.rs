//! A payment in answers.

use serde::Serialize;
use shared::{
    domain::{
        Currency, Id, Money, Timestamp,
        order::Order,
        payment::{
            Dispute, DisputeStatus, FailureCode, Payment, PaymentDetails, PaymentMethod, PaymentStatus, Refund,
            RefundOrigin, RefundStatus,
        },
        sealing::Plaintext,
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
    /// Why the last attempt failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<FailureCode>,
    /// Why the last attempt failed, for the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    /// Whether the charge of an ended order is being cancelled at the gateway.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    void_pending: bool,
    /// Whether the customer must act, and the gateway cannot tell how at the moment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    next_action_unavailable: bool,
    /// For the gateway's script, while the customer must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_details: Option<PaymentDetailsView>,
    /// What was charged; refunds and disputes are listed apart.
    captured: Money,
    refunds: Vec<RefundView>,
    disputes: Vec<DisputeView>,
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
    /// The name on the card; only where the payment itself is retrieved.
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
    /// By whom it was made: the shop, or a person in the gateway's dashboard.
    made_at: RefundOrigin,
    /// Why it failed or was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
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
            failure_code: payment.failure_code,
            failure_reason: payment.failure_reason.clone(),
            void_pending: payment.void_pending,
            next_action_unavailable: false,
            next_action: waiting.as_ref().map(|_| NextAction { kind: "use_stripe_sdk" }),
            client_secret: waiting.and_then(|intent| intent.client_secret),
            payment_details: payment.payment_details.as_ref().map(PaymentDetailsView::of),
            captured: payment.captured,
            refunds: payment.refunds.iter().map(RefundView::of).collect(),
            disputes: payment.disputes.iter().map(DisputeView::of).collect(),
            paid_at: payment.paid_at,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl PaymentView {
    /// The payment, while the gateway cannot tell the next action.
    pub(crate) fn without_next_action(payment: &Payment) -> Self {
        Self { next_action_unavailable: true, ..Self::of(payment, None) }
    }

    /// With the name on the card. Answers to commands lack it, because they are stored with their idempotency key.
    pub(crate) fn with_holder_name(mut self, name: Option<&Plaintext>) -> Self {
        if let Some(card) = &mut self.payment_details {
            card.holder_name = name.map(|name| name.expose().to_owned());
        }
        self
    }
}

impl PaymentDetailsView {
    fn of(card: &PaymentDetails) -> Self {
        Self {
            brand: card.brand.clone(),
            last4: card.last4.clone(),
            expiry_month: card.expiry_month.clone(),
            expiry_year: card.expiry_year.clone(),
            holder_name: None,
        }
    }
}

/// A dispute: the customer's bank takes a charge back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dispute)]
pub(crate) struct DisputeView {
    /// The gateway's id of it.
    id: String,
    amount: Money,
    status: DisputeStatus,
    /// The gateway's word for the reason, such as `fraudulent`.
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_due_by: Option<Timestamp>,
}

impl DisputeView {
    fn of(dispute: &Dispute) -> Self {
        Self {
            id: dispute.id.clone(),
            amount: dispute.amount,
            status: dispute.status,
            reason: dispute.reason.clone(),
            evidence_due_by: dispute.evidence_due_by,
        }
    }
}

impl RefundView {
    pub(crate) fn of(refund: &Refund) -> Self {
        Self {
            id: refund.id,
            amount: refund.amount,
            reason: refund.reason.clone(),
            status: refund.status,
            made_at: refund.made_at,
            failure_reason: refund.failure_reason.clone(),
            reference: refund.refund_id.clone(),
            requested_at: refund.requested_at,
            processed_at: refund.processed_at,
        }
    }
}
