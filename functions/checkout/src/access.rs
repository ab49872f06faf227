//! Visibility of orders: customers see their own, sellers those with lines of theirs, administrators all. To other callers an
//! order does not exist.

use shared::{
    domain::{
        Id,
        order::{LinesOf, Order},
        user::Role,
    },
    http::{App, CurrentUser, Problem},
    store::Versioned,
};

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

/// The order with this id or number, if the user may see it.
pub(crate) async fn load_order(
    app: &App,
    user: CurrentUser,
    key: &str,
) -> Result<(Versioned<Order>, Visibility), Problem> {
    let order = match key.parse::<Id<Order>>() {
        Ok(id) => app.store.orders.find(id).await?,
        Err(_) => app.store.orders.find_by_number(&key.to_uppercase()).await?,
    };
    let seen = order.and_then(|order| Visibility::of(user, &order).map(|visibility| (order, visibility)));
    seen.ok_or_else(|| Problem::not_found("order"))
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
