//! `GET /v1/payments/{id}`

use axum::{
    Json,
    extract::{FromRef, State},
};
use shared::{
    domain::{payment::Payment, sealing::SealedField},
    http::{App, CurrentBuyer, PathId, Problem, instructions::InstructionsView},
};

use crate::{PaymentsApp, access::load_payment, holder_name::open_name, view::PaymentView};

/// Retrieve a payment
///
/// If the customer must act (3-D Secure), the answer has the next action. While the gateway cannot tell it, the answer says so
/// in `nextActionUnavailable`. While a bank transfer is owed, the answer has its instructions.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments", security(("bearer" = []), ("cartToken" = [])),
    params(("id" = String, Path)), responses((status = 200, body = PaymentView)))]
pub(crate) async fn show_payment(
    caller: CurrentBuyer,
    PathId(id): PathId<Payment>,
    State(state): State<PaymentsApp>,
) -> Result<Json<PaymentView>, Problem> {
    let app = App::from_ref(&state);
    let (payment, order) = load_payment(&app, &caller, id).await?;
    let instructions = InstructionsView::find(&app, &order, &payment).await?;
    // The client secret is read from the gateway when it is needed and never stored.
    let intent = match payment.transaction_id.as_deref().filter(|_| payment.action_required) {
        Some(intent) => state.gateway.look_up(intent).await.map(Some),
        None => Ok(None),
    };
    let view = match intent {
        Ok(intent) => PaymentView::of(&payment, intent),
        // What the shop knows is shown all the same.
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(payment = %id, error, "the next action of a payment could not be looked up");
            PaymentView::without_next_action(&payment)
        }
    };
    let sealed = payment.payment_details.as_ref().and_then(|card| card.holder_name.as_ref());
    let name = open_name(&state.keys, SealedField::PaymentHolderName, payment.id, sealed);
    Ok(Json(view.with_instructions(instructions).with_holder_name(name.as_ref())))
}
