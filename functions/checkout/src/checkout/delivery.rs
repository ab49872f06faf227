//! The cart, customer, e-mail address and shipping address of a checkout.

use shared::{
    domain::{Address, Buyer, Email, Id, address::SavedAddress, cart::Cart},
    http::{App, FieldCode, Problem, ProblemCode},
    store::Versioned,
};

/// The cart to order. A missing or converted cart counts as empty; an unknown guest token is refused.
pub(crate) async fn load_cart(app: &App, buyer: &Buyer) -> Result<Versioned<Cart>, Problem> {
    let now = app.clock.now();
    if let Some(cart) = app.store.carts.find_of(buyer, now).await? {
        return Ok(cart);
    }
    if let Buyer::Guest(token_hash) = buyer
        && !app.store.carts.was_converted(token_hash, now).await?
    {
        return Err(Problem::new(ProblemCode::CartNotFound));
    }
    Ok(Versioned::new(Cart::of(buyer, now)))
}

/// The e-mail address of the order: the account's, or the one in a guest's request.
pub(crate) async fn find_email(app: &App, buyer: &Buyer, given: Option<Email>) -> Result<Email, Problem> {
    let Some(user) = buyer.customer() else {
        return given.ok_or_else(|| {
            Problem::new(ProblemCode::ValidationFailed).field(
                "/email",
                FieldCode::Missing,
                "a guest says where mails go",
            )
        });
    };
    let user = app.store.users.find(user).await?;
    user.map(|user| user.into_inner().email).ok_or_else(|| Problem::new(ProblemCode::InvalidToken))
}

/// The address in the request, or the saved one that it names.
pub(crate) async fn find_address(
    app: &App,
    buyer: &Buyer,
    given: Option<Address>,
    saved: Option<Id<SavedAddress>>,
) -> Result<Address, Problem> {
    match (given, saved, buyer.customer()) {
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
