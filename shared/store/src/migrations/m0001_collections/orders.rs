//! What was sold, and the money for it.

use bson::{Document, doc};

use super::{
    Spec,
    vocabulary::{
        currency, date, flag, id, index, index_where, int, int_from, list_of, object, one_of, sealed, some_of, text,
        text_like, unique, unique_where, validator, word,
    },
};

pub(super) fn specs() -> Vec<Spec> {
    vec![orders(), payments()]
}

fn order_item() -> Document {
    let snapshot = doc! {"name": text(), "sku": word(), "image": text(), "price": int_from(0)};
    let properties = doc! {
        "id": id(),
        "product": id(),
        "productSnapshot": object("name sku price", snapshot),
        "categoryPath": list_of(id()),
        "seller": id(),
        "variant": text(),
        "sku": word(),
        "quantity": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 999},
        "price": int_from(0),
        "subtotal": int_from(0),
        "discount": int_from(0),
        "tax": int_from(0),
        "total": int_from(0),
        "shippedAt": date(),
        "returned": int_from(0),
    };
    let required = "id product productSnapshot seller sku quantity price subtotal discount tax total";
    object(required, properties)
}

fn order_statuses() -> Document {
    one_of(&["pending", "confirmed", "processing", "shipped", "delivered", "cancelled", "refunded"])
}

fn orders() -> Spec {
    let required = "orderNumber email items pricing currency pricesIncludeTax taxes shippingAddress billingAddress payment \
         status shippingMethod notes timeline cart reservedUntil version schemaVersion createdAt updatedAt";
    let sums = "subtotal discount shipping tax total";
    let amounts = doc! {
        "subtotal": int_from(0), "discount": int_from(0), "shipping": int_from(0), "tax": int_from(0), "total": int_from(0),
    };
    let shipment = doc! {
        "seller": id(), "items": some_of(id()), "carrier": word(), "trackingNumber": word(), "trackingUrl": text(),
        "estimatedDelivery": date(), "shippedAt": date(), "deliveredAt": date(),
    };
    let tracking = doc! {
        "carrier": text(), "trackingNumber": text(), "trackingUrl": text(), "estimatedDelivery": date(),
        "actualDelivery": date(),
    };
    let mut remarks = list_of(object("text by at", doc! {"text": word(), "by": id(), "at": date()}));
    remarks.insert("maxItems", 100);
    let properties = doc! {
        "orderNumber": text_like("^ORD-[0-9]{8}-[0-9A-Z]{5}$"),
        "user": id(),
        "email": word(),
        "items": some_of(order_item()),
        "pricing": object(sums, amounts),
        "currency": currency(),
        "pricesIncludeTax": flag(),
        "taxes": list_of(object("rateBp base tax", doc! {"rateBp": int_from(0), "base": int_from(0), "tax": int_from(0)})),
        "shippingAddress": {"bsonType": "object"},
        "billingAddress": {"bsonType": "object"},
        "payment": id(),
        "status": order_statuses(),
        "shippingMethod": one_of(&["standard", "express", "overnight"]),
        "tracking": object("carrier trackingNumber", tracking),
        "shipments": list_of(object("seller items carrier trackingNumber shippedAt", shipment)),
        "notes": object("", doc! {"customer": text(), "admin": remarks}),
        "timeline": some_of(object(
            "status timestamp note",
            doc! {"status": order_statuses(), "timestamp": date(), "note": text(), "updatedBy": id()},
        )),
        "couponCode": text(),
        "discount": object(
            "code amount type",
            doc! {"code": word(), "amount": int_from(0), "type": one_of(&["percentage", "fixed", "free_shipping"])},
        ),
        "returns": list_of(object("id items status refund", doc! {
            "id": id(),
            "items": some_of(object("itemId quantity worth refund", doc! {
                "itemId": id(),
                "quantity": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 999},
                "worth": int_from(0),
                "refund": int_from(0),
            })),
            "status": one_of(&["requested", "approved", "rejected", "received"]),
            "refund": int_from(0),
            "refundId": id(),
            "rejectionReason": text(),
            "arrivedAt": date(),
        })),
        "cancellation": object(
            "reason note",
            doc! {"reason": one_of(&["expired", "requested", "authorisation_ended"]), "by": id(), "note": text()},
        ),
        "cart": id(),
        "reservedUntil": date(),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    Spec {
        name: "orders",
        validator: validator(required, properties, &order_rules()),
        indexes: vec![
            unique(doc! {"orderNumber": 1}),
            index(doc! {"user": 1, "createdAt": -1}),
            index(doc! {"status": 1}),
            index(doc! {"tracking.trackingNumber": 1}),
            // The seed's finds the latest parcel only.
            index(doc! {"shipments.trackingNumber": 1}),
            index(doc! {"createdAt": -1}),
            index(doc! {"items.product": 1}),
            // Lists: newest first, with `_id` so that a cursor can continue behind any row.
            index(doc! {"createdAt": -1, "_id": -1}),
            index(doc! {"user": 1, "createdAt": -1, "_id": -1}),
            index(doc! {"status": 1, "createdAt": -1, "_id": -1}),
            index(doc! {"items.seller": 1, "createdAt": -1, "_id": -1}),
            index(doc! {"email": 1, "orderNumber": 1}),
            index(doc! {"returns.id": 1}),
            // What waits to be decided, across orders.
            index(doc! {"returns.status": 1, "createdAt": -1, "_id": -1}),
            index_where(doc! {"status": 1, "reservedUntil": 1}, doc! {"status": "pending"}),
            index_where(doc! {"status": 1, "updatedAt": 1}, doc! {"status": "confirmed"}),
        ],
    }
}

