//! `kill -9` of a process at every point: before and after each database command, and at each await point; see
//! [`tests::victim`].
//!
//! An order is stored completely or not at all, no acknowledged order is lost, and a retry gets one order and one charge.

use std::{collections::BTreeMap, time::Duration};

use bson::{Bson, doc};
use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::{Id, message::Queue, order::OrderStatus};
use tests::{
    OwnMongodb, Person, Reply, StripeApi, TestShop, cards,
    people::{checkout_body, until_decided},
    victim::{self, Buyer, Moment, VictimRun, Work},
};

const VICTIM: &str = "killed::the_victim";

/// Longer than the reservation lease and the delay of the relay.
const AFTER_LEASE: Duration = Duration::from_secs(36);

/// More await points than any checkout has.
const MAX_AWAIT_POINTS: usize = 300;

#[test]
#[ignore = "the tests of this file start it, and kill it"]
fn the_victim() {
    victim::run_victim();
}

/// A shop with its own database, because killed processes leave transactions open there.
struct Scene {
    shop: TestShop,
    stripe: StripeApi,
    seller: Person,
    mug: String,
    _mongodb: OwnMongodb,
}

/// A buyer whose checkout process is killed.
struct Case {
    buyer: Buyer,
    email: String,
    /// The product that only this buyer orders.
    sku: String,
    work: Work,
    life: VictimRun,
    /// The order that was stored after the kill.
    order: Option<String>,
    /// The number of transactions that the kill left open at the server.
    left_open: i64,
}

