use proptest::prelude::*;

use super::{
    super::{
        Id,
        coupon::{
            CouponKind,
            tests::{ANY_BUYER, NOW, coupon},
        },
        shipping::{ShippingRate, ShippingZone},
        tax::TaxRow,
    },
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
        currency: Currency::USD,
        tax,
        shipping: &ShippingTable::default(),
        destination: Some(Destination { country: "US", state: "CA" }),
        method,
        now: Timestamp::from_millis(0),
    })
    .unwrap()
}

fn discounted(lines: &[PricedLine], coupon: &Coupon, tax: &TaxTable) -> PriceResult {
    price(PricingInput {
        lines,
        coupon: Some((coupon, ANY_BUYER)),
        currency: Currency::USD,
        tax,
        shipping: &ShippingTable::default(),
        destination: Some(Destination { country: "US", state: "CA" }),
        method: Some(ShippingMethod::Express),
        now: NOW,
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
        currency: Currency::USD,
        tax: &TaxTable::default(),
        shipping: &table,
        destination: Some(Destination { country: "US", state: "" }),
        method: Some(ShippingMethod::Express),
        now: Timestamp::from_millis(0),
    })
    .unwrap();
    assert!(!result.method_is_offered);
}

#[test]
fn a_method_of_another_currency_is_not_offered_not_even_for_nothing() {
    let lines = [PricedLine { ships_free: true, ..line(100) }];
    let result = price(PricingInput {
        lines: &lines,
        coupon: None,
        currency: Currency::try_from("JPY".to_owned()).unwrap(),
        tax: &TaxTable::default(),
        shipping: &ShippingTable::default(),
        destination: Some(Destination { country: "JP", state: "" }),
        method: Some(ShippingMethod::Express),
        now: Timestamp::from_millis(0),
    })
    .unwrap();
    assert_eq!((result.method_is_offered, result.shipping_options), (false, Vec::new()));
    assert_eq!(result.explanation[0].reason, "its price is in USD, the cart in JPY");
}

#[test]
fn a_price_explains_each_considered_rule() {
    let lines = [line(4000), line(1000)];
    let eligible = Coupon {
        applicable_products: vec![lines[0].product],
        maximum_discount: Some(Money::from_minor(300)),
        ..coupon(CouponKind::Percentage, 1250)
    };
    let row = |state: Option<&str>, rate_bp| TaxRow {
        country: "US".into(),
        state: state.map(Into::into),
        rate_bp,
        tax_shipping: false,
    };
    let rate = |method, free_from: Option<i64>| ShippingRate {
        method,
        currency: Currency::USD,
        price: Money::from_minor(500),
        price_per_kg: Money::from_minor(100),
        free_from: free_from.map(Money::from_minor),
        estimated_days: None,
    };
    let zone = |name: &str, country: &str, methods| ShippingZone {
        name: name.into(),
        countries: vec![country.into()],
        methods,
    };
    let input = PricingInput {
        lines: &lines,
        coupon: Some((&eligible, ANY_BUYER)),
        currency: Currency::USD,
        tax: &TaxTable {
            prices_include_tax: false,
            rows: vec![row(None, 100), row(Some("CA"), 725), row(Some("NY"), 400), row(Some("TX"), 625)],
        },
        shipping: &ShippingTable {
            zones: vec![
                zone(
                    "domestic",
                    "US",
                    vec![
                        rate(ShippingMethod::Standard, Some(4700)),
                        rate(ShippingMethod::Express, Some(9000)),
                        rate(ShippingMethod::Overnight, None),
                    ],
                ),
                zone("neighbours", "CA", Vec::new()),
                zone("world", "*", Vec::new()),
            ],
        },
        destination: Some(Destination { country: "US", state: "CA" }),
        method: None,
        now: NOW,
    };
    let told = |input| -> Vec<(Rule, String, i64, String)> {
        let considered = price(input).unwrap().explanation.into_iter();
        considered.map(|entry| (entry.rule, entry.subject, entry.amount.minor(), entry.reason)).collect()
    };
    let is = |rule, subject: &str, amount, reason: &str| (rule, subject.to_owned(), amount, reason.to_owned());
    assert_eq!(
        told(input),
        [
            is(Rule::Coupon, "SPRING", 300, "12.5 % off 4000, at most 300; 1 of 2 lines are eligible"),
            is(Rule::Shipping, "neighbours", 0, "it does not name US"),
            is(Rule::Shipping, "world", 0, "another zone names US"),
            is(Rule::Shipping, "standard in domestic", 0, "free: the lines come to 4700, from 4700 on it is free"),
            is(
                Rule::Shipping,
                "express in domestic",
                600,
                "500 and 100 for each kilogram begun of 200 g; free from 9000, the lines come to 4700"
            ),
            is(Rule::Shipping, "overnight in domestic", 600, "500 and 100 for each kilogram begun of 200 g"),
            is(Rule::Tax, "US CA", 340, "7.25 % on top of the prices; shipping is not taxed"),
            is(Rule::Tax, "US", 0, "the row of US CA is more specific"),
            is(Rule::Tax, "US", 0, "rows of other states: NY, TX"),
        ]
    );
    let nowhere = Destination { country: "FR", state: "" };
    let spent = Coupon { is_active: false, ..eligible.clone() };
    let nothing = ShippingTable { zones: Vec::new() };
    let input =
        PricingInput { destination: Some(nowhere), coupon: Some((&spent, ANY_BUYER)), shipping: &nothing, ..input };
    assert_eq!(
        told(input),
        [
            is(Rule::Coupon, "SPRING", 0, "there is no such coupon"),
            is(Rule::Shipping, "FR", 0, "no zone ships there"),
            is(Rule::Tax, "FR", 0, "no row is for this place: no tax"),
        ]
    );
}

