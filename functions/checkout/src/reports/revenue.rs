//! `GET /v1/reports/revenue`

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    domain::{Currency, Money, MoneyError},
    http::{App, Problem, Seller, ValidQuery},
    store::reports::DayRevenue,
};

use super::period::Period;

/// The revenue of a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RevenueReport {
    currency: Currency,
    /// By day; days without orders are omitted.
    items: Vec<DayView>,
    /// The whole period.
    totals: RevenueView,
}

/// The revenue of a day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RevenueDay)]
pub(crate) struct DayView {
    /// In UTC.
    #[schema(format = Date)]
    date: String,
    #[serde(flatten)]
    revenue: RevenueView,
}

/// Sums over orders.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = Revenue)]
pub(crate) struct RevenueView {
    orders: i64,
    /// Σ subtotals: unit prices × quantities.
    gross: Money,
    discount: Money,
    /// All tax, included in prices or not.
    tax: Money,
    shipping: Money,
    /// Refunds for these orders so far, whenever they were paid out.
    refunds: Money,
    /// Σ totals − refunds: `gross − discount + shipping + tax − refunds` where prices exclude tax, and
    /// `gross − discount + shipping − refunds` where they include it.
    net: Money,
}

/// Report revenue by day
///
/// Counts all orders of the period that were ever paid. A refund counts for the day of its order, so that the report can be
/// checked against `GET /v1/orders?from=&to=`; an order cancelled after payment counts as 0 once its refund is paid out. A
/// seller's report covers the own lines, without shipping, and with the refunds that belong to lines: received returns and
/// orders cancelled after payment, once they are paid out.
#[utoipa::path(get, path = "/v1/reports/revenue", tag = "reports", security(("bearer" = [])), params(Period),
    responses((status = 200, body = RevenueReport)))]
pub(crate) async fn report_revenue(
    Seller(user): Seller,
    State(app): State<App>,
    ValidQuery(period): ValidQuery<Period>,
) -> Result<Json<RevenueReport>, Problem> {
    let scope = period.scope(&app, user).await?;
    let days = app.store.reports.revenue(&scope).await?;
    Ok(Json(RevenueReport::of(scope.currency, days).map_err(Problem::internal)?))
}

impl RevenueReport {
    fn of(currency: Currency, days: Vec<DayRevenue>) -> Result<Self, MoneyError> {
        let mut totals = RevenueView::default();
        let mut items = Vec::with_capacity(days.len());
        for day in days {
            let revenue = RevenueView::of(&day)?;
            totals = totals.plus(revenue)?;
            items.push(DayView { date: day.date, revenue });
        }
        Ok(Self { currency, items, totals })
    }
}

impl RevenueView {
    fn of(day: &DayRevenue) -> Result<Self, MoneyError> {
        Ok(Self {
            orders: day.orders,
            gross: day.gross,
            discount: day.discount,
            tax: day.tax,
            shipping: day.shipping,
            refunds: day.refunds,
            net: day.charged.minus(day.refunds)?,
        })
    }

    fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            orders: self.orders.saturating_add(other.orders),
            gross: self.gross.plus(other.gross)?,
            discount: self.discount.plus(other.discount)?,
            tax: self.tax.plus(other.tax)?,
            shipping: self.shipping.plus(other.shipping)?,
            refunds: self.refunds.plus(other.refunds)?,
            net: self.net.plus(other.net)?,
        })
    }
}
