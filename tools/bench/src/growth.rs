//! How checkouts and lists of orders slow down from a thousand to a million past orders.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use bson::{Bson, Document, doc};
use futures::{StreamExt, TryStreamExt, stream};
use mongodb::options::WriteConcern;
use shared::{
    domain::{Id, Timestamp, order::Order, user::Role, user::User},
    http::page::encode_cursor,
    store::{PoolSize, Store},
};

use crate::{
    by_hand::{Template, new_id, order_number},
    report::{Report, Times},
    world::{Place, World},
};

const SMALL: usize = 1000;
/// The number of orders of the customer whose history is read, in both shops.
const HISTORY: usize = 500;
const PAGE: usize = 20;
const BATCH: usize = 1000;
const ROUNDS: usize = 400;
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A shop with past orders, and the access to its lists.
struct Grown {
    world: World,
    customer: String,
    admin: String,
    /// A cursor into the customer's history, and one into the list of all orders, nine tenths down.
    deep: [String; 2],
}

pub(crate) async fn measure(world: &World, past_orders: usize, report: &mut Report) {
    let template = Template::take(world).await;
    let small = grow(&world.place, "bench_small", SMALL, &template).await;
    let large = grow(&world.place, "bench_large", past_orders, &template).await;
    println!("\n{SMALL} past orders and {past_orders}, alternating");
    let first = format!("/v1/orders?limit={PAGE}");
    let deep = |which: usize| move |shop: &Grown| format!("/v1/orders?limit={PAGE}&cursor={}", shop.deep[which]);
    checkouts([&small, &large], report).await;
    type Path<'a> = Box<dyn Fn(&Grown) -> String + 'a>;
    let lists: [(&str, bool, Path<'_>); 4] = [
        ("a customer's orders, first page", false, Box::new(|_| first.clone())),
        ("a customer's orders, deep page", false, Box::new(deep(0))),
        ("all orders, first page", true, Box::new(|_| first.clone())),
        ("all orders, deep page", true, Box::new(deep(1))),
    ];
    for (name, by_admin, path) in lists {
        let mut times = [Times::default(), Times::default()];
        for round in 0..ROUNDS {
            for which in alternating(round) {
                let shop = [&small, &large][which];
                let token = if by_admin { &shop.admin } else { &shop.customer };
                let path = path(shop);
                let started = Instant::now();
                shop.world.get(&path, token).await;
                times[which].push(started.elapsed());
            }
        }
        compare(name, &times, report);
    }
    for shop in [small, large] {
        shop.world.drop().await;
    }
}

async fn checkouts(shops: [&Grown; 2], report: &mut Report) {
    let mut times = [Times::default(), Times::default()];
    let of_few = shops[0].world.buyers(ROUNDS, &shops[0].world.products).await;
    let of_many = shops[1].world.buyers(ROUNDS, &shops[1].world.products).await;
    for (round, (one, other)) in of_few.iter().zip(&of_many).enumerate() {
        for which in alternating(round) {
            let started = Instant::now();
            assert!(shops[which].world.check_out([one, other][which]).await);
            times[which].push(started.elapsed());
            shops[which].world.app.background.finished().await;
        }
    }
    compare("a checkout", &times, report);
}

fn alternating(round: usize) -> [usize; 2] {
    if round.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}

fn compare(name: &str, times: &[Times; 2], report: &mut Report) {
    // The first rounds read from disk, the others from memory.
    let [small, large] = times.each_ref().map(|times| times.without_first(ROUNDS / 10));
    report.title(name);
    report.times("few past orders", &small);
    report.times("many past orders", &large);
    report.at_most("many ÷ few, p50", large.percentile(50) / small.percentile(50), 1.2);
}

async fn grow(place: &Place, database: &str, orders: usize, template: &Template) -> Grown {
    let store = Store::connect(&place.mongodb, database, "bench", PoolSize::LAMBDA).await.unwrap();
    store.database().drop().await.unwrap();
    let customer = Id::new();
    // Building indexes afterwards is faster than maintaining them during the inserts.
    fill(&store, orders, customer, template).await;
    println!("\r{database}: {orders} orders, building indexes …          ");
    let world = World::open_on(store, place).await;
    let deep = [deep(&world, doc! {"user": customer}, HISTORY).await, deep(&world, doc! {}, orders).await];
    Grown { customer: world.token(customer, Role::Customer), admin: world.token(Id::new(), Role::Admin), deep, world }
}

async fn fill(store: &Store, orders: usize, customer: Id<User>, template: &Template) {
    let unsafe_but_quick = WriteConcern::builder().w(mongodb::options::Acknowledgment::from(1)).build();
    let database = store.database();
    let customers: Vec<Id<User>> = (0..(orders / 10).max(1)).map(|_| Id::new()).collect();
    let begin = Timestamp::from_millis(1_700_000_000_000);
    let batches = stream::iter((0..orders).step_by(BATCH)).map(|first| {
        let (mut past, mut payments) = (Vec::new(), Vec::new());
        for number in first..(first + BATCH).min(orders) {
            let is_hers = number % (orders / HISTORY) == 0;
            let user = if is_hers { customer } else { customers[(number * 7919) % customers.len()] };
            let placed = begin.plus(YEAR / u32::try_from(orders).unwrap() * u32::try_from(number).unwrap());
            let (order, payment) = past_order(template, number, user, placed);
            past.push(order);
            payments.push(payment);
        }
        let unsafe_but_quick = unsafe_but_quick.clone();
        async move {
            let insert = async |name: &str, documents: Vec<Document>| {
                let insert = database.collection::<Document>(name);
                insert.insert_many(documents).ordered(false).write_concern(unsafe_but_quick.clone()).await
            };
            futures::try_join!(insert("orders", past), insert("payments", payments)).unwrap();
            first
        }
    });
    let mut done = 0;
    let mut batches = std::pin::pin!(batches.buffer_unordered(3));
    while batches.next().await.is_some() {
        done += BATCH.min(orders);
        if done % 20_000 == 0 {
            print!("\r{}: {done} of {orders} orders", database.name());
            std::io::stdout().flush().unwrap();
        }
    }
}

/// A delivered order with its payment.
fn past_order(template: &Template, number: usize, user: Id<User>, placed: Timestamp) -> (Document, Document) {
    let (mut order, mut payment) = (template.order().clone(), template.payment().clone());
    let (id, payment_id) = (new_id(), new_id());
    let timeline = |statuses: &[&str]| -> Vec<Document> {
        statuses.iter().map(|status| doc! {"status": *status, "timestamp": placed, "note": "done"}).collect()
    };
    order.extend(doc! {
        "_id": id.clone(),
        "orderNumber": order_number(number),
        "user": user,
        "email": format!("{user}@example.test"),
        "payment": payment_id.clone(),
        "cart": new_id(),
        "status": "delivered",
        "timeline": timeline(&["pending", "confirmed", "processing", "shipped", "delivered"]),
        "createdAt": placed,
        "updatedAt": placed,
    });
    let amount = payment.get("amount").cloned().unwrap_or(Bson::Null);
    payment.extend(doc! {
        "_id": payment_id,
        "order": id,
        "user": user,
        "status": "completed",
        "captured": amount,
        "transactionId": format!("pi_{number}"),
        "timeline": timeline(&["pending", "processing", "completed"]),
        "createdAt": placed,
        "updatedAt": placed,
    });
    (order, payment)
}

/// A cursor nine tenths down a list of `count` orders.
async fn deep(world: &World, filter: Document, count: usize) -> String {
    let orders = world.store().database().collection::<Order>("orders");
    let skip = u64::try_from(count * 9 / 10).unwrap();
    let find = orders.find(filter).sort(doc! {"createdAt": -1, "_id": -1}).skip(skip).limit(1);
    let order = find.await.unwrap().try_next().await.unwrap().expect("the list is longer");
    encode_cursor(&(order.created_at, order.id))
}
