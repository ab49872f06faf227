//! Visibility of orders: customers see their own, guests the one that came from their cart, sellers those with lines of theirs,
//! administrators all. To other callers an order does not exist.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use shared::{
    domain::{
        Buyer, Id,
        order::{LinesOf, Order},
        secret_hash::sha256_hex,
        user::{Role, User},
    },
    http::{App, CartToken, CurrentUser, MaybeUser, Problem, ProblemCode},
    store::Versioned,
};

/// The caller who asks for an order: a user, or a guest with a cart token; 401 otherwise. Whether an order came from that
/// cart is not checked yet.
#[derive(Clone, Debug)]
pub(crate) enum OrderCaller {
    /// With an account.
    User(CurrentUser),
    /// By the SHA-256 of the cart token.
    Guest(String),
}

impl OrderCaller {
    /// The account of a user.
    pub(crate) fn user(&self) -> Option<Id<User>> {
        match self {
            Self::User(user) => Some(user.id),
            Self::Guest(_) => None,
        }
    }

    /// As the buyer of an order.
    pub(crate) fn buyer(&self) -> Buyer {
        match self {
            Self::User(user) => Buyer::Customer(user.id),
            Self::Guest(token_hash) => Buyer::Guest(token_hash.clone()),
        }
    }
}

impl<S> FromRequestParts<S> for OrderCaller
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let MaybeUser(Some(user)) = MaybeUser::from_request_parts(parts, state).await? {
            return Ok(Self::User(user));
        }
        match CartToken::from_request_parts(parts, state).await? {
            CartToken(Some(token)) => Ok(Self::Guest(sha256_hex(&token))),
            CartToken(None) => Err(Problem::new(ProblemCode::NotAuthenticated)),
        }
    }
}

/// The part of an order that a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// All of it, with the shop's remarks.
    Admin,
    /// All of it.
    Owner,
    /// The lines of one seller and the shipping address.
    Seller(CurrentUser),
}

impl Visibility {
    /// The visibility of an order for a user; `None` if it is hidden.
    pub(crate) fn of(user: CurrentUser, order: &Order) -> Option<Self> {
        match user.role {
            Role::Admin => Some(Self::Admin),
            _ if order.user == Some(user.id) => Some(Self::Owner),
            Role::Seller if order.has_lines_of(user.id) => Some(Self::Seller(user)),
            Role::Seller | Role::Customer => None,
        }
    }

    /// The lines that a command applies to.
    pub(crate) fn lines(self) -> LinesOf {
        match self {
            Self::Admin | Self::Owner => LinesOf::Everyone,
            Self::Seller(user) => LinesOf::Seller(user.id),
        }
    }
}

/// The order with this id or number, if the caller may see it.
pub(crate) async fn load_order(
    app: &App,
    caller: &OrderCaller,
    key: &str,
) -> Result<(Versioned<Order>, Visibility), Problem> {
    let missing = || Problem::not_found("order");
    let order = match key.parse::<Id<Order>>() {
        Ok(id) => app.store.orders.find(id).await?,
        Err(_) => app.store.orders.find_by_number(&key.to_uppercase()).await?,
    };
    let order = order.ok_or_else(missing)?;
    let visibility = match caller {
        OrderCaller::User(user) => Visibility::of(*user, &order),
        OrderCaller::Guest(token_hash) if order.user.is_none() => {
            let cart = app.store.carts.find(order.cart).await?;
            cart.filter(|cart| cart.session_id.as_ref() == Some(token_hash)).map(|_| Visibility::Owner)
        }
        OrderCaller::Guest(_) => None,
    };
    Ok((order, visibility.ok_or_else(missing)?))
}

/// Like [`load_order`], for administrators and sellers only.
pub(crate) async fn load_handled(
    app: &App,
    user: CurrentUser,
    id: Id<Order>,
) -> Result<(Versioned<Order>, Visibility), Problem> {
    let order = app.store.orders.find(id).await?.ok_or_else(|| Problem::not_found("order"))?;
    let visibility = match user.role {
        Role::Admin => Visibility::Admin,
        Role::Seller if order.has_lines_of(user.id) => Visibility::Seller(user),
        Role::Seller | Role::Customer => return Err(Problem::not_found("order")),
    };
    Ok((order, visibility))
}
