//! From a cart to an order: everything or nothing.
//!
//! The order, its payment, the redeemed coupon, the converted cart, the idempotency record and the messages that follow commit
//! together (invariants I1, I2, I4, I7 of `docs/DOMAIN.md`). The stock is reserved outside of that transaction, while it is
//! open: see [`super::reserve_stock`].

mod new_order;

use std::time::{Duration, Instant};

use self::new_order::{check_orderable, new_order, new_payment, redemption, start_payment};
use super::{
    quote::{Basis, Quote, QuoteRequest},
    reserve_stock::OrderStock,
};
use shop_domain::{
    Address, Buyer, Clock, Email, Money, MoneyError, Random, Sku,
    cart::Cart,
    coupon::CouponRefusal,
    message::{Event, Message},
    order::{self, Order},
    payment::{ChargeLimits, Payment, PaymentMethod, PaymentSource},
    pricing::Destination,
    saved_method::SavedMethod,
    shipping::ShippingMethod,
};
use shop_store::{
    RETRY_TIMEOUT, Store, StoreError, TransactionError, Versioned, backoff, idempotency::IdempotencyRecord, transaction,
};

/// The order that a buyer wants.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Who buys.
    pub buyer: Buyer,
    /// Where mails go.
    pub email: Email,
    /// The cart as it was read; it must not have changed.
    pub cart: Versioned<Cart>,
    /// Where the parcel goes.
    pub shipping_address: Address,
    /// Where the invoice goes.
    pub billing_address: Address,
    /// How it travels.
    pub shipping_method: ShippingMethod,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// What is charged.
    pub source: Option<PaymentSource>,
    /// What is charged instead of a source.
    pub saved_method: Option<SavedMethod>,
    /// Whether the source is saved for the customer once it is charged.
    pub save_method: bool,
    /// What the payment method can charge in the cart's currency; `None` if it has no limits.
    pub charge_limits: Option<ChargeLimits>,
    /// What the customer was shown; anything else is refused.
    pub expected_total: Option<Money>,
    /// The customer's remarks.
    pub notes: Option<String>,
    /// How long the order may stay unpaid before it expires.
    pub payment_window: Duration,
}

/// An order that was just placed.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// Its payment.
    pub payment: Payment,
    /// Enqueued with it; to be dispatched.
    pub messages: Vec<Message>,
    /// The record of the request's answer.
    pub record: IdempotencyRecord,
}

/// Why an order was not placed. Nothing happened then.
#[derive(Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// There is nothing in the cart.
    #[error("the cart is empty")]
    CartEmpty,
    /// The cart was changed while it was being ordered.
    #[error("the cart was changed meanwhile")]
    CartChanged,
    /// Fewer units can be ordered than the line wants, or the product is no longer sold.
    #[error("only {available} of {sku} can be ordered")]
    InsufficientStock {
        /// Which SKU.
        sku: Sku,
        /// How many one buyer can order, backorders included.
        available: i64,
        /// Whether enough units may be released: they are reserved for orders that may not come about.
        may_change: bool,
    },
    /// The total is not what the customer was shown.
    #[error("the total is {}, not what was expected", .0.price.totals.total.minor())]
    PriceChanged(Box<Quote>),
    /// The coupon gives nothing.
    #[error(transparent)]
    Coupon(#[from] CouponRefusal),
    /// The payment method cannot charge this total.
    #[error("the payment method cannot charge this total")]
    NotChargeable(ChargeLimits),
    /// There is something to pay, and nothing to charge.
    #[error("there is nothing to charge")]
    NothingToCharge,
    /// The method is not offered at the address.
    #[error("the shipping method is not offered at this address")]
    ShippingUnavailable,
    /// The address names no state or province, and the tax depends on it.
    #[error("the tax depends on the state or province, which the address does not name")]
    StateMissing,
    /// An amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlaceOrderError {
    /// Whether the order may exist all the same.
    fn may_have_committed(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_have_happened())
    }
}

impl TransactionError for PlaceOrderError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Upper bound for the best-effort confirmation of reservations after the answer.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(3);

/// Places an order. `record` makes the idempotency record of the answer.
///
/// # Errors
/// [`StoreError::Contended`] if the stock stays reserved for other orders, which may not come about, for [`RETRY_TIMEOUT`].
pub async fn place_order(
    store: &Store,
    clock: &Clock,
    random: &Random,
    wanted: &PlaceOrder,
    record: impl Fn(&Order, &Payment) -> IdempotencyRecord,
) -> Result<Placed, PlaceOrderError> {
    if wanted.cart.items.is_empty() {
        return Err(PlaceOrderError::CartEmpty);
    }
    // One deadline for all waits of this request.
    let mut deadline = None;
    loop {
        let mut stock = OrderStock::of(&wanted.cart, clock.now());
        let error = match try_place(store, clock, random, wanted, &mut stock, &record).await {
            Ok(placed) => return Ok(placed),
            Err(error) => error,
        };
        // The units of an order that may exist are never released here: expiry decides, behind the fence.
        if !error.may_have_committed() {
            stock.release(store).await;
        }
        match error {
            PlaceOrderError::InsufficientStock { may_change: true, .. } => {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + RETRY_TIMEOUT);
                wait_for_stock(store, clock, wanted, deadline).await?;
            }
            PlaceOrderError::Store(taken) if taken.is_duplicate_of("orderNumber") => {}
            error => return Err(error),
        }
    }
}

