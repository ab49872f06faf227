//! Carts.

mod abandonment;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::abandonment::{ABANDONED_AFTER, REMINDER_INTERVAL, Reminder};
use super::{Buyer, Currency, Id, Money, Quantity, Sku, Timestamp, product::Product, sku::in_order, user::User};

/// The most lines that a cart takes.
pub const MAX_LINES: usize = 100;

/// How long a customer's cart is kept after its last change.
pub const CUSTOMER_CART_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a guest's cart is kept after its last change.
pub const GUEST_CART_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A cart. Its prices are what the buyer saw last; checkout computes everything anew from the catalogue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Cart>,
    /// The customer, if it has one. At most one open cart per customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Id<User>>,
    /// SHA-256 of the guest's cart token, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// One line per SKU.
    pub items: Vec<CartItem>,
    /// The currency of the first line; all lines share it.
    #[serde(default)]
    pub currency: Currency,
    /// The coupon that was put in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    /// Whether it can still be changed.
    pub status: CartStatus,
    /// The document is removed then.
    pub expires_at: Timestamp,
    /// When the buyer last changed it.
    pub last_activity: Timestamp,
    /// When its owner was last reminded of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether a cart can still be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CartStatus {
    /// In use.
    Active,
    /// Left alone; the next change makes it active again.
    Abandoned,
    /// It became an order.
    Converted,
}

/// One line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CartItem {
    /// Its id.
    pub id: Id<CartItem>,
    /// The product.
    pub product: Id<Product>,
    /// The chosen variant; `None` where the product has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Sku>,
    /// What the stock is kept under: the variant, or the product's own SKU.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// What one cost when the line last changed.
    pub price: Money,
    /// When it was put in.
    pub added_at: Timestamp,
}

/// What is to be put into a cart.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The product.
    pub product: Id<Product>,
    /// The chosen variant.
    pub variant: Option<Sku>,
    /// What the stock is kept under.
    pub sku: Sku,
    /// How many more.
    pub quantity: Quantity,
    /// What one costs.
    pub unit_price: Money,
    /// Of the price.
    pub currency: Currency,
    /// How many one buyer could have.
    pub orderable: i64,
}

/// Why a cart could not be changed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CartError {
    /// The line does not exist.
    #[error("the cart has no such line")]
    UnknownItem,
    /// More than there are.
    #[error("only {available} can be ordered")]
    InsufficientStock {
        /// How many one buyer could have.
        available: i64,
    },
    /// More than [`MAX_LINES`].
    #[error("a cart takes at most {MAX_LINES} lines")]
    TooManyLines,
    /// More than [`Quantity::MAX`].
    #[error("one line takes at most 999")]
    TooManyUnits,
    /// The lines of a cart share one currency.
    #[error("the cart is in {cart}, the product in {product}")]
    CurrencyMismatch {
        /// Of the lines in it.
        cart: Currency,
        /// Of the new line, or of the cart whose lines are taken over.
        product: Currency,
    },
}

impl Cart {
    /// The units that it asks for per SKU, in a fixed order of SKUs.
    pub fn units(&self) -> Vec<(Sku, Quantity)> {
        in_order(self.items.iter().map(|item| (item.sku.clone(), item.quantity)))
    }

    /// An empty cart.
    pub fn of(buyer: &Buyer, now: Timestamp) -> Self {
        match buyer {
            Buyer::Customer(user) => Self::of_customer(*user, now),
            Buyer::Guest(token_hash) => Self::of_guest(token_hash.clone(), now),
        }
    }

    /// An empty cart of a customer.
    pub fn of_customer(user: Id<User>, now: Timestamp) -> Self {
        Self::new(Some(user), None, now)
    }

    /// An empty cart of a guest, found again by the hash of the token.
    pub fn of_guest(token_hash: String, now: Timestamp) -> Self {
        Self::new(None, Some(token_hash), now)
    }

