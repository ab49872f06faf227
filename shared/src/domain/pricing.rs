//! What an order costs: pure, integer, and able to explain itself.
//!
//! The rules are those of section 2 of the domain: line = unit price × quantity; the discount is spread over the eligible
//! lines; tax is computed per line on the discounted amount; shipping is priced by zone and weight.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Money, MoneyError, Timestamp,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShippingOption {
    /// The method.
    pub method: ShippingMethod,
    /// Its price for these lines.
    pub price: Money,
    /// Days to delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// One thing that pricing considered, what it gave, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consideration {
    /// `coupon`, `tax` or `shipping`.
    pub rule: String,
    /// Which one: a code, a place, a method.
    pub subject: String,
    /// What it came to; 0 if it did not apply.
    pub amount: Money,
    /// In words.
    pub reason: String,
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
    if let Some(to) = input.destination {
        explanation.push(Consideration {
            rule: "tax".to_owned(),
            subject: format!("{} {}", to.country, to.state).trim().to_owned(),
            amount: Money::ZERO,
            reason: match row {
                Some(row) => format!(
                    "{} basis points {} prices{}",
                    row.rate_bp,
                    if inclusive { "contained in" } else { "on top of" },
                    if row.tax_shipping { ", shipping too" } else { "" }
                ),
                None => "no tax row matches the address".to_owned(),
            },
        });
    }

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
    if let Some(entry) = explanation.iter_mut().find(|entry| entry.rule == "tax") {
        entry.amount = tax;
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

type Discounted = (Vec<Money>, bool, Option<CouponRefusal>);

fn discount(input: &PricingInput<'_>, explanation: &mut Vec<Consideration>) -> Result<Discounted, MoneyError> {
    let nothing = vec![Money::ZERO; input.lines.len()];
    let Some((coupon, user)) = input.coupon else { return Ok((nothing, false, None)) };
    let mut explain = |amount, reason: String| {
        explanation.push(Consideration { rule: "coupon".to_owned(), subject: coupon.code.clone(), amount, reason });
    };
    match coupon.discount(input.lines, user, input.now) {
        Ok(discount) => {
            let amount = Money::sum(discount.per_line.iter().copied())?;
            explain(
                amount,
                if discount.free_shipping {
                    "free shipping".to_owned()
                } else {
                    "spread over the eligible lines".to_owned()
                },
            );
            Ok((discount.per_line, discount.free_shipping, None))
        }
        Err(CouponError::Refused(refusal)) => {
            explain(Money::ZERO, refusal.to_string());
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
    let Some(zone) = input.shipping.zone_for(destination.country) else {
        explanation.push(Consideration {
            rule: "shipping".to_owned(),
            subject: destination.country.to_owned(),
            amount: Money::ZERO,
            reason: "no zone ships there".to_owned(),
        });
        return Ok(Vec::new());
    };
    let all_ship_free = !input.lines.is_empty() && input.lines.iter().all(|line| line.ships_free);
    let grams = input.lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.grams));
    let mut options = Vec::with_capacity(zone.methods.len());
    for rate in &zone.methods {
        let (price, reason) = if coupon_ships_free {
            (Money::ZERO, "free by coupon".to_owned())
        } else if all_ship_free {
            (Money::ZERO, "every line ships free".to_owned())
        } else {
            let price = rate.price_for(grams, goods)?;
            let reason =
                if price.is_zero() && rate.free_from.is_some() { "free from the threshold" } else { "by weight" };
            (price, format!("{reason}, {grams} g in zone {}", zone.name))
        };
        explanation.push(Consideration {
            rule: "shipping".to_owned(),
            subject: format!("{:?}", rate.method).to_lowercase(),
            amount: price,
            reason,
        });
        options.push(ShippingOption { method: rate.method, price, estimated_days: rate.estimated_days });
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{Id, tax::TaxRow},
        *,
    };

    fn line(subtotal: i64) -> PricedLine {
        PricedLine {
            product: Id::new(),
            categories: Vec::new(),
            subtotal: Money::from_minor(subtotal),
            grams: 100,
            ships_free: false,
        }
    }

    fn table(rate_bp: i64, inclusive: bool, tax_shipping: bool) -> TaxTable {
        TaxTable {
            prices_include_tax: inclusive,
            rows: vec![TaxRow { country: "US".into(), state: None, rate_bp, tax_shipping }],
        }
    }

    fn priced(lines: &[PricedLine], tax: &TaxTable, method: Option<ShippingMethod>) -> PriceResult {
        price(PricingInput {
            lines,
            coupon: None,
            tax,
            shipping: &ShippingTable::default(),
            destination: Some(Destination { country: "US", state: "CA" }),
            method,
            now: Timestamp::from_millis(0),
        })
        .unwrap()
    }

    /// Invariant I5, re-computed from the lines.
    fn adds_up(result: &PriceResult) {
        let totals = result.totals;
        assert_eq!(Money::sum(result.lines.iter().map(|line| line.subtotal)).unwrap(), totals.subtotal);
        assert_eq!(Money::sum(result.taxes.iter().map(|tax| tax.tax)).unwrap(), totals.tax);
        let untaxed = totals.subtotal.minus(totals.discount).unwrap().plus(totals.shipping).unwrap();
        let expected = if result.prices_include_tax { untaxed } else { untaxed.plus(totals.tax).unwrap() };
        assert_eq!(expected, totals.total);
    }

    #[test]
    fn the_worked_example_of_the_domain_rules() {
        let exclusive = priced(&[line(200)], &table(2000, false, false), None);
        assert_eq!(
            (exclusive.taxes[0].base.minor(), exclusive.totals.tax.minor(), exclusive.totals.total.minor()),
            (200, 40, 240)
        );
        let inclusive = priced(&[line(200)], &table(2000, true, false), None);
        assert_eq!(
            (inclusive.taxes[0].base.minor(), inclusive.totals.tax.minor(), inclusive.totals.total.minor()),
            (167, 33, 200)
        );
    }

    #[test]
    fn shipping_is_taxed_only_where_the_row_says_so() {
        let untaxed = priced(&[line(1000)], &table(1000, false, false), Some(ShippingMethod::Standard));
        assert_eq!(
            (untaxed.totals.shipping.minor(), untaxed.totals.tax.minor(), untaxed.totals.total.minor()),
            (500, 100, 1600)
        );
        let taxed = priced(&[line(1000)], &table(1000, false, true), Some(ShippingMethod::Standard));
        assert_eq!((taxed.totals.tax.minor(), taxed.totals.total.minor()), (150, 1650));
    }

    #[test]
    fn a_method_that_the_zone_lacks_is_not_offered() {
        let table = ShippingTable { zones: Vec::new() };
        let result = price(PricingInput {
            lines: &[line(100)],
            coupon: None,
            tax: &TaxTable::default(),
            shipping: &table,
            destination: Some(Destination { country: "US", state: "" }),
            method: Some(ShippingMethod::Express),
            now: Timestamp::from_millis(0),
        })
        .unwrap();
        assert!(!result.method_is_offered);
    }

    proptest! {
        #[test]
        fn inclusive_and_exclusive_prices_agree(amounts in prop::collection::vec(0_i64..10_000_000, 1..20), rate in 1_i64..3000) {
            let net: Vec<PricedLine> = amounts.into_iter().map(line).collect();
            let exclusive = priced(&net, &table(rate, false, false), None);
            // What a customer paid in all for each line, sold again as a price that includes the tax.
            let gross: Vec<PricedLine> = exclusive.lines.iter().map(|line_amounts| line(line_amounts.total.minor())).collect();
            let inclusive = priced(&gross, &table(rate, true, false), None);
            prop_assert_eq!(inclusive.totals.total, exclusive.totals.total);
            prop_assert_eq!(inclusive.totals.tax, exclusive.totals.tax);
            prop_assert_eq!(inclusive.taxes, exclusive.taxes);
        }

        #[test]
        fn totals_add_up(amounts in prop::collection::vec(0_i64..10_000_000, 1..20), rate in 0_i64..3000, inclusive: bool, tax_shipping: bool) {
            let lines: Vec<PricedLine> = amounts.into_iter().map(line).collect();
            adds_up(&priced(&lines, &table(rate, inclusive, tax_shipping), Some(ShippingMethod::Express)));
        }

        #[test]
        fn the_order_of_the_lines_does_not_matter(amounts in prop::collection::vec(0_i64..10_000_000, 1..20), rate in 0_i64..3000, inclusive: bool) {
            let lines: Vec<PricedLine> = amounts.into_iter().map(line).collect();
            let reversed: Vec<PricedLine> = lines.iter().rev().cloned().collect();
            let table = table(rate, inclusive, true);
            let there = priced(&lines, &table, Some(ShippingMethod::Standard));
            let back = priced(&reversed, &table, Some(ShippingMethod::Standard));
            prop_assert_eq!(there.totals, back.totals);
            prop_assert_eq!(there.taxes, back.taxes);
        }
    }
}
