//! Orders: what was bought, at what price, and how far it has come.

mod returns;
mod shipments;

use serde::{Deserialize, Serialize};

pub use returns::{Return, ReturnError, ReturnItem, ReturnStatus, ReturnedUnits};
pub use shipments::{LinesOf, ShipError, Shipment, Tracking};

use super::{
    Address, Command, Currency, Email, Id, Idempotent, IllegalTransition, Money, Quantity, Random, Sku, State,
    Timestamp,
    cart::Cart,
    category::Category,
    coupon::CouponKind,
    payment::Payment,
    pricing::{TaxAmount, Totals},
    product::Product,
    shipping::ShippingMethod,
    sku::in_order,
    user::User,
};

/// An order. Everything that it was priced by is copied into it, so that its totals always re-compute from its own lines
/// (invariant I5).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Order>,
    /// `ORD-YYYYMMDD-XXXXX`; unique.
    pub order_number: String,
    /// Who ordered; `None` for a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Id<User>>,
    /// Where its mails go.
    pub email: Email,
    /// At least one.
    pub items: Vec<OrderItem>,
    /// The sums.
    pub pricing: Totals,
    /// Of all amounts here.
    pub currency: Currency,
    /// Whether the tax is contained in the other amounts.
    pub prices_include_tax: bool,
    /// The tax per rate.
    pub taxes: Vec<TaxAmount>,
    /// Where the parcel goes.
    pub shipping_address: Address,
    /// Where the invoice goes.
    pub billing_address: Address,
    /// Its payment.
    pub payment: Id<Payment>,
    /// How far it has come.
    pub status: OrderStatus,
    /// Who ended it and why, while it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// How it travels.
    pub shipping_method: ShippingMethod,
    /// Where the latest parcel is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
    /// Every parcel, in the order in which they left.
    #[serde(default)]
    pub shipments: Vec<Shipment>,
    /// Remarks.
    pub notes: Notes,
    /// Every change of state.
    pub timeline: Vec<TimelineEntry>,
    /// The coupon that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<String>,
    /// What the coupon gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<AppliedDiscount>,
    /// What came back.
    #[serde(default)]
    pub returns: Vec<Return>,
    /// The cart that it came from.
    pub cart: Id<Cart>,
    /// When the order expires if it is unpaid, and its stock is released.
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Placed and unpaid; its stock is reserved.
    Pending,
    /// Paid.
    Confirmed,
    /// Being picked.
    Processing,
    /// Handed over to the carrier.
    Shipped,
    /// Arrived.
    Delivered,
    /// Ended before it was shipped.
    Cancelled,
    /// Came back in full and was refunded.
    Refunded,
}

impl OrderStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Whether its units are still reserved in stock.
    pub const fn reserves_stock(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed | Self::Processing)
    }
}

/// One line of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// Its id.
    pub id: Id<OrderItem>,
    /// The product.
    pub product: Id<Product>,
    /// The product as it was.
    pub product_snapshot: ProductSnapshot,
    /// Its categories as they were, from the root down; reports group by them.
    #[serde(default)]
    pub category_path: Vec<Id<Category>>,
    /// Who sells it, and ships it.
    pub seller: Id<User>,
    /// The chosen variant; `None` where the product has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Sku>,
    /// What the stock is kept under.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// What one cost.
    pub price: Money,
    /// `price × quantity`.
    pub subtotal: Money,
    /// Its part of the discount.
    pub discount: Money,
    /// Its tax.
    pub tax: Money,
    /// What it added to the total.
    pub total: Money,
    /// When it was handed over to the carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// How many came back.
    #[serde(default)]
    pub returned: i64,
}

/// A product as it was when it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductSnapshot {
    /// Its name.
    pub name: String,
    /// The SKU that was sold.
    pub sku: Sku,
    /// URL of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What one cost.
    pub price: Money,
}

/// Remarks on an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// The customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The shop's own: at most [`MAX_REMARKS`], in the order in which they were made.
    #[serde(default)]
    pub admin: Vec<Remark>,
}

/// Remarks of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it says.
    pub text: String,
    /// Who says it: sellers of one order do not read each other's.
    pub by: Id<User>,
    /// When.
    pub at: Timestamp,
}

/// An order is one document, and documents are bounded.
pub const MAX_REMARKS: usize = 100;

/// An order holds as many remarks as it can.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the order holds as many remarks as it can, which is {MAX_REMARKS}")]
pub struct TooManyRemarks;

