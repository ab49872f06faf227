//! The terms of a coupon: rules for creating and changing one.

use std::fmt;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Coupon, CouponKind};
use crate::Money;
use crate::money::BASIS_POINTS;
use crate::product::Price;

/// What a coupon gives, as people write it: a percent with at most two decimals (`12.5`) or minor units (`500`), depending
/// on its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponValue(Decimal);

/// More redemptions than any coupon has: no limit is said by leaving it out.
const MAX_USES: i64 = 1_000_000_000;

/// Why the terms of a coupon are invalid.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidCoupon {
    /// The code cannot be typed.
    #[error("a code has 1–64 characters out of A–Z, 0–9, dash, dot and underscore")]
    Code,
    /// No share of anything.
    #[error("a percentage is more than 0 and at most 100, with at most two decimals")]
    Percentage,
    /// No amount of money.
    #[error("a fixed amount is a whole number of minor units, more than 0 and not more than a price can be")]
    Amount,
    /// Not said, where the kind needs one.
    #[error("a percentage or fixed coupon says what it gives")]
    NoValue,
    /// The least that lines must come to is no amount.
    #[error("a minimum purchase is not negative")]
    MinimumPurchase,
    /// The most that a percentage gives is no amount, or the coupon is no percentage.
    #[error("a maximum discount is more than 0 and goes with a percentage only")]
    MaximumDiscount,
    /// Amounts of no currency.
    #[error("a fixed amount, a minimum purchase and a maximum discount have a currency")]
    NoCurrency,
    /// It would never be valid.
    #[error("a coupon ends after it starts")]
    NeverValid,
    /// No number of uses in all.
    #[error("a limit is at least 1 and at most 1,000,000,000")]
    TotalLimit,
    /// No number of uses each.
    #[error("a limit is at least 1 and at most 1,000,000,000")]
    PerUserLimit,
    /// Lower than what has been used already.
    #[error("the coupon was used {used} times already; to end it, switch it off")]
    LimitBelowUsage {
        /// How often.
        used: i64,
    },
}

impl InvalidCoupon {
    /// Which field is to blame, as a path below the coupon.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Percentage | Self::Amount | Self::NoValue => "value",
            Self::MinimumPurchase => "minimumPurchase",
            Self::MaximumDiscount => "maximumDiscount",
            Self::NoCurrency => "currency",
            Self::NeverValid => "validUntil",
            Self::TotalLimit | Self::LimitBelowUsage { .. } => "usageLimit/total",
            Self::PerUserLimit => "usageLimit/perUser",
        }
    }
}

impl CouponValue {
    /// What a stored coupon gives, as people write it.
    pub fn of(coupon: &Coupon) -> Self {
        Self(match coupon.kind {
            CouponKind::Percentage => Decimal::new(coupon.value, 2).normalize(),
            CouponKind::Fixed | CouponKind::FreeShipping => Decimal::from(coupon.value),
        })
    }

    /// What is stored for it: basis points, minor units, or 0 for free shipping, whatever was written.
    ///
    /// # Errors
    /// If it is no value of that kind.
    pub fn stored_as(self, kind: CouponKind) -> Result<i64, InvalidCoupon> {
        let (exact, most, refusal) = match kind {
            CouponKind::Percentage => {
                (self.0.checked_mul(Decimal::ONE_HUNDRED), BASIS_POINTS, InvalidCoupon::Percentage)
            }
            CouponKind::Fixed => (Some(self.0), Price::HIGHEST.minor(), InvalidCoupon::Amount),
            CouponKind::FreeShipping => return Ok(0),
        };
        let whole = exact.filter(Decimal::is_integer).and_then(|value| value.to_i64());
        whole.filter(|value| (1..=most).contains(value)).ok_or(refusal)
    }
}

impl Coupon {
    /// Checks the terms.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), InvalidCoupon> {
        let is_typed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        let is_amount = |amount: Money| (Money::ZERO..=Price::HIGHEST).contains(&amount);
        let is_limit = |limit: i64| (1..=MAX_USES).contains(&limit);
        let is_percentage = self.kind == CouponKind::Percentage;
        let rules = [
            ((1..=64).contains(&self.code.len()) && self.code.bytes().all(is_typed), InvalidCoupon::Code),
            (!is_percentage || (1..=BASIS_POINTS).contains(&self.value), InvalidCoupon::Percentage),
            (self.kind != CouponKind::Fixed || self.value >= 1, InvalidCoupon::Amount),
            (self.minimum_purchase.is_none_or(is_amount), InvalidCoupon::MinimumPurchase),
            (
                self.maximum_discount.is_none_or(|most| is_percentage && is_amount(most) && !most.is_zero()),
                InvalidCoupon::MaximumDiscount,
            ),
            (self.currency.is_some() || !self.has_amounts(), InvalidCoupon::NoCurrency),
            (self.valid_until.is_none_or(|until| until > self.valid_from), InvalidCoupon::NeverValid),
            (self.usage_limit.total.is_none_or(is_limit), InvalidCoupon::TotalLimit),
            (self.usage_limit.per_user.is_none_or(is_limit), InvalidCoupon::PerUserLimit),
            (
                self.usage_limit.total.is_none_or(|limit| limit >= self.usage_count),
                InvalidCoupon::LimitBelowUsage { used: self.usage_count },
            ),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }
}

