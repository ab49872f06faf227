//! What is sold: the stock, the carts that ask for it, and the coupons.

use std::time::Duration;

use bson::doc;

use super::{
    Spec,
    catalogue::stock_policy,
    vocabulary::{
        currency, date, flag, id, id_or_null, index, index_where, int, int_from, list_of, object, one_of,
        removed_after, sha256, sku, text, unique, unique_where, validator, word,
    },
};

pub(super) fn specs() -> Vec<Spec> {
    vec![inventory(), carts(), coupons(), coupon_uses()]
}

/// The counters of I1: the server itself refuses an oversell.
fn inventory() -> Spec {
    let required = "_id product onHand reserved available received shipped returned lowStockThreshold allowBackorder \
         schemaVersion updatedAt";
    let reservation =
        doc! {"order": id(), "cart": id(), "cartVersion": int(), "quantity": int_from(1), "expiresAt": date()};
    let mut properties = doc! {
        "_id": sku(),
        "product": id(),
        "onHand": int_from(0),
        "reserved": int_from(0),
        "available": int(),
        "received": int(),
        "shipped": int_from(0),
        "returned": int_from(0),
        "schemaVersion": int(),
        "updatedAt": date(),
        "reservations": list_of(object("order cart cartVersion quantity expiresAt", reservation)),
    };
    properties.extend(stock_policy());
    let rules = [
        doc! {"$eq": ["$available", {"$subtract": ["$onHand", "$reserved"]}]},
        doc! {"$eq": ["$onHand", {"$add": [{"$subtract": ["$received", "$shipped"]}, "$returned"]}]},
        doc! {"$or": [{"$gte": ["$available", 0]}, {"$eq": ["$allowBackorder", true]}]},
    ];
    Spec {
        name: "inventory",
        validator: validator(required, properties, &rules),
        indexes: vec![
            index(doc! {"product": 1}),
            // Records with reservations are few; maintenance looks for expired ones among them only.
            index_where(doc! {"reservations.expiresAt": 1}, doc! {"reservations.expiresAt": {"$exists": true}}),
        ],
    }
}

fn carts() -> Spec {
    let item = doc! {
        "id": id(), "product": id(), "variant": text(), "sku": word(),
        "quantity": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 999},
        "price": int_from(0), "addedAt": date(),
    };
    let properties = doc! {
        "user": id(),
        "sessionId": sha256(),
        "items": list_of(object("id product sku quantity price addedAt", item)),
        "currency": currency(),
        "couponCode": text(),
        "status": one_of(&["active", "abandoned", "converted"]),
        "version": int(),
        "expiresAt": date(),
        "lastActivity": date(),
        "remindedAt": date(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    let required = "items currency status version expiresAt lastActivity schemaVersion createdAt updatedAt";
    let open = |owner: &str| doc! {owner: {"$exists": true}, "status": {"$in": ["active", "abandoned"]}};
    Spec {
        name: "carts",
        validator: validator(required, properties, &[]),
        indexes: vec![
            // A converted cart stays until it expires, beside the next one of the same customer.
            unique_where(doc! {"user": 1}, open("user")),
            unique_where(doc! {"sessionId": 1}, open("sessionId")),
            // A guest's converted carts: a second order with the same token answers that the cart is empty, not unknown.
            index_where(doc! {"sessionId": 1, "status": 1}, doc! {"sessionId": {"$exists": true}}),
            index(doc! {"status": 1}),
            index(doc! {"lastActivity": -1}),
            // Carts that can become abandoned: a guest has no address for a reminder, an empty cart no reason for one.
            index_where(
                doc! {"lastActivity": 1},
                doc! {"user": {"$exists": true}, "status": "active", "items.id": {"$exists": true}},
            ),
            removed_after("expiresAt", Duration::ZERO),
        ],
    }
}

fn coupons() -> Spec {
    let properties = doc! {
        "code": word(),
        "description": text(),
        "type": one_of(&["percentage", "fixed", "free_shipping"]),
        "value": int_from(0),
        "currency": currency(),
        "minimumPurchase": int_from(0),
        "maximumDiscount": int_from(0),
        "applicableProducts": list_of(id()),
        "applicableCategories": list_of(id()),
        "usageLimit": object("", doc! {"total": int_from(0), "perUser": int_from(0)}),
        "usageCount": int_from(0),
        "userRestrictions": object("", doc! {"newUsersOnly": flag(), "specificUsers": list_of(id())}),
        "validFrom": date(),
        "validUntil": date(),
        "isActive": flag(),
        "createdBy": id(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    let required = "code type value usageCount validFrom isActive createdBy schemaVersion createdAt updatedAt";
    let rules = [
        doc! {"$eq": ["$code", {"$toUpper": "$code"}]},
        doc! {"$or": [{"$ne": ["$type", "percentage"]}, {"$lte": ["$value", 10_000]}]},
        // An amount without a currency is no amount.
        doc! {"$or": [
            {"$ne": [{"$type": "$currency"}, "missing"]},
            {"$and": [
                {"$ne": ["$type", "fixed"]},
                {"$eq": [{"$type": "$minimumPurchase"}, "missing"]},
                {"$eq": [{"$type": "$maximumDiscount"}, "missing"]},
            ]},
        ]},
        // I4: the server itself refuses one use too many.
        doc! {"$lte": ["$usageCount", {"$ifNull": ["$usageLimit.total", i64::MAX]}]},
    ];
    Spec {
        name: "coupons",
        validator: validator(required, properties, &rules),
        indexes: vec![
            unique(doc! {"code": 1}),
            index(doc! {"isActive": 1, "validFrom": 1, "validUntil": 1}),
            // The list: newest first, with `_id` so that a cursor can continue behind any row.
            index(doc! {"createdAt": -1, "_id": -1}),
            index(doc! {"applicableProducts": 1}),
            index(doc! {"applicableCategories": 1}),
        ],
    }
}

/// One use each, named by the order that made it: an order uses a coupon at most once.
fn coupon_uses() -> Spec {
    let properties = doc! {
        "_id": id(), "coupon": id(), "user": id_or_null(), "email": word(), "schemaVersion": int(), "createdAt": date(),
    };
    Spec {
        name: "couponUses",
        validator: validator("_id coupon email schemaVersion createdAt", properties, &[]),
        indexes: vec![index(doc! {"coupon": 1, "user": 1}), index(doc! {"coupon": 1, "email": 1})],
    }
}
