//! What the functions tell each other through the queues.
//!
//! A message says what happened or is wanted and names the documents; it carries no personal data, no secrets and no
//! amounts that the documents do not hold: a consumer reads the truth from the store. (A mailed token, for one, is made
//! when the mail is written, so that it never rests in a queue.)

use serde::{Deserialize, Serialize};

use super::{Id, Sku, Timestamp, cart::Cart, order::Order, payment::Payment, payment::Refund, user::User};

/// The version of the envelope that this code writes and reads.
pub const ENVELOPE_VERSION: u32 = 1;

/// The queues, each with one consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Queue {
    /// Consumed by payment processing.
    Payments,
    /// Consumed by order fulfilment.
    Fulfillment,
    /// Consumed by notifications.
    Notifications,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Payments, Self::Fulfillment, Self::Notifications];

    /// As stored and as named in `template.yaml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Fulfillment => "fulfillment",
            Self::Notifications => "notifications",
        }
    }
}

/// The envelope of a message: the body of an SQS record, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id; a consumer records it with the effect, so that a second delivery changes nothing.
    pub id: Id<Message>,
    /// [`ENVELOPE_VERSION`].
    pub version: u32,
    /// When the change that it tells of was made.
    pub occurred_at: Timestamp,
    /// The order that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Id<Order>>,
    /// The payment that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<Id<Payment>>,
    /// What happened or is wanted.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened or is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum Event {
    /// Charge the current attempt of the payment.
    #[serde(rename = "payment.requested")]
    PaymentRequested {
        /// Which attempt; an older one is no longer wanted.
        attempt: i64,
    },
    /// Pay an approved refund out.
    #[serde(rename = "refund.requested")]
    RefundRequested {
        /// The entry in the payment's `refunds`.
        refund_id: Id<Refund>,
    },
    /// Make sure that the payment can no longer be charged; an order whose time is over is cancelled then.
    #[serde(rename = "payment.voidRequested")]
    PaymentVoidRequested {},
    /// The gateway says that something happened: look.
    #[serde(rename = "payment.webhookReceived")]
    PaymentWebhookReceived {
        /// The gateway's id of the event.
        event_id: String,
        /// The gateway's id of the intent.
        intent_id: String,
    },
    /// The outcome of the charge is unknown: look it up.
    #[serde(rename = "payment.statusUnknown")]
    PaymentStatusUnknown {},
    /// Pick the order.
    #[serde(rename = "order.paid")]
    OrderPaid {},
    /// Stop picking the order and give money back that was taken.
    #[serde(rename = "order.cancelled")]
    OrderCancelled {},
    /// Units came back: put them into stock and refund them.
    #[serde(rename = "order.returned")]
    OrderReturned {
        /// The entry in the order's `returns`.
        return_id: Id<super::order::Return>,
    },
    /// Prove that the mailbox is yours.
    #[serde(rename = "email.verification")]
    EmailVerification {
        /// To whom.
        user_id: Id<User>,
    },
    /// The address was registered again.
    #[serde(rename = "email.alreadyRegistered")]
    EmailAlreadyRegistered {
        /// To whom.
        user_id: Id<User>,
    },
    /// Choose a new password.
    #[serde(rename = "email.passwordReset")]
    EmailPasswordReset {
        /// To whom.
        user_id: Id<User>,
    },
    /// We have your order.
    #[serde(rename = "email.orderPlaced")]
    EmailOrderPlaced {},
    /// We have your money.
    #[serde(rename = "email.orderPaid")]
    EmailOrderPaid {},
    /// The charge was declined; try again.
    #[serde(rename = "email.paymentFailed")]
    EmailPaymentFailed {},
    /// It is on its way.
    #[serde(rename = "email.orderShipped")]
    EmailOrderShipped {},
    /// It is cancelled.
    #[serde(rename = "email.orderCancelled")]
    EmailOrderCancelled {},
    /// Money is on its way back.
    #[serde(rename = "email.refunded")]
    EmailRefunded {
        /// The entry in the payment's `refunds`.
        refund_id: Id<Refund>,
    },
    /// Tells the seller that stock runs low.
    #[serde(rename = "email.lowStock")]
    EmailLowStock {
        /// Which SKU.
        sku: Sku,
    },
    /// Your cart is still here.
    #[serde(rename = "email.cartAbandoned")]
    EmailCartAbandoned {
        /// Which cart.
        cart_id: Id<Cart>,
    },
}

impl Event {
    /// Where it goes.
    pub const fn queue(&self) -> Queue {
        match self {
            Self::PaymentRequested { .. }
            | Self::RefundRequested { .. }
            | Self::PaymentVoidRequested {}
            | Self::PaymentWebhookReceived { .. }
            | Self::PaymentStatusUnknown {} => Queue::Payments,
            Self::OrderPaid {} | Self::OrderCancelled {} | Self::OrderReturned { .. } => Queue::Fulfillment,
            _ => Queue::Notifications,
        }
    }

    /// A message about something that is neither an order nor a payment.
    pub fn now(self, now: Timestamp) -> Message {
        Message {
            id: Id::new(),
            version: ENVELOPE_VERSION,
            occurred_at: now,
            order_id: None,
            payment_id: None,
            event: self,
        }
    }

    /// A message about an order.
    pub fn about(self, order: Id<Order>, now: Timestamp) -> Message {
        Message { order_id: Some(order), ..self.now(now) }
    }

    /// A message about a payment and its order.
    pub fn about_payment(self, payment: Id<Payment>, order: Id<Order>, now: Timestamp) -> Message {
        Message { order_id: Some(order), payment_id: Some(payment), ..self.now(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_the_one_of_the_domain_rules() {
        let order: Id<Order> = "507f1f77bcf86cd799439011".parse().unwrap();
        let payment: Id<Payment> = "507f1f77bcf86cd799439012".parse().unwrap();
        let mut message =
            Event::PaymentRequested { attempt: 1 }.about_payment(payment, order, Timestamp::from_millis(0));
        message.id = "507f1f77bcf86cd799439013".parse().unwrap();
        let json = serde_json::to_value(&message).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "id": "507f1f77bcf86cd799439013", "version": 1, "occurredAt": "1970-01-01T00:00:00Z",
                "orderId": "507f1f77bcf86cd799439011", "paymentId": "507f1f77bcf86cd799439012",
                "type": "payment.requested", "data": {"attempt": 1},
            })
        );
        assert_eq!(serde_json::from_value::<Message>(json).unwrap(), message);
    }

    #[test]
    fn an_event_without_facts_has_empty_data() {
        let json = serde_json::to_value(Event::OrderPaid {}).unwrap();
        assert_eq!(json, serde_json::json!({"type": "order.paid", "data": {}}));
    }
}