impl Scene {
    async fn open(name: &str) -> Self {
        let mongodb = OwnMongodb::start(name).await;
        let shop = TestShop::start_at(mongodb.place().await, |real| real);
        let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
        let seller = shop.seller("grace").await;
        let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 1000}})).await;
        let coupon =
            json!({"code": "TEN", "type": "percentage", "value": 10, "usageLimit": {"total": 999, "perUser": 1}});
        shop.admin("root").await.post("/v1/coupons", coupon).await.is(201);
        Self { shop, stripe, seller, mug, _mongodb: mongodb }
    }

    /// A customer with two products, one of which this order brings to low stock, and a coupon: the checkout makes every
    /// write that an order can cause.
    async fn customer(&self, number: usize) -> (Buyer, String, String) {
        let sku = format!("POT-{number}");
        let pot = self.shop.product_of(&self.seller, &sku, json!({"inventory": {"quantity": 11}})).await;
        let customer = self.shop.customer(&format!("customer{number}")).await;
        customer.add_to_cart(&self.mug, 1).await.is(200);
        customer.add_to_cart(&pot, 2).await.is(200);
        customer.put("/v1/cart/coupon", json!({"code": "TEN"})).await.is(200);
        (Buyer::Customer(customer.id), customer.email, sku)
    }

    /// A guest with two units of a separate product and a coupon in the cart.
    async fn guest(&self, number: usize) -> (Buyer, String, String) {
        let sku = format!("POT-{number}");
        let pot = self.shop.product_of(&self.seller, &sku, json!({})).await;
        let cart = self.shop.post("/v1/cart/items", json!({"productId": pot, "quantity": 2})).await;
        let token = cart.is(200).json["cartToken"].as_str().unwrap().to_owned();
        let coupon = self.shop.request("PUT", "/v1/cart/coupon").cart(&token).json(json!({"code": "TEN"}));
        coupon.send().await.is(200);
        (Buyer::Guest(token), format!("guest{number}.{}@example.test", Id::<()>::new()), sku)
    }

    /// Kills a checkout at this moment, and checks the stored state.
    async fn kill(&self, (buyer, email, sku): (Buyer, String, String), moment: Option<Moment>) -> Case {
        let mut body = checkout_body(cards::GOOD);
        if matches!(buyer, Buyer::Guest(_)) {
            body["email"] = json!(email);
        }
        let work = Work::Checkout { buyer: buyer.clone(), key: "my-order".to_owned(), body };
        let life = self.shop.kill_at(VICTIM, &work, moment).await;
        let left_open = self.end_orphans().await;
        let order = self.order_of(&email).await;
        let is_there = i64::from(order.is_some());
        let reserved = self.shop.stock_of(&sku).await.reserved;
        assert!(reserved == 2 * is_there || reserved == 2, "{moment:?}: {reserved}");
        let uses = self.shop.store().database().collection::<bson::Document>("couponUses");
        assert_eq!(i64::try_from(uses.count_documents(doc! {"email": &email}).await.unwrap()).unwrap(), is_there);
        self.shop.verify().await;
        if let Some((status, body)) = &life.answer {
            assert_eq!((*status, order.is_some()), (201, true), "{moment:?}: {body}");
        }
        Case { buyer, email, sku, work, life, order, left_open }
    }

    /// An order that is to be charged.
    async fn order(&self, number: usize) -> Value {
        let customer = self.shop.customer(&format!("payer{number}")).await;
        customer.order(&self.mug, 1).await.is(201).json.clone()
    }

    /// Kills a worker at this moment of a charge, and checks the stored state.
    async fn kill_charge(&self, order: &Value, moment: Moment) -> VictimRun {
        let message = self.shop.enqueued_about("payment.requested", order["id"].as_str().unwrap()).await.remove(0);
        let life = self.shop.kill_at(VICTIM, &Work::Deliver(message), Some(moment)).await;
        self.end_orphans().await;
        assert!(life.answer.as_ref().is_none_or(|(status, _)| *status == 200), "{moment:?}: it did not charge");
        self.shop.verify().await;
        life
    }

    /// Aborts the open transactions of killed processes, as the server does after a minute. Answers their number.
    async fn end_orphans(&self) -> i64 {
        let admin = self.shop.store().database().client().database("admin");
        let status = admin.run_command(doc! {"serverStatus": 1}).await.unwrap();
        let open = status.get_document("transactions").unwrap().get("currentOpen").and_then(Bson::as_i64).unwrap();
        admin.run_command(doc! {"killAllSessions": []}).await.unwrap();
        open
    }

    async fn order_of(&self, email: &str) -> Option<String> {
        let orders = self.shop.store().database().collection::<bson::Document>("orders");
        let found = orders.find_one(doc! {"email": email}).await.unwrap();
        found.map(|order| order.get_object_id("_id").unwrap().to_hex())
    }

    /// The same request once more.
    async fn again(&self, case: &Case) -> Reply {
        let Work::Checkout { key, body, .. } = &case.work else { panic!("no checkout") };
        let request = match &case.buyer {
            Buyer::Customer(id) => self.shop.person_with(*id).await.request("POST", "/v1/checkout"),
            Buyer::Guest(token) => self.shop.request("POST", "/v1/checkout").cart(token),
        };
        request.key(key).json(body.clone()).send().await
    }

    /// Every buyer retries and gets one order, the stored one if it exists. Answers the orders by e-mail address.
    async fn retry_all(&self, cases: &[Case]) -> BTreeMap<String, Value> {
        self.shop.clock.advance(AFTER_LEASE);
        // The reservations of killed checkouts without an order are released.
        self.shop.run_maintenance().await;
        for case in cases {
            let is_there = i64::from(case.order.is_some());
            assert_eq!(self.shop.stock_of(&case.sku).await.reserved, 2 * is_there);
        }
        self.shop.verify().await;
        let mut orders = BTreeMap::new();
        for some in cases.chunks(8) {
            for (case, reply) in
                some.iter().zip(join_all(some.iter().map(|case| until_decided(|| self.again(case)))).await)
            {
                let id = reply.is(201).id();
                let was_there = case.order.as_ref().map(|order| (order.clone(), Some("true")));
                assert_eq!((id.clone(), reply.header("idempotent-replayed")), was_there.unwrap_or((id, None)));
                if let Some((_, body)) = &case.life.answer {
                    assert_eq!(&reply.body, body.as_bytes(), "the acknowledged answer has changed");
                }
                assert_eq!(self.shop.stock_of(&case.sku).await.reserved, 2);
                orders.insert(case.email.clone(), reply.json.clone());
            }
        }
        assert_eq!((orders.len(), self.shop.count("orders").await), (cases.len(), cases.len() as u64));
        self.shop.verify().await;
        orders
    }

    /// The relay sends the messages of the killed processes; then each order is charged its total once.
    async fn are_paid_once(&self, orders: impl IntoIterator<Item = &Value>) {
        self.shop.run_maintenance().await;
        while self.shop.poller(Queue::Payments).poll(0).await.unwrap() > 0 {}
        let charges = self.stripe.charges().await;
        for order in orders {
            assert_eq!(self.shop.find_order(order["id"].as_str().unwrap()).await.status, OrderStatus::Confirmed);
            let charged = charges.get(order["payment"]["id"].as_str().unwrap());
            assert_eq!(json!(charged), json!([order["pricing"]["total"]]));
        }
        self.shop.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_atomic_whichever_command_was_the_last() {
    let scene = Scene::open("killed-commands").await;
    let undisturbed = scene.kill(scene.customer(0).await, None).await;
    let commands = undisturbed.life.commands.clone();
    assert!(!undisturbed.life.was_killed && undisturbed.order.is_some());
    for write in
        ["update carts", "insert orders", "insert payments", "insert outbox", "insert couponUses", "commitTransaction"]
    {
        assert!(commands.iter().any(|command| command == write), "it never sends {write}: {commands:#?}");
    }
    let commit = 1 + commands.iter().position(|command| command == "commitTransaction").unwrap();
    let mut cases = vec![undisturbed];
    for number in 1..=commands.len() {
        for moment in [Moment::Before(number), Moment::After(number)] {
            let case = scene.kill(scene.customer(cases.len()).await, Some(moment)).await;
            assert!(case.life.was_killed, "{moment:?} never came: {:#?}", case.life.commands);
            // Only the commit decides whether the order exists.
            let is_committed = matches!(moment, Moment::Before(number) if number > commit)
                || matches!(moment, Moment::After(number) if number >= commit);
            assert_eq!(case.order.is_some(), is_committed, "{moment:?} {}", commands[number - 1]);
            cases.push(case);
        }
    }
    eprintln!("killed {} times around {} commands: {commands:?}", cases.len() - 1, commands.len());
    assert!(cases.iter().any(|case| case.left_open > 0), "no process was killed within a transaction");
    let orders = scene.retry_all(&cases).await;
    scene.are_paid_once(orders.values()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_atomic_at_whichever_await_point_it_was_killed() {
    let scene = Scene::open("killed-waits").await;
    let mut cases: Vec<Case> = Vec::new();
    while cases.last().is_none_or(|case| case.life.was_killed) {
        let number = cases.len() + 1;
        assert!(number < MAX_AWAIT_POINTS, "a checkout waits without end");
        cases.push(scene.kill(scene.guest(number).await, Some(Moment::Waiting(number))).await);
    }
    let (undisturbed, killed) = cases.split_last().unwrap();
    let commands = &undisturbed.life.commands;
    let ordered = killed.iter().filter(|case| case.order.is_some()).count();
    eprintln!("killed at {} await points of {} commands, {ordered} times with an order", killed.len(), commands.len());
    assert!(killed.len() >= commands.len() && (1..killed.len()).contains(&ordered));
    let orders = scene.retry_all(&cases).await;
    scene.are_paid_once(orders.values()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_made_once_wherever_its_worker_was_killed() {
    let scene = Scene::open("killed-charges").await;
    let mut orders: Vec<Value> = Vec::new();
    loop {
        let number = orders.len() + 1;
        assert!(number < MAX_AWAIT_POINTS, "a charge waits without end");
        orders.push(scene.order(number).await);
        let life = scene.kill_charge(orders.last().unwrap(), Moment::Waiting(number)).await;
        if !life.was_killed {
            eprintln!("killed at {} await points of {} commands", number - 1, life.commands.len());
            assert!(number > life.commands.len());
            break;
        }
    }
    // Each message is delivered again, for interrupted and for completed charges.
    scene.are_paid_once(&orders).await;
}
