//! Coupons: who may use one, on what, and what it gives.

mod terms;

use serde::{Deserialize, Serialize};

pub use self::terms::{CouponValue, InvalidCoupon};
use super::{
    Currency, Id, Money, MoneyError, Timestamp, category::Category, priced_line::PricedLine, product::Product,
    user::User,
};

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponKind {
    /// A share of the eligible lines.
    Percentage,
    /// An amount off the eligible lines.
    Fixed,
    /// The parcel.
    FreeShipping,
}

/// A coupon.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coupon {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Coupon>,
    /// Unique, upper case; see [`Coupon::normalise_code`].
    pub code: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it gives.
    #[serde(rename = "type")]
    pub kind: CouponKind,
    /// Basis points for a percentage, minor units for a fixed amount, 0 for free shipping.
    pub value: i64,
    /// Of its amounts. A coupon with a currency applies to carts of that currency alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The least that all lines must come to before discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_purchase: Option<Money>,
    /// The most that a percentage gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_discount: Option<Money>,
    /// Eligible products; with `applicable_categories`, either is enough; both empty: everything.
    #[serde(default)]
    pub applicable_products: Vec<Id<Product>>,
    /// Eligible categories with all below them.
    #[serde(default)]
    pub applicable_categories: Vec<Id<Category>>,
    /// How often it can be used.
    #[serde(default)]
    pub usage_limit: UsageLimit,
    /// How often it has been used.
    pub usage_count: i64,
    /// By whom.
    #[serde(default)]
    pub user_restrictions: UserRestrictions,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when (exclusive).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Switched off when false.
    pub is_active: bool,
    /// Who made it.
    pub created_by: Id<User>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How often a coupon can be used; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UsageLimit {
    /// By all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// By one customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_user: Option<i64>,
}

/// Who may use a coupon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserRestrictions {
    /// Only customers who have not ordered yet.
    pub new_users_only: bool,
    /// Only these; empty is everybody.
    pub specific_users: Vec<Id<User>>,
}

/// The buyer who redeems a coupon. A guest is known by e-mail only at checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponUser {
    /// The customer; `None` for a guest.
    pub id: Option<Id<User>>,
    /// How often they have used this coupon.
    pub uses: i64,
    /// Whether they have ordered before.
    pub has_ordered: bool,
}

/// Why a coupon gives nothing. The snake-case name is the `reason` of the problem `coupon_invalid`.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponRefusal {
    /// There is no such coupon, or it is switched off.
    #[error("there is no such coupon")]
    Unknown,
    /// Its time is over.
    #[error("the coupon has expired")]
    Expired,
    /// Its time has not come.
    #[error("the coupon cannot be used yet")]
    NotStarted,
    /// The lines come to too little.
    #[error("the cart does not reach the coupon's minimum purchase")]
    MinimumNotMet,
    /// No line is eligible, or the coupon is of another currency.
    #[error("the coupon applies to nothing in the cart")]
    NotApplicable,
    /// It has been used up, by all or by this customer.
    #[error("the coupon has been used up")]
    LimitReached,
    /// It is for others.
    #[error("the coupon is not for this customer")]
    NotEligible,
}

/// What a coupon gives to a set of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// Per line, in the order of the lines.
    pub per_line: Vec<Money>,
    /// Whether the parcel is free.
    pub free_shipping: bool,
}

