//! The validators of the database: they accept what the code writes, and refuse what breaks an invariant.

mod samples;

use bson::{Bson, Document, doc};
use mongodb::{
    Collection,
    error::{Error, ErrorKind, WriteFailure},
};

use crate::migrations::EmptyDatabase;

const DOCUMENT_VALIDATION_FAILURE: i32 = 121;

fn is_refusal(error: &Error) -> bool {
    let code = match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(write)) => write.code,
        ErrorKind::Command(command) => command.code,
        _ => return false,
    };
    code == DOCUMENT_VALIDATION_FAILURE
}

/// A change that must be refused: collection, why, and the update.
type Bad = (&'static str, &'static str, Document);

fn set(field: &str, value: impl Into<Bson>) -> Document {
    doc! {"$set": {field: value.into()}}
}

fn add(field: &str, by: i64) -> Document {
    doc! {"$inc": {field: by}}
}

/// The samples have: 10 units on hand and 2 of them reserved; 5000 captured and 3000 of refunds approved; a coupon used 3 of 3
/// times; an order of 2 × 1000 with 200 off, 500 for shipping and 144 of tax on top.
fn bad() -> Vec<Bad> {
    let mut bad = vec![
        ("inventory", "more reserved than on hand (I1)", doc! {"$inc": {"reserved": 9_i64, "available": -9_i64}}),
        ("inventory", "available is not on hand less reserved (I1)", add("available", 1)),
        ("inventory", "units out of nowhere (I1)", doc! {"$inc": {"onHand": 1_i64, "available": 1_i64}}),
        (
            "inventory",
            "on hand below zero (I1)",
            doc! {"$inc": {"onHand": -11_i64, "available": -11_i64, "received": -11_i64}},
        ),
        ("inventory", "reserved below zero (I1)", doc! {"$inc": {"reserved": -3_i64, "available": 3_i64}}),
        ("inventory", "half a unit", set("onHand", 9.5)),
        ("payments", "more back than came in (I3)", set("refunds.0.amount", 5001_i64)),
        ("payments", "less than nothing came in (I3)", set("captured", -1_i64)),
        ("payments", "a state that the timeline does not know (I6)", set("status", "refunded")),
        ("payments", "captures that do not add up (I3)", set("captures.0.amount", 4999_i64)),
        (
            "payments",
            "an authorisation beyond the total (I3)",
            set("authorised", doc! {"amount": 1_i64, "until": bson::DateTime::from_millis(0), "multicapture": false}),
        ),
        ("payments", "an unknown state", set("status", "paid")),
        ("payments", "a transfer of nothing", set("transfers.0.amount", 0_i64)),
        ("payments", "a transfer that could count twice", doc! {"$unset": {"transfers.0.key": ""}}),
        ("payments", "the name on the card in clear (I10)", set("paymentDetails.holderName", "Ada Lovelace")),
        ("payments", "the gateway's answer in clear (I10)", set("gatewayAnswer", r#"{"charge":"ch_1"}"#)),
        ("paymentMethods", "the name on the card in clear (I10)", set("holderName", "Ada Lovelace")),
        ("paymentMethods", "a card number as a token (I10)", set("token", "4242424242424242")),
        ("paymentMethods", "a thirteenth month", set("expiryMonth", 13_i64)),
        ("paymentMethods", "more than the last four digits (I10)", set("last4", "4242424242424242")),
        ("paymentMethods", "a deleted default", set("deletedAt", bson::DateTime::from_millis(0))),
        ("coupons", "one use too many (I4)", add("usageCount", 1)),
        ("coupons", "fewer than no uses (I4)", add("usageCount", -4)),
        ("coupons", "more than everything off", set("value", 10_001_i64)),
        ("coupons", "a code that no customer could type", set("code", "summer")),
        ("orders", "another total than its parts (I5)", add("pricing.total", 1)),
        (
            "orders",
            "another subtotal than its lines (I5)",
            doc! {"$inc": {"pricing.subtotal": 1_i64, "pricing.total": 1_i64}},
        ),
        (
            "orders",
            "another discount than its lines (I5)",
            doc! {"$inc": {"pricing.discount": 1_i64, "pricing.total": -1_i64}},
        ),
        ("orders", "another tax than its rates (I5)", doc! {"$inc": {"pricing.tax": 1_i64, "pricing.total": 1_i64}}),
        ("orders", "a line that is not price times quantity (I5)", add("items.0.price", 1)),
        ("orders", "the tax twice (I5)", set("pricesIncludeTax", true)),
        ("orders", "an amount as a double", set("pricing.total", 2444.0)),
        ("orders", "no line", set("items", Bson::Array(Vec::new()))),
        ("orders", "a state that the timeline does not know (I6)", set("status", "delivered")),
        (
            "orders",
            "a cancelled order that does not say why",
            doc! {"$set": {"status": "cancelled", "timeline.1.status": "cancelled"}},
        ),
        (
            "orders",
            "a cancellation of a shipped order",
            set("cancellation", doc! {"reason": "expired", "note": "late"}),
        ),
        ("orders", "a tracking that is not of the latest parcel", set("tracking.trackingNumber", "2")),
        ("orders", "a note without an author", doc! {"$unset": {"notes.admin.0.by": ""}}),
        ("orders", "a parcel without a seller", doc! {"$unset": {"shipments.0.seller": ""}}),
        ("orders", "a parcel with nothing in it", set("shipments.0.items", Bson::Array(Vec::new()))),
        ("products", "a sale that is none", doc! {"$set": {"price.sale": 1000_i64, "price.effective": 1000_i64}}),
        ("products", "an effective price of its own (I8)", set("price.effective", 900_i64)),
        ("products", "a price below zero", doc! {"$set": {"price.regular": -1_i64, "price.effective": -1_i64}}),
        ("products", "six stars (I8)", doc! {"$set": {"ratings.sum": 6_i64, "ratings.count": 1_i64}}),
        ("products", "an unknown state", set("status", "hidden")),
        ("products", "a slug that is no address", set("slug", "Blue Mug")),
        (
            "categories",
            "a way that ends elsewhere (I8)",
            set("ancestors", vec![bson::oid::ObjectId::from_bytes([7; 12])]),
        ),
        ("categories", "a level that is not its depth (I8)", set("level", 3)),
        ("coupons", "an amount of no currency", doc! {"$unset": {"currency": ""}}),
        ("reviews", "six stars", set("rating", 6_i64)),
        ("reviews", "votes that were not cast (I8)", set("helpful.count", 1_i64)),
        ("users", "a password in clear (I10)", set("password", "correct-horse-battery")),
        ("users", "an unknown role", set("role", "owner")),
        ("users", "an object in place of an address", set("email", doc! {"gt": ""})),
        ("sessions", "a token in clear (I10)", set("tokenHash", "c2VjcmV0")),
        ("wishlists", "a token in clear (I10)", set("shareToken", "c2VjcmV0")),
        ("wishlists", "a public list without a token", doc! {"$unset": {"shareToken": ""}}),
        ("wishlists", "a token of a private list", set("isPublic", false)),
        ("wishlists", "a wish beyond all others", set("items.0.priority", 0_i64)),
        ("carts", "a token in clear (I10)", set("sessionId", "c2VjcmV0")),
        ("carts", "a thousand of one thing", set("items.0.quantity", 1000_i64)),
        ("addresses", "a country that is none", set("country", "usa")),
        ("outbox", "an unknown queue", set("queue", "marketing")),
        ("idempotency", "a status that is none", set("answer", doc! {"status": 7, "body": ""})),
        ("migrations", "an entry without a name", doc! {"$unset": {"name": ""}}),
    ];
    // Every document says of which version its shape is, and most things that are required are required alike.
    for (collection, field) in [
        ("users", "schemaVersion"),
        ("sessions", "expiresAt"),
        ("mailedTokens", "expiresAt"),
        ("throttles", "expiresAt"),
        ("addresses", "user"),
        ("wishlists", "user"),
        ("reviews", "author"),
        ("categories", "path"),
        ("products", "seller"),
        ("inventory", "product"),
        ("carts", "status"),
        ("coupons", "validFrom"),
        ("couponUses", "coupon"),
        ("orders", "payment"),
        ("payments", "order"),
        ("settings", "value"),
        ("outbox", "body"),
        ("processedMessages", "expiresAt"),
        ("idempotency", "fingerprint"),
        ("webhooks", "expiresAt"),
    ] {
        bad.push((collection, "something is missing", doc! {"$unset": {field: ""}}));
    }
    bad
}

#[tokio::test]
async fn valid_documents_are_accepted_and_broken_invariants_refused() {
    let database = EmptyDatabase::migrated().await;
    let collection = |name: &str| -> Collection<Document> { database.0.database().collection(name) };
    let samples = samples::all();
    for (name, sample) in &samples {
        collection(name)
            .insert_one(sample)
            .await
            .unwrap_or_else(|error| panic!("{name} does not take {sample}: {error}"));
    }
    for (name, why, update) in bad() {
        let refused = collection(name).update_one(doc! {}, update.clone()).await;
        assert!(refused.as_ref().is_err_and(is_refusal), "{name} took {why}: {update} → {refused:?}");
    }
    // Nothing of it happened, and every collection has shown both.
    for (name, sample) in &samples {
        assert_eq!(collection(name).find_one(doc! {}).await.unwrap().as_ref(), Some(sample), "{name}");
    }
    let mut untested = database.0.database().list_collection_names().await.unwrap();
    untested.retain(|name| !samples.iter().any(|(tested, _)| tested == name));
    assert_eq!(untested, ["migrations"], "add a sample for each");
    database.drop().await;
}

#[tokio::test]
async fn backorder_allows_reservations_beyond_the_stock() {
    let database = EmptyDatabase::migrated().await;
    let inventory: Collection<Document> = database.0.database().collection("inventory");
    let (_, mut sample) = samples::all().into_iter().find(|(name, _)| *name == "inventory").unwrap();
    sample.insert("allowBackorder", true);
    inventory.insert_one(&sample).await.unwrap();
    let reservation = doc! {"$inc": {"reserved": 20_i64, "available": -20_i64}};
    inventory.update_one(doc! {}, reservation).await.unwrap();
    let withdrawn = inventory.update_one(doc! {}, set("allowBackorder", false)).await;
    assert!(withdrawn.is_err_and(|error| is_refusal(&error)));
    database.drop().await;
}
