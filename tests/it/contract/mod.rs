//! What holds for every operation of the shop: the description of the API is walked, so that no endpoint is forgotten.

mod access;
mod bad_input;
mod card_numbers;
mod coverage;
mod findings;
mod openapi;
mod operations;
mod outage;
mod samples;
pub(crate) mod template;
mod world;
