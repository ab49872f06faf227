//! The cart, customer, e-mail address and shipping address of a checkout.

use shared::{
    domain::{Address, Email, Id, address::SavedAddress, cart::Cart, secret_hash::sha256_hex, user::User},
    http::{App, Buyer, FieldCode, Problem, ProblemCode},
    store::Versioned,
};

/// The cart to order. A missing or converted cart counts as empty; an unknown guest token is refused.
pub(crate) async fn load_cart(app: &App, buyer: &Buyer) -> Result<Versioned<Cart>, Problem> {
    let now = app.clock.now();
    match buyer {
        Buyer::Customer(user) => Ok(app
            .store
            .carts
            .find_of_customer(user.id)
            .await?
            .unwrap_or_else(|| Versioned::new(Cart::of_customer(user.id, now)))),
        Buyer::Guest(token) => {
            let hash = sha256_hex(token);
            match app.store.carts.find_of_guest(&hash, now).await? {
                Some(cart) => Ok(cart),
                None if app.store.carts.was_ordered(&hash, now).await? => Ok(Versioned::new(Cart::of_guest(hash, now))),
                None => Err(Problem::new(ProblemCode::CartNotFound)),
            }
        }
    }
}

/// The id, for a customer.
pub(crate) const fn customer(buyer: &Buyer) -> Option<Id<User>> {
    match buyer {
        Buyer::Customer(user) => Some(user.id),
        Buyer::Guest(_) => None,
    }
}

/// The e-mail address of the order: the account's, or the one in a guest's request.
pub(crate) async fn find_email(app: &App, buyer: &Buyer, given: Option<Email>) -> Result<Email, Problem> {
    match buyer {
        Buyer::Customer(user) => {
            let user = app.store.users.find(user.id).await?;
            user.map(|user| user.into_inner().email).ok_or_else(|| Problem::new(ProblemCode::InvalidToken))
        }
        Buyer::Guest(_) => given.ok_or_else(|| {
            Problem::new(ProblemCode::ValidationFailed).field(
                "/email",
                FieldCode::Missing,
                "a guest says where mails go",
            )
        }),
    }
}

/// The address in the request, or the saved one that it names.
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
            saved.map(|saved| saved.into_inner().address).ok_or_else(unknown_address)
        }
        (None, Some(_), None) => Err(unknown_address()),
        (None, None, _) => Err(Problem::new(ProblemCode::ValidationFailed).field(
            "/shippingAddress",
            FieldCode::Missing,
            "shippingAddress or addressId is required",
        )),
        (Some(_), Some(_), _) => Err(Problem::new(ProblemCode::ValidationFailed).field(
            "/addressId",
            FieldCode::Invalid,
            "shippingAddress and addressId exclude each other",
        )),
    }
}

fn unknown_address() -> Problem {
    Problem::new(ProblemCode::UnknownReference).field(
        "/addressId",
        FieldCode::UnknownReference,
        "there is no such saved address",
    )
}
