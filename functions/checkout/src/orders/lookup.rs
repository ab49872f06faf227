//! `GET /v1/orders/lookup`

use std::time::Duration;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Email, Quantity, Sku, Timestamp,
        order::{Order, OrderItem, OrderStatus, TimelineEntry},
        secret_hash::sha256_hex,
        throttle::ThrottlePolicy,
    },
    http::{App, ClientAddress, Problem, ProblemCode, ValidQuery},
    validation::{Validate, Violations, rules::line},
};

use super::shipment_view::TrackingView;

/// Enough for an office behind one address; far too few to guess a number together with its e-mail address.
const POLICY: ThrottlePolicy = ThrottlePolicy {
    free_tries: 30,
    first_delay: Duration::from_secs(5),
    longest_delay: Duration::from_secs(15 * 60),
    window: Duration::from_secs(15 * 60),
};

/// The order and its e-mail address.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct LookupOrder {
    /// `ORD-YYYYMMDD-XXXXX`, case-insensitive.
    order_number: String,
    /// The e-mail address of the order.
    email: Email,
}

impl Validate for LookupOrder {
    fn validate(&self, v: &mut Violations) {
        v.check("orderNumber", &self.order_number, line(100));
    }
}

/// The part of an order that its mails contain too.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GuestOrder)]
pub(crate) struct GuestOrderView {
    order_number: String,
    status: OrderStatus,
    items: Vec<GuestOrderItemView>,
    /// The latest parcel.
    tracking: Option<TrackingView>,
    /// Every parcel.
    shipments: Vec<TrackingView>,
    timeline: Vec<GuestTimelineView>,
    created_at: Timestamp,
}

/// A line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GuestOrderItem)]
pub(crate) struct GuestOrderItemView {
    name: String,
    variant: Option<Sku>,
    quantity: Quantity,
}

/// A change of state, without remarks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GuestTimelineEntry)]
pub(crate) struct GuestTimelineView {
    status: OrderStatus,
    timestamp: Timestamp,
}

/// Look up a guest's order
///
/// Number and e-mail address must match; a wrong pair is 404, whichever half is wrong. Customers use `GET /v1/orders`. Limited
/// to 30 requests per client address in 15 minutes: 429.
#[utoipa::path(get, path = "/v1/orders/lookup", tag = "orders", params(LookupOrder),
    responses((status = 200, body = GuestOrderView)))]
pub(crate) async fn lookup_order(
    client: ClientAddress,
    State(app): State<App>,
    ValidQuery(asked): ValidQuery<LookupOrder>,
) -> Result<Json<GuestOrderView>, Problem> {
    let key = format!("lookup:{}", sha256_hex(&client.subscriber()));
    if let Some(wait) = app.store.throttles.count(&key, &POLICY, app.clock.now()).await? {
        // Rounded up, so that a retry at that second is not too early.
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        return Err(Problem::new(ProblemCode::TooManyRequests).retry_after(seconds));
    }
    let number = asked.order_number.trim().to_uppercase();
    let order = app.store.orders.find_of_guest(&number, &asked.email).await?;
    order.map(|order| Json(order.into_inner().into())).ok_or_else(|| Problem::not_found("order"))
}

impl From<Order> for GuestOrderView {
    fn from(order: Order) -> Self {
        let item = |item: OrderItem| GuestOrderItemView {
            name: item.product_snapshot.name,
            variant: item.variant,
            quantity: item.quantity,
        };
        let entry = |entry: TimelineEntry| GuestTimelineView { status: entry.status, timestamp: entry.timestamp };
        Self {
            order_number: order.order_number,
            status: order.status,
            items: order.items.into_iter().map(item).collect(),
            tracking: order.tracking.map(TrackingView::from),
            shipments: order.shipments.iter().map(TrackingView::of_shipment).collect(),
            timeline: order.timeline.into_iter().map(entry).collect(),
            created_at: order.created_at,
        }
    }
}
