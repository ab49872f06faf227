//! `POST /v1/payments/{id}/confirm`

use axum::{
    extract::{FromRef, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use shared::{
    app::{
        change_method::{ChargeSource, change_method},
        record_payment::RecordError,
    },
    domain::{
        Buyer, Id,
        bank_account::BankAccount,
        message::{Event, Message},
        order::OrderStatus,
        payment::{GatewayName, Payment, PaymentMethod, PaymentSource, PaymentStatus, TransferInstructions},
        saved_method::SavedMethod,
    },
    gateway::stripe,
    http::{
        App, CurrentBuyer, FieldCode, IdempotencyKey, OptionalBody, PathId, Problem, ProblemCode,
        idempotency::{KeyedRequest, once_prepared},
        payment_source::{ambiguous, find_saved_method, mismatch, not_chargeable, unavailable},
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

/// Another payment method; empty after 3-D Secure or a redirect.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmPayment {
    /// Another method; absent for the same one.
    method: Option<PaymentMethod>,
    /// The token from the gateway's form. A card needs one, or a saved method, where the method changes.
    token: Option<String>,
    /// A saved payment method instead of `token`.
    #[schema(value_type = Option<String>)]
    saved_method_id: Option<Id<SavedMethod>>,
}

impl Validate for ConfirmPayment {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=255));
        v.check("token", &self.token, ascii);
    }
}

/// Confirm or retry a payment
///
/// After 3-D Secure or a redirect: without a body. After a decline: with the token of another method or a saved one, or without
/// a body to retry the same one. The charge follows asynchronously. An unpaid order can also be changed to `bank_transfer`, and
/// from it to another method until something has been transferred; the time that it may stay unpaid follows the method, and
/// never exceeds that of a transfer from the order's creation.
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
    // A replay of a request answers the same, also if the saved method has been deleted since.
    let preparation = prepare(&app, &caller.buyer, &payment, wanted);
    once_prepared(&app, &request, preparation, async |attempt| {
        let (record, messages) = if GatewayName::of(attempt.method) == payment.gateway {
            confirm(&app, &request, id, &attempt).await?
        } else {
            change(&state, &request, id, &attempt).await?
        };
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}

/// The next attempt.
#[derive(Debug)]
struct Attempt {
    method: PaymentMethod,
    source: Source,
    /// Where a transfer goes.
    account: Option<BankAccount>,
}

/// What the next attempt charges.
#[derive(Debug)]
enum Source {
    /// The same as the last one.
    Same,
    /// The token of another method.
    Token(PaymentSource),
    /// A saved method.
    Saved(Box<SavedMethod>),
}

/// The payment method that the body names, if the payment can be made by it at all.
async fn prepare(app: &App, buyer: &Buyer, payment: &Payment, wanted: ConfirmPayment) -> Result<Attempt, Problem> {
    let method = wanted.method.unwrap_or(payment.method);
    let account = match wanted.method {
        Some(_) => check_method(app, payment, method, wanted.token.is_some()).await?,
        None => None,
    };
    let source = find_source(app, buyer, method, wanted).await?;
    if method != payment.method && method.needs_token() && matches!(source, Source::Same) {
        let message = "required: the token from the gateway's form";
        return Err(Problem::new(ProblemCode::ValidationFailed).field("/token", FieldCode::Missing, message));
    }
    Ok(Attempt { method, source, account })
}

/// Refuses a method that the shop does not accept, or that cannot charge the amount. Answers the account for a transfer.
async fn check_method(
    app: &App,
    payment: &Payment,
    method: PaymentMethod,
    has_token: bool,
) -> Result<Option<BankAccount>, Problem> {
    let options = app.store.settings.payment_options().await?;
    if !options.accept(method) {
        return Err(unavailable("/method"));
    }
    if method == PaymentMethod::BankTransfer {
        if has_token {
            let problem = Problem::new(ProblemCode::ValidationFailed);
            return Err(problem.field("/token", FieldCode::Invalid, "a bank transfer takes no token"));
        }
        return Ok(options.account);
    }
    let limits = stripe::charge_limits(payment.currency);
    if !limits.allow(payment.amount) {
        return Err(not_chargeable(limits));
    }
    Ok(None)
}

async fn find_source(
    app: &App,
    buyer: &Buyer,
    method: PaymentMethod,
    wanted: ConfirmPayment,
) -> Result<Source, Problem> {
    match (wanted.token, wanted.saved_method_id) {
        (None, None) => Ok(Source::Same),
        (Some(_), Some(_)) => Err(ambiguous("/savedMethodId")),
        (Some(token), None) => {
            if stripe::instrument_of(&token).is_some_and(|instrument| !method.accepts(instrument)) {
                return Err(mismatch("/token"));
            }
            Ok(Source::Token(PaymentSource::from_token(token)))
        }
        (None, Some(id)) => {
            let saved = find_saved_method(app, buyer, method, id, "/savedMethodId").await?;
            Ok(Source::Saved(Box::new(saved)))
        }
    }
}

type Confirmed = (IdempotencyRecord, Vec<Message>);

/// Changes from a transfer to a charge, or from a charge to a transfer.
async fn change(
    state: &PaymentsApp,
    request: &KeyedRequest,
    id: Id<Payment>,
    attempt: &Attempt,
) -> Result<Confirmed, PaymentProblem> {
    let PaymentsApp { app, payment_window, .. } = state;
    let source = match &attempt.source {
        Source::Same => None,
        Source::Token(token) => Some(ChargeSource::Token(token)),
        Source::Saved(saved) => Some(ChargeSource::Saved(saved)),
    };
    let now = app.clock.now();
    let changed = change_method(&app.store, id, attempt.method, source, *payment_window, now, |order, payment| {
        let account = attempt.account.clone();
        let instructions = account.and_then(|account| TransferInstructions::of(order, payment, account));
        let view = PaymentView::of(payment, None).with_instructions(instructions.map(Into::into));
        request.record(StatusCode::OK, &view, None, now)
    });
    changed.await.map_err(|error| match error {
        RecordError::Illegal(_) => PaymentProblem::NotConfirmable,
        error => error.into(),
    })
}

async fn confirm(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    attempt: &Attempt,
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
        let Attempt { method, source, .. } = attempt;
        let waits = payment.status == PaymentStatus::Processing && payment.action_required;
        let (payment_id, order_id) = (payment.id, order.id);
        let event = if waits && matches!(source, Source::Same) && *method == payment.method {
            Event::PaymentStatusUnknown { payment_id, order_id }
        } else {
            let token = if let Source::Token(token) = source { Some(token.clone()) } else { None };
            payment.retry(token, now).map_err(|_| PaymentProblem::NotConfirmable)?;
            if *method != payment.method {
                payment.replace_method(*method, matches!(source, Source::Same));
            }
            if let Source::Saved(saved) = source {
                payment.charge_saved(saved);
            }
            Event::PaymentRequested { payment_id, order_id, attempt: payment.attempts }
        };
        let messages = vec![event.now(now)];
        // Written even if unchanged, so that a concurrent cancellation or expiry of the order conflicts and serialises.
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        let record = request.record(StatusCode::OK, &PaymentView::of(&payment, None), None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}
