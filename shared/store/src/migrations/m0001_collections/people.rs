//! Accounts, and what belongs to them or comes from them.

use std::time::Duration;

use bson::{Document, doc};

use super::{
    Spec,
    vocabulary::{
        currency, date, flag, id, index, index_where, int, int_from, list_of, object, one_of, removed_after, sealed,
        sha256, text, text_like, unique, unique_sparse, unique_where, validator, word,
    },
};

pub(super) fn specs() -> Vec<Spec> {
    vec![users(), sessions(), mailed_tokens(), throttles(), addresses(), payment_methods(), wishlists(), reviews()]
}

fn users() -> Spec {
    let required = "email password firstName lastName role isEmailVerified isActive preferences version schemaVersion \
         createdAt updatedAt";
    let preferences = doc! {"newsletter": flag(), "notifications": flag(), "language": word(), "currency": currency()};
    let properties = doc! {
        "email": text_like("^[^\\s@]+@[^\\s@]+$"),
        "username": word(),
        // Whatever else changes, a password in clear does not get in.
        "password": text_like("^\\$argon2id\\$"),
        "firstName": text(),
        "lastName": text(),
        "role": one_of(&["customer", "seller", "admin"]),
        "phoneNumber": text_like("^\\+[0-9]{2,15}$"),
        "avatar": text(),
        "isEmailVerified": flag(),
        "isActive": flag(),
        "lastLogin": date(),
        "gatewayCustomer": word(),
        "preferences": object("newsletter notifications language currency", preferences),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    Spec {
        name: "users",
        validator: validator(required, properties, &[]),
        indexes: vec![
            unique(doc! {"email": 1}),
            unique_sparse(doc! {"username": 1}),
            index(doc! {"role": 1}),
            index(doc! {"isActive": 1}),
            index(doc! {"createdAt": -1}),
            index(doc! {"createdAt": -1, "_id": -1}),
            index(doc! {"role": 1, "createdAt": -1, "_id": -1}),
        ],
    }
}

fn sessions() -> Spec {
    let required = "family user tokenHash expiresAt schemaVersion createdAt";
    let properties = doc! {
        "family": id(), "user": id(), "tokenHash": sha256(), "usedAt": date(), "expiresAt": date(), "schemaVersion": int(),
        "createdAt": date(),
    };
    Spec {
        name: "sessions",
        validator: validator(required, properties, &[]),
        indexes: vec![
            unique(doc! {"tokenHash": 1}),
            index(doc! {"family": 1}),
            index(doc! {"user": 1}),
            removed_after("expiresAt", Duration::ZERO),
        ],
    }
}

fn mailed_tokens() -> Spec {
    let properties = doc! {
        "_id": sha256(),
        "user": id(),
        "purpose": one_of(&["verifyEmail", "resetPassword", "resumeCart"]),
        "cart": id(),
        "expiresAt": date(),
        "schemaVersion": int(),
    };
    Spec {
        name: "mailedTokens",
        validator: validator("_id user purpose expiresAt schemaVersion", properties, &[]),
        indexes: vec![index(doc! {"user": 1, "purpose": 1}), removed_after("expiresAt", Duration::ZERO)],
    }
}

fn throttles() -> Spec {
    let properties = doc! {
        "tries": int_from(0), "blockedUntil": date(), "isKnownDevice": flag(), "expiresAt": date(), "schemaVersion": int(),
    };
    Spec {
        name: "throttles",
        validator: validator("expiresAt", properties, &[]),
        indexes: vec![removed_after("expiresAt", Duration::ZERO)],
    }
}

fn addresses() -> Spec {
    let required = "user type fullName addressLine1 city state postalCode country phone isDefault isActive version schemaVersion \
         createdAt updatedAt";
    let properties = doc! {
        "user": id(),
        "type": one_of(&["shipping", "billing", "both"]),
        "fullName": word(),
        "company": text(),
        "addressLine1": word(),
        "addressLine2": text(),
        "city": word(),
        // Empty where a country has none.
        "state": text(),
        "postalCode": text(),
        "country": text_like("^[A-Z]{2}$"),
        "phone": text(),
        "isDefault": flag(),
        "isActive": flag(),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    Spec {
        name: "addresses",
        validator: validator(required, properties, &[]),
        indexes: vec![
            index(doc! {"user": 1}),
            index(doc! {"user": 1, "isDefault": 1}),
            index(doc! {"postalCode": 1}),
            index(doc! {"user": 1, "isActive": 1, "_id": 1}),
        ],
    }
}

fn payment_methods() -> Spec {
    let required = "user token brand last4 expiryMonth expiryYear isDefault version schemaVersion createdAt updatedAt";
    let properties = doc! {
        "user": id(),
        // The gateway's, never a card number.
        "token": text_like("[A-Za-z_]"),
        "brand": text(),
        "last4": text_like("^[0-9]{4}$"),
        "expiryMonth": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 12},
        "expiryYear": int_from(2000),
        "funding": one_of(&["credit", "debit", "prepaid"]),
        "holderName": sealed(),
        "isDefault": flag(),
        "deletedAt": date(),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    // A deleted one is no default.
    let rules = [doc! {"$not": [{"$and": ["$isDefault", {"$ne": [{"$type": "$deletedAt"}, "missing"]}]}]}];
    Spec {
        name: "paymentMethods",
        validator: validator(required, properties, &rules),
        indexes: vec![
            unique(doc! {"token": 1}),
            unique_where(doc! {"user": 1, "isDefault": 1}, doc! {"isDefault": true}),
            index(doc! {"user": 1, "_id": -1}),
            index_where(doc! {"updatedAt": 1}, doc! {"deletedAt": {"$exists": true}}),
        ],
    }
}

fn wishlists() -> Spec {
    let item = doc! {
        "product": id(),
        "addedAt": date(),
        "priority": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 5},
        "notes": text(),
    };
    let properties = doc! {
        "user": id(),
        "name": word(),
        "items": list_of(object("product addedAt priority", item)),
        "isPublic": flag(),
        "shareToken": sha256(),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    let rules = [
        // What is public can be reached, and what is not cannot.
        doc! {"$eq": ["$isPublic", {"$ne": [{"$type": "$shareToken"}, "missing"]}]},
        // Each product once.
        doc! {"$eq": [{"$size": "$items"}, {"$size": {"$setUnion": ["$items.product", []]}}]},
    ];
    Spec {
        name: "wishlists",
        validator: validator("user name items isPublic version schemaVersion createdAt updatedAt", properties, &rules),
        indexes: vec![index(doc! {"user": 1}), unique_sparse(doc! {"shareToken": 1})],
    }
}

fn reviews() -> Spec {
    let required = "product user author rating images pros cons isVerifiedPurchase helpful reported status version \
         schemaVersion createdAt updatedAt";
    let properties = doc! {
        "product": id(),
        "user": id(),
        "author": object("name", doc! {"name": text(), "avatar": text()}),
        "order": id(),
        "rating": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 5},
        "title": text(),
        "comment": text(),
        "images": list_of(text()),
        "pros": list_of(text()),
        "cons": list_of(text()),
        "isVerifiedPurchase": flag(),
        "helpful": object("count voters", doc! {"count": int_from(0), "voters": list_of(id())}),
        "reported": object(
            "count reasons",
            doc! {"count": int_from(0), "reasons": list_of(text()), "by": list_of(id())},
        ),
        "status": one_of(&["pending", "approved", "rejected"]),
        "adminReply": object(
            "text repliedBy repliedAt",
            doc! {"text": text(), "repliedBy": id(), "repliedAt": date()},
        ),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    let rules = [
        doc! {"$eq": ["$helpful.count", {"$size": "$helpful.voters"}]},
        doc! {"$eq": ["$reported.count", {"$size": "$reported.reasons"}]},
    ];
    let public = |order: Document| {
        let mut keys = doc! {"product": 1, "status": 1};
        keys.extend(order);
        index(keys)
    };
    Spec {
        name: "reviews",
        validator: validator(required, properties, &rules),
        indexes: vec![
            index(doc! {"product": 1, "createdAt": -1}),
            index(doc! {"user": 1}),
            index(doc! {"rating": 1}),
            index(doc! {"status": 1}),
            index(doc! {"isVerifiedPurchase": 1}),
            index(doc! {"helpful.count": -1}),
            unique(doc! {"product": 1, "user": 1}),
            public(doc! {"createdAt": -1, "_id": -1}),
            public(doc! {"helpful.count": -1, "_id": -1}),
            public(doc! {"rating": -1, "_id": -1}),
            index(doc! {"status": 1, "createdAt": 1, "_id": 1}),
        ],
    }
}
