//! What an order costs: pure, integer, and able to explain itself.
//!
//! The rules are `docs/DOMAIN.md` §2: line = unit price × quantity; the discount is spread over the eligible
//! lines; tax is computed per line on the discounted amount; shipping is priced by zone and weight.

mod explanation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::explanation::{Consideration, Rule};
use self::explanation::{consider_tax, consider_zones};
use super::{
    Currency, Money, MoneyError, Timestamp,
    coupon::{Coupon, CouponError, CouponRefusal, CouponUser},
    priced_line::PricedLine,
    shipping::{ShippingMethod, ShippingTable},
    tax::TaxTable,
};

/// Where the parcel goes; decides tax and zone.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// ISO 3166-1 alpha-2.
    pub country: &'a str,
    /// State or province.
    pub state: &'a str,
}

/// Everything that a price follows from.
#[derive(Clone, Copy, Debug)]
pub struct PricingInput<'a> {
    /// In the order of the cart.
    pub lines: &'a [PricedLine],
    /// The coupon and who uses it, if any.
    pub coupon: Option<(&'a Coupon, CouponUser)>,
    /// Of all lines.
    pub currency: Currency,
    /// The tax settings.
    pub tax: &'a TaxTable,
    /// The shipping settings.
    pub shipping: &'a ShippingTable,
    /// Unknown in a cart: then neither tax nor shipping can be told.
    pub destination: Option<Destination<'a>>,
    /// The chosen method; none in a cart.
    pub method: Option<ShippingMethod>,
    /// The time of the coupon's window.
    pub now: Timestamp,
}

/// What one line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineAmounts {
    /// Unit price × quantity.
    pub subtotal: Money,
    /// Its part of the discount.
    pub discount: Money,
    /// Tax on the discounted amount; contained in it where prices include tax.
    pub tax: Money,
    /// What the line adds to the order's total.
    pub total: Money,
}

/// The sums of an order (invariant I5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Σ line subtotals.
    pub subtotal: Money,
    /// Σ line discounts.
    pub discount: Money,
    /// The parcel.
    pub shipping: Money,
    /// Σ per-rate taxes; contained in the other amounts where prices include tax.
    pub tax: Money,
    /// What is charged.
    pub total: Money,
}

/// The tax of one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaxAmount {
    /// Basis points.
    pub rate_bp: i64,
    /// The net amount that is taxed.
    pub base: Money,
    /// The tax on it.
    pub tax: Money,
}

/// A way to send the parcel and what it would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippingOption {
    /// The method.
    pub method: ShippingMethod,
    /// Its price for these lines.
    pub price: Money,
    /// Days to delivery.
    pub estimated_days: Option<i32>,
}

/// A price with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceResult {
    /// In the order of the input.
    pub lines: Vec<LineAmounts>,
    /// Their sums.
    pub totals: Totals,
    /// One entry per rate, ascending.
    pub taxes: Vec<TaxAmount>,
    /// What could be chosen, in the order of the table.
    pub shipping_options: Vec<ShippingOption>,
    /// Whether the prices contained the tax.
    pub prices_include_tax: bool,
    /// Why the coupon gave nothing, if it did.
    pub coupon_refusal: Option<CouponRefusal>,
    /// Whether the chosen method is offered at the destination.
    pub method_is_offered: bool,
    /// What was considered, in order.
    pub explanation: Vec<Consideration>,
}

