//! I3, I5 and I6: the consistency of every order, and with its payment.

use anyhow::Result;
use bson::doc;
use serde::Deserialize;
use shared::{
    domain::{
        Currency, Id, Money, MoneyError, Quantity, Timestamp,
        order::{Order, OrderItem, OrderStatus, Return, ReturnStatus, Shipment},
        payment::Payment,
        pricing::{TaxAmount, Totals},
    },
    store::Store,
};

use super::{
    Check, joined, payments,
    payments::PaymentFacts,
    snapshot::{Row, Snapshot},
    states,
};

const FIELDS: &str = "items pricing currency pricesIncludeTax taxes payment status timeline.status discount returns \
     shipments updatedAt";

/// The checked fields of an order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderFacts {
    #[serde(rename = "_id")]
    pub(super) id: Id<Order>,
    items: Vec<OrderItem>,
    pub(super) pricing: Totals,
    pub(super) currency: Currency,
    prices_include_tax: bool,
    taxes: Vec<TaxAmount>,
    pub(super) payment: Id<Payment>,
    pub(super) status: OrderStatus,
    timeline: Vec<Entry>,
    discount: Option<Discount>,
    #[serde(default)]
    pub(super) returns: Vec<Return>,
    #[serde(default)]
    shipments: Vec<Shipment>,
    pub(super) updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Entry {
    status: OrderStatus,
}

#[derive(Debug, Deserialize)]
struct Discount {
    amount: Money,
}

impl Row for OrderFacts {
    type Key = Id<Order>;

    fn key(&self) -> &Id<Order> {
        &self.id
    }
}

pub(super) async fn check(store: &Store, now: Timestamp) -> Result<Vec<Check>> {
    let mut money = Check::new("I3", "no charge exceeds its total, and no refund its charge");
    let mut agree = Check::new("I3", "an order and its one payment agree");
    let mut refunds = Check::warning("I3", "the charge of a cancelled order is being refunded");
    let mut undecided = Check::warning("I11", "no payment waits for a person");
    let mut sums = Check::new("I5", "an order's totals re-compute from its lines and rates");
    let mut timelines = Check::new("I6", "an order's timeline follows its state machine");
    let mut payment_timelines = Check::new("I6", "a payment's timeline follows its state machine");
    let mut units = Check::new("I6", "an order's lines are shipped and returned as its state says");

    let mut snapshot = Snapshot::of(store).await?;
    let mut orders = snapshot.find::<OrderFacts>("orders", doc! {}, FIELDS, "_id").await?;
    let mut found = snapshot.find::<PaymentFacts>("payments", doc! {}, payments::FIELDS, "order").await?;
    let report_unmatched = |check: &mut Check, payment: &PaymentFacts| {
        check.record(
            payment.id,
            Some(format!("it is a payment of the order {}, which does not exist or has another", payment.order)),
        );
    };
    while let Some(order) = orders.next(&mut snapshot).await? {
        let payment =
            found.matching(&mut snapshot, &order.id, |unmatched| report_unmatched(&mut agree, &unmatched)).await?;
        match &payment {
            Some(payment) => {
                money.record(payment.id, joined(payments::payment_violations(payment)?));
                agree.record(order.id, joined(payments::order_violations(&order, payment)));
                refunds.record(order.id, payments::unrefunded(&order, payment, now)?);
                undecided.record(payment.id, payments::undecided(payment));
                payment_timelines.record(payment.id, payments::timeline_violation(payment));
            }
            None => agree.record(order.id, Some("it has no payment".to_owned())),
        }
        sums.record(order.id, joined(sum_violations(&order).unwrap_or_else(|error| vec![error.to_string()])));
        let timeline: Vec<OrderStatus> = order.timeline.iter().map(|entry| entry.status).collect();
        timelines.record(order.id, states::order_violation(&timeline, order.status));
        units.record(order.id, joined(unit_violations(&order)));
    }
    found.rest(&mut snapshot, |unmatched| report_unmatched(&mut agree, &unmatched)).await?;
    Ok(vec![money, agree, refunds, undecided, sums, timelines, payment_timelines, units])
}

