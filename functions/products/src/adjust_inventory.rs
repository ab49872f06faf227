//! `POST /v1/products/{id}/inventory/adjustments`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Id, Sku, message::Event, product::Product},
    http::{
        App, CurrentUser, FieldCode, IdempotencyKey, PathId, Problem, ProblemCode, Seller, Valid,
        idempotency::{KeyedRequest, once},
    },
    store::{idempotency::IdempotencyRecord, inventory::Adjusted},
    transaction,
    validation::{
        Validate, Violations,
        rules::{line, range},
    },
};

use crate::{
    access::load_own_in, input::parts::MAX_UNITS, problems::CatalogueProblem, show_inventory::InventoryRecord,
};

/// Either `delta` and `reason`, for units received or lost; or `setTo` and `expected`, for a stocktake.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AdjustInventory {
    sku: Sku,
    /// Units to add; negative to remove.
    delta: Option<i64>,
    /// The reason.
    reason: Option<String>,
    /// Units counted in the warehouse.
    set_to: Option<i64>,
    /// Units that were expected in the warehouse.
    expected: Option<i64>,
}

impl Validate for AdjustInventory {
    fn validate(&self, v: &mut Violations) {
        v.check("delta", &self.delta, range(-MAX_UNITS..=MAX_UNITS));
        v.check("reason", &self.reason, line(200));
        v.check("setTo", &self.set_to, range(0..=MAX_UNITS));
        v.check("expected", &self.expected, range(0..=MAX_UNITS));
    }
}

#[derive(Clone, Copy)]
enum Correction {
    By(i64),
    To { set_to: i64, expected: i64 },
}

impl AdjustInventory {
    fn correction(&self) -> Result<Correction, Problem> {
        let missing =
            |field: &str| Problem::new(ProblemCode::ValidationFailed).field(field, FieldCode::Missing, "is required");
        match (self.delta, self.set_to) {
            (Some(0), None) => {
                Err(Problem::new(ProblemCode::ValidationFailed).field("/delta", FieldCode::OutOfRange, "must not be 0"))
            }
            (Some(_), None) if self.reason.is_none() => Err(missing("/reason")),
            (Some(delta), None) => Ok(Correction::By(delta)),
            (None, Some(set_to)) => {
                let expected = self.expected.ok_or_else(|| missing("/expected"))?;
                Ok(Correction::To { set_to, expected })
            }
            (None, None) => Err(missing("/delta")),
            (Some(_), Some(_)) => Err(Problem::new(ProblemCode::ValidationFailed).field(
                "/setTo",
                FieldCode::Invalid,
                "goes with `expected`, not with `delta`",
            )),
        }
    }
}

/// Adjust the inventory
///
/// 409 `stock_conflict`, with the current counters, if they would become negative or differ from `expected`.
#[utoipa::path(post, path = "/v1/products/{id}/inventory/adjustments", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id"), ("Idempotency-Key" = String, Header)),
    request_body = AdjustInventory, responses((status = 200, body = InventoryRecord)))]
pub(crate) async fn adjust_inventory(
    Seller(user): Seller,
    PathId(id): PathId<Product>,
    key: IdempotencyKey,
    State(app): State<App>,
    Valid(wanted): Valid<AdjustInventory>,
) -> Result<Response, Problem> {
    let correction = wanted.correction()?;
    let request = KeyedRequest::of_user(user.id, &format!("adjust_inventory {id}"), &key, &wanted)?;
    once(&app, &request, async || adjust(&app, &request, id, &user, &wanted.sku, correction).await).await
}

async fn adjust(
    app: &App,
    request: &KeyedRequest,
    id: Id<Product>,
    user: &CurrentUser,
    sku: &Sku,
    correction: Correction,
) -> Result<IdempotencyRecord, Problem> {
    let (now, store) = (app.clock.now(), &app.store);
    let (record, messages) = transaction!(store, |tx| {
        let product = load_own_in(tx, store, id, user).await?;
        if !product.skus().contains(sku) {
            return Err(CatalogueProblem::UnknownSku);
        }
        let (adjusted, delta) = match correction {
            Correction::By(delta) => (store.inventory.adjust_in(tx, sku, delta, now).await?, delta),
            Correction::To { set_to, expected } => {
                (store.inventory.set_in(tx, sku, set_to, expected, now).await?, set_to.saturating_sub(expected))
            }
        };
        let stock = match adjusted {
            Adjusted::Yes(stock) => stock,
            Adjusted::Refused(stock) => return Err(CatalogueProblem::StockConflict(Box::new(stock))),
        };
        let mut messages = Vec::new();
        if stock.crossed_threshold_from(stock.available.saturating_sub(delta)) {
            messages.push(Event::EmailLowStock { sku: sku.clone() }.now(now));
        }
        store.outbox.enqueue_all(tx, &messages).await?;
        let record = request.record(StatusCode::OK, &InventoryRecord::from(stock), None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok::<_, CatalogueProblem>((record, messages))
    })?;
    app.dispatch(messages).await;
    Ok(record)
}
