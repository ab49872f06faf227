//! `GET /v1/coupons/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::coupon::Coupon,
    http::{Admin, App, PathId, Problem},
};

use super::{problems::CouponProblem, view::CouponView};

/// Retrieve a coupon
#[utoipa::path(get, path = "/v1/coupons/{id}", tag = "coupons", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = CouponView)))]
pub(crate) async fn show_coupon(
    _: Admin,
    PathId(id): PathId<Coupon>,
    State(app): State<App>,
) -> Result<Json<CouponView>, Problem> {
    let coupon = app.store.coupons.find(id).await?.ok_or(CouponProblem::NotFound)?;
    Ok(Json(coupon.into()))
}