/// Waits until units that are reserved for other orders are enough again: with nothing reserved, and outside of a transaction.
async fn wait_for_stock(
    store: &Store,
    clock: &Clock,
    wanted: &PlaceOrder,
    deadline: Instant,
) -> Result<(), PlaceOrderError> {
    for attempt in 0.. {
        if Instant::now() >= deadline {
            break;
        }
        tokio::time::sleep(backoff(attempt)).await;
        match OrderStock::of(&wanted.cart, clock.now()).check_availability(store).await {
            Err(PlaceOrderError::InsufficientStock { may_change: true, .. }) => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Contended.into())
}

async fn try_place(
    store: &Store,
    clock: &Clock,
    random: &Random,
    wanted: &PlaceOrder,
    stock: &mut OrderStock,
    record: &impl Fn(&Order, &Payment) -> IdempotencyRecord,
) -> Result<Placed, PlaceOrderError> {
    let now = clock.now();
    transaction!(store, |tx| {
        // First, because it locks the cart: duplicates and parallel checkouts fail here, before they reserve anything.
        let mut cart = wanted.cart.clone();
        cart.convert(now);
        // Prices are read in each attempt: the previous one may be seconds old.
        let (converted, basis, settings) = futures::join!(
            store.carts.save_in(tx, &mut cart),
            Basis::read(store, &wanted.cart, wanted.request()),
            store.settings.payments(),
        );
        converted.map_err(changed)?;
        // The reservation decides whether there is enough.
        let quote = basis?.price(&wanted.cart, |_| i64::MAX, wanted.request(), now)?;
        let quote = check_orderable(quote, wanted)?;
        let order_number = order::new_order_number(random, now);
        let mut payment = new_payment(wanted, settings?, stock.order(), &quote, now);
        let mut order = new_order(wanted, &payment, &quote, order_number, now)?;
        let mut messages = start_payment(&mut order, &mut payment, now)?;
        // Not through `tx`, where a popular SKU would make all orders but one start over. `stock` remembers what it reserved,
        // so another attempt reserves nothing twice.
        let (reserved, inserted) = futures::join!(stock.reserve(store), async {
            store.orders.insert_in(tx, &order).await?;
            store.payments.insert_in(tx, &payment).await
        });
        reserved?;
        inserted?;
        messages.extend(stock.crossed_threshold().map(|sku| Event::EmailLowStock { sku: sku.clone() }.now(now)));
        store.outbox.enqueue_all(tx, &messages).await?;
        // Redeemed late: orders that redeem the same coupon conflict from here to the commit.
        if let Some(redemption) = redemption(wanted, &quote, &order) {
            store.coupons.redeem_in(tx, &redemption).await??;
        }
        let record = record(&order, &payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok::<_, PlaceOrderError>(Placed { order, payment, messages, record })
    })
}

impl Placed {
    /// Confirms the reservations of the order. If that fails or takes long, they are confirmed when they expire.
    pub async fn confirm_reservations(&self, store: &Store) {
        let skus = self.order.items.iter().map(|item| &item.sku);
        let confirming = store.inventory.confirm(skus, self.order.id, self.order.created_at);
        match tokio::time::timeout(CONFIRM_TIMEOUT, confirming).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the reservations of an order are confirmed when they expire");
            }
            Err(_) => tracing::warn!("the reservations of an order are confirmed when they expire: the record is busy"),
        }
    }
}

impl PlaceOrder {
    /// How its price is asked for.
    fn request(&self) -> QuoteRequest<'_> {
        let to = &self.shipping_address;
        QuoteRequest {
            destination: Some(Destination { country: &to.country, state: &to.state }),
            method: Some(self.shipping_method),
            coupon_code: self.cart.coupon_code.as_deref(),
            buyer: Some(&self.buyer),
            email: Some(&self.email),
        }
    }
}

/// A save that does not find the version that was read: the buyer changed the cart, or ordered it, in another request.
fn changed(error: StoreError) -> PlaceOrderError {
    match error {
        StoreError::VersionMismatch => PlaceOrderError::CartChanged,
        error => PlaceOrderError::Store(error),
    }
}
