//! `POST /v1/payments/{id}/confirm`

use axum::{
    extract::{FromRef, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use shared::{
    app::{change_method::change_method, record_payment::RecordError},
    domain::{
        Id,
        bank_account::BankAccount,
        message::{Event, Message},
        order::OrderStatus,
        payment::{GatewayName, Payment, PaymentMethod, PaymentSource, PaymentStatus, TransferInstructions},
    },
    gateway::stripe,
    http::{
        App, CurrentBuyer, FieldCode, IdempotencyKey, OptionalBody, PathId, Problem, ProblemCode,
        idempotency::{KeyedRequest, once},
        refuse_card_number,
    },
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
    validation::{
        Validate, Violations,
        rules::{ascii, length},
    },
};

use crate::{PaymentsApp, access::load_payment, problems::PaymentProblem, view::PaymentView};

/// Another payment method; empty after 3-D Secure.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmPayment {
    /// Another method; absent for the same one.
    method: Option<PaymentMethod>,
    /// The token from the gateway's form. Required where a bank transfer is changed to another method.
    token: Option<String>,
}

impl Validate for ConfirmPayment {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=255));
        v.check("token", &self.token, ascii);
    }
}

/// Confirm or retry a payment
///
/// After 3-D Secure: without a body. After a decline: with the token of another method, or without a body to retry the same
/// one. The charge follows asynchronously. An unpaid order can also be changed to `bank_transfer`, and from it to another method
/// until something has been transferred; the time that it may stay unpaid follows the method, counted from the order's creation.
#[utoipa::path(post, path = "/v1/payments/{id}/confirm", tag = "payments",
    security(("bearer" = []), ("cartToken" = [])), params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<ConfirmPayment>, responses((status = 200, body = PaymentView)))]
pub(crate) async fn confirm_payment(
    caller: CurrentBuyer,
    PathId(id): PathId<Payment>,
    key: IdempotencyKey,
    State(state): State<PaymentsApp>,
    OptionalBody(wanted): OptionalBody<ConfirmPayment>,
) -> Result<Response, Problem> {
    let app = App::from_ref(&state);
    let (payment, _) = load_payment(&app, &caller, id).await?;
    let request = KeyedRequest::of_buyer(&caller.buyer, &format!("confirm_payment {id}"), &key, &wanted)?;
    if let Some(token) = &wanted.token {
        refuse_card_number("/token", token)?;
    }
    let source = wanted.token.map(PaymentSource::from_token);
    once(&app, &request, async || {
        let account = match wanted.method {
            Some(method) => check_method(&app, &payment, method, source.is_some()).await?,
            None => None,
        };
        let other = wanted.method.filter(|method| GatewayName::of(*method) != payment.gateway);
        let (record, messages) = match other {
            Some(method) => change(&state, &request, id, (method, source.as_ref()), account.as_ref()).await?,
            None => confirm(&app, &request, id, wanted.method, source.clone()).await?,
        };
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}

/// Whether the payment can be made by this method at all. Answers the account for a transfer.
async fn check_method(
    app: &App,
    payment: &Payment,
    method: PaymentMethod,
    has_token: bool,
) -> Result<Option<BankAccount>, Problem> {
    let settings = &app.store.settings;
    let (accepted, account) = tokio::try_join!(settings.payment_methods(), settings.bank_account())?;
    let at = |code, pointer, field, message| Problem::new(code).field(pointer, field, message);
    if !accepted.accepts(method, account.as_ref()) {
        let message = "the shop does not accept this payment method";
        return Err(at(ProblemCode::PaymentMethodUnavailable, "/method", FieldCode::Unavailable, message));
    }
    if method == PaymentMethod::BankTransfer {
        let refused = |message| at(ProblemCode::ValidationFailed, "/token", FieldCode::Invalid, message);
        return if has_token { Err(refused("a bank transfer takes no token")) } else { Ok(account) };
    }
    if payment.gateway == GatewayName::BankTransfer && !has_token {
        let message = "required: the token from the gateway's form";
        return Err(at(ProblemCode::ValidationFailed, "/token", FieldCode::Missing, message));
    }
    let limits = stripe::charge_limits(payment.currency);
    if !limits.allow(payment.amount) {
        return Err(Problem::new(ProblemCode::TotalNotChargeable)
            .member("minimum", limits.minimum)
            .member("maximum", limits.maximum)
            .member("step", limits.step));
    }
    Ok(None)
}

/// Changes from a transfer to a charge, or from a charge to a transfer.
async fn change(
    state: &PaymentsApp,
    request: &KeyedRequest,
    id: Id<Payment>,
    (method, source): (PaymentMethod, Option<&PaymentSource>),
    account: Option<&BankAccount>,
) -> Result<Confirmed, PaymentProblem> {
    let PaymentsApp { app, payment_window, .. } = state;
    let now = app.clock.now();
    let changed = change_method(&app.store, id, method, source, *payment_window, now, |order, payment| {
        let instructions = account.and_then(|account| TransferInstructions::of(order, payment, account.clone()));
        let view = PaymentView::of(payment, None).with_instructions(instructions.map(Into::into));
        request.record(StatusCode::OK, &view, None, now)
    });
    changed.await.map_err(|error| match error {
        RecordError::Illegal(_) => PaymentProblem::NotConfirmable,
        error => error.into(),
    })
}

type Confirmed = (IdempotencyRecord, Vec<Message>);

async fn confirm(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    method: Option<PaymentMethod>,
    source: Option<PaymentSource>,
) -> Result<Confirmed, PaymentProblem> {
    let store = &app.store;
    let now = app.clock.now();
    transaction!(store, |tx| {
        let missing = || StoreError::Missing(format!("payment {id} or its order"));
        let mut payment = store.payments.find_in(tx, id).await?.ok_or_else(missing)?;
        let order = store.orders.find_in(tx, payment.order).await?.ok_or_else(missing)?;
        if payment.gateway != GatewayName::Stripe || order.status != OrderStatus::Pending {
            return Err(PaymentProblem::NotConfirmable);
        }
        let waits = payment.status == PaymentStatus::Processing && payment.action_required;
        let (payment_id, order_id) = (payment.id, order.id);
        let event = if waits && source.is_none() {
            Event::PaymentStatusUnknown { payment_id, order_id }
        } else {
            payment.retry(source.clone(), now).map_err(|_| PaymentProblem::NotConfirmable)?;
            payment.method = method.unwrap_or(payment.method);
            Event::PaymentRequested { payment_id, order_id, attempt: payment.attempts }
        };
        let message = event.now(now);
        // Written even if unchanged, so that a concurrent cancellation or expiry of the order conflicts and serialises.
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue(tx, &message).await?;
        let record = request.record(StatusCode::OK, &PaymentView::of(&payment, None), None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, vec![message]))
    })
}
