//! The product and stock of a line that is added to a cart.

use shared::{
    domain::{Id, Quantity, Sku, cart::NewItem, inventory::StockRecord, product::Product},
    http::{App, Problem},
};

use crate::problems::CartProblem;

/// Looks a product up: 404 if it is not for sale, 422 if it has no such variant.
pub(crate) async fn find_new_item(
    app: &App,
    product: Id<Product>,
    variant: Option<&Sku>,
    quantity: Quantity,
) -> Result<NewItem, Problem> {
    let (product, currencies) = tokio::try_join!(app.store.products.find(product), app.store.settings.currencies())?;
    let is_for_sale = |product: &Product| product.is_for_sale() && currencies.contains(product.price.currency);
    let product = product.filter(|product| is_for_sale(product)).ok_or_else(|| Problem::not_found("product"))?;
    let sellable = product.sellable(variant).map_err(CartProblem::NotSellable)?;
    let stock = app.store.inventory.find(&sellable.sku).await?;
    Ok(NewItem {
        product: product.id,
        variant: sellable.variant,
        sku: sellable.sku,
        quantity,
        unit_price: sellable.unit_price,
        currency: product.price.currency,
        orderable: stock.as_ref().map_or(0, StockRecord::orderable),
    })
}