/// Who ended an order, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Decides whether late money reopens the order or is refunded.
    pub reason: CancellationReason,
    /// The user who cancelled it; `None` is the shop itself, or a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Id<User>>,
    /// The reason in words.
    pub note: String,
}

/// Why an order ended before it was shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationReason {
    /// It was not paid in time. Late money reopens it.
    Expired,
    /// A person cancelled it. Late money is refunded.
    Requested,
    /// Its authorisation ended before it was shipped. Late money is refunded.
    AuthorisationEnded,
}

impl Cancellation {
    /// Not paid in time.
    pub fn expired() -> Self {
        Self { reason: CancellationReason::Expired, by: None, note: "not paid in time".to_owned() }
    }

    /// The authorisation of its payment ended, or was about to, before anything was shipped.
    pub fn authorisation_ended() -> Self {
        let note = "not shipped before the authorisation of the payment ended; nothing was charged".to_owned();
        Self { reason: CancellationReason::AuthorisationEnded, by: None, note }
    }

    /// By a person: a user, or a guest without an account.
    pub fn requested(by: impl Into<Option<Id<User>>>, note: &str) -> Self {
        Self { reason: CancellationReason::Requested, by: by.into(), note: note.to_owned() }
    }
}

/// One change of an order's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// The state after it.
    pub status: OrderStatus,
    /// When.
    pub timestamp: Timestamp,
    /// Why.
    pub note: String,
    /// By whom; `None` is the shop itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<Id<User>>,
}

/// What a coupon gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedDiscount {
    /// Its code.
    pub code: String,
    /// How much.
    pub amount: Money,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: CouponKind,
}

/// A new order number. The day is for people; five of 31 digits make a repeat within a day rare, and the unique index
/// refuses it.
pub fn new_order_number(random: &Random, now: Timestamp) -> String {
    format!("ORD-{}-{}", now.compact_date(), random.readable(5))
}

impl Order {
    fn enter(&mut self, status: OrderStatus, note: impl Into<String>, by: Option<Id<User>>, now: Timestamp) {
        self.status = status;
        self.timeline.push(TimelineEntry { status, timestamp: now, note: note.into(), updated_by: by });
        self.updated_at = now;
    }

    /// The money is here.
    ///
    /// # Errors
    /// If the order was cancelled before: the money is late.
    pub fn confirm(&mut self, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        self.confirm_because("paid", now)
    }

    /// The money is promised: it is captured when the order is shipped.
    ///
    /// # Errors
    /// If the order was cancelled before.
    pub fn confirm_authorised(&mut self, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        self.confirm_because("payment authorised", now)
    }

    fn confirm_because(&mut self, note: &str, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        match self.status {
            OrderStatus::Pending => {
                self.enter(OrderStatus::Confirmed, note, None, now);
                Ok(Idempotent::Executed)
            }
            OrderStatus::Cancelled => Err(self.illegal(Command::ConfirmOrder)),
            _ => Ok(Idempotent::AlreadyApplied),
        }
    }

    /// Late money: the payment of an expired order arrived, and its stock was reserved again in the same transaction. See
    /// `docs/adr/0003-late-money.md`.
    ///
    /// # Errors
    /// Unless it expired: an order that a person cancelled stays cancelled.
    pub fn reopen(&mut self, now: Timestamp) -> Result<(), IllegalTransition> {
        if !self.has_expired() {
            return Err(self.illegal(Command::ReopenOrder));
        }
        self.cancellation = None;
        self.enter(OrderStatus::Confirmed, "paid late: reopened, its stock is reserved again", None, now);
        Ok(())
    }

    /// Whether it was not paid in time, and no person has cancelled it since.
    pub fn has_expired(&self) -> bool {
        self.cancellation.as_ref().is_some_and(|cancellation| cancellation.reason == CancellationReason::Expired)
    }

    /// The warehouse has taken it up.
    ///
    /// # Errors
    /// If it is not paid, or was cancelled.
    pub fn pick(&mut self, now: Timestamp) -> Result<Idempotent, IllegalTransition> {
        match self.status {
            OrderStatus::Confirmed => {
                self.enter(OrderStatus::Processing, "picking", None, now);
                Ok(Idempotent::Executed)
            }
            OrderStatus::Pending | OrderStatus::Cancelled => Err(self.illegal(Command::PickOrder)),
            _ => Ok(Idempotent::AlreadyApplied),
        }
    }

