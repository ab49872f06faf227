//! Why a price is what it is: every coupon, tax row and shipping rate that was considered, what it gave, and why not.

use serde::{Deserialize, Serialize};

use super::Destination;
use crate::Currency;
use crate::Money;
use crate::MoneyError;
use crate::coupon::{Coupon, CouponKind, CouponRefusal, Discount};
use crate::priced_line::PricedLine;
use crate::shipping::{ShippingRate, ShippingTable, ShippingZone};
use crate::tax::{TaxRow, TaxTable};

/// What sort of rule was considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// A coupon.
    Coupon,
    /// A row of the tax table.
    Tax,
    /// A zone, or a rate of the zone, of the shipping table.
    Shipping,
}

/// One thing that pricing considered, what it gave, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consideration {
    /// What sort of rule it is.
    pub rule: Rule,
    /// Which one: a code, a place, a method.
    pub subject: String,
    /// What it came to; 0 if it did not apply.
    pub amount: Money,
    /// In words, for people.
    pub reason: String,
}

impl Consideration {
    /// A coupon that gives something.
    pub(super) fn of_coupon(coupon: &Coupon, lines: &[PricedLine], discount: &Discount) -> Result<Self, MoneyError> {
        let amount = Money::sum(discount.per_line.iter().copied())?;
        let eligible: Vec<&PricedLine> = lines.iter().filter(|line| coupon.applies_to(line)).collect();
        let on = Money::sum(eligible.iter().map(|line| line.subtotal))?;
        let what = match coupon.kind {
            CouponKind::Percentage => format!("{} off {}", percent(coupon.value), on.minor()),
            CouponKind::Fixed => format!("{} off {}", coupon.value, on.minor()),
            CouponKind::FreeShipping => "free shipping".to_owned(),
        };
        let lines = format!("{} of {} lines are eligible", eligible.len(), lines.len());
        let bound = match coupon.maximum_discount {
            Some(maximum) if coupon.kind == CouponKind::Percentage && amount == maximum => {
                format!(", at most {}", maximum.minor())
            }
            _ if coupon.kind == CouponKind::Fixed && amount == on => ", never more than the lines".to_owned(),
            _ => String::new(),
        };
        let reason = format!("{what}{bound}; {lines}");
        Ok(Self { rule: Rule::Coupon, subject: coupon.code.clone(), amount, reason })
    }

    /// A coupon that gives nothing, also one that does not exist.
    pub fn of_refused_coupon(code: &str, refusal: CouponRefusal) -> Self {
        Self::of_nothing(Rule::Coupon, code.to_owned(), refusal.to_string())
    }

    /// A shipping rate that is not offered, because its amounts are of another currency.
    pub(super) fn of_other_currency(subject: String, rate: Currency, cart: Currency) -> Self {
        Self::of_nothing(Rule::Shipping, subject, format!("its price is in {rate}, the cart in {cart}"))
    }

    fn of_nothing(rule: Rule, subject: String, reason: impl Into<String>) -> Self {
        Self { rule, subject, amount: Money::ZERO, reason: reason.into() }
    }
}

/// The rows of the destination's country; `tax` is what they came to.
pub(super) fn consider_tax(table: &TaxTable, to: Destination<'_>, tax: Money, explanation: &mut Vec<Consideration>) {
    let place = || format!("{} {}", to.country, to.state).trim().to_owned();
    let Some(applied) = table.row_for(to.country, to.state) else {
        explanation.push(Consideration::of_nothing(Rule::Tax, place(), "no row is for this place: no tax"));
        return;
    };
    let how = if table.prices_include_tax { "contained in the prices" } else { "on top of the prices" };
    let shipping = if applied.tax_shipping { "shipping is taxed too" } else { "shipping is not taxed" };
    explanation.push(Consideration {
        rule: Rule::Tax,
        subject: subject_of(applied),
        amount: tax,
        reason: format!("{} {how}; {shipping}", percent(applied.rate_bp)),
    });
    let others = table.rows_of(to.country).filter(|row| *row != applied);
    let (of_country, of_states): (Vec<&TaxRow>, Vec<&TaxRow>) = others.partition(|row| row.state.is_none());
    for row in of_country {
        let reason = format!("the row of {} is more specific", subject_of(applied));
        explanation.push(Consideration::of_nothing(Rule::Tax, subject_of(row), reason));
    }
    if !of_states.is_empty() {
        // A country may have a row for each of its states: the explanation leaves the fifty others out.
        let states: Vec<&str> = of_states.iter().filter_map(|row| row.state.as_deref()).collect();
        let reason = format!("rows of other states: {}", states.join(", "));
        explanation.push(Consideration::of_nothing(Rule::Tax, to.country.to_owned(), reason));
    }
}

/// The zones that do not serve the destination; what serves it is told rate by rate.
pub(super) fn consider_zones(
    table: &ShippingTable,
    serving: Option<&ShippingZone>,
    to: Destination<'_>,
    explanation: &mut Vec<Consideration>,
) {
    for zone in table.zones.iter().filter(|zone| Some(*zone) != serving) {
        let is_rest = zone.countries.iter().any(|country| country == "*");
        let reason = if is_rest {
            format!("another zone names {}", to.country)
        } else {
            format!("it does not name {}", to.country)
        };
        explanation.push(Consideration::of_nothing(Rule::Shipping, zone.name.clone(), reason));
    }
    if serving.is_none() {
        explanation.push(Consideration::of_nothing(Rule::Shipping, to.country.to_owned(), "no zone ships there"));
    }
}

/// Why a rate costs what it costs.
pub(super) fn of_rate(rate: &ShippingRate, grams: i64, goods: Money) -> String {
    let weight = if rate.price_per_kg.is_zero() {
        "a flat price".to_owned()
    } else {
        format!("{} and {} for each kilogram begun of {grams} g", rate.price.minor(), rate.price_per_kg.minor())
    };
    match rate.free_from {
        Some(threshold) if goods >= threshold => {
            format!("free: the lines come to {}, from {} on it is free", goods.minor(), threshold.minor())
        }
        Some(threshold) => format!("{weight}; free from {}, the lines come to {}", threshold.minor(), goods.minor()),
        None => weight,
    }
}

fn subject_of(row: &TaxRow) -> String {
    row.state.as_ref().map_or_else(|| row.country.clone(), |state| format!("{} {state}", row.country))
}

/// Basis points as people write them: 725 is 7.25 %.
fn percent(basis_points: i64) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    let text = format!("{whole}.{rest:02}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
