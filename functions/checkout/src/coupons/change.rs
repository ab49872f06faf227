//! The request that updates a coupon.

use serde::Deserialize;
use shared::{
    domain::{
        Currency, Id, Money, Timestamp,
        category::Category,
        coupon::{Coupon, CouponKind, CouponValue, InvalidCoupon, UsageLimit, UserRestrictions},
        product::Product,
    },
    http::{App, Problem},
    validation::{
        Validate, Violations,
        patch::present,
        rules::{entries, optional_lines},
    },
};

use super::input::{MAX_IDS, UsageLimitInput, UserRestrictionsInput, check_references, unique};

/// Absent fields stay unchanged, null clears optional ones.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateCoupon {
    /// Unique. Orders keep the code that they redeemed.
    #[serde(default, deserialize_with = "present")]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Requires a new `value`, except for free shipping.
    #[serde(rename = "type", default, deserialize_with = "present")]
    kind: Option<CouponKind>,
    #[serde(default, deserialize_with = "present")]
    value: Option<CouponValue>,
    /// Of the amounts. Null: the coupon has no amounts, and applies in every currency.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Currency>)]
    currency: Option<Option<Currency>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    minimum_purchase: Option<Option<Money>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    maximum_discount: Option<Option<Money>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    applicable_products: Option<Vec<Id<Product>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    applicable_categories: Option<Vec<Id<Category>>>,
    /// Null: no limits.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UsageLimitInput>)]
    usage_limit: Option<Option<UsageLimitInput>>,
    /// Null: no restrictions.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserRestrictionsInput>)]
    user_restrictions: Option<Option<UserRestrictionsInput>>,
    #[serde(default, deserialize_with = "present")]
    valid_from: Option<Timestamp>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Timestamp>)]
    valid_until: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "present")]
    is_active: Option<bool>,
}

impl Validate for UpdateCoupon {
    fn validate(&self, v: &mut Violations) {
        v.check("description", &self.description, optional_lines(500));
        v.check("applicableProducts", &self.applicable_products, entries(0..=MAX_IDS));
        v.check("applicableCategories", &self.applicable_categories, entries(0..=MAX_IDS));
        v.nested("userRestrictions", &self.user_restrictions);
    }
}

impl UpdateCoupon {
    /// Refuses unknown ids; those that the coupon has already are not checked again.
    pub(super) async fn check_references(&self, app: &App) -> Result<(), Problem> {
        let restrictions = self.user_restrictions.as_ref().and_then(Option::as_ref);
        check_references(
            app,
            self.applicable_products.as_deref().unwrap_or_default(),
            self.applicable_categories.as_deref().unwrap_or_default(),
            restrictions.map(UserRestrictionsInput::specific_users).unwrap_or_default(),
        )
        .await
    }

    /// Changes the coupon.
    ///
    /// Amounts of a coupon that had none before are in `default_currency` unless the change says otherwise.
    pub(super) fn apply(
        &self,
        coupon: &mut Coupon,
        default_currency: Currency,
        now: Timestamp,
    ) -> Result<(), InvalidCoupon> {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        set(&mut coupon.code, self.code.as_deref().map(Coupon::normalise_code).as_ref());
        set(&mut coupon.description, self.description.as_ref());
        let kind = self.kind.unwrap_or(coupon.kind);
        coupon.value = match self.value {
            Some(value) => value.stored_as(kind)?,
            // The unit of the value depends on the type.
            None if kind != coupon.kind && kind != CouponKind::FreeShipping => return Err(InvalidCoupon::NoValue),
            None if kind != coupon.kind => 0,
            None => coupon.value,
        };
        coupon.kind = kind;
        set(&mut coupon.currency, self.currency.as_ref());
        set(&mut coupon.minimum_purchase, self.minimum_purchase.as_ref());
        set(&mut coupon.maximum_discount, self.maximum_discount.as_ref());
        set(&mut coupon.applicable_products, self.applicable_products.as_deref().map(unique).as_ref());
        set(&mut coupon.applicable_categories, self.applicable_categories.as_deref().map(unique).as_ref());
        match &self.usage_limit {
            Some(Some(limit)) => limit.apply(&mut coupon.usage_limit),
            Some(None) => coupon.usage_limit = UsageLimit::default(),
            None => {}
        }
        match &self.user_restrictions {
            Some(Some(restrictions)) => restrictions.apply(&mut coupon.user_restrictions),
            Some(None) => coupon.user_restrictions = UserRestrictions::default(),
            None => {}
        }
        set(&mut coupon.valid_from, self.valid_from.as_ref());
        set(&mut coupon.valid_until, self.valid_until.as_ref());
        set(&mut coupon.is_active, self.is_active.as_ref());
        if coupon.has_amounts() && self.currency.is_none() {
            coupon.currency.get_or_insert(default_currency);
        }
        coupon.updated_at = now;
        coupon.check()
    }
}
