//! Visibility and ownership of products.

use shared::{
    app::change_product::move_product_to,
    domain::{
        Id,
        product::{Product, ProductStatus},
        user::Role,
    },
    http::{App, CurrentUser, Problem},
    store::{
        Store, Tx, Versioned,
        products::{CatalogueEntry, ProductKey},
    },
};

use crate::problems::CatalogueProblem;

/// Whether the user may change the product.
pub(crate) fn is_theirs(product: &Product, user: &CurrentUser) -> bool {
    match user.role {
        Role::Admin => true,
        Role::Seller => product.seller == user.id,
        Role::Customer => false,
    }
}

/// The product with this id or slug, if the caller may see it.
pub(crate) async fn find_visible(app: &App, name: &str, user: Option<&CurrentUser>) -> Result<CatalogueEntry, Problem> {
    let not_found = || Problem::not_found("product");
    let key = ProductKey::parse(name).ok_or_else(not_found)?;
    let entry = app.store.products.find_entry(&key).await?.ok_or_else(not_found)?;
    let is_visible = entry.product.is_for_sale() || user.is_some_and(|user| is_theirs(&entry.product, user));
    if is_visible { Ok(entry) } else { Err(not_found()) }
}

/// The product after a change.
pub(crate) async fn load_changed(app: &App, id: Id<Product>) -> Result<CatalogueEntry, Problem> {
    let entry = app.store.products.find_entry(&ProductKey::Id(id)).await?;
    entry.ok_or_else(|| Problem::not_found("product"))
}

/// The product in the transaction, if the user may change it.
pub(crate) async fn load_own_in(
    tx: &mut Tx,
    store: &Store,
    id: Id<Product>,
    user: &CurrentUser,
) -> Result<Versioned<Product>, CatalogueProblem> {
    let product = store.products.find_in(tx, id).await?;
    product.filter(|product| is_theirs(product, user)).ok_or(CatalogueProblem::NotFound("product"))
}

/// Changes the status of a product that the user may change.
pub(crate) async fn move_to(
    app: &App,
    id: Id<Product>,
    user: &CurrentUser,
    status: ProductStatus,
) -> Result<(), CatalogueProblem> {
    let may_change = |product: &Product| is_theirs(product, user);
    Ok(move_product_to(&app.store, id, may_change, status, app.clock.now()).await?)
}

/// The product, if the user may change it.
pub(crate) async fn find_own(app: &App, id: Id<Product>, user: &CurrentUser) -> Result<CatalogueEntry, Problem> {
    let entry = app.store.products.find_entry(&ProductKey::Id(id)).await?;
    entry.filter(|entry| is_theirs(&entry.product, user)).ok_or_else(|| Problem::not_found("product"))
}