fn sum_violations(order: &OrderFacts) -> Result<Vec<String>, MoneyError> {
    let mut violations = Vec::new();
    let mut expect = |what: &str, is: Money, should_be: Money| {
        if is != should_be {
            violations.push(format!("{what} is {}, it should be {}", is.minor(), should_be.minor()));
        }
    };
    let Totals { subtotal, discount, shipping, tax, total } = order.pricing;
    expect("subtotal", subtotal, Money::sum(order.items.iter().map(|line| line.subtotal))?);
    expect("discount", discount, Money::sum(order.items.iter().map(|line| line.discount))?);
    expect("tax", tax, Money::sum(order.taxes.iter().map(|rate| rate.tax))?);
    let untaxed = subtotal.minus(discount)?.plus(shipping)?;
    expect("total", total, if order.prices_include_tax { untaxed } else { untaxed.plus(tax)? });
    if let Some(given) = &order.discount {
        expect("the coupon's discount", given.amount, discount);
    } else {
        expect("discount without a coupon", discount, Money::ZERO);
    }
    for line in &order.items {
        let sku = line.sku.as_str();
        expect(&format!("subtotal of {sku}"), line.subtotal, line.price.times(line.quantity.get())?);
        let discounted = line.subtotal.minus(line.discount)?;
        let whole = if order.prices_include_tax { discounted } else { discounted.plus(line.tax)? };
        expect(&format!("total of {sku}"), line.total, whole);
        if line.discount < Money::ZERO || discounted < Money::ZERO {
            expect(&format!("discount of {sku}, which is out of bounds,"), line.discount, Money::ZERO);
        }
    }
    // An address has one rate. The tax beyond that of the lines is the tax on shipping, all of it or none.
    let rate = order.taxes.first().map_or(0, |rate| rate.rate_bp);
    let mut of_lines = Money::ZERO;
    for line in &order.items {
        let should_be = tax_on(line.subtotal.minus(line.discount)?, rate, order.prices_include_tax)?;
        expect(&format!("tax of {}", line.sku.as_str()), line.tax, should_be);
        of_lines = of_lines.plus(line.tax)?;
    }
    let of_shipping = tax.minus(of_lines)?;
    if !of_shipping.is_zero() {
        expect("tax on shipping", of_shipping, tax_on(shipping, rate, order.prices_include_tax)?);
    }
    Ok(violations)
}

fn tax_on(amount: Money, rate_bp: i64, is_contained: bool) -> Result<Money, MoneyError> {
    if is_contained { amount.minus(amount.without_share(rate_bp)?) } else { amount.share(rate_bp) }
}

fn unit_violations(order: &OrderFacts) -> Vec<String> {
    let mut violations = Vec::new();
    let (shipped, all) = (order.items.iter().filter(|line| line.shipped_at.is_some()).count(), order.items.len());
    let fits = match order.status {
        OrderStatus::Pending | OrderStatus::Confirmed | OrderStatus::Cancelled => shipped == 0,
        OrderStatus::Processing => shipped < all,
        OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded => shipped == all,
    };
    if !fits {
        violations.push(format!("it is {}, and {shipped} of its {all} lines were shipped", order.status.as_str()));
    }
    let is_back = order.items.iter().all(|line| line.returned == line.quantity.get());
    if order.status == OrderStatus::Refunded && !is_back {
        violations.push("it is refunded, and not every unit of it was returned".to_owned());
    }
    let arrived = order.shipments.iter().filter(|parcel| parcel.delivered_at.is_some()).count();
    let has_arrived = shipped == all && arrived == order.shipments.len();
    if (order.status == OrderStatus::Delivered) != has_arrived && order.status != OrderStatus::Refunded {
        let parcels = order.shipments.len();
        violations.push(format!("it is {}, and {arrived} of its {parcels} parcels arrived", order.status.as_str()));
    }
    for line in &order.items {
        let contains_line = |parcel: &&Shipment| parcel.seller == line.seller && parcel.items.contains(&line.id);
        let parcels = order.shipments.iter().filter(contains_line).count();
        if parcels != usize::from(line.shipped_at.is_some()) {
            violations.push(format!("{} is in {parcels} parcels of its seller", line.sku.as_str()));
        }
        let asked = order.returns.iter().filter(|each| each.status != ReturnStatus::Rejected);
        let units = asked.flat_map(|each| &each.items).filter(|item| item.item_id == line.id);
        let back: i64 = units.map(|item| Quantity::get(item.quantity)).sum();
        let shipped = if line.shipped_at.is_some() { line.quantity.get() } else { 0 };
        if line.returned != back || back > shipped {
            let (sku, recorded) = (line.sku.as_str(), line.returned);
            violations.push(format!(
                "{shipped} of {sku} were shipped, {recorded} are recorded as returned, its returns contain {back}"
            ));
        }
    }
    violations
}
