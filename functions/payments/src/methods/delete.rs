//! `DELETE /v1/payments/methods/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    app::save_method::delete_method,
    domain::saved_method::SavedMethod,
    http::{App, CurrentUser, PathId, Problem},
};

use super::problems::problem;

/// Delete a saved payment method
///
/// It is detached at the gateway, too. Orders that it has paid keep their record of the card.
#[utoipa::path(delete, path = "/v1/payments/methods/{id}", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_payment_method(
    user: CurrentUser,
    PathId(id): PathId<SavedMethod>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    let message = delete_method(&app.store, user.id, id, app.clock.now()).await.map_err(problem)?;
    app.dispatch(vec![message]).await;
    Ok(StatusCode::NO_CONTENT)
}