/// Why no discount could be computed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CouponError {
    /// The coupon gives nothing.
    #[error(transparent)]
    Refused(#[from] CouponRefusal),
    /// An amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Coupon {
    /// Codes are compared without regard to case.
    pub fn normalise_code(code: &str) -> String {
        code.trim().to_uppercase()
    }

    /// Whether one of its terms is an amount of money.
    pub fn has_amounts(&self) -> bool {
        self.kind == CouponKind::Fixed || self.minimum_purchase.is_some() || self.maximum_discount.is_some()
    }

    /// What the coupon gives to these lines, which are in `currency`, for this user now.
    pub fn discount(
        &self,
        lines: &[PricedLine],
        currency: Currency,
        user: CouponUser,
        now: Timestamp,
    ) -> Result<Discount, CouponError> {
        self.check_window(now)?;
        self.check_user(user)?;
        if self.currency.is_some_and(|own| own != currency) {
            return Err(CouponRefusal::NotApplicable.into());
        }
        let subtotal = Money::sum(lines.iter().map(|line| line.subtotal))?;
        if self.minimum_purchase.is_some_and(|minimum| subtotal < minimum) {
            return Err(CouponRefusal::MinimumNotMet.into());
        }
        let weights: Vec<Money> =
            lines.iter().map(|line| if self.applies_to(line) { line.subtotal } else { Money::ZERO }).collect();
        if !lines.iter().any(|line| self.applies_to(line)) {
            return Err(CouponRefusal::NotApplicable.into());
        }
        let eligible = Money::sum(weights.iter().copied())?;
        let amount = match self.kind {
            CouponKind::Percentage => {
                let share = eligible.share(self.value)?;
                self.maximum_discount.map_or(share, |maximum| share.min(maximum))
            }
            CouponKind::Fixed => Money::from_minor(self.value),
            CouponKind::FreeShipping => Money::ZERO,
        };
        Ok(Discount {
            per_line: amount.min(eligible).max(Money::ZERO).spread(&weights)?,
            free_shipping: self.kind == CouponKind::FreeShipping,
        })
    }

    fn check_window(&self, now: Timestamp) -> Result<(), CouponRefusal> {
        if !self.is_active {
            Err(CouponRefusal::Unknown)
        } else if now < self.valid_from {
            Err(CouponRefusal::NotStarted)
        } else if self.valid_until.is_some_and(|until| now >= until) {
            Err(CouponRefusal::Expired)
        } else {
            Ok(())
        }
    }

    fn check_user(&self, user: CouponUser) -> Result<(), CouponRefusal> {
        let restricted = &self.user_restrictions;
        let is_named =
            restricted.specific_users.is_empty() || user.id.is_some_and(|id| restricted.specific_users.contains(&id));
        if !is_named || (restricted.new_users_only && user.has_ordered) {
            return Err(CouponRefusal::NotEligible);
        }
        let used_up = self.usage_limit.total.is_some_and(|limit| self.usage_count >= limit)
            || self.usage_limit.per_user.is_some_and(|limit| user.uses >= limit);
        if used_up { Err(CouponRefusal::LimitReached) } else { Ok(()) }
    }

    /// Whether it matters what its user did before.
    pub const fn looks_at_the_past(&self) -> bool {
        self.usage_limit.per_user.is_some() || self.user_restrictions.new_users_only
    }

    /// Whether a line is eligible.
    pub fn applies_to(&self, line: &PricedLine) -> bool {
        (self.applicable_products.is_empty() && self.applicable_categories.is_empty())
            || self.applicable_products.contains(&line.product)
            || line.categories.iter().any(|category| self.applicable_categories.contains(category))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_000);

    pub(crate) fn coupon(kind: CouponKind, value: i64) -> Coupon {
        Coupon {
            id: Id::new(),
            code: "SPRING".into(),
            description: None,
            kind,
            value,
            currency: (kind == CouponKind::Fixed).then_some(Currency::USD),
            minimum_purchase: None,
            maximum_discount: None,
            applicable_products: Vec::new(),
            applicable_categories: Vec::new(),
            usage_limit: UsageLimit::default(),
            usage_count: 0,
            user_restrictions: UserRestrictions::default(),
            valid_from: Timestamp::from_millis(0),
            valid_until: None,
            is_active: true,
            created_by: Id::new(),
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn line(subtotal: i64) -> PricedLine {
        PricedLine {
            product: Id::new(),
            categories: vec![Id::new()],
            subtotal: Money::from_minor(subtotal),
            grams: 0,
            ships_free: false,
        }
    }

    pub(crate) const ANY_BUYER: CouponUser = CouponUser { id: None, uses: 0, has_ordered: false };

    fn parts(coupon: &Coupon, lines: &[PricedLine]) -> Vec<i64> {
        coupon.discount(lines, Currency::USD, ANY_BUYER, NOW).unwrap().per_line.into_iter().map(Money::minor).collect()
    }

    fn refusal(coupon: &Coupon, user: CouponUser, now: Timestamp) -> CouponError {
        coupon.discount(&[line(1000)], Currency::USD, user, now).unwrap_err()
    }

    #[test]
    fn a_fixed_discount_is_spread_as_the_domain_rules_work_it_out() {
        let lines = [line(4300), line(1400), line(2300)];
        assert_eq!(parts(&coupon(CouponKind::Fixed, 299), &lines), [161, 52, 86]);
        assert_eq!(parts(&coupon(CouponKind::Fixed, 9_000), &lines), [4300, 1400, 2300], "never more than the lines");
    }

    #[test]
    fn a_percentage_rounds_half_to_even_on_the_eligible_total_and_has_a_maximum() {
        // 12.5 % of 1004 is 125.5, and of 1012 126.5: both go to 126.
        assert_eq!(parts(&coupon(CouponKind::Percentage, 1250), &[line(1004)]), [126]);
        assert_eq!(parts(&coupon(CouponKind::Percentage, 1250), &[line(1012)]), [126]);
        let capped = Coupon { maximum_discount: Some(Money::from_minor(50)), ..coupon(CouponKind::Percentage, 1250) };
        assert_eq!(parts(&capped, &[line(1004)]), [50]);
    }

    #[test]
    fn only_eligible_lines_are_discounted_but_all_lines_reach_the_minimum() {
        let lines = [line(1000), line(3000)];
        let restricted = Coupon {
            applicable_categories: lines[0].categories.clone(),
            minimum_purchase: Some(Money::from_minor(4000)),
            ..coupon(CouponKind::Percentage, 1000)
        };
        assert_eq!(parts(&restricted, &lines), [100, 0]);
        assert_eq!(
            restricted.discount(&lines[..1], Currency::USD, ANY_BUYER, NOW),
            Err(CouponError::Refused(CouponRefusal::MinimumNotMet))
        );
        let elsewhere = Coupon { applicable_products: vec![Id::new()], ..coupon(CouponKind::Fixed, 1) };
        assert_eq!(
            elsewhere.discount(&lines, Currency::USD, ANY_BUYER, NOW),
            Err(CouponError::Refused(CouponRefusal::NotApplicable))
        );
    }

    #[test]
    fn a_coupon_applies_in_the_currency_of_its_amounts_alone() {
        let jpy = Currency::try_from("JPY".to_owned()).unwrap();
        let lines = [line(5_000)];
        let minimum = Coupon {
            currency: Some(Currency::USD),
            minimum_purchase: Some(Money::from_minor(1_000)),
            ..coupon(CouponKind::FreeShipping, 0)
        };
        for of_dollars in [coupon(CouponKind::Fixed, 299), minimum] {
            assert!(of_dollars.discount(&lines, Currency::USD, ANY_BUYER, NOW).is_ok());
            assert_eq!(
                of_dollars.discount(&lines, jpy, ANY_BUYER, NOW),
                Err(CouponError::Refused(CouponRefusal::NotApplicable))
            );
        }
        let share = coupon(CouponKind::Percentage, 1000);
        assert_eq!(share.discount(&lines, jpy, ANY_BUYER, NOW).unwrap().per_line, [Money::from_minor(500)]);
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let fixed = || coupon(CouponKind::Fixed, 100);
        let early = Coupon { valid_from: Timestamp::from_millis(2_000), ..fixed() };
        assert_eq!(refusal(&early, ANY_BUYER, NOW), CouponRefusal::NotStarted.into());
        let late = Coupon { valid_until: Some(NOW), ..fixed() };
        assert_eq!(refusal(&late, ANY_BUYER, NOW), CouponRefusal::Expired.into());
        let off = Coupon { is_active: false, ..fixed() };
        assert_eq!(refusal(&off, ANY_BUYER, NOW), CouponRefusal::Unknown.into());
        let spent = Coupon { usage_limit: UsageLimit { total: Some(3), per_user: None }, usage_count: 3, ..fixed() };
        assert_eq!(refusal(&spent, ANY_BUYER, NOW), CouponRefusal::LimitReached.into());
        let once = Coupon { usage_limit: UsageLimit { total: None, per_user: Some(1) }, ..fixed() };
        assert_eq!(refusal(&once, CouponUser { uses: 1, ..ANY_BUYER }, NOW), CouponRefusal::LimitReached.into());
        let new_only = Coupon {
            user_restrictions: UserRestrictions { new_users_only: true, specific_users: Vec::new() },
            ..fixed()
        };
        assert_eq!(
            refusal(&new_only, CouponUser { has_ordered: true, ..ANY_BUYER }, NOW),
            CouponRefusal::NotEligible.into()
        );
        let named = Coupon {
            user_restrictions: UserRestrictions { new_users_only: false, specific_users: vec![Id::new()] },
            ..fixed()
        };
        assert_eq!(refusal(&named, ANY_BUYER, NOW), CouponRefusal::NotEligible.into());
    }

    #[test]
    fn codes_are_compared_without_regard_to_case() {
        assert_eq!(Coupon::normalise_code(" spring "), "SPRING");
    }
}
