//! `POST /v1/coupons`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use shared::{
    domain::{
        Currency, Id, Money, Timestamp,
        category::Category,
        coupon::{Coupon, CouponKind, CouponValue, InvalidCoupon, UsageLimit, UserRestrictions},
        product::Product,
        user::User,
    },
    http::{Admin, App, Problem, Valid},
    validation::{
        Validate, Violations,
        rules::{entries, optional_lines},
    },
};

use super::{
    input::{MAX_IDS, UsageLimitInput, UserRestrictionsInput, check_references, unique},
    problems::CouponProblem,
    view::CouponView,
};

/// A new coupon.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateCoupon {
    /// 1–64 letters, digits, dashes, dots and underscores; unique regardless of case.
    #[schema(example = "SPRING-10")]
    code: String,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: CouponKind,
    /// Not used for free shipping.
    value: Option<CouponValue>,
    /// Of a fixed value, the minimum purchase and the maximum discount: the coupon applies to carts of this currency alone.
    /// The shop's default if absent and one of those is given.
    currency: Option<Currency>,
    /// The minimum purchase: the sum of all lines before discount.
    minimum_purchase: Option<Money>,
    /// The maximum discount of a percentage.
    maximum_discount: Option<Money>,
    /// Eligible products. With `applicableCategories`, either makes a line eligible; with neither, all lines are.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    applicable_products: Vec<Id<Product>>,
    /// Eligible categories, with their descendants.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    applicable_categories: Vec<Id<Category>>,
    usage_limit: Option<UsageLimitInput>,
    user_restrictions: Option<UserRestrictionsInput>,
    /// Now if absent.
    valid_from: Option<Timestamp>,
    /// Exclusive. Without end if absent.
    valid_until: Option<Timestamp>,
    /// True if absent.
    is_active: Option<bool>,
}

impl Validate for CreateCoupon {
    fn validate(&self, v: &mut Violations) {
        v.check("description", &self.description, optional_lines(500));
        v.check("applicableProducts", &self.applicable_products, entries(0..=MAX_IDS));
        v.check("applicableCategories", &self.applicable_categories, entries(0..=MAX_IDS));
        v.nested("userRestrictions", &self.user_restrictions);
    }
}

/// Create a coupon
#[utoipa::path(post, path = "/v1/coupons", tag = "coupons", security(("bearer" = [])),
    request_body = CreateCoupon, responses((status = 201, body = CouponView, headers(("Location" = String)))))]
pub(crate) async fn create_coupon(
    Admin(admin): Admin,
    State(app): State<App>,
    Valid(wanted): Valid<CreateCoupon>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<CouponView>), Problem> {
    let currencies = app.store.settings.currencies().await?;
    let coupon =
        wanted.coupon(admin.id, currencies.default_currency(), app.clock.now()).map_err(CouponProblem::from)?;
    let users = &coupon.user_restrictions.specific_users;
    check_references(&app, &wanted.applicable_products, &wanted.applicable_categories, users).await?;
    app.store.coupons.insert(&coupon).await.map_err(CouponProblem::from)?;
    let location = format!("/v1/coupons/{}", coupon.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(coupon.into())))
}

impl CreateCoupon {
    fn coupon(&self, by: Id<User>, default_currency: Currency, now: Timestamp) -> Result<Coupon, InvalidCoupon> {
        let mut coupon = Coupon {
            id: Id::new(),
            code: Coupon::normalise_code(&self.code),
            description: self.description.clone(),
            kind: self.kind,
            value: match self.value {
                Some(value) => value.stored_as(self.kind)?,
                None if self.kind == CouponKind::FreeShipping => 0,
                None => return Err(InvalidCoupon::NoValue),
            },
            currency: self.currency,
            minimum_purchase: self.minimum_purchase,
            maximum_discount: self.maximum_discount,
            applicable_products: unique(&self.applicable_products),
            applicable_categories: unique(&self.applicable_categories),
            usage_limit: UsageLimit::default(),
            usage_count: 0,
            user_restrictions: UserRestrictions::default(),
            valid_from: self.valid_from.unwrap_or(now),
            valid_until: self.valid_until,
            is_active: self.is_active.unwrap_or(true),
            created_by: by,
            created_at: now,
            updated_at: now,
        };
        self.usage_limit.unwrap_or_default().apply(&mut coupon.usage_limit);
        if let Some(restrictions) = &self.user_restrictions {
            restrictions.apply(&mut coupon.user_restrictions);
        }
        if coupon.has_amounts() {
            coupon.currency.get_or_insert(default_currency);
        }
        coupon.check()?;
        Ok(coupon)
    }
}
