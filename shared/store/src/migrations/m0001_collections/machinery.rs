//! Infrastructure: settings, messages, repeated requests, webhooks, and the ledger of the migrations.

use std::time::Duration;

use bson::doc;

use super::{
    Spec,
    vocabulary::{date, id, index, int, int_from, object, one_of, removed_after, sha256, text, validator, word},
};

/// How long a sent message can still be looked at.
const SENT_MESSAGE_RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

pub(super) fn specs() -> Vec<Spec> {
    vec![settings(), outbox(), processed_messages(), idempotency(), webhooks(), migrations()]
}

fn settings() -> Spec {
    let properties = doc! {"_id": word(), "value": {"bsonType": "object"}, "schemaVersion": int(), "updatedAt": date()};
    Spec {
        name: "settings",
        validator: validator("_id value schemaVersion updatedAt", properties, &[]),
        indexes: Vec::new(),
    }
}

fn outbox() -> Spec {
    let properties = doc! {
        "_id": id(),
        "queue": one_of(&["payments", "fulfillment", "notifications"]),
        "body": word(),
        "createdAt": date(),
        "sentAt": date(),
        "schemaVersion": int(),
    };
    Spec {
        name: "outbox",
        validator: validator("_id queue body createdAt schemaVersion", properties, &[]),
        indexes: vec![
            // Not a partial index: the server accepts none on a missing field, and here the unsent ones stand together.
            index(doc! {"sentAt": 1, "createdAt": 1}),
            removed_after("sentAt", SENT_MESSAGE_RETENTION),
        ],
    }
}

fn processed_messages() -> Spec {
    let properties = doc! {"_id": id(), "processedAt": date(), "expiresAt": date(), "schemaVersion": int()};
    Spec {
        name: "processedMessages",
        validator: validator("_id processedAt expiresAt schemaVersion", properties, &[]),
        indexes: vec![removed_after("expiresAt", Duration::ZERO)],
    }
}

fn idempotency() -> Spec {
    let answer = doc! {
        "status": {"bsonType": ["int", "long"], "minimum": 200, "maximum": 599},
        "body": text(),
        "location": {"bsonType": ["string", "null"]},
    };
    let properties = doc! {
        "_id": word(),
        "fingerprint": sha256(),
        "answer": object("status body", answer),
        "expiresAt": date(),
        "schemaVersion": int(),
    };
    let required = "_id fingerprint answer expiresAt schemaVersion";
    Spec {
        name: "idempotency",
        validator: validator(required, properties, &[]),
        indexes: vec![removed_after("expiresAt", Duration::ZERO)],
    }
}

fn webhooks() -> Spec {
    let properties =
        doc! {"_id": word(), "type": text(), "receivedAt": date(), "expiresAt": date(), "schemaVersion": int()};
    Spec {
        name: "webhooks",
        validator: validator("_id type receivedAt expiresAt schemaVersion", properties, &[]),
        indexes: vec![removed_after("expiresAt", Duration::ZERO)],
    }
}

fn migrations() -> Spec {
    let entry = object(
        "name appliedAt durationMs",
        doc! {"_id": {"bsonType": "string", "pattern": "^m[0-9]{4}$"}, "name": word(), "appliedAt": date(), "durationMs": int_from(0)},
    );
    let lock = object("holder expiresAt", doc! {"_id": one_of(&["lock"]), "holder": id(), "expiresAt": date()});
    Spec {
        name: "migrations",
        validator: doc! {"$jsonSchema": {"bsonType": "object", "required": ["_id"], "oneOf": [entry, lock]}},
        indexes: Vec::new(),
    }
}
