//! `GET /v1/orders`

use std::collections::HashMap;

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{
        Id, Timestamp,
        order::{Order, OrderStatus},
        user::Role,
    },
    http::{App, CurrentUser, Page, PageQuery, Problem, ValidQuery},
    store::orders::{OrderFilter, OrderScope},
    validation::{Validate, Violations, rules::length},
};

use super::view::OrderView;
use crate::access::Visibility;

/// Filters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOrders {
    status: Option<OrderStatus>,
    /// Placed at or after.
    from: Option<Timestamp>,
    /// Placed before.
    to: Option<Timestamp>,
    /// An order number; for administrators also an e-mail address or a tracking number.
    q: Option<String>,
}

impl Validate for ListOrders {
    fn validate(&self, v: &mut Violations) {
        v.check("q", &self.q, length(0..=200));
    }
}

/// List orders, newest first
///
/// Customers see their own orders, sellers also those with lines of theirs, administrators all.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", security(("bearer" = [])),
    params(ListOrders, PageQuery), responses((status = 200, body = Page<OrderView>)))]
pub(crate) async fn list_orders(
    user: CurrentUser,
    State(app): State<App>,
    ValidQuery(asked): ValidQuery<ListOrders>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let filter = OrderFilter {
        whose: match user.role {
            Role::Customer => OrderScope::Customer(user.id),
            Role::Seller => OrderScope::Seller(user.id),
            Role::Admin => OrderScope::All,
        },
        status: asked.status,
        from: asked.from,
        to: asked.to,
        q: asked.q,
    };
    let after = page.after::<(Timestamp, Id<Order>)>()?;
    let orders = app.store.orders.list(&filter, after, page.fetch()).await?;
    let count = if page.count { Some(app.store.orders.count(&filter).await?) } else { None };
    // One query for the payments of the page.
    let payments = app.store.payments.find_all(orders.iter().map(|order| order.payment)).await?;
    let payments: HashMap<_, _> = payments.into_iter().map(|payment| (payment.id, payment)).collect();
    let listed = Page::new(
        orders,
        &page,
        |last| (last.created_at, last.id),
        |order| {
            let visibility = Visibility::of(user, &order).unwrap_or(Visibility::Seller(user));
            OrderView::of(&order, payments.get(&order.payment), visibility)
        },
    );
    Ok(Json(listed.with_count(count)))
}
