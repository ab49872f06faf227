//! A coupon in answers.

use serde::Serialize;
use shared::domain::{
    Currency, Id, Money, Timestamp,
    category::Category,
    coupon::{Coupon, CouponKind, CouponValue, UserRestrictions},
    product::Product,
    user::User,
};

/// A coupon.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Coupon)]
pub(crate) struct CouponView {
    #[schema(value_type = String)]
    id: Id<Coupon>,
    /// In upper case; carts accept it in any case.
    code: String,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: CouponKind,
    value: CouponValue,
    /// Of the amounts: the coupon applies to carts of this currency alone. Absent: it applies to carts of any.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    /// The minimum purchase: the sum of all lines before discount.
    minimum_purchase: Option<Money>,
    /// The maximum discount of a percentage.
    maximum_discount: Option<Money>,
    /// Eligible products. With `applicableCategories`, either makes a line eligible; with neither, all lines are.
    #[schema(value_type = Vec<String>)]
    applicable_products: Vec<Id<Product>>,
    /// Eligible categories, with their descendants.
    #[schema(value_type = Vec<String>)]
    applicable_categories: Vec<Id<Category>>,
    usage_limit: UsageLimitView,
    /// Redemptions. Those of orders that ended unpaid are restored and not counted.
    usage_count: i64,
    user_restrictions: UserRestrictionsView,
    valid_from: Timestamp,
    /// Exclusive.
    valid_until: Option<Timestamp>,
    is_active: bool,
    #[schema(value_type = String)]
    created_by: Id<User>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Limits on redemptions; null is unlimited.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CouponUsageLimit)]
pub(crate) struct UsageLimitView {
    /// In total.
    total: Option<i64>,
    /// Per customer; guests are identified by their e-mail address.
    per_user: Option<i64>,
}

/// Who may use a coupon.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserRestrictions)]
pub(crate) struct UserRestrictionsView {
    /// Only customers who have not ordered yet.
    #[schema(required = false, default = false)]
    new_users_only: bool,
    /// Only these; empty is everybody.
    #[schema(required = false, default = json!([]), value_type = Vec<String>)]
    specific_users: Vec<Id<User>>,
}

impl From<UserRestrictions> for UserRestrictionsView {
    fn from(restrictions: UserRestrictions) -> Self {
        Self { new_users_only: restrictions.new_users_only, specific_users: restrictions.specific_users }
    }
}

impl From<Coupon> for CouponView {
    fn from(coupon: Coupon) -> Self {
        Self {
            id: coupon.id,
            value: CouponValue::of(&coupon),
            code: coupon.code,
            description: coupon.description,
            kind: coupon.kind,
            currency: coupon.currency,
            minimum_purchase: coupon.minimum_purchase,
            maximum_discount: coupon.maximum_discount,
            applicable_products: coupon.applicable_products,
            applicable_categories: coupon.applicable_categories,
            usage_limit: UsageLimitView { total: coupon.usage_limit.total, per_user: coupon.usage_limit.per_user },
            usage_count: coupon.usage_count,
            user_restrictions: coupon.user_restrictions.into(),
            valid_from: coupon.valid_from,
            valid_until: coupon.valid_until,
            is_active: coupon.is_active,
            created_by: coupon.created_by,
            created_at: coupon.created_at,
            updated_at: coupon.updated_at,
        }
    }
}
