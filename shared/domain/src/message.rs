//! What the functions tell each other through the queues.
//!
//! A message says what happened or is wanted and names the documents; it carries no personal data, no secrets and no
//! amounts that the documents do not hold: a consumer reads the truth from the store. (A mailed token, for one, is made
//! when the mail is written, so that it never rests in a queue.)

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Id, Sku, Timestamp, cart::Cart, order::Order, payment::Capture, payment::Payment, payment::Refund,
    saved_method::SavedMethod, user::User,
};

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

/// A message: the body of an SQS record, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Envelope", into = "Envelope")]
pub struct Message {
    /// A consumer records it with the effect, so that a second delivery changes nothing.
    pub id: Id<Message>,
    /// [`ENVELOPE_VERSION`].
    pub version: u32,
    /// When the change that it tells of was made.
    pub occurred_at: Timestamp,
    /// What happened or is wanted.
    pub event: Event,
}

/// The wire format: the ids of order and payment, by which operators search, stand beside the event and not within it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    id: Id<Message>,
    version: u32,
    occurred_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_id: Option<Value>,
    #[serde(rename = "type")]
    kind: String,
    data: Map<String, Value>,
}

const ORDER_ID: &str = "orderId";
const PAYMENT_ID: &str = "paymentId";

impl From<Message> for Envelope {
    fn from(Message { id, version, occurred_at, event }: Message) -> Self {
        let (kind, mut data) = event.into_parts();
        let (order_id, payment_id) = (data.remove(ORDER_ID), data.remove(PAYMENT_ID));
        Self { id, version, occurred_at, order_id, payment_id, kind, data }
    }
}

impl TryFrom<Envelope> for Message {
    type Error = serde_json::Error;

    fn try_from(envelope: Envelope) -> Result<Self, serde_json::Error> {
        let Envelope { id, version, occurred_at, order_id, payment_id, kind, mut data } = envelope;
        data.extend(order_id.map(|id| (ORDER_ID.to_owned(), id)));
        data.extend(payment_id.map(|id| (PAYMENT_ID.to_owned(), id)));
        let event = Event::deserialize(json!({"type": kind, "data": data}))?;
        Ok(Self { id, version, occurred_at, event })
    }
}

