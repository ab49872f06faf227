//! A quote in answers.

use serde::Serialize;
use shared::{
    app::quote::{LineProblem, Quote},
    domain::{
        Currency, Id, Money, Quantity, Sku,
        cart::CartItem,
        coupon::CouponRefusal,
        pricing::{Consideration, Rule, ShippingOption},
        product::Product,
        shipping::ShippingMethod,
    },
};

use crate::orders::view::TaxAmountView;

/// The price of the cart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Quote)]
pub(crate) struct QuoteView {
    lines: Vec<QuoteLineView>,
    shipping_options: Vec<ShippingOptionView>,
    totals: QuoteTotals,
    taxes: Vec<TaxAmountView>,
    problems: Vec<QuoteProblem>,
    /// The coupon, tax and shipping rules that were considered, with the result and reason of each.
    explanation: Vec<ConsiderationView>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuoteLine)]
pub(crate) struct QuoteLineView {
    #[schema(value_type = String)]
    id: Id<CartItem>,
    #[schema(value_type = String)]
    product: Id<Product>,
    variant: Option<Sku>,
    quantity: Quantity,
    unit_price: Money,
    subtotal: Money,
    discount: Money,
    tax: Money,
    total: Money,
}

/// The totals.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteTotals {
    subtotal: Money,
    discount: Money,
    shipping: Money,
    tax: Money,
    /// Send it as `expectedTotal` at checkout.
    total: Money,
    currency: Currency,
    /// Whether the other amounts include the tax.
    prices_include_tax: bool,
}

/// A way to send the parcel and what it would cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShippingOption)]
pub(crate) struct ShippingOptionView {
    /// The method.
    method: ShippingMethod,
    /// Its price for these lines.
    price: Money,
    /// Days to delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_days: Option<i32>,
}

impl From<ShippingOption> for ShippingOptionView {
    fn from(option: ShippingOption) -> Self {
        Self { method: option.method, price: option.price, estimated_days: option.estimated_days }
    }
}

/// One thing that pricing considered, what it gave, and why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Consideration)]
pub(crate) struct ConsiderationView {
    /// What sort of rule it is.
    rule: Rule,
    /// Which one: a code, a place, a method.
    subject: String,
    /// What it came to; 0 if it did not apply.
    amount: Money,
    /// In words, for people.
    reason: String,
}

impl From<Consideration> for ConsiderationView {
    fn from(consideration: Consideration) -> Self {
        Self {
            rule: consideration.rule,
            subject: consideration.subject,
            amount: consideration.amount,
            reason: consideration.reason,
        }
    }
}

/// An obstacle to ordering the cart, or a change to show to the customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteProblem {
    /// `unavailable`, `insufficient_stock`, `price_changed`, `coupon_invalid`, `shipping_unavailable`,
    /// `state_required` or `cart_empty`.
    code: &'static str,
    /// The affected line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    line: Option<Id<CartItem>>,
    /// Units that can be ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<i64>,
    /// Why the coupon is not applicable.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<CouponRefusal>,
}

impl QuoteProblem {
    const fn of(code: &'static str) -> Self {
        Self { code, line: None, available: None, reason: None }
    }
}

impl QuoteView {
    pub(crate) fn of(quote: Quote) -> Self {
        let totals = quote.price.totals;
        Self {
            problems: problems(&quote),
            lines: quote
                .lines
                .into_iter()
                .map(|line| QuoteLineView {
                    id: line.item.id,
                    product: line.item.product,
                    variant: line.item.variant,
                    quantity: line.item.quantity,
                    unit_price: line.unit_price,
                    subtotal: line.amounts.subtotal,
                    discount: line.amounts.discount,
                    tax: line.amounts.tax,
                    total: line.amounts.total,
                })
                .collect(),
            shipping_options: quote.price.shipping_options.into_iter().map(ShippingOptionView::from).collect(),
            totals: QuoteTotals {
                subtotal: totals.subtotal,
                discount: totals.discount,
                shipping: totals.shipping,
                tax: totals.tax,
                total: totals.total,
                currency: quote.currency,
                prices_include_tax: quote.price.prices_include_tax,
            },
            taxes: quote.price.taxes.iter().map(TaxAmountView::of).collect(),
            explanation: quote.price.explanation.into_iter().map(ConsiderationView::from).collect(),
        }
    }
}

fn problems(quote: &Quote) -> Vec<QuoteProblem> {
    let mut problems = Vec::new();
    if quote.lines.is_empty() {
        problems.push(QuoteProblem::of("cart_empty"));
    }
    for line in &quote.lines {
        for problem in &line.problems {
            let (code, available) = match *problem {
                LineProblem::Unavailable => ("unavailable", None),
                LineProblem::InsufficientStock { available } => ("insufficient_stock", Some(available)),
                LineProblem::PriceChanged { .. } => ("price_changed", None),
            };
            problems.push(QuoteProblem { line: Some(line.item.id), available, ..QuoteProblem::of(code) });
        }
    }
    if let Some(reason) = quote.coupon.as_ref().and_then(|asked| asked.refusal) {
        problems.push(QuoteProblem { reason: Some(reason), ..QuoteProblem::of("coupon_invalid") });
    }
    if !quote.price.method_is_offered {
        problems.push(QuoteProblem::of("shipping_unavailable"));
    }
    if quote.needs_state {
        problems.push(QuoteProblem::of("state_required"));
    }
    problems
}