impl Serialize for CouponValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.is_integer(), self.0.to_i64(), self.0.to_f64()) {
            (true, Some(whole), _) => serializer.serialize_i64(whole),
            (_, _, Some(number)) => serializer.serialize_f64(number),
            _ => Err(serde::ser::Error::custom("a coupon's value does not fit")),
        }
    }
}

impl<'de> Deserialize<'de> for CouponValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl de::Visitor<'_> for Written {
    type Value = CouponValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<CouponValue, E> {
        Ok(CouponValue(Decimal::from(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<CouponValue, E> {
        Ok(CouponValue(Decimal::from(value)))
    }

    /// A number's shortest decimal form is what was written, for any percentage that people write.
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<CouponValue, E> {
        value.to_string().parse().map(CouponValue).map_err(|_| E::custom("must be a number of ordinary size"))
    }
}

impl utoipa::PartialSchema for CouponValue {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .description(Some("A percent with at most two decimals for `percentage`, minor units for `fixed`."))
            .examples([12.5])
            .into()
    }
}
impl utoipa::ToSchema for CouponValue {
    fn name() -> std::borrow::Cow<'static, str> {
        "CouponValue".into()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::coupon, *};
    use crate::Currency;

    fn value(json: &str) -> CouponValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_percent_is_stored_in_basis_points_and_shown_as_it_was_written() {
        for (written, stored, shown) in [
            ("12.5", 1250, "12.5"),
            ("0.01", 1, "0.01"),
            ("100", 10_000, "100"),
            ("7.250", 725, "7.25"),
            ("1e1", 1000, "10"),
        ] {
            assert_eq!(value(written).stored_as(CouponKind::Percentage), Ok(stored), "{written}");
            let back = CouponValue::of(&coupon(CouponKind::Percentage, stored));
            assert_eq!(serde_json::to_string(&back).unwrap(), shown);
        }
        for written in ["0", "-1", "100.01", "12.505", "1e300", "0.001"] {
            let stored = serde_json::from_str::<CouponValue>(written).map(|it| it.stored_as(CouponKind::Percentage));
            assert!(!matches!(stored, Ok(Ok(_))), "{written}");
        }
    }

    #[test]
    fn every_percent_reads_back_as_it_is_shown() {
        for stored in 1..=BASIS_POINTS {
            let shown = serde_json::to_string(&CouponValue::of(&coupon(CouponKind::Percentage, stored))).unwrap();
            assert_eq!(value(&shown).stored_as(CouponKind::Percentage), Ok(stored), "{shown}");
        }
    }

    #[test]
    fn a_fixed_amount_is_whole_and_free_shipping_has_none() {
        assert_eq!(value("500").stored_as(CouponKind::Fixed), Ok(500));
        assert_eq!(value("500.0").stored_as(CouponKind::Fixed), Ok(500));
        for written in ["0", "-1", "12.5", "9223372036854775807"] {
            assert_eq!(value(written).stored_as(CouponKind::Fixed), Err(InvalidCoupon::Amount), "{written}");
        }
        assert_eq!(value("12.5").stored_as(CouponKind::FreeShipping), Ok(0));
        assert!(serde_json::from_str::<CouponValue>(r#""12.5""#).is_err());
    }

    #[test]
    fn invalid_terms_are_pointed_at() {
        type Change = fn(&mut Coupon);
        let cases: [(Change, Option<&str>); 14] = [
            (|_| (), None),
            (|it| it.code = String::new(), Some("code")),
            (|it| it.code = "lower".into(), Some("code")),
            (|it| it.value = 10_001, Some("value")),
            (|it| it.minimum_purchase = Some(Money::from_minor(-1)), Some("minimumPurchase")),
            (|it| it.maximum_discount = Some(Money::ZERO), Some("maximumDiscount")),
            (
                |it| {
                    it.kind = CouponKind::Fixed;
                    it.maximum_discount = Some(Money::from_minor(1));
                },
                Some("maximumDiscount"),
            ),
            (|it| it.minimum_purchase = Some(Money::from_minor(1)), Some("currency")),
            (|it| (it.currency, it.minimum_purchase) = (Some(Currency::USD), Some(Money::from_minor(1))), None),
            (|it| it.valid_until = Some(it.valid_from), Some("validUntil")),
            (|it| it.usage_limit.total = Some(0), Some("usageLimit/total")),
            (|it| it.usage_limit.per_user = Some(0), Some("usageLimit/perUser")),
            (|it| (it.usage_count, it.usage_limit.total) = (3, Some(2)), Some("usageLimit/total")),
            (|it| (it.usage_count, it.usage_limit.total) = (3, Some(3)), None),
        ];
        for (change, field) in cases {
            let mut it = coupon(CouponKind::Percentage, 1000);
            change(&mut it);
            assert_eq!(it.check().err().map(InvalidCoupon::field), field, "{it:?}");
        }
    }
}
