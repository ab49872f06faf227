//! HTTP for all functions: extractors check requests, and responses are JSON or problems.
//!
//! The endpoints of the domain are in their functions; here are
//!
//! * the state of handlers: [`app`],
//! * authentication: [`identity`], [`token`],
//! * requests, checked by `shop_validation`: [`body`], [`query`], [`path`], [`headers`], [`address`],
//! * idempotency records: [`idempotency`],
//! * payments: [`payment_source`], [`next_action`],
//! * lists and cacheable answers: [`page`], [`caching`],
//! * what several functions answer alike: [`address`], [`instructions`],
//! * refusals: [`problem`],
//! * middleware: [`serve`], [`cors`],
//! * tasks after the response: [`background`],
//! * the start of a function: [`lambda`], [`settings`],
//! * the endpoints of every function: [`health`], [`openapi`].

pub mod address;
pub mod app;
pub mod background;
pub mod body;
pub mod caching;
pub mod cors;
pub mod headers;
pub mod health;
pub mod idempotency;
pub mod identity;
pub mod instructions;
pub mod lambda;
pub mod next_action;
pub mod openapi;
pub mod page;
pub mod path;
pub mod payment_source;
pub mod problem;
pub mod query;
mod request_id;
pub mod serve;
pub mod settings;
pub mod token;

pub use self::{
    app::App,
    background::BackgroundTasks,
    body::{OptionalBody, RawBody, Valid, refuse_card_number},
    caching::Caching,
    headers::{CartToken, ClientAddress, IdempotencyKey, IfMatch},
    identity::{Admin, CurrentBuyer, CurrentUser, MaybeBuyer, MaybeUser, Seller, Viewer},
    page::{Page, PageQuery},
    path::{PathId, PathText},
    problem::{FieldCode, Problem, ProblemCode},
    query::ValidQuery,
    request_id::RequestId,
};
