//! Customers with one product in the cart, ready to check out.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use shared::{
    domain::{
        Currency, Email, Id, Quantity,
        cart::{Cart, NewItem},
        product::Product,
        user::{PasswordHash, Role, User},
    },
    http::token::Claims,
    store::Versioned,
};

use crate::world::World;

const UNKNOWN_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$bm9ib2R5LWtub3dzLXRoaXMtcGFzc3dvcmQtYXQtYWw";

/// A customer with a product in the cart.
pub(crate) struct Buyer {
    pub(crate) user: Id<User>,
    pub(crate) email: Email,
    pub(crate) cart: Cart,
    pub(crate) product: Product,
    token: String,
    key: String,
}

impl World {
    /// This number of new customers, each with one of these products in the cart, in rotation.
    pub(crate) async fn buyers(&self, count: usize, products: &[Product]) -> Vec<Buyer> {
        let buyers: Vec<(User, Buyer)> =
            (0..count).map(|number| self.buyer(&products[number % products.len()])).collect();
        let database = self.store().database();
        for some in buyers.chunks(500) {
            let users = some.iter().map(|(user, _)| Versioned::first(user));
            database.collection("users").insert_many(users).await.unwrap();
            let carts = some.iter().map(|(_, buyer)| Versioned::first(&buyer.cart));
            database.collection("carts").insert_many(carts).await.unwrap();
        }
        buyers.into_iter().map(|(_, buyer)| buyer).collect()
    }

    fn buyer(&self, product: &Product) -> (User, Buyer) {
        let now = self.app.clock.now();
        let name = self.app.random.readable(12).to_lowercase();
        let email = Email::try_new(&format!("{name}@example.test")).unwrap();
        let password = PasswordHash::from_phc(UNKNOWN_PASSWORD.to_owned());
        let user = User::new(email.clone(), password, "Ada".to_owned(), "Lovelace".to_owned(), Role::Customer, now);
        let mut cart = Cart::of_customer(user.id, now);
        let item = NewItem {
            product: product.id,
            variant: None,
            sku: product.sku.clone(),
            quantity: Quantity::ONE,
            unit_price: product.price.effective,
            currency: Currency::USD,
            orderable: 1,
        };
        cart.add(item, now).unwrap();
        let token = self.token(user.id, Role::Customer);
        (user.clone(), Buyer { user: user.id, email, cart, product: product.clone(), token, key: name })
    }

    /// An access token.
    pub(crate) fn token(&self, user: Id<User>, role: Role) -> String {
        let claims = Claims::new(user, role, Id::new(), true, self.app.clock.now(), 24 * 3600);
        self.signing.issue(&claims).unwrap()
    }

    /// `POST /v1/checkout`. Answers whether the order was placed.
    pub(crate) async fn check_out(&self, buyer: &Buyer) -> bool {
        let request = Request::post("/v1/checkout")
            .header("authorization", format!("Bearer {}", buyer.token))
            .header("idempotency-key", &buyer.key)
            .header("content-type", "application/json")
            .body(Body::from(body().to_string()))
            .unwrap();
        let (status, body) = self.ask(request).await;
        // A conflict that the shop could not resolve in time; any other refusal is an error of the measurement.
        let lost = matches!(status, StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE);
        assert!(status == StatusCode::CREATED || lost, "{status}: {}", String::from_utf8_lossy(&body));
        status == StatusCode::CREATED
    }
}

fn body() -> Value {
    json!({
        "shippingAddress": {
            "fullName": "Ada Lovelace", "addressLine1": "1 Analytical Way", "city": "San Francisco", "state": "CA",
            "postalCode": "94105", "country": "US", "phone": "+14155550100",
        },
        "shippingMethod": "standard",
        "payment": {"method": "credit_card", "token": "pm_card_visa"},
    })
}
