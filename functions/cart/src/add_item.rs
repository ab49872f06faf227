//! `POST /v1/cart/items`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    domain::{Buyer, Id, Quantity, Sku, product::Product},
    http::{App, CurrentBuyer, IfMatch, MaybeBuyer, Problem, Valid},
    validation::Validate,
};

use crate::{
    carts::{change_cart, start_cart},
    new_item::find_new_item,
    problems::CartProblem,
    view::{CartView, respond},
};

/// A line to add.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AddItem {
    #[schema(value_type = String)]
    product_id: Id<Product>,
    /// The SKU of the chosen variant; required where the product has variants.
    variant: Option<Sku>,
    /// Units to add.
    quantity: Quantity,
}

impl Validate for AddItem {}

/// Add an item to the cart
///
/// Increases the line of the same product and variant, if there is one. A guest's first write answers with `cartToken`.
#[utoipa::path(post, path = "/v1/cart/items", tag = "cart", security((), ("bearer" = []), ("cartToken" = [])),
    request_body = AddItem, responses((status = 200, body = CartView)))]
pub(crate) async fn add_cart_item(
    MaybeBuyer(buyer): MaybeBuyer,
    expected: IfMatch,
    State(app): State<App>,
    Valid(wanted): Valid<AddItem>,
) -> Result<Response, Problem> {
    let item = find_new_item(&app, wanted.product_id, wanted.variant.as_ref(), wanted.quantity).await?;
    let add = |cart: &mut shared::domain::cart::Cart, now| Ok::<_, CartProblem>(cart.add(item.clone(), now)?);
    match buyer {
        Some(CurrentBuyer { buyer, .. }) => {
            let cart = change_cart(&app, &buyer, &expected, add).await?;
            respond(&app, &buyer, &cart, None).await
        }
        None => {
            let token = app.random.secret();
            let buyer = Buyer::guest(&token);
            let cart = start_cart(&app, &buyer, &expected, add).await?;
            respond(&app, &buyer, &cart, Some(token)).await
        }
    }
}
