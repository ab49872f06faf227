//! Customers, sellers and administrators, and their most frequent requests.

use axum::Router;
use serde_json::{Value, json};
use shared::{
    domain::{Id, user::User},
    http::token::Claims,
};

use crate::{
    request::{Reply, Request},
    shop::TestShop,
};

/// Payment methods of the Stripe API's test mode.
pub mod cards {
    /// Is charged.
    pub const GOOD: &str = "pm_card_visa";
    /// Is declined when it is charged.
    pub const DECLINED: &str = "pm_card_chargeCustomerFail";
}

/// A user with an account and a valid access token.
#[derive(Clone)]
pub struct Person {
    /// Their account.
    pub id: Id<User>,
    /// Their address.
    pub email: String,
    /// Their access token.
    pub token: String,
    router: Router,
}

/// Longer than any test moves the clock.
const TOKEN_LIFE_SECONDS: u32 = 30 * 24 * 3600;

impl Person {
    pub(crate) fn new(shop: &TestShop, user: &User) -> Self {
        let claims =
            Claims::new(user.id, user.role, Id::new(), user.is_email_verified, shop.clock.now(), TOKEN_LIFE_SECONDS);
        Self {
            id: user.id,
            email: user.email.expose().to_owned(),
            token: shop.signing.issue(&claims).unwrap(),
            router: shop.router(),
        }
    }

    /// A request of theirs; see [`Request`].
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.router.clone(), method, path).bearer(&self.token)
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(body).send().await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.request("PATCH", path).json(body).send().await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.request("PUT", path).json(body).send().await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send().await
    }

    /// Puts units of a product into the cart.
    pub async fn add_to_cart(&self, product: &str, quantity: i64) -> Reply {
        self.post("/v1/cart/items", json!({"productId": product, "quantity": quantity})).await
    }

    /// Checks out the cart, paying with a valid card.
    pub async fn checkout(&self, key: &str) -> Reply {
        self.checkout_with(key, checkout_body(cards::GOOD)).await
    }

    /// Checks out, and retries while the answer is `busy`.
    pub async fn checkout_until_decided(&self, key: &str) -> Reply {
        for _ in 0..MAX_ATTEMPTS {
            let reply = self.checkout(key).await;
            if !is_busy(&reply) {
                return reply;
            }
        }
        panic!("the shop stays busy")
    }

    /// Checks out with this body.
    pub async fn checkout_with(&self, key: &str, body: Value) -> Reply {
        self.request("POST", "/v1/checkout").key(key).json(body).send().await
    }

    /// Puts a product into the cart and checks out, paying with a valid card.
    pub async fn order(&self, product: &str, quantity: i64) -> Reply {
        let added = self.add_to_cart(product, quantity).await;
        if added.status != 200 {
            return added;
        }
        self.checkout(&format!("order-{product}-{quantity}-{}", self.id)).await
    }
}

/// A complete checkout to an address in California, paid with this token.
pub fn checkout_body(token: &str) -> Value {
    json!({
        "shippingAddress": address(),
        "shippingMethod": "standard",
        "payment": {"method": "credit_card", "token": token},
    })
}

/// An address in California.
pub fn address() -> Value {
    json!({
        "fullName": "Ada Lovelace",
        "addressLine1": "1 Analytical Way",
        "city": "San Francisco",
        "state": "CA",
        "postalCode": "94105",
        "country": "US",
        "phone": "+14155550100",
    })
}

/// How often a request is sent.
const MAX_ATTEMPTS: usize = 20;

/// Sends a request again while the answer is `busy`, which has a `Retry-After`.
pub async fn until_decided(send: impl AsyncFn() -> Reply) -> Reply {
    for _ in 0..MAX_ATTEMPTS {
        let reply = send().await;
        if !is_busy(&reply) {
            return reply;
        }
    }
    panic!("the shop stays busy")
}

fn is_busy(reply: &Reply) -> bool {
    if reply.status == 503 {
        assert!(reply.is_problem(503, "busy").header("retry-after").is_some());
    }
    reply.status == 503
}
