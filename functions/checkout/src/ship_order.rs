//! `POST /v1/orders/{id}/ship`

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{
        IllegalTransition, Timestamp,
        message::{Event, Message},
        order::{Order, Tracking},
    },
    http::{App, PathId, Problem, ProblemCode, Seller, ValidCatalogue},
    store::{Store, StoreError, TransactionError, inventory::Taken},
    transaction,
};

use crate::{
    access::{Sight, load_handled},
    problems::illegal,
    view::OrderView,
};

/// Who carries the parcel.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShipOrder {
    #[garde(length(chars, min = 1, max = 100))]
    carrier: String,
    #[garde(length(chars, min = 1, max = 100))]
    tracking_number: String,
    #[garde(inner(url), inner(length(max = 2000)))]
    tracking_url: Option<String>,
    #[garde(skip)]
    estimated_delivery: Option<Timestamp>,
}

/// Hand an order over to the carrier
///
/// A seller ships the own lines, an administrator all that are left; the order is shipped once every line has left. Its units
/// leave the stock now.
// A tenth of all tracking numbers pass the checksum of card numbers, so this body is not searched for them: see
// docs/adr/0004-tracking-numbers.md.
#[utoipa::path(post, path = "/v1/orders/{id}/ship", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ShipOrder, responses((status = 200, body = OrderView)))]
pub(crate) async fn ship_order(
    Seller(user): Seller,
    PathId(id): PathId<Order>,
    State(app): State<App>,
    ValidCatalogue(wanted): ValidCatalogue<ShipOrder>,
) -> Result<Json<OrderView>, Problem> {
    let (order, sight) = load_handled(&app, user, id).await?;
    let tracking = Tracking {
        carrier: wanted.carrier,
        tracking_number: wanted.tracking_number,
        tracking_url: wanted.tracking_url,
        estimated_delivery: wanted.estimated_delivery,
        actual_delivery: None,
    };
    let (order, messages) = ship(&app.store, order, sight, &tracking, user.id, app.clock.now()).await?;
    app.publisher.send(&messages).await;
    let payment = app.store.payments.find(order.payment).await?;
    Ok(Json(OrderView::of(&order, payment.as_ref(), sight)))
}

#[derive(Debug, thiserror::Error)]
enum ShipError {
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Units on backorder cannot leave before they have come.
    #[error("not all units of {0} are in the warehouse")]
    NotOnHand(shared::domain::Sku),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for ShipError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<ShipError> for Problem {
    fn from(error: ShipError) -> Self {
        let detail = error.to_string();
        match error {
            ShipError::Illegal(error) => illegal(error),
            ShipError::NotOnHand(sku) => Self::new(ProblemCode::InsufficientStock).detail(detail).member("sku", sku),
            ShipError::Store(error) => error.into(),
        }
    }
}

/// The order's state, the stock and the product's sales figure change together.
async fn ship(
    store: &Store,
    order: Order,
    sight: Sight,
    tracking: &Tracking,
    by: shared::domain::Id<shared::domain::user::User>,
    now: Timestamp,
) -> Result<(Order, Vec<Message>), ShipError> {
    transaction!(store, |tx| {
        let found = store.orders.find_in(tx, order.id).await?;
        let mut order = found.ok_or_else(|| StoreError::Missing(format!("order {}", order.id)))?;
        let leaving = order.ship(sight.lines(), tracking.clone(), by, now)?;
        let messages = vec![Event::EmailOrderShipped {}.about(order.id, now)];
        store.orders.save_in(tx, &mut order).await?;
        store.outbox.promise_all(tx, &messages).await?;
        for (sku, quantity) in leaving {
            if let Taken::Short { .. } = store.inventory.ship_in(tx, &sku, quantity, now).await? {
                return Err(ShipError::NotOnHand(sku));
            }
            if let Some(item) = order.items.iter().find(|item| item.sku == sku) {
                store.products.count_sold_in(tx, item.product, quantity.get()).await?;
            }
        }
        Ok((order, messages))
    })
}
