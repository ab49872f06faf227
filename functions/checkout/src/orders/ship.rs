//! `POST /v1/orders/{id}/ship`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    app::ship_order,
    domain::{
        Timestamp,
        order::{Order, Tracking},
    },
    http::{App, PathId, Problem, Seller, Valid},
    validation::{
        Validate, Violations,
        rules::{line, url},
    },
};

use super::{problems::ship_problem, view::OrderView};
use crate::access::load_handled;

/// The carrier and the tracking number.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShipOrder {
    #[schema(min_length = 1, max_length = 100)]
    carrier: String,
    #[schema(min_length = 1, max_length = 100)]
    tracking_number: String,
    /// Begins with `https://` or `http://`.
    tracking_url: Option<String>,
    estimated_delivery: Option<Timestamp>,
}

impl Validate for ShipOrder {
    fn validate(&self, v: &mut Violations) {
        v.check("carrier", &self.carrier, line(100));
        v.check("trackingNumber", &self.tracking_number, line(100));
        v.check("trackingUrl", &self.tracking_url, url);
    }
}

/// Ship an order
///
/// A seller ships the own lines, an administrator all remaining ones, in one parcel per seller. The order is shipped once every
/// line is. The units leave the stock. A fully refunded order cannot be shipped. Where the payment is captured on shipping, each
/// parcel's share is captured now. If nothing more can be captured and less than the total was, nothing is shipped until a person
/// has decided (409 `illegal_transition`).
#[utoipa::path(post, path = "/v1/orders/{id}/ship", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ShipOrder, responses((status = 200, body = OrderView)))]
pub(crate) async fn ship_order(
    Seller(user): Seller,
    PathId(id): PathId<Order>,
    State(app): State<App>,
    Valid(wanted): Valid<ShipOrder>,
) -> Result<Json<OrderView>, Problem> {
    let (_, visibility) = load_handled(&app, user, id).await?;
    let tracking = Tracking {
        carrier: wanted.carrier.trim().to_owned(),
        tracking_number: wanted.tracking_number.trim().to_owned(),
        tracking_url: wanted.tracking_url,
        estimated_delivery: wanted.estimated_delivery,
        actual_delivery: None,
    };
    let (lines, now) = (visibility.lines(), app.clock.now());
    let (order, payment, messages) =
        ship_order::ship_order(&app.store, id, lines, &tracking, user.id, now).await.map_err(ship_problem)?;
    app.dispatch(messages).await;
    Ok(Json(OrderView::of(&order, Some(&payment), visibility)))
}
