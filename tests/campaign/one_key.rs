//! One checkout that is posted a hundred times with one `Idempotency-Key`: one order, one charge, one answer.

use tests::{at_once, campaign::Run};

use crate::{
    Arena,
    scene::{AFTER_LEASE, MOMENT_MILLIS, Scene, with_status},
};

const POSTS: usize = 100;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let mug = scene.stock("MUG-1", 50).await;
    let units = run.between(1, 9);
    let ada = scene.crowd(1, |_| (vec![(mug.as_str(), units)], None)).await.remove(0);

    let replies = at_once((0..POSTS).map(|_| {
        let (ada, pause) = (ada.clone(), run.pause(2 * MOMENT_MILLIS));
        async move {
            tokio::time::sleep(pause).await;
            ada.checkout("one-intention").await
        }
    }))
    .await;
    replies.iter().for_each(|reply| run.tally.record(reply));

    let answers = with_status(&replies, 201);
    for reply in replies.iter().filter(|reply| reply.status != 201 && reply.status != 503) {
        reply.is_problem(409, "idempotency_in_progress");
        assert!(reply.header("retry-after").is_some());
    }
    let originals = answers.iter().filter(|reply| reply.header("idempotent-replayed").is_none());
    assert!(originals.count() <= 1, "it was carried out more than once");
    scene.clock.advance(AFTER_LEASE);
    let last = ada.checkout("one-intention").await;
    last.is(201);
    for answer in answers {
        assert_eq!((&answer.body, answer.header("location")), (&last.body, last.header("location")));
    }
    assert_eq!((scene.count("orders").await, scene.count("payments").await), (1, 1));
    assert_eq!(scene.stock_of("MUG-1").await.reserved, units);
    scene.close().await;
}