/// I5: an order's totals re-compute from its own lines.
fn order_rules() -> Vec<Document> {
    let added_tax = doc! {"$cond": ["$pricesIncludeTax", 0, "$pricing.tax"]};
    let goods = doc! {"$subtract": ["$pricing.subtotal", "$pricing.discount"]};
    let line = doc! {"$eq": ["$$line.subtotal", {"$multiply": ["$$line.price", "$$line.quantity"]}]};
    vec![
        doc! {"$eq": ["$pricing.total", {"$add": [goods, "$pricing.shipping", added_tax]}]},
        doc! {"$eq": ["$pricing.subtotal", {"$sum": "$items.subtotal"}]},
        doc! {"$eq": ["$pricing.discount", {"$sum": "$items.discount"}]},
        doc! {"$eq": ["$pricing.tax", {"$sum": "$taxes.tax"}]},
        doc! {"$allElementsTrue": {"$map": {"input": "$items", "as": "line", "in": line}}},
        // The last entry of the timeline is the state (I6).
        doc! {"$eq": ["$status", {"$last": "$timeline.status"}]},
        // A cancelled order records who ended it and why.
        doc! {"$eq": [{"$eq": ["$status", "cancelled"]}, {"$eq": [{"$type": "$cancellation"}, "object"]}]},
        // Tracking is that of the latest parcel.
        doc! {"$eq": [
            {"$ifNull": ["$tracking.trackingNumber", ""]}, {"$ifNull": [{"$last": "$shipments.trackingNumber"}, ""]},
        ]},
    ]
}