    fn new(user: Option<Id<User>>, session_id: Option<String>, now: Timestamp) -> Self {
        let life = if user.is_some() { CUSTOMER_CART_LIFE } else { GUEST_CART_LIFE };
        Self {
            id: Id::new(),
            user,
            session_id,
            items: Vec::new(),
            currency: Currency::default(),
            coupon_code: None,
            status: CartStatus::Active,
            expires_at: now.plus(life),
            last_activity: now,
            reminded_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The buyer was active: the cart is active again and its expiry moves on.
    fn touch(&mut self, now: Timestamp) {
        let life = if self.user.is_some() { CUSTOMER_CART_LIFE } else { GUEST_CART_LIFE };
        self.status = CartStatus::Active;
        self.last_activity = now;
        self.updated_at = now;
        self.expires_at = now.plus(life);
    }

    /// Puts units in: onto the line of the same SKU, or as a new line.
    pub fn add(&mut self, item: NewItem, now: Timestamp) -> Result<(), CartError> {
        if self.items.is_empty() {
            self.currency = item.currency;
        } else if self.currency != item.currency {
            return Err(CartError::CurrencyMismatch { cart: self.currency, product: item.currency });
        }
        let is_full = self.items.len() >= MAX_LINES;
        let line = self.items.iter_mut().find(|line| line.sku == item.sku);
        let wanted = line.as_ref().map_or(0, |line| line.quantity.get()) + item.quantity.get();
        let quantity = Quantity::try_new(wanted).map_err(|_| CartError::TooManyUnits)?;
        if wanted > item.orderable {
            return Err(CartError::InsufficientStock { available: item.orderable });
        }
        match line {
            Some(line) => {
                line.quantity = quantity;
                line.price = item.unit_price;
            }
            None if is_full => return Err(CartError::TooManyLines),
            None => self.items.push(CartItem {
                id: Id::new(),
                product: item.product,
                variant: item.variant,
                sku: item.sku,
                quantity,
                price: item.unit_price,
                added_at: now,
            }),
        }
        self.touch(now);
        Ok(())
    }

    /// The line with this id.
    pub fn item(&self, id: Id<CartItem>) -> Result<&CartItem, CartError> {
        self.items.iter().find(|line| line.id == id).ok_or(CartError::UnknownItem)
    }

    /// Sets how many units a line has; `orderable` is how many one buyer could have, `unit_price` what one costs now, if it
    /// is sold.
    pub fn change(
        &mut self,
        id: Id<CartItem>,
        quantity: Quantity,
        orderable: i64,
        unit_price: Option<Money>,
        now: Timestamp,
    ) -> Result<(), CartError> {
        let line = self.items.iter_mut().find(|line| line.id == id).ok_or(CartError::UnknownItem)?;
        // A line that is no longer sold cannot grow.
        let orderable = if unit_price.is_some() { orderable } else { 0 };
        // Taking units out is always possible, even where there are fewer left than remain in the cart.
        if quantity > line.quantity && quantity.get() > orderable {
            return Err(CartError::InsufficientStock { available: orderable });
        }
        line.quantity = quantity;
        line.price = unit_price.unwrap_or(line.price);
        self.touch(now);
        Ok(())
    }

    /// Takes a line out.
    pub fn remove(&mut self, id: Id<CartItem>, now: Timestamp) -> Result<(), CartError> {
        let before = self.items.len();
        self.items.retain(|line| line.id != id);
        if self.items.len() == before {
            return Err(CartError::UnknownItem);
        }
        self.touch(now);
        Ok(())
    }

    /// Takes everything out, the coupon too.
    pub fn clear(&mut self, now: Timestamp) {
        self.items.clear();
        self.coupon_code = None;
        self.touch(now);
    }

    /// Puts a coupon in, or takes it out.
    pub fn use_coupon(&mut self, code: Option<String>, now: Timestamp) {
        self.coupon_code = code;
        self.touch(now);
    }

    /// Takes a guest's lines over: the union, where the guest's quantity wins on a common line, capped by `orderable`, but
    /// never below one. A line that is sold out comes along too, and is told as what is wrong with it: no line is lost. So a
    /// union of two currencies or of more than [`MAX_LINES`] is refused, and nothing is changed.
    pub fn merge(&mut self, guest: &Self, orderable: impl Fn(&Sku) -> i64, now: Timestamp) -> Result<(), CartError> {
        if self.items.is_empty() {
            self.currency = guest.currency;
        } else if !guest.items.is_empty() && self.currency != guest.currency {
            return Err(CartError::CurrencyMismatch { cart: self.currency, product: guest.currency });
        }
        let mut items = self.items.clone();
        for item in &guest.items {
            let capped = Quantity::try_new(item.quantity.get().min(orderable(&item.sku)));
            let quantity = capped.unwrap_or(Quantity::ONE);
            match items.iter_mut().find(|line| line.sku == item.sku) {
                Some(line) => line.quantity = quantity,
                None => items.push(CartItem { quantity, ..item.clone() }),
            }
        }
        if items.len() > MAX_LINES {
            return Err(CartError::TooManyLines);
        }
        self.items = items;
        if self.coupon_code.is_none() {
            self.coupon_code.clone_from(&guest.coupon_code);
        }
        self.touch(now);
        Ok(())
    }

    /// Converts the cart into an order. Ordering an abandoned cart resumes it in the same write.
    pub fn convert(&mut self, now: Timestamp) {
        self.status = CartStatus::Converted;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
