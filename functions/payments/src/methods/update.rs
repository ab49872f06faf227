//! `PATCH /v1/payments/methods/{id}`

use axum::{
    Json,
    extract::{FromRef, State},
};
use serde::Deserialize;
use shared::{
    app::save_method::set_default,
    domain::saved_method::SavedMethod,
    http::{App, CurrentUser, PathId, Problem, Valid},
    validation::{Validate, Violations},
};

use super::{problems::problem, view::SavedMethodView};
use crate::PaymentsApp;

/// The fields that can be changed.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdatePaymentMethod {
    /// Whether it is the default; the previous default is unset.
    is_default: bool,
}

impl Validate for UpdatePaymentMethod {
    fn validate(&self, _: &mut Violations) {}
}

/// Update a saved payment method
#[utoipa::path(patch, path = "/v1/payments/methods/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = UpdatePaymentMethod,
    responses((status = 200, body = SavedMethodView)))]
pub(crate) async fn update_payment_method(
    user: CurrentUser,
    PathId(id): PathId<SavedMethod>,
    State(state): State<PaymentsApp>,
    Valid(wanted): Valid<UpdatePaymentMethod>,
) -> Result<Json<SavedMethodView>, Problem> {
    let app = App::from_ref(&state);
    let changed = set_default(&app.store, user.id, id, wanted.is_default, app.clock.now()).await;
    Ok(Json(SavedMethodView::of(changed.map_err(problem)?.into_inner(), &state.keys)))
}
