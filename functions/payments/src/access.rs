//! Visibility of payments: the customer, the guest with the cart's token, and administrators.

use shared::{
    domain::{
        Buyer, Id,
        order::Order,
        payment::{Payment, Refund},
    },
    http::{App, CurrentBuyer, CurrentUser, Problem},
    store::Versioned,
};

/// The payment and its order, if the caller is their buyer or an administrator.
pub(crate) async fn load_payment(
    app: &App,
    caller: &CurrentBuyer,
    id: Id<Payment>,
) -> Result<(Versioned<Payment>, Versioned<Order>), Problem> {
    let missing = || Problem::not_found("payment");
    let payment = app.store.payments.find(id).await?.ok_or_else(missing)?;
    let order = app.store.orders.find(payment.order).await?.ok_or_else(missing)?;
    let is_theirs = match &caller.buyer {
        Buyer::Customer(user) => caller.is_admin || payment.user == Some(*user),
        Buyer::Guest(token_hash) => {
            let cart = app.store.carts.find(order.cart).await?;
            payment.user.is_none() && cart.is_some_and(|cart| cart.session_id.as_ref() == Some(token_hash))
        }
    };
    if is_theirs { Ok((payment, order)) } else { Err(missing()) }
}

/// Refuses a refund that the payment does not have, and a payment that is not the caller's.
pub(crate) async fn check_refund(
    app: &App,
    user: CurrentUser,
    id: Id<Payment>,
    refund: Id<Refund>,
) -> Result<(), Problem> {
    let (payment, _) = load_payment(app, &user.into(), id).await?;
    let is_known = payment.refunds.iter().any(|each| each.id == refund);
    if is_known { Ok(()) } else { Err(Problem::not_found("refund")) }
}