fn any_coupon() -> impl Strategy<Value = Coupon> {
    let any_value = prop_oneof![
        (0_i64..=10_000).prop_map(|value| coupon(CouponKind::Percentage, value)),
        (0_i64..50_000_000).prop_map(|value| coupon(CouponKind::Fixed, value)),
        Just(coupon(CouponKind::FreeShipping, 0)),
    ];
    (any_value, prop::option::of(0_i64..1_000_000)).prop_map(|(coupon, maximum)| Coupon {
        maximum_discount: maximum.filter(|_| coupon.kind == CouponKind::Percentage).map(Money::from_minor),
        ..coupon
    })
}

proptest! {
    #[test]
    fn a_discount_adds_up_is_never_more_than_the_eligible_lines_and_touches_nothing_else(
        amounts in prop::collection::vec((0_i64..10_000_000, any::<bool>()), 1..20),
        coupon in any_coupon(),
        rate in 0_i64..3000,
        inclusive: bool,
    ) {
        let lines: Vec<PricedLine> = amounts.iter().map(|(amount, _)| line(*amount)).collect();
        let chosen = lines.iter().zip(&amounts).filter(|(_, (_, is_eligible))| *is_eligible);
        let coupon = Coupon { applicable_products: chosen.map(|(line, _)| line.product).collect(), ..coupon };
        let result = discounted(&lines, &coupon, &table(rate, inclusive, true));
        adds_up(&result);
        prop_assert_eq!(Money::sum(result.lines.iter().map(|line| line.discount)).unwrap(), result.totals.discount);
        for (line, amounts) in lines.iter().zip(&result.lines) {
            prop_assert!(amounts.discount >= Money::ZERO && amounts.discount <= amounts.subtotal);
            prop_assert!(coupon.applies_to(line) || amounts.discount.is_zero());
            prop_assert!(amounts.tax >= Money::ZERO && amounts.total >= Money::ZERO);
        }
        let is_free = coupon.kind == CouponKind::FreeShipping && result.coupon_refusal.is_none();
        prop_assert_eq!(result.totals.shipping.minor(), if is_free { 0 } else { 1500 });
        prop_assert!(result.totals.total >= result.totals.shipping);
    }

    #[test]
    fn the_order_of_the_lines_does_not_matter_to_the_discount(
        amounts in prop::collection::vec(0_i64..10_000_000, 1..20),
        coupon in any_coupon(),
    ) {
        let lines: Vec<PricedLine> = amounts.into_iter().map(line).collect();
        let reversed: Vec<PricedLine> = lines.iter().rev().cloned().collect();
        let untaxed = TaxTable::default();
        let (there, back) = (discounted(&lines, &coupon, &untaxed), discounted(&reversed, &coupon, &untaxed));
        prop_assert_eq!(there.totals, back.totals);
        // Each line gets the same share, but for the single unit that a tie gives to the earlier line.
        for (one, other) in there.lines.iter().zip(back.lines.iter().rev()) {
            prop_assert!((one.discount.minor() - other.discount.minor()).abs() <= 1);
        }
    }

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
