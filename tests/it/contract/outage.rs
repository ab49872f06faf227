//! Without the database every operation answers `unavailable` in time; when it is back, every operation works.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use serde_json::json;
use shared::config::Secret;
use tests::{OwnMongodb, Reply, TestShop, shop::WEBHOOK_SECRET};

use super::{
    findings::Findings,
    operations::{Api, Operation},
    samples::good_bodies,
    world::World,
};

/// The operations that need no database.
const WITHOUT_DATABASE: [&str; 3] = ["GET /v1/auth/.well-known/jwks.json", "GET /v1/openapi.json", "GET /v1/docs"];

/// The limit for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// More would only wait for each other on a small machine.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_every_operation_answers_unavailable_in_time() {
    let mongodb = OwnMongodb::start("operations").await;
    let world = World::build_in(TestShop::start_at(mongodb.place().await, |real| real)).await;
    let api = Api::load();
    let before = readings(&api, &world).await;

    mongodb.stop().await;
    let mut findings = Findings::default();
    let mut slowest = (Duration::ZERO, String::new());
    let asked = stream::iter(&api.operations).map(|operation| ask(&api, &world, operation)).buffer_unordered(AT_ONCE);
    for (name, took, reply) in asked.collect::<Vec<_>>().await {
        if WITHOUT_DATABASE.contains(&name.as_str()) {
            findings.expect(reply.status.as_u16() == 200, || format!("{name}: {} needs no database", reply.status));
        } else {
            findings.expect_refusal(&name, &reply, &[503], &["unavailable"]);
        }
        findings.expect(took <= ANSWER_TIMEOUT, || format!("{name}: answers after {took:?}"));
        slowest = slowest.max((took, name));
    }
    eprintln!("the slowest: {} in {:?}", slowest.1, slowest.0);
    findings.assert_none();

    mongodb.start_again().await;
    assert_eq!(readings(&api, &world).await, before);
}

async fn ask(api: &Api, world: &World, operation: &Operation) -> (String, Duration, Reply) {
    let request = world.allowed(operation, &world.path(operation));
    let request = if operation.body().is_some() {
        request.json(good_bodies(api, world, operation).swap_remove(0))
    } else if operation.name() == "POST /v1/payments/webhooks/stripe" {
        let object = json!({"id": "pi_1", "object": "payment_intent"});
        let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": object}}).to_string();
        let signature = payments::sign(body.as_bytes(), &Secret::new(WEBHOOK_SECRET), world.shop.clock.now());
        request.header("stripe-signature", signature).raw("application/json", body)
    } else {
        request
    };
    let started = Instant::now();
    let reply = request.send().await;
    (operation.name(), started.elapsed(), reply)
}

/// What every operation that only reads answers.
async fn readings(api: &Api, world: &World) -> BTreeMap<String, u16> {
    let mut readings = BTreeMap::new();
    for operation in api.operations.iter().filter(|operation| operation.method == "GET") {
        let (name, _, reply) = ask(api, world, operation).await;
        readings.insert(name, reply.status.as_u16());
    }
    readings
}
