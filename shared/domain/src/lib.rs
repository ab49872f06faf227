//! What the shop means: values that cannot exist invalid, and aggregates that decide.
//!
//! Nothing here performs I/O, awaits, or knows HTTP, SQS, MongoDB or Stripe. `bson` appears only as the data format
//! of [`id::Id`] and [`time::Timestamp`].

pub mod address;
pub mod bank_account;
pub mod buyer;
pub mod cart;
pub mod category;
pub mod coupon;
pub mod currencies;
pub mod email;
pub mod id;
pub mod inventory;
pub mod iso_3166;
pub mod message;
pub mod money;
pub mod offer;
pub mod order;
pub mod password;
pub mod payment;
pub mod priced_line;
pub mod pricing;
pub mod product;
pub mod random;
pub mod review;
pub mod saved_method;
pub mod sealing;
pub mod secret_hash;
pub mod session;
pub mod shipping;
pub mod sku;
pub mod slug;
pub mod tax;
pub mod text;
pub mod throttle;
pub mod time;
pub mod transition;
pub mod user;
pub mod wishlist;

pub use address::Address;
pub use buyer::Buyer;
pub use email::Email;
pub use id::{Id, Kind};
pub use money::{Currency, Money, MoneyError};
pub use random::Random;
pub use sku::{Quantity, Sku};
pub use slug::Slug;
pub use time::{Clock, Timestamp};
pub use transition::{Command, Idempotent, IllegalTransition, State};