/// Prices lines.
///
/// # Errors
/// Only if an amount does not fit 64 bits. A coupon that gives nothing is told in
/// [`PriceResult::coupon_refusal`], a method that is not offered in [`PriceResult::method_is_offered`].
pub fn price(input: PricingInput<'_>) -> Result<PriceResult, MoneyError> {
    let mut explanation = Vec::new();
    let subtotal = Money::sum(input.lines.iter().map(|line| line.subtotal))?;
    let (discounts, coupon_ships_free, coupon_refusal) = discount(&input, &mut explanation)?;
    let discount = Money::sum(discounts.iter().copied())?;
    let goods = subtotal.minus(discount)?;

    let shipping_options = shipping_options(&input, goods, coupon_ships_free, &mut explanation)?;
    let chosen = input.method.and_then(|method| shipping_options.iter().find(|option| option.method == method));
    let shipping = chosen.map_or(Money::ZERO, |option| option.price);

    let inclusive = input.tax.prices_include_tax;
    let row = input.destination.and_then(|to| input.tax.row_for(to.country, to.state));
    let rate_bp = row.map_or(0, |row| row.rate_bp);
    let shipping_rate_bp = row.filter(|row| row.tax_shipping).map_or(0, |row| row.rate_bp);

    let mut by_rate: BTreeMap<i64, (Money, Money)> = BTreeMap::new();
    let mut add_tax = |rate: i64, amount: Money| -> Result<Money, MoneyError> {
        let (net, tax) = split_tax(amount, rate, inclusive)?;
        if rate != 0 {
            let (base, sum) = by_rate.entry(rate).or_default();
            *base = base.plus(net)?;
            *sum = sum.plus(tax)?;
        }
        Ok(tax)
    };
    let mut lines = Vec::with_capacity(input.lines.len());
    for (line, discount) in input.lines.iter().zip(&discounts) {
        let discounted = line.subtotal.minus(*discount)?;
        let tax = add_tax(rate_bp, discounted)?;
        let total = if inclusive { discounted } else { discounted.plus(tax)? };
        lines.push(LineAmounts { subtotal: line.subtotal, discount: *discount, tax, total });
    }
    add_tax(shipping_rate_bp, shipping)?;

    let taxes: Vec<TaxAmount> =
        by_rate.into_iter().map(|(rate_bp, (base, tax))| TaxAmount { rate_bp, base, tax }).collect();
    let tax = Money::sum(taxes.iter().map(|entry| entry.tax))?;
    if let Some(to) = input.destination {
        consider_tax(input.tax, to, tax, &mut explanation);
    }
    let untaxed = goods.plus(shipping)?;
    let total = if inclusive { untaxed } else { untaxed.plus(tax)? };
    Ok(PriceResult {
        lines,
        totals: Totals { subtotal, discount, shipping, tax, total },
        taxes,
        method_is_offered: input.method.is_none() || chosen.is_some(),
        shipping_options,
        prices_include_tax: inclusive,
        coupon_refusal,
        explanation,
    })
}

/// The net amount and the tax of an amount that carries (inclusive) or receives (exclusive) a rate.
fn split_tax(amount: Money, rate_bp: i64, inclusive: bool) -> Result<(Money, Money), MoneyError> {
    if inclusive {
        let net = amount.without_share(rate_bp)?;
        Ok((net, amount.minus(net)?))
    } else {
        Ok((amount, amount.share(rate_bp)?))
    }
}

/// Per line, whether the parcel is free by it, and why the coupon gives nothing.
type Discounted = (Vec<Money>, bool, Option<CouponRefusal>);

fn discount(input: &PricingInput<'_>, explanation: &mut Vec<Consideration>) -> Result<Discounted, MoneyError> {
    let nothing = vec![Money::ZERO; input.lines.len()];
    let Some((coupon, user)) = input.coupon else { return Ok((nothing, false, None)) };
    match coupon.discount(input.lines, input.currency, user, input.now) {
        Ok(discount) => {
            explanation.push(Consideration::of_coupon(coupon, input.lines, &discount)?);
            Ok((discount.per_line, discount.free_shipping, None))
        }
        Err(CouponError::Refused(refusal)) => {
            explanation.push(Consideration::of_refused_coupon(&coupon.code, refusal));
            Ok((nothing, false, Some(refusal)))
        }
        Err(CouponError::Money(error)) => Err(error),
    }
}

fn shipping_options(
    input: &PricingInput<'_>,
    goods: Money,
    coupon_ships_free: bool,
    explanation: &mut Vec<Consideration>,
) -> Result<Vec<ShippingOption>, MoneyError> {
    let Some(destination) = input.destination else { return Ok(Vec::new()) };
    let zone = input.shipping.zone_for(destination.country);
    consider_zones(input.shipping, zone, destination, explanation);
    let Some(zone) = zone else { return Ok(Vec::new()) };
    let all_ship_free = !input.lines.is_empty() && input.lines.iter().all(|line| line.ships_free);
    let grams = input.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.grams));
    let mut options = Vec::with_capacity(zone.methods.len());
    for rate in &zone.methods {
        let subject = format!("{} in {}", rate.method.as_str(), zone.name);
        if rate.currency != input.currency {
            explanation.push(Consideration::of_other_currency(subject, rate.currency, input.currency));
            continue;
        }
        let price = if coupon_ships_free || all_ship_free { Money::ZERO } else { rate.price_for(grams, goods)? };
        let reason = if coupon_ships_free {
            "free by the coupon".to_owned()
        } else if all_ship_free {
            "every line ships free".to_owned()
        } else {
            explanation::of_rate(rate, grams, goods)
        };
        explanation.push(Consideration { rule: Rule::Shipping, subject, amount: price, reason });
        options.push(ShippingOption { method: rate.method, price, estimated_days: rate.estimated_days });
    }
    Ok(options)
}
