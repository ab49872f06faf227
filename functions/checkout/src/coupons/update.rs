//! `PATCH /v1/coupons/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::coupon::Coupon,
    http::{Admin, App, PathId, Problem, Valid},
    transaction,
};

use super::{change::UpdateCoupon, problems::CouponProblem, view::CouponView};

/// Update a coupon
///
/// Orders that redeemed it keep their discount. A total limit below the redemptions so far is refused: deactivate the coupon
/// instead.
#[utoipa::path(patch, path = "/v1/coupons/{id}", tag = "coupons", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = UpdateCoupon, responses((status = 200, body = CouponView)))]
pub(crate) async fn update_coupon(
    _: Admin,
    PathId(id): PathId<Coupon>,
    State(app): State<App>,
    Valid(change): Valid<UpdateCoupon>,
) -> Result<Json<CouponView>, Problem> {
    change.check_references(&app).await?;
    let default_currency = app.store.settings.currencies().await?.default_currency();
    let now = app.clock.now();
    let changed = transaction!(app.store, |tx| {
        let mut coupon = app.store.coupons.find_in(tx, id).await?.ok_or(CouponProblem::NotFound)?;
        change.apply(&mut coupon, default_currency, now)?;
        app.store.coupons.save_in(tx, &coupon).await?;
        Ok::<_, CouponProblem>(coupon)
    })?;
    Ok(Json(changed.into()))
}
