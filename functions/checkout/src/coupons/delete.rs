//! `DELETE /v1/coupons/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::coupon::Coupon,
    http::{Admin, App, PathId, Problem},
    transaction,
};

use super::problems::CouponProblem;

/// Delete a coupon
///
/// One that was never redeemed is deleted, and its code is free again. One that was redeemed is deactivated and kept as the
/// record of its orders' discounts.
#[utoipa::path(delete, path = "/v1/coupons/{id}", tag = "coupons", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_coupon(
    _: Admin,
    PathId(id): PathId<Coupon>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    let (coupons, now) = (&app.store.coupons, app.clock.now());
    transaction!(app.store, |tx| {
        let mut coupon = coupons.find_in(tx, id).await?.ok_or(CouponProblem::NotFound)?;
        if coupon.usage_count == 0 {
            coupons.remove_in(tx, id).await?;
        } else if coupon.is_active {
            coupon.is_active = false;
            coupon.updated_at = now;
            coupons.save_in(tx, &coupon).await?;
        }
        Ok::<_, CouponProblem>(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
