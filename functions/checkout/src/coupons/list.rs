//! `GET /v1/coupons`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    http::{Admin, App, Page, PageQuery, Problem, ValidQuery},
    store::coupons::CouponFilter,
    validation::{Validate, Violations, rules::length},
};

use super::view::CouponView;

/// Filters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCoupons {
    /// This code, case-insensitive.
    code: Option<String>,
    /// Active or deactivated. An expired coupon still counts as active.
    is_active: Option<bool>,
}

impl Validate for ListCoupons {
    fn validate(&self, v: &mut Violations) {
        v.check("code", &self.code, length(0..=64));
    }
}

/// List coupons, newest first
#[utoipa::path(get, path = "/v1/coupons", tag = "coupons", security(("bearer" = [])),
    params(ListCoupons, PageQuery), responses((status = 200, body = Page<CouponView>)))]
pub(crate) async fn list_coupons(
    _: Admin,
    State(app): State<App>,
    ValidQuery(asked): ValidQuery<ListCoupons>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<CouponView>>, Problem> {
    let filter = CouponFilter { code: asked.code, is_active: asked.is_active };
    let found = app.store.coupons.list(&filter, page.after()?, page.fetch()).await?;
    let count = if page.count { Some(app.store.coupons.count(&filter).await?) } else { None };
    let listed = Page::new(found, &page, |last| (last.created_at, last.id), CouponView::from);
    Ok(Json(listed.with_count(count)))
}
