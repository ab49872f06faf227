//! The catalogue: products, inventory and categories; and the OpenAPI document of the whole API.
//!
//! The public sees what is for sale. Sellers see and change their own products, administrators all; to other callers a hidden
//! product does not exist.

mod access;
mod adjust_inventory;
mod archive_product;
mod category_input;
mod category_view;
mod create_category;
mod create_product;
mod delete_category;
mod delete_product;
pub mod import;
mod input;
mod list_categories;
mod list_products;
mod list_related_products;
mod problems;
mod publish_product;
mod show_category;
mod show_inventory;
mod show_product;
mod update_category;
mod update_product;
mod view;

use lambda_http::Error;
use shared::{
    config::Env,
    domain::message::Queue,
    http::{App, lambda::AppSettings, openapi, serve},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The OpenAPI document of all functions; a test compares it with their routers.
const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &[Queue::Notifications];

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_products::list_products, create_product::create_product))
        .routes(routes!(show_product::show_product, update_product::update_product, delete_product::delete_product))
        .routes(routes!(list_related_products::list_related_products))
        .routes(routes!(publish_product::publish_product))
        .routes(routes!(archive_product::archive_product))
        .routes(routes!(show_inventory::show_inventory))
        .routes(routes!(adjust_inventory::adjust_inventory))
        .routes(routes!(list_categories::list_categories, create_category::create_category))
        .routes(routes!(
            show_category::show_category,
            update_category::update_category,
            delete_category::delete_category
        ))
        .merge(openapi::routes(OPENAPI))
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, SENDS_TO);
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("products").await?;
    serve::run_lambda(serve::finish(router().with_state(app.clone()), &app, deadline), app.background).await
}
