//! A payment in answers.

use serde::Serialize;
use shared::{
    domain::{
        Currency, Id, Money, Timestamp,
        order::Order,
        payment::{
            Authorisation, Capture, CaptureOrigin, CaptureStatus, Dispute, DisputeStatus, FailureCode, Payment,
            PaymentDetails, PaymentMethod, PaymentStatus, Refund, RefundOrigin, RefundStatus, Transfer,
        },
        sealing::Plaintext,
    },
    gateway::{Intent, IntentState},
    http::{instructions::InstructionsView, next_action::NextActionView},
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
    /// Whether a charge is being cancelled at the gateway: its order has ended or expired, or another method was chosen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    void_pending: bool,
    /// Whether the customer must act, and the gateway cannot tell how at the moment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    next_action_unavailable: bool,
    /// For the gateway's script, while the customer must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextActionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_details: Option<PaymentDetailsView>,
    /// What was charged, and what arrived by transfer; refunds and disputes are listed apart.
    captured: Money,
    /// What has arrived by transfer, while the payment waits for the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<Money>,
    /// What arrived by transfer, also what is owed back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transfers: Vec<TransferView>,
    /// While a bank transfer is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<InstructionsView>,
    /// What is authorised and not captured yet, of a payment that is captured on shipping: it is `processing` until the first
    /// capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorised: Option<AuthorisationView>,
    /// Captures of a payment that is captured on shipping.
    captures: Vec<CaptureView>,
    refunds: Vec<RefundView>,
    disputes: Vec<DisputeView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
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

/// A bank transfer that arrived.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transfer)]
pub(crate) struct TransferView {
    /// What the bank statement calls it.
    reference: String,
    amount: Money,
    received_at: Timestamp,
}

impl TransferView {
    fn of(transfer: &Transfer) -> Self {
        Self { reference: transfer.reference.clone(), amount: transfer.amount, received_at: transfer.received_at }
    }
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
    /// Whether an administrator transfers it and marks it as paid.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_transfer: bool,
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
            next_action: waiting.as_ref().map(|intent| NextActionView::of(intent.redirect_url.clone())),
            // A redirect needs none.
            client_secret: waiting
                .filter(|intent| intent.redirect_url.is_none())
                .and_then(|intent| intent.client_secret),
            payment_details: payment.payment_details.as_ref().map(PaymentDetailsView::of),
            captured: payment.captured,
            received: payment.received().ok().filter(|received| payment.awaits_transfer() && !received.is_zero()),
            transfers: payment.transfers.iter().map(TransferView::of).collect(),
            instructions: None,
            authorised: payment.authorised.as_ref().map(AuthorisationView::of),
            captures: payment.captures.iter().map(CaptureView::of).collect(),
            refunds: payment.refunds.iter().map(RefundView::of).collect(),
            disputes: payment.disputes.iter().map(DisputeView::of).collect(),
            paid_at: payment.paid_at,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl PaymentView {
    /// With the instructions for the transfer that is owed.
    pub(crate) fn with_instructions(self, instructions: Option<InstructionsView>) -> Self {
        Self { instructions, ..self }
    }

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
            by_transfer: refund.by_transfer,
            failure_reason: refund.failure_reason.clone(),
            reference: refund.refund_id.clone(),
            requested_at: refund.requested_at,
            processed_at: refund.processed_at,
        }
    }
}

/// What is authorised and not captured yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Authorisation)]
pub(crate) struct AuthorisationView {
    amount: Money,
    /// When the gateway releases it.
    until: Timestamp,
}

/// A capture.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Capture)]
pub(crate) struct CaptureView {
    #[schema(value_type = String)]
    id: Id<Capture>,
    amount: Money,
    status: CaptureStatus,
    /// By whom it was made: the shop, or a person in the gateway's dashboard.
    made_at: CaptureOrigin,
    /// The position in the order's `shipments` of the parcel that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    parcel: Option<i64>,
    requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured_at: Option<Timestamp>,
}

impl AuthorisationView {
    fn of(authorised: &Authorisation) -> Self {
        Self { amount: authorised.amount, until: authorised.until }
    }
}

impl CaptureView {
    pub(crate) fn of(capture: &Capture) -> Self {
        Self {
            id: capture.id,
            amount: capture.amount,
            status: capture.status,
            made_at: capture.made_at,
            parcel: capture.parcel,
            requested_at: capture.requested_at,
            captured_at: capture.captured_at,
        }
    }
}
