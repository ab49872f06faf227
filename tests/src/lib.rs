//! The harness: each test has its own shop, on the real components.
//!
//! ```ignore
//! let shop = TestShop::start().await;
//! let ada = shop.customer("ada").await;
//! shop.stock("MUG-1", 1).await;
//! let reply = ada.place_order(&[("MUG-1", 2)]).await;
//! reply.is_problem(409, "insufficient_stock");
//! shop.run_queues().await;
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on has failed"
)]

pub mod campaign;
pub mod crowd;
pub mod delivery;
pub mod gateway;
pub mod log;
pub mod money;
pub mod own_mongodb;
pub mod people;
pub mod place;
pub mod request;
pub mod rivals;
pub mod shop;
pub mod stored;
pub mod stripe_api;
pub mod stripe_double;
pub mod victim;
pub mod walk;
pub mod watch;

pub use gateway::FaultyGateway;
pub use own_mongodb::OwnMongodb;
pub use people::{Person, cards};
pub use request::{Reply, Request};
pub use rivals::{Rivals, at_once};
pub use shop::TestShop;
pub use stripe_api::StripeApi;
pub use stripe_double::StripeDouble;