/// What happened or is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum Event {
    /// Charge the current attempt of the payment.
    #[serde(rename = "payment.requested")]
    PaymentRequested {
        /// The payment.
        payment_id: Id<Payment>,
        /// The order.
        order_id: Id<Order>,
        /// Which attempt; an older one is no longer wanted.
        attempt: i64,
    },
    /// Capture a part of what is authorised.
    #[serde(rename = "payment.captureRequested")]
    PaymentCaptureRequested {
        /// The payment.
        payment_id: Id<Payment>,
        /// The order.
        order_id: Id<Order>,
        /// The entry in the payment's `captures`.
        capture_id: Id<Capture>,
    },
    /// Pay an approved refund out.
    #[serde(rename = "refund.requested")]
    RefundRequested {
        /// The payment.
        payment_id: Id<Payment>,
        /// The order.
        order_id: Id<Order>,
        /// The entry in the payment's `refunds`.
        refund_id: Id<Refund>,
    },
    /// Make sure that the payment can no longer be charged; an order whose time is over is cancelled then.
    #[serde(rename = "payment.voidRequested")]
    PaymentVoidRequested {
        /// The payment.
        payment_id: Id<Payment>,
        /// The order.
        order_id: Id<Order>,
    },
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
    PaymentStatusUnknown {
        /// The payment.
        payment_id: Id<Payment>,
        /// The order.
        order_id: Id<Order>,
    },
    /// Save the payment method that was charged.
    #[serde(rename = "payment.saveMethodRequested")]
    SaveMethodRequested {
        /// The payment.
        payment_id: Id<Payment>,
        /// The order.
        order_id: Id<Order>,
    },
    /// A customer deleted a saved payment method: detach it at the gateway.
    #[serde(rename = "payment.detachMethodRequested")]
    DetachMethodRequested {
        /// The saved method.
        method_id: Id<SavedMethod>,
    },
    /// Compare the gateway's charges with the payments of a window of time.
    #[serde(rename = "payment.reconcileRequested")]
    PaymentReconcileRequested {
        /// The beginning.
        from: Timestamp,
        /// The end, exclusive.
        until: Timestamp,
    },
    /// Pick the order.
    #[serde(rename = "order.paid")]
    OrderPaid {
        /// The order.
        order_id: Id<Order>,
    },
    /// Stop picking the order and give money back that was taken.
    #[serde(rename = "order.cancelled")]
    OrderCancelled {
        /// The order.
        order_id: Id<Order>,
    },
    /// Units came back: put them into stock and refund them.
    #[serde(rename = "order.returned")]
    OrderReturned {
        /// The order.
        order_id: Id<Order>,
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
    EmailOrderPlaced {
        /// The order.
        order_id: Id<Order>,
    },
    /// We have your money.
    #[serde(rename = "email.orderPaid")]
    EmailOrderPaid {
        /// The order.
        order_id: Id<Order>,
    },
    /// The charge was declined; try again.
    #[serde(rename = "email.paymentFailed")]
    EmailPaymentFailed {
        /// The order.
        order_id: Id<Order>,
        /// The payment.
        payment_id: Id<Payment>,
    },
    /// It is on its way.
    #[serde(rename = "email.orderShipped")]
    EmailOrderShipped {
        /// The order.
        order_id: Id<Order>,
    },
    /// It is cancelled.
    #[serde(rename = "email.orderCancelled")]
    EmailOrderCancelled {
        /// The order.
        order_id: Id<Order>,
    },
    /// Money is on its way back.
    #[serde(rename = "email.refunded")]
    EmailRefunded {
        /// The order.
        order_id: Id<Order>,
        /// The payment.
        payment_id: Id<Payment>,
        /// The entry in the payment's `refunds`.
        refund_id: Id<Refund>,
    },
    /// A bank transfer is owed, or the rest of it.
    #[serde(rename = "email.transferDue")]
    EmailTransferDue {
        /// The order.
        order_id: Id<Order>,
        /// The payment.
        payment_id: Id<Payment>,
    },
    /// A transfer that was not owed goes back.
    #[serde(rename = "email.refundApproved")]
    EmailRefundApproved {
        /// The order.
        order_id: Id<Order>,
        /// The payment.
        payment_id: Id<Payment>,
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
            | Self::PaymentCaptureRequested { .. }
            | Self::RefundRequested { .. }
            | Self::PaymentVoidRequested { .. }
            | Self::PaymentWebhookReceived { .. }
            | Self::PaymentStatusUnknown { .. }
            | Self::SaveMethodRequested { .. }
            | Self::DetachMethodRequested { .. }
            | Self::PaymentReconcileRequested { .. } => Queue::Payments,
            Self::OrderPaid { .. } | Self::OrderCancelled { .. } | Self::OrderReturned { .. } => Queue::Fulfillment,
            _ => Queue::Notifications,
        }
    }

    /// The order that it names, for logs.
    pub const fn order_id(&self) -> Option<Id<Order>> {
        match self {
            Self::PaymentRequested { order_id, .. }
            | Self::PaymentCaptureRequested { order_id, .. }
            | Self::RefundRequested { order_id, .. }
            | Self::PaymentVoidRequested { order_id, .. }
            | Self::PaymentStatusUnknown { order_id, .. }
            | Self::SaveMethodRequested { order_id, .. }
            | Self::OrderPaid { order_id }
            | Self::OrderCancelled { order_id }
            | Self::OrderReturned { order_id, .. }
            | Self::EmailOrderPlaced { order_id }
            | Self::EmailOrderPaid { order_id }
            | Self::EmailPaymentFailed { order_id, .. }
            | Self::EmailOrderShipped { order_id }
            | Self::EmailOrderCancelled { order_id }
            | Self::EmailRefunded { order_id, .. }
            | Self::EmailTransferDue { order_id, .. }
            | Self::EmailRefundApproved { order_id, .. } => Some(*order_id),
            Self::PaymentWebhookReceived { .. }
            | Self::DetachMethodRequested { .. }
            | Self::PaymentReconcileRequested { .. }
            | Self::EmailVerification { .. }
            | Self::EmailAlreadyRegistered { .. }
            | Self::EmailPasswordReset { .. }
            | Self::EmailLowStock { .. }
            | Self::EmailCartAbandoned { .. } => None,
        }
    }

    /// The message, new at `now`.
    pub fn now(self, now: Timestamp) -> Message {
        Message { id: Id::new(), version: ENVELOPE_VERSION, occurred_at: now, event: self }
    }

    /// Its type and its facts, as written.
    fn into_parts(self) -> (String, Map<String, Value>) {
        let mut event = serde_json::to_value(self).unwrap_or_default();
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let data = event["data"].as_object_mut().map(std::mem::take).unwrap_or_default();
        (kind, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_the_one_of_the_domain_rules() {
        let order_id = "507f1f77bcf86cd799439011".parse().unwrap();
        let payment_id = "507f1f77bcf86cd799439012".parse().unwrap();
        let event = Event::PaymentRequested { payment_id, order_id, attempt: 1 };
        let mut message = event.now(Timestamp::from_millis(0));
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
    fn an_event_without_further_facts_has_empty_data() {
        let order_id = "507f1f77bcf86cd799439011".parse().unwrap();
        let json = serde_json::to_value(Event::OrderPaid { order_id }.now(Timestamp::from_millis(0))).unwrap();
        assert_eq!(
            (&json["type"], &json["orderId"], &json["data"]),
            (&json!("order.paid"), &json!("507f1f77bcf86cd799439011"), &json!({}))
        );
    }

    #[test]
    fn a_message_without_an_id_that_its_event_needs_is_malformed() {
        let message = |ids: Value| {
            let mut message = json!({
                "id": "507f1f77bcf86cd799439013", "version": 1, "occurredAt": "1970-01-01T00:00:00Z",
                "type": "payment.voidRequested", "data": {},
            });
            message.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
            serde_json::from_value::<Message>(message)
        };
        let (order, payment) = ("507f1f77bcf86cd799439011", "507f1f77bcf86cd799439012");
        assert!(message(json!({"orderId": order, "paymentId": payment})).is_ok());
        assert!(message(json!({"orderId": order})).unwrap_err().to_string().contains("paymentId"));
        assert!(message(json!({"paymentId": payment})).unwrap_err().to_string().contains("orderId"));
        assert!(message(json!({"orderId": order, "paymentId": "?"})).is_err());
    }
}
