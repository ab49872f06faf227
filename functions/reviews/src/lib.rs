//! Reviews of products, and their moderation.
//!
//! Only approved reviews are public and count: the product's rating changes in the transaction that approves, rejects, updates
//! or deletes a review, so it always equals a recount (invariant I8).

mod approve_review;
mod create_review;
mod delete_review;
mod input;
mod list_moderation;
mod list_reviews;
mod problems;
mod reject_review;
mod reply_to_review;
mod report_review;
mod show_review;
mod unvote_review;
mod update_review;
mod view;
mod vote_review;

use lambda_http::Error;
use shared::{
    config::Env,
    domain::message::Queue,
    http::{App, lambda::AppSettings, serve},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// This function sends no messages: `template.yaml` gives it no queue.
pub const SENDS_TO: &[Queue] = &[];

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_reviews::list_reviews, create_review::create_review))
        .routes(routes!(list_moderation::list_reviews_to_moderate))
        .routes(routes!(show_review::show_review, update_review::update_review, delete_review::delete_review))
        .routes(routes!(vote_review::vote_review, unvote_review::unvote_review))
        .routes(routes!(report_review::report_review))
        .routes(routes!(approve_review::approve_review))
        .routes(routes!(reject_review::reject_review))
        .routes(routes!(reply_to_review::reply_to_review))
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, SENDS_TO);
    env.finish()?;
    let deadline = settings.deadline();
    let app = settings.connect("reviews").await?;
    serve::run_lambda(serve::finish(router().with_state(app.clone()), &app, deadline), app.background).await
}
