//! Wishlists are shared by the hash of a token (I10) and saved by compare-and-set; customers are reminded of the carts that
//! they left, at most now and then, by a link that works for a while.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::{Database, error::ErrorKind};

use super::{
    Progress,
    specs::{Spec, apply},
    vocabulary::{
        currency, date, flag, id, index, index_where, int, int_from, list_of, object, one_of, removed_after, sha256,
        text, unique_sparse, unique_where, validator, word,
    },
};
use crate::store::StoreError;

/// Served nothing but the search for left carts, and in it every guest's cart was in the way.
const OUTDATED: &str = "status_1_lastActivity_1";

const INDEX_NOT_FOUND: i32 = 27;

pub(super) async fn run(database: &Database, progress: Progress<'_>) -> Result<(), StoreError> {
    apply(database, progress, specs()).await?;
    match database.collection::<Document>("carts").drop_index(OUTDATED).await {
        Err(error) if matches!(&*error.kind, ErrorKind::Command(command) if command.code == INDEX_NOT_FOUND) => Ok(()),
        other => Ok(other?),
    }
}

pub(super) fn specs() -> impl Iterator<Item = Spec> {
    [mailed_tokens(), wishlists(), carts()].into_iter()
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
        indexes: vec![
            index(doc! {"user": 1}),
            unique_sparse(doc! {"shareToken": 1}),
            // Whom to tell that it is back in stock.
            index(doc! {"items.product": 1}),
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
            // A guest who orders twice is told that the cart is empty, not that it never was.
            index_where(doc! {"sessionId": 1, "status": 1}, doc! {"sessionId": {"$exists": true}}),
            index(doc! {"status": 1}),
            index(doc! {"lastActivity": -1}),
            // What can be found abandoned, and nothing else: not the carts of guests, to whom nobody can write, nor empty ones.
            index_where(
                doc! {"lastActivity": 1},
                doc! {"user": {"$exists": true}, "status": "active", "items.id": {"$exists": true}},
            ),
            removed_after("expiresAt", Duration::ZERO),
        ],
    }
}