    /// Ends it before it is shipped. Its reserved stock has to be released in the same transaction.
    ///
    /// # Errors
    /// Once it has ended, or any line is shipped.
    pub fn cancel(&mut self, cancellation: Cancellation, now: Timestamp) -> Result<(), IllegalTransition> {
        if !self.status.reserves_stock() {
            return Err(self.illegal(Command::CancelOrder));
        }
        if self.has_left() {
            return Err(IllegalTransition { command: Command::CancelOrder, state: State::PartlyShipped });
        }
        self.end(cancellation, now);
        Ok(())
    }

    /// Cancels an order that has expired: from now on late money is refunded.
    ///
    /// # Errors
    /// Unless it has expired.
    pub fn cancel_expired(&mut self, cancellation: Cancellation, now: Timestamp) -> Result<(), IllegalTransition> {
        if !self.has_expired() {
            return Err(self.illegal(Command::CancelOrder));
        }
        self.end(cancellation, now);
        Ok(())
    }

    fn end(&mut self, cancellation: Cancellation, now: Timestamp) {
        self.enter(OrderStatus::Cancelled, cancellation.note.clone(), cancellation.by, now);
        self.cancellation = Some(cancellation);
    }

    /// Adds a remark of the shop.
    ///
    /// # Errors
    /// Beyond [`MAX_REMARKS`].
    pub fn note(&mut self, text: String, by: Id<User>, now: Timestamp) -> Result<(), TooManyRemarks> {
        if self.notes.admin.len() >= MAX_REMARKS {
            return Err(TooManyRemarks);
        }
        self.notes.admin.push(Remark { text, by, at: now });
        self.updated_at = now;
        Ok(())
    }

    /// Whether a seller has lines in it.
    pub fn has_lines_of(&self, seller: Id<User>) -> bool {
        self.items.iter().any(|item| item.seller == seller)
    }

    /// The units per line, in a fixed order of SKUs.
    pub fn units(&self) -> Vec<(Sku, Quantity)> {
        in_order(self.items.iter().map(|item| (item.sku.clone(), item.quantity)))
    }

