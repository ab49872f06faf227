//! The owner of a cart, and changes of the cart without lost updates.

use shared::{
    domain::{Id, Timestamp, cart::Cart, secret_hash::sha256_hex, user::User},
    http::{App, Buyer, IfMatch, Problem, ProblemCode},
    store::{Store, StoreError, Versioned},
};

use crate::problems::CartProblem;

/// The owner of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A customer's.
    Customer(Id<User>),
    /// A guest's, by the hash of the cart token.
    Guest(String),
}

/// How often a change is retried after concurrent changes of the same cart.
const MAX_ATTEMPTS: usize = 60;

impl Owner {
    pub(crate) fn of(buyer: &Buyer) -> Self {
        match buyer {
            Buyer::Customer(user) => Self::Customer(user.id),
            Buyer::Guest(token) => Self::Guest(sha256_hex(token)),
        }
    }

    /// A visitor without a token, and the empty cart that they see. It is not stored, and no token opens it.
    pub(crate) fn visitor(now: Timestamp) -> (Self, Versioned<Cart>) {
        let owner = Self::Guest(String::new());
        let cart = owner.empty_cart(now);
        (owner, cart)
    }

    /// The id, for a customer.
    pub(crate) fn customer(&self) -> Option<Id<User>> {
        match self {
            Self::Customer(user) => Some(*user),
            Self::Guest(_) => None,
        }
    }

    async fn find(&self, store: &Store, now: Timestamp) -> Result<Option<Versioned<Cart>>, StoreError> {
        match self {
            Self::Customer(user) => store.carts.find_of_customer(*user).await,
            Self::Guest(hash) => store.carts.find_of_guest(hash, now).await,
        }
    }

    fn empty_cart(&self, now: Timestamp) -> Versioned<Cart> {
        Versioned::new(match self {
            Self::Customer(user) => Cart::of_customer(*user, now),
            Self::Guest(hash) => Cart::of_guest(hash.clone(), now),
        })
    }

    /// The open cart. A customer without one gets an empty cart; a guest's token must belong to a cart.
    pub(crate) async fn load(&self, app: &App) -> Result<Versioned<Cart>, Problem> {
        let now = app.clock.now();
        match (self.find(&app.store, now).await?, self) {
            (Some(cart), _) => Ok(cart),
            (None, Self::Customer(_)) => Ok(self.empty_cart(now)),
            (None, Self::Guest(_)) => Err(Problem::new(ProblemCode::CartNotFound)),
        }
    }

    /// Reads the cart, applies `change` and saves it; starts over if another request has saved the cart meanwhile.
    pub(crate) async fn change<F>(&self, app: &App, expected: &IfMatch, change: F) -> Result<Versioned<Cart>, Problem>
    where
        F: Fn(&mut Cart, Timestamp) -> Result<(), CartProblem>,
    {
        self.change_with(app, expected, false, change).await
    }

    /// Like [`Owner::change`], for a new guest token, which has no cart yet.
    pub(crate) async fn start<F>(&self, app: &App, expected: &IfMatch, change: F) -> Result<Versioned<Cart>, Problem>
    where
        F: Fn(&mut Cart, Timestamp) -> Result<(), CartProblem>,
    {
        self.change_with(app, expected, true, change).await
    }

    async fn change_with<F>(
        &self,
        app: &App,
        expected: &IfMatch,
        is_new: bool,
        change: F,
    ) -> Result<Versioned<Cart>, Problem>
    where
        F: Fn(&mut Cart, Timestamp) -> Result<(), CartProblem>,
    {
        for attempt in 0..MAX_ATTEMPTS {
            let now = app.clock.now();
            let mut cart = if is_new && attempt == 0 { self.empty_cart(now) } else { self.load(app).await? };
            if !expected.allows(cart.version()) {
                return Err(Problem::new(ProblemCode::PreconditionFailed).member("version", cart.version()));
            }
            change(&mut cart, now).map_err(Problem::from)?;
            match app.store.carts.save(&mut cart).await {
                Ok(()) => return Ok(cart),
                Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => {
                    // Jitter: requests that conflicted once must not retry in step.
                    let pause = app.random.below(2 + 2 * u64::try_from(attempt).unwrap_or(0));
                    tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(None).into())
    }
}
