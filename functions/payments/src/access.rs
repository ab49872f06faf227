//! Visibility of payments: the customer, the guest with the cart's token, and administrators.

use shared::{
    domain::{Id, order::Order, payment::Payment, secret_hash::sha256_hex},
    http::{App, Buyer, Problem},
    store::Versioned,
};

/// The payment and its order, if the caller is their buyer or an administrator.
pub(crate) async fn load_payment(
    app: &App,
    buyer: &Buyer,
    id: Id<Payment>,
) -> Result<(Versioned<Payment>, Versioned<Order>), Problem> {
    let missing = || Problem::not_found("payment");
    let payment = app.store.payments.find(id).await?.ok_or_else(missing)?;
    let order = app.store.orders.find(payment.order).await?.ok_or_else(missing)?;
    let is_theirs = match buyer {
        Buyer::Customer(user) => user.is_admin() || payment.user == Some(user.id),
        Buyer::Guest(token) => {
            let cart = app.store.carts.find(order.cart).await?;
            payment.user.is_none() && cart.and_then(|cart| cart.into_inner().session_id) == Some(sha256_hex(token))
        }
    };
    if is_theirs { Ok((payment, order)) } else { Err(missing()) }
}
