//! `kill -9` of the primary while buyers check out and are charged: the other members elect a new one, and nothing that was
//! acknowledged is missing. The killed member comes back for the next run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tests::{TestShop, at_once, campaign::Run};

use crate::{
    Arena,
    scene::{AFTER_LEASE, Scene, is_in_progress},
};

const BUYERS: usize = 40;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let mug = scene.stock("MUG-1", 1000).await;
    let quantities: Vec<i64> = (0..BUYERS).map(|_| run.between(1, 5)).collect();
    let buyers = scene.crowd(BUYERS, |number| (vec![(mug.as_str(), quantities[number])], None)).await;

    let acknowledged = Arc::new(AtomicU64::new(0));
    let is_over = AtomicBool::new(false);
    let kill_after = u64::try_from(run.between(1, 20)).unwrap();
    let clicks = at_once(buyers.iter().cloned().map(|buyer| {
        // Far enough apart that some come before the kill and others after it.
        let (pause, tally, acknowledged) = (run.pause(2000), Arc::clone(&run.tally), Arc::clone(&acknowledged));
        async move {
            tokio::time::sleep(pause).await;
            let reply = buyer.checkout("order").await;
            tally.record(&reply);
            acknowledged.fetch_add(u64::from(reply.status == 201), Ordering::SeqCst);
            reply
        }
    }));
    let kill = async {
        while acknowledged.load(Ordering::SeqCst) < kill_after {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(run.pause(20)).await;
        arena.kill_primary().await;
    };
    let checkouts = async {
        let (first, ()) = futures::join!(clicks, kill);
        is_over.store(true, Ordering::SeqCst);
        first
    };
    let (first, ()) = futures::join!(checkouts, work(&scene, &is_over));

    // Reservations and records of interrupted requests expire.
    scene.clock.advance(AFTER_LEASE);
    // Every buyer retries until the new primary answers.
    let placed = scene.check_out(&buyers).await;
    for (first, placed) in first.iter().zip(&placed) {
        placed.is(201);
        if first.status == 201 {
            assert_eq!((placed.header("idempotent-replayed"), &placed.body), (Some("true"), &first.body));
        } else {
            // The new primary may lack a record or a reservation that only the old one had.
            assert!(first.status == 503 || is_in_progress(first), "{first:?}");
        }
        let order = scene.find_order(&placed.id()).await;
        assert_eq!(order.order_number, placed.json["orderNumber"].as_str().unwrap());
    }
    assert_eq!(scene.count("orders").await, BUYERS as u64);
    // The reservations of interrupted attempts are released.
    scene.run_maintenance().await;
    assert_eq!(scene.stock_of("MUG-1").await.reserved, quantities.iter().sum::<i64>());
    scene.close().await;
    arena.start_again().await;
    scene.verify().await;
}

/// Runs the workers meanwhile. Failed messages are retried.
async fn work(shop: &TestShop, is_over: &AtomicBool) {
    while !is_over.load(Ordering::SeqCst) {
        for queue in shared::domain::message::Queue::ALL {
            // SQS must answer; the database may fail.
            shop.poller(queue).poll(0).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
