//! `POST /v1/orders/{id}/ship`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{
        Id, Sku, Timestamp,
        message::{Event, Message},
        order::{Order, OrderStatus, ShipError, Tracking},
        payment::Payment,
        user::User,
    },
    http::{App, PathId, Problem, ProblemCode, Seller, ValidCatalogue},
    store::{Store, StoreError, TransactionError, Versioned, inventory::Taken},
    transaction,
    validation::{
        Validate, Violations,
        rules::{line, url},
    },
};

use super::view::OrderView;
use crate::access::{Visibility, load_handled};

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
/// line is. The units leave the stock. A fully refunded order cannot be shipped.
// A tenth of all tracking numbers pass the checksum of card numbers, so this body is not searched for card data: see
// docs/adr/0004-tracking-numbers.md.
#[utoipa::path(post, path = "/v1/orders/{id}/ship", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ShipOrder, responses((status = 200, body = OrderView)))]
pub(crate) async fn ship_order(
    Seller(user): Seller,
    PathId(id): PathId<Order>,
    State(app): State<App>,
    ValidCatalogue(wanted): ValidCatalogue<ShipOrder>,
) -> Result<Json<OrderView>, Problem> {
    let (order, visibility) = load_handled(&app, user, id).await?;
    let tracking = Tracking {
        carrier: wanted.carrier.trim().to_owned(),
        tracking_number: wanted.tracking_number.trim().to_owned(),
        tracking_url: wanted.tracking_url,
        estimated_delivery: wanted.estimated_delivery,
        actual_delivery: None,
    };
    let (order, payment, messages) = ship(&app.store, order, visibility, &tracking, user.id, app.clock.now()).await?;
    app.dispatch(messages).await;
    Ok(Json(OrderView::of(&order, Some(&payment), visibility)))
}

#[derive(Debug, thiserror::Error)]
enum ShipProblem {
    #[error(transparent)]
    Order(#[from] ShipError),
    /// A fully refunded order is not shipped.
    #[error("the order is fully refunded, or its refund is in progress")]
    PaidBack(OrderStatus),
    /// Units on backorder have not been received yet.
    #[error("not all units of {0} are in the warehouse")]
    NotOnHand(Sku),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for ShipProblem {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<ShipProblem> for Problem {
    fn from(problem: ShipProblem) -> Self {
        let detail = problem.to_string();
        match problem {
            ShipProblem::Order(ShipError::Illegal(error)) => error.into(),
            ShipProblem::Order(ShipError::HaveLeft(state)) | ShipProblem::PaidBack(state) => {
                Self::new(ProblemCode::IllegalTransition).detail(detail).member("state", state)
            }
            ShipProblem::NotOnHand(sku) => Self::new(ProblemCode::InsufficientStock).detail(detail).member("sku", sku),
            ShipProblem::Store(error) => error.into(),
        }
    }
}

/// Changes the order's state, the stock and the product's sales figure. The payment is written unchanged, so that a concurrent
/// refund, which writes it too, conflicts and serialises.
async fn ship(
    store: &Store,
    order: Versioned<Order>,
    visibility: Visibility,
    tracking: &Tracking,
    by: Id<User>,
    now: Timestamp,
) -> Result<(Versioned<Order>, Versioned<Payment>, Vec<Message>), ShipProblem> {
    transaction!(store, |tx| {
        let found = store.orders.find_in(tx, order.id).await?;
        let mut order = found.ok_or_else(|| StoreError::Missing(format!("order {}", order.id)))?;
        let found = store.payments.find_in(tx, order.payment).await?;
        let mut payment = found.ok_or_else(|| StoreError::Missing(format!("the payment of order {}", order.id)))?;
        let state = order.status;
        let leaving = order.ship(visibility.lines(), tracking, by, now)?;
        if payment.is_paid_back() {
            return Err(ShipProblem::PaidBack(state));
        }
        let messages = vec![Event::EmailOrderShipped { order_id: order.id }.now(now)];
        store.orders.save_in(tx, &mut order).await?;
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        for (sku, quantity) in leaving {
            if let Taken::Short { .. } = store.inventory.ship_in(tx, &sku, quantity, now).await? {
                return Err(ShipProblem::NotOnHand(sku));
            }
            if let Some(item) = order.items.iter().find(|item| item.sku == sku) {
                store.products.count_sold_in(tx, item.product, quantity.get()).await?;
            }
        }
        Ok((order, payment, messages))
    })
}
