//! `POST /v1/payments/methods`

use axum::{
    Json,
    extract::{FromRef, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use shared::{
    app::save_method,
    domain::payment::PaymentSource,
    http::{App, CurrentUser, Problem, Valid, refuse_card_number},
    validation::{
        Validate, Violations,
        rules::{ascii, length},
    },
};

use super::{
    problems::{problem, too_many},
    view::SavedMethodView,
};
use crate::PaymentsApp;

/// A card to save.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavePaymentMethod {
    /// The token from the gateway's form, never a card number.
    token: String,
}

impl Validate for SavePaymentMethod {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=255));
        v.check("token", &self.token, ascii);
    }
}

/// Save a payment method
///
/// The card stays at the gateway; the first one is the default. Saving the same token again answers the same payment method.
#[utoipa::path(post, path = "/v1/payments/methods", tag = "payments", security(("bearer" = [])),
    request_body = SavePaymentMethod,
    responses((status = 201, body = SavedMethodView, headers(("Location" = String)))))]
pub(crate) async fn save_payment_method(
    user: CurrentUser,
    State(state): State<PaymentsApp>,
    Valid(wanted): Valid<SavePaymentMethod>,
) -> Result<impl IntoResponse, Problem> {
    refuse_card_number("/token", &wanted.token)?;
    let app = App::from_ref(&state);
    let token = PaymentSource::from_token(wanted.token);
    let (gateway, sealing) = (state.gateway.as_ref(), (&state.keys, &app.random));
    let saved = save_method::save_method(&app.store, gateway, user.id, &token, sealing, app.clock.now()).await;
    let (saved, messages) = saved.map_err(problem)?;
    app.dispatch(messages).await;
    if saved.deleted_at.is_some() {
        return Err(too_many());
    }
    let location = format!("/v1/payments/methods/{}", saved.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(SavedMethodView::of(saved.into_inner(), &state.keys)),
    ))
}
