//! `POST /v1/cart/items`

use axum::{extract::State, response::Response};
use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{Id, Quantity, Sku, cart::NewItem, inventory::StockRecord, product::Product},
    http::{App, Buyer, IfMatch, MaybeBuyer, Problem, Valid},
};

use crate::{
    owner::Owner,
    problems::CartProblem,
    view::{CartView, respond},
};

/// What to put in.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub(crate) struct AddItem {
    #[schema(value_type = String)]
    product_id: Id<Product>,
    /// The SKU of the chosen variant; required where the product has variants.
    variant: Option<Sku>,
    /// How many more.
    quantity: Quantity,
}

/// Put something into the cart
///
/// Adds to the line of the same product and variant. A guest's first write answers with `cartToken`.
#[utoipa::path(post, path = "/v1/cart/items", tag = "cart", security((), ("bearer" = []), ("cartToken" = [])),
    request_body = AddItem, responses((status = 200, body = CartView)))]
pub(crate) async fn add_cart_item(
    MaybeBuyer(buyer): MaybeBuyer,
    expected: IfMatch,
    State(app): State<App>,
    Valid(wanted): Valid<AddItem>,
) -> Result<Response, Problem> {
    let item = find_item(&app, wanted).await?;
    let add = |cart: &mut shared::domain::cart::Cart, now| Ok::<_, CartProblem>(cart.add(item.clone(), now)?);
    match buyer {
        Some(buyer) => {
            let owner = Owner::of(&buyer);
            let cart = owner.change(&app, expected, add).await?;
            respond(&app, &owner, &cart, None).await
        }
        None => {
            let token = app.random.secret();
            let owner = Owner::of(&Buyer::Guest(token.clone()));
            let cart = owner.start(&app, add).await?;
            respond(&app, &owner, &cart, Some(token)).await
        }
    }
}

async fn find_item(app: &App, wanted: AddItem) -> Result<NewItem, Problem> {
    let product = app.store.products.find(wanted.product_id).await?;
    let product = product.filter(Product::is_for_sale).ok_or_else(|| Problem::not_found("product"))?;
    let sellable = product.sellable(wanted.variant.as_ref()).map_err(CartProblem::NotSellable)?;
    let stock = app.store.inventory.find(&sellable.sku).await?;
    Ok(NewItem {
        product: product.id,
        variant: sellable.variant,
        sku: sellable.sku,
        quantity: wanted.quantity,
        unit_price: sellable.unit_price,
        currency: product.price.currency,
        orderable: stock.as_ref().map_or(0, StockRecord::orderable),
    })
}
