//! OrderScope cart is ordered, and where it goes.

use shared::{
    domain::{Address, Email, Id, address::SavedAddress, cart::Cart, secret_hash::sha256_hex, user::User},
    http::{App, Buyer, Problem, ProblemCode},
};

/// The cart to order. None, or none any more, is an empty one; a guest's token that never was one is refused.
pub(crate) async fn load_cart(app: &App, buyer: &Buyer) -> Result<Cart, Problem> {
    let now = app.clock.now();
    match buyer {
        Buyer::Customer(user) => {
            Ok(app.store.carts.find_of_customer(user.id).await?.unwrap_or_else(|| Cart::of_customer(user.id, now)))
        }
        Buyer::Guest(token) => {
            let hash = sha256_hex(token);
            match app.store.carts.find_of_guest(&hash, now).await? {
                Some(cart) => Ok(cart),
                None if app.store.carts.was_ordered(&hash, now).await? => Ok(Cart::of_guest(hash, now)),
                None => Err(Problem::new(ProblemCode::CartNotFound)),
            }
        }
    }
}

/// The customer, if it is one.
pub(crate) const fn customer(buyer: &Buyer) -> Option<Id<User>> {
    match buyer {
        Buyer::Customer(user) => Some(user.id),
        Buyer::Guest(_) => None,
    }
}

/// Where mails go: a customer's own address, or the one that a guest gave.
pub(crate) async fn find_email(app: &App, buyer: &Buyer, given: Option<Email>) -> Result<Email, Problem> {
    match buyer {
        Buyer::Customer(user) => {
            let user = app.store.users.find(user.id).await?;
            user.map(|user| user.email).ok_or_else(|| Problem::new(ProblemCode::InvalidToken))
        }
        Buyer::Guest(_) => given.ok_or_else(|| {
            Problem::new(ProblemCode::ValidationFailed).field("/email", "missing", "a guest says where mails go")
        }),
    }
}

/// The address that was given, or the saved one that was named.
pub(crate) async fn find_address(
    app: &App,
    buyer: &Buyer,
    given: Option<Address>,
    saved: Option<Id<SavedAddress>>,
) -> Result<Address, Problem> {
    match (given, saved, customer(buyer)) {
        (Some(address), None, _) => Ok(address),
        (None, Some(id), Some(user)) => {
            let saved = app.store.addresses.find_of(user, id).await?;
            saved.map(|saved| saved.address).ok_or_else(unknown_address)
        }
        (None, Some(_), None) => Err(unknown_address()),
        (None, None, _) => Err(Problem::new(ProblemCode::ValidationFailed).field(
            "/shippingAddress",
            "missing",
            "give a shippingAddress, or the addressId of a saved one",
        )),
        (Some(_), Some(_), _) => Err(Problem::new(ProblemCode::ValidationFailed).field(
            "/addressId",
            "invalid",
            "give either a shippingAddress or an addressId, not both",
        )),
    }
}

fn unknown_address() -> Problem {
    Problem::new(ProblemCode::UnknownReference).field(
        "/addressId",
        "unknown_reference",
        "there is no such saved address",
    )
}