fn payments() -> Spec {
    let required = "order amount currency method status gateway attempts captured refunds timeline version schemaVersion \
         createdAt updatedAt";
    let statuses = || one_of(&["pending", "processing", "completed", "failed", "refunded"]);
    let refund = doc! {
        "id": id(),
        "amount": int_from(1),
        "reason": text(),
        "status": one_of(&["approved", "processed", "failed", "rejected"]),
        "madeAt": one_of(&["shop", "gateway"]),
        "refundId": text(),
        "failedIds": list_of(text()),
        "isTransferred": flag(),
        "failureReason": text(),
        "attempts": int_from(0),
        "leasedUntil": date(),
        "byTransfer": flag(),
        "requestedAt": date(),
        "processedAt": date(),
    };
    let capture = doc! {
        "id": id(),
        "amount": int_from(1),
        "status": one_of(&["requested", "captured", "failed"]),
        "madeAt": one_of(&["shop", "gateway"]),
        "parcel": int_from(0),
        "failureReason": text(),
        "attempts": int_from(0),
        "leasedUntil": date(),
        "requestedAt": date(),
        "capturedAt": date(),
    };
    let authorised = doc! {"amount": int_from(0), "until": date(), "multicapture": flag()};
    let dispute = doc! {
        "id": word(), "amount": int_from(1), "reason": text(), "status": one_of(&["open", "won", "lost"]),
        "evidenceDueBy": date(), "openedAt": date(), "closedAt": date(),
    };
    let details = doc! {
        "brand": text(), "last4": text_like("^[0-9]{4}$"), "expiryMonth": text(), "expiryYear": text(), "holderName": sealed(),
    };
    let properties = doc! {
        "order": id(),
        "user": id(),
        "amount": int_from(0),
        "currency": currency(),
        "method": one_of(&["credit_card", "debit_card", "paypal", "stripe", "bank_transfer"]),
        "status": statuses(),
        "transactionId": word(),
        "transfers": list_of(object(
            "reference key amount receivedAt",
            doc! {"reference": word(), "key": word(), "amount": int_from(1), "receivedAt": date()},
        )),
        "gateway": one_of(&["stripe", "bank_transfer", "none"]),
        "source": text(),
        "savedMethod": id(),
        "saveMethod": flag(),
        "attempts": int_from(1),
        "actionRequired": flag(),
        "paymentDetails": object("", details),
        "billingAddress": {"bsonType": "object"},
        "captured": int_from(0),
        "captureMode": one_of(&["immediately", "on_shipping"]),
        "authorised": object("amount until multicapture", authorised),
        "captures": list_of(object("id amount status madeAt attempts requestedAt", capture)),
        "refunds": list_of(object("id amount reason status requestedAt", refund)),
        "disputes": list_of(object("id amount reason status openedAt", dispute)),
        "failureCode": text(),
        "failureReason": text(),
        "gatewayAnswer": sealed(),
        "attention": text(),
        "voidPending": flag(),
        "timeline": some_of(object(
            "status timestamp note",
            doc! {"status": statuses(), "timestamp": date(), "note": text()},
        )),
        "paidAt": date(),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    // What was transferred beside a charge is not captured, and its refunds stand apart. So do refunds of a charge that a
    // person transferred because the gateway failed: the charge itself may be refunded, too.
    let is_transfer = doc! {"$or": [{"$eq": ["$$this.byTransfer", true]}, {"$eq": ["$$this.isTransferred", true]}]};
    let is_beside = doc! {"$and": [{"$eq": ["$gateway", "stripe"]}, is_transfer]};
    let not_of_captured = doc! {"$or": [{"$eq": ["$$this.status", "rejected"]}, is_beside]};
    let rules = [
        // I3: no more is refunded than was captured.
        doc! {"$lte": [{"$sum": {"$map": {
            "input": "$refunds",
            "in": {"$cond": [not_of_captured, 0_i64, "$$this.amount"]},
        }}}, "$captured"]},
        // I3: captures add up to what was captured, and with what is authorised to no more than is owed.
        doc! {"$or": [
            {"$eq": [{"$size": {"$ifNull": ["$captures", []]}}, 0]},
            // A transfer came after the charge had failed.
            {"$ne": ["$gateway", "stripe"]},
            {"$and": [
                {"$eq": ["$captured", {"$sum": {"$map": {
                    "input": "$captures",
                    "in": {"$cond": [{"$eq": ["$$this.status", "captured"]}, "$$this.amount", 0_i64]},
                }}}]},
                {"$lte": [{"$add": ["$captured", {"$ifNull": ["$authorised.amount", 0_i64]}]}, "$amount"]},
            ]},
        ]},
        doc! {"$eq": ["$status", {"$last": "$timeline.status"}]},
    ];
    Spec {
        name: "payments",
        validator: validator(required, properties, &rules),
        indexes: vec![
            // One payment per order; the seed's index, made unique.
            unique(doc! {"order": 1}),
            index(doc! {"user": 1}),
            unique_where(doc! {"transactionId": 1}, doc! {"transactionId": {"$exists": true}}),
            // A line of the bank statement counts once in the whole shop.
            unique_where(doc! {"transfers.key": 1}, doc! {"transfers.key": {"$exists": true}}),
            index(doc! {"status": 1}),
            index(doc! {"createdAt": -1}),
            index(doc! {"status": 1, "updatedAt": 1}),
            // What maintenance resumes, and what a person has to decide.
            index_where(doc! {"voidPending": 1, "updatedAt": 1}, doc! {"voidPending": true}),
            index(doc! {"refunds.status": 1, "updatedAt": 1}),
            index(doc! {"captures.status": 1, "updatedAt": 1}),
            // What maintenance captures or voids in time.
            index_where(doc! {"authorised.until": 1}, doc! {"authorised.until": {"$exists": true}}),
            index(doc! {"disputes.status": 1, "updatedAt": 1}),
        ],
    }
}
