//! Many more buyers than units: as many orders as units, and every other buyer gets `insufficient_stock`.

use shared::domain::order::OrderStatus;
use tests::campaign::Run;

use crate::{
    Arena,
    scene::{Scene, with_status},
};

const BUYERS: usize = 500;

pub(crate) async fn race(arena: Arena, run: Run, units: i64) {
    let scene = Scene::open(&arena, run).await;
    let mug = scene.stock("MUG-1", units).await;
    let buyers = scene.crowd(BUYERS, |_| (vec![(mug.as_str(), 1)], None)).await;

    let replies = scene.check_out(&buyers).await;

    for refused in replies.iter().filter(|reply| reply.status != 201) {
        refused.is_problem(409, "insufficient_stock");
        assert_eq!(refused.json["available"], 0, "{}", refused.json);
    }
    let placed = with_status(&replies, 201);
    assert_eq!(i64::try_from(placed.len()).unwrap(), units, "orders for {units} units");
    let stock = scene.stock_of("MUG-1").await;
    assert_eq!((stock.on_hand, stock.reserved, stock.available), (units, units, 0));
    scene.close().await;
    for order in placed {
        assert_eq!(scene.find_order(&order.id()).await.status, OrderStatus::Processing);
    }
}