    fn illegal(&self, command: Command) -> IllegalTransition {
        IllegalTransition { command, state: State::Order(self.status) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const NOW: Timestamp = Timestamp::from_millis(0);

    pub(crate) fn address() -> Address {
        Address {
            full_name: "Ada Lovelace".into(),
            company: None,
            address_line1: "12 St James's Square".into(),
            address_line2: None,
            city: "London".into(),
            state: String::new(),
            postal_code: "SW1Y 4JH".into(),
            country: "GB".into(),
            phone: "+442071234567".into(),
        }
    }

    pub(crate) fn cancelled_by_ada(note: &str) -> Cancellation {
        Cancellation::requested(Id::new(), note)
    }

    pub(crate) fn order(lines: &[(&str, i64, i64)]) -> Order {
        let items = lines
            .iter()
            .map(|(sku, quantity, total)| OrderItem {
                id: Id::new(),
                product: Id::new(),
                product_snapshot: ProductSnapshot {
                    name: "Mug".into(),
                    sku: Sku::try_new(*sku).unwrap(),
                    image: None,
                    price: Money::from_minor(total / quantity),
                },
                category_path: Vec::new(),
                seller: Id::new(),
                variant: None,
                sku: Sku::try_new(*sku).unwrap(),
                quantity: Quantity::try_new(*quantity).unwrap(),
                price: Money::from_minor(total / quantity),
                subtotal: Money::from_minor(*total),
                discount: Money::ZERO,
                tax: Money::ZERO,
                total: Money::from_minor(*total),
                shipped_at: None,
                returned: 0,
            })
            .collect();
        Order {
            id: Id::new(),
            order_number: "ORD-20260101-ABCDE".into(),
            user: None,
            email: Email::try_new("ada@example.test").unwrap(),
            items,
            pricing: Totals::default(),
            currency: Currency::USD,
            prices_include_tax: false,
            taxes: Vec::new(),
            shipping_address: address(),
            billing_address: address(),
            payment: Id::new(),
            status: OrderStatus::Pending,
            cancellation: None,
            shipping_method: ShippingMethod::Standard,
            tracking: None,
            shipments: Vec::new(),
            notes: Notes::default(),
            timeline: Vec::new(),
            coupon_code: None,
            discount: None,
            returns: Vec::new(),
            cart: Id::new(),
            reserved_until: NOW,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    pub(crate) fn tracking() -> Tracking {
        Tracking {
            carrier: "DHL".into(),
            tracking_number: "1".into(),
            tracking_url: None,
            estimated_delivery: None,
            actual_delivery: None,
        }
    }

    #[test]
    fn an_order_goes_all_the_way_and_a_repeat_changes_nothing() {
        let mut order = order(&[("A", 1, 100)]);
        assert!(order.confirm(NOW).unwrap().was_executed());
        assert_eq!(order.confirm(NOW), Ok(Idempotent::AlreadyApplied));
        assert!(order.pick(NOW).unwrap().was_executed());
        assert_eq!(order.pick(NOW), Ok(Idempotent::AlreadyApplied));
        assert_eq!(order.ship(LinesOf::Everyone, &tracking(), Id::new(), NOW).unwrap().len(), 1);
        assert!(order.ship(LinesOf::Everyone, &tracking(), Id::new(), NOW).is_err());
        assert!(order.deliver(LinesOf::Everyone, None, NOW).unwrap().was_executed());
        assert_eq!(order.deliver(LinesOf::Everyone, None, NOW), Ok(Idempotent::AlreadyApplied));
        let states: Vec<_> = order.timeline.iter().map(|entry| entry.status.as_str()).collect();
        assert_eq!(states, ["confirmed", "processing", "shipped", "delivered"]);
        assert!(order.cancel(cancelled_by_ada("too late"), NOW).is_err());
    }

    #[test]
    fn a_cancelled_order_is_not_paid_picked_or_shipped() {
        let mut order = order(&[("A", 1, 100)]);
        order.cancel(cancelled_by_ada("changed my mind"), NOW).unwrap();
        assert!(order.cancel(cancelled_by_ada("again"), NOW).is_err());
        assert!(
            order.confirm(NOW).is_err()
                && order.pick(NOW).is_err()
                && order.deliver(LinesOf::Everyone, None, NOW).is_err()
        );
        assert!(order.ship(LinesOf::Everyone, &tracking(), Id::new(), NOW).is_err());
    }

    #[test]
    fn late_money_reopens_an_expired_order_but_not_a_cancelled_one() {
        let again = || cancelled_by_ada("again");
        let mut expired = order(&[("A", 1, 100)]);
        expired.cancel(Cancellation::expired(), NOW).unwrap();
        expired.reopen(NOW).unwrap();
        assert_eq!((expired.status, &expired.cancellation), (OrderStatus::Confirmed, &None));
        let mut cancelled = order(&[("A", 1, 100)]);
        cancelled.cancel(cancelled_by_ada("changed my mind"), NOW).unwrap();
        assert!(cancelled.reopen(NOW).is_err() && cancelled.cancel_expired(again(), NOW).is_err());
        let mut both = order(&[("A", 1, 100)]);
        assert!(both.cancel_expired(again(), NOW).is_err(), "it has not ended");
        both.cancel(Cancellation::expired(), NOW).unwrap();
        both.cancel_expired(cancelled_by_ada("changed my mind"), NOW).unwrap();
        assert!(!both.has_expired() && both.reopen(NOW).is_err());
        assert!(both.cancel_expired(again(), NOW).is_err() && both.cancel(again(), NOW).is_err());
    }

    #[test]
    fn a_partly_shipped_order_is_not_cancelled() {
        let mut order = order(&[("A", 1, 100), ("B", 1, 100)]);
        let _ = order.confirm(NOW).unwrap();
        let _ = order.pick(NOW).unwrap();
        let seller = order.items[0].seller;
        let _ = order.ship(LinesOf::Seller(seller), &tracking(), seller, NOW).unwrap();
        let refused = order.cancel(cancelled_by_ada("too late"), NOW).unwrap_err();
        assert_eq!(refused, IllegalTransition { command: Command::CancelOrder, state: State::PartlyShipped });
    }

    #[test]
    fn notes_have_an_author_and_a_limited_number() {
        let mut order = order(&[("A", 1, 100)]);
        let by = Id::new();
        for number in 0..MAX_REMARKS {
            order.note(number.to_string(), by, NOW).unwrap();
        }
        assert_eq!(order.note("one more".into(), by, NOW), Err(TooManyRemarks));
        assert_eq!(order.notes.admin[1], Remark { text: "1".into(), by, at: NOW });
        assert_eq!(order.notes.admin.len(), MAX_REMARKS);
    }
}
