//! `PATCH /v1/cart/items/{itemId}`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    domain::{
        Quantity,
        cart::{Cart, CartItem},
        inventory::StockRecord,
    },
    http::{App, CurrentBuyer, IfMatch, PathId, Problem, Valid},
    validation::Validate,
};

use crate::{
    carts::{change_cart, load_cart},
    problems::CartProblem,
    view::{CartView, respond},
};

/// The new quantity.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeItem {
    quantity: Quantity,
}

impl Validate for ChangeItem {}

/// Update the quantity of a cart item
#[utoipa::path(patch, path = "/v1/cart/items/{itemId}", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    params(("itemId" = String, Path)), request_body = ChangeItem, responses((status = 200, body = CartView)))]
pub(crate) async fn change_cart_item(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    PathId(item): PathId<CartItem>,
    expected: IfMatch,
    State(app): State<App>,
    Valid(wanted): Valid<ChangeItem>,
) -> Result<Response, Problem> {
    let before = load_cart(&app, &buyer).await?;
    let line = before.item(item).map_err(CartProblem::from)?;
    let (stock, product) =
        tokio::try_join!(app.store.inventory.find(&line.sku), app.store.products.find(line.product))?;
    let orderable = stock.as_ref().map_or(0, StockRecord::orderable);
    // The buyer has seen the current price. A line that is no longer sold may only decrease.
    let sold = product.and_then(|product| product.sold_in(before.currency, line.variant.as_ref()));
    let unit_price = sold.map(|sold| sold.unit_price);
    let change = |cart: &mut Cart, now| Ok(cart.change(item, wanted.quantity, orderable, unit_price, now)?);
    let cart = change_cart(&app, &buyer, &expected, change).await?;
    respond(&app, &buyer, &cart, None).await
}
