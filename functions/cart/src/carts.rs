//! The buyer's cart, and changes of it without lost updates.

use shared::{
    domain::{Buyer, Timestamp, cart::Cart},
    http::{App, IfMatch, Problem, ProblemCode},
    store::{StoreError, Versioned},
};

use crate::problems::CartProblem;

/// How often a change is retried after concurrent changes of the same cart.
const MAX_ATTEMPTS: usize = 60;

/// The empty cart that a buyer without a cart sees. It is not stored.
pub(crate) fn empty_cart(buyer: &Buyer, now: Timestamp) -> Versioned<Cart> {
    Versioned::new(Cart::of(buyer, now))
}

/// The open cart. A customer without one gets an empty cart; a guest's token must belong to a cart.
pub(crate) async fn load_cart(app: &App, buyer: &Buyer) -> Result<Versioned<Cart>, Problem> {
    let now = app.clock.now();
    match (app.store.carts.find_of(buyer, now).await?, buyer) {
        (Some(cart), _) => Ok(cart),
        (None, Buyer::Customer(_)) => Ok(empty_cart(buyer, now)),
        (None, Buyer::Guest(_)) => Err(Problem::new(ProblemCode::CartNotFound)),
    }
}

/// Reads the cart, applies `change` and saves it; starts over if another request has saved the cart meanwhile.
pub(crate) async fn change_cart<F>(
    app: &App,
    buyer: &Buyer,
    expected: &IfMatch,
    change: F,
) -> Result<Versioned<Cart>, Problem>
where
    F: Fn(&mut Cart, Timestamp) -> Result<(), CartProblem>,
{
    change_with(app, buyer, expected, false, change).await
}

/// Like [`change_cart`], for a new guest token, which has no cart yet.
pub(crate) async fn start_cart<F>(
    app: &App,
    buyer: &Buyer,
    expected: &IfMatch,
    change: F,
) -> Result<Versioned<Cart>, Problem>
where
    F: Fn(&mut Cart, Timestamp) -> Result<(), CartProblem>,
{
    change_with(app, buyer, expected, true, change).await
}

async fn change_with<F>(
    app: &App,
    buyer: &Buyer,
    expected: &IfMatch,
    is_new: bool,
    change: F,
) -> Result<Versioned<Cart>, Problem>
where
    F: Fn(&mut Cart, Timestamp) -> Result<(), CartProblem>,
{
    for attempt in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let mut cart = if is_new && attempt == 0 { empty_cart(buyer, now) } else { load_cart(app, buyer).await? };
        if !expected.allows(cart.version()) {
            return Err(Problem::new(ProblemCode::PreconditionFailed).member("version", cart.version()));
        }
        change(&mut cart, now).map_err(Problem::from)?;
        match app.store.carts.save(&mut cart).await {
            Ok(()) => return Ok(cart),
            Err(error) if error.is_conflict() || matches!(error, StoreError::Duplicate { .. }) => {
                // Jitter: requests that conflicted once must not retry in step.
                let pause = app.random.below(2 + 2 * u64::try_from(attempt).unwrap_or(0));
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::VersionMismatch.into())
}
