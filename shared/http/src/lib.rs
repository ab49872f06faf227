//! HTTP, once for all functions: what comes in is checked by extractors, what goes out is JSON or a problem.
//!
//! Nothing here knows what the shop sells. A group's endpoints live in its function; here are
//!
//! * what every handler can ask for: [`app`],
//! * who is asking: [`identity`], [`token`],
//! * what was sent, checked by `shop_validation`: [`body`], [`query`], [`path`], [`headers`], [`address`],
//! * lists: [`page`],
//! * every refusal: [`problem`],
//! * what surrounds every request: [`serve`], [`cors`],
//! * what is done after the answer: [`background`],
//! * how a function starts: [`lambda`], [`settings`],
//! * the endpoints that belong to no group: [`health`], [`openapi`].

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
pub mod lambda;
pub mod openapi;
pub mod page;
pub mod path;
pub mod problem;
pub mod query;
mod request_id;
pub mod serve;
pub mod settings;
pub mod token;

pub use self::{
    app::App,
    background::BackgroundTasks,
    body::{OptionalBody, RawBody, Valid, ValidCatalogue, refuse_card_number},
    caching::Caching,
    headers::{CartToken, ClientAddress, IdempotencyKey, IfMatch},
    identity::{Admin, CurrentBuyer, CurrentUser, MaybeBuyer, MaybeUser, Seller, Viewer},
    page::{Page, PageQuery},
    path::{PathId, PathText},
    problem::{FieldCode, Problem, ProblemCode},
    query::ValidQuery,
    request_id::RequestId,
};
