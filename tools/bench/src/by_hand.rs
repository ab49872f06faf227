//! The hand-written transaction: it writes the documents of a checkout without the code of the shop.

use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::{
    ClientSession,
    error::{Error, Result, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{ReadConcern, TransactionOptions, WriteConcern},
};
use shared::{domain::Id, store::Versioned};

use crate::{
    buyers::Buyer,
    world::{World, written},
};

/// The documents of an order that the shop wrote, to write them again with other ids.
#[derive(Clone)]
pub(crate) struct Template {
    order: Document,
    payment: Document,
    outbox: Vec<Document>,
    answer: Document,
}

/// The documents that one order writes.
pub(crate) struct Writes {
    cart: Document,
    order: Document,
    payment: Document,
    outbox: Vec<Document>,
    answer: Document,
    sku: String,
}

impl Template {
    /// Places an order in the shop, and reads its documents.
    pub(crate) async fn take(world: &World) -> Self {
        let buyer = world.buyers(1, &world.products).await.remove(0);
        assert!(world.check_out(&buyer).await);
        let one = async |collection: &str, filter: Document| {
            world.raw(collection).find_one(filter).await.unwrap().expect("the shop wrote it")
        };
        let order = one("orders", doc! {"user": buyer.user}).await;
        let id = order.get_object_id("_id").unwrap();
        let payment = one("payments", doc! {"order": id}).await;
        let answer = one("idempotency", doc! {"_id": {"$regex": buyer.user.to_string()}}).await;
        let mut outbox = Vec::new();
        for queue in ["payments", "notifications"] {
            let mut message = one("outbox", doc! {"queue": queue, "body": {"$regex": id.to_hex()}}).await;
            message.remove("sentAt");
            outbox.push(message);
        }
        Self { order, payment, outbox, answer }
    }

    /// The documents for another buyer. `number` determines the order number.
    pub(crate) fn writes(&self, buyer: &Buyer, number: usize, world: &World) -> Writes {
        let mut cart = buyer.cart.clone();
        cart.convert(world.app.clock.now());
        let mut order = self.order.clone();
        let mut payment = self.payment.clone();
        order.insert("_id", new_id());
        order.insert("orderNumber", order_number(number));
        order.insert("user", buyer.user);
        order.insert("email", &buyer.email);
        order.insert("cart", buyer.cart.id);
        order.insert("payment", new_id());
        payment.insert("_id", order.get_object_id("payment").unwrap());
        payment.insert("order", order.get_object_id("_id").unwrap());
        payment.insert("user", buyer.user);
        let mut outbox = self.outbox.clone();
        for message in &mut outbox {
            message.insert("_id", new_id());
        }
        let mut answer = self.answer.clone();
        answer.insert("_id", format!("user {} | place_order | {}", buyer.user, buyer.email.expose()));
        let mut cart = written(&Versioned::first(&cart));
        cart.insert("version", 2_i64);
        Writes { cart, order, payment, outbox, answer, sku: buyer.product.sku.to_string() }
    }

    pub(crate) fn order(&self) -> &Document {
        &self.order
    }

    pub(crate) fn payment(&self) -> &Document {
        &self.payment
    }
}

pub(crate) fn new_id() -> Bson {
    Id::<()>::new().into()
}

/// An order number that the collection's validator accepts, and that the shop does not assign today.
pub(crate) fn order_number(mut number: usize) -> String {
    let mut digits = [b'0'; 5];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 36];
        number /= 36;
    }
    format!("ORD-20200101-{}", String::from_utf8_lossy(&digits))
}

/// One minimal transaction: no reads, no reservation before it, and no dispatch after it.
pub(crate) async fn place(world: &World, writes: &Writes) -> Result<()> {
    let mut session = world.client().start_session().await?;
    begin(&mut session).await?;
    let version = writes.cart.get_i64("version").unwrap();
    let before = doc! {"_id": writes.cart.get_object_id("_id").unwrap(), "version": version.saturating_sub(1)};
    world.raw("carts").replace_one(before, &writes.cart).session(&mut session).await?;
    world.raw("orders").insert_one(&writes.order).session(&mut session).await?;
    world.raw("payments").insert_one(&writes.payment).session(&mut session).await?;
    world.raw("outbox").insert_many(&writes.outbox).session(&mut session).await?;
    world.raw("idempotency").insert_one(&writes.answer).session(&mut session).await?;
    world.raw("inventory").update_one(in_stock(&writes.sku), take_one(world)).session(&mut session).await?;
    commit(&mut session).await
}

/// The naive loop: read, check and write in a transaction, and start again after a write conflict.
pub(crate) async fn place_naively(world: &World, writes: &Writes) -> Result<()> {
    let mut session = world.client().start_session().await?;
    loop {
        match try_naively(world, writes, &mut session).await {
            Err(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
                let _ = session.abort_transaction().await;
            }
            outcome => return outcome,
        }
    }
}

async fn try_naively(world: &World, writes: &Writes, session: &mut ClientSession) -> Result<()> {
    begin(session).await?;
    let stock = world.raw("inventory").find_one(doc! {"_id": &writes.sku}).session(&mut *session).await?;
    if stock.is_none_or(|stock| stock.get_i64("available").unwrap() < 1) {
        return Err(Error::custom("sold out"));
    }
    world.raw("orders").insert_one(&writes.order).session(&mut *session).await?;
    let update = take_one(world);
    world.raw("inventory").update_one(doc! {"_id": &writes.sku}, update).session(&mut *session).await?;
    commit(session).await
}

async fn begin(session: &mut ClientSession) -> Result<()> {
    let options = TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::majority())
        .build();
    session.start_transaction().with_options(options).await
}

async fn commit(session: &mut ClientSession) -> Result<()> {
    loop {
        match session.commit_transaction().await {
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            outcome => return outcome,
        }
    }
}

fn in_stock(sku: &str) -> Document {
    doc! {"_id": sku, "available": {"$gte": 1_i64}}
}

fn take_one(world: &World) -> Document {
    doc! {"$inc": {"reserved": 1_i64, "available": -1_i64}, "$set": {"updatedAt": world.app.clock.now()}}
}
