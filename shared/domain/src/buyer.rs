//! The buyer: a customer with an account, or a guest with a cart token.

use super::{Id, secret_hash::sha256_hex, user::User};

/// Who buys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Buyer {
    /// By account.
    Customer(Id<User>),
    /// By the SHA-256 of the cart token, in hexadecimal.
    Guest(String),
}

impl Buyer {
    /// The guest with this cart token.
    pub fn guest(cart_token: &str) -> Self {
        Self::Guest(sha256_hex(cart_token))
    }

    /// The account, for a customer.
    pub const fn customer(&self) -> Option<Id<User>> {
        match self {
            Self::Customer(user) => Some(*user),
            Self::Guest(_) => None,
        }
    }
}
