//! The buyer cancels the order that the seller ships: one of them is refused, and the order is either shipped or
//! refunded.

use serde_json::json;
use shared::domain::order::OrderStatus;
use tests::{Reply, Rivals, campaign::Run};

use crate::{
    Arena,
    scene::{MOMENT_MILLIS, Scene},
};

const ORDERS: usize = 20;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let seller = scene.seller("grace").await;
    let mug = scene.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 100}})).await;
    let quantities: Vec<i64> = (0..ORDERS).map(|_| run.between(1, 4)).collect();
    let buyers = scene.crowd(ORDERS, |number| (vec![(mug.as_str(), quantities[number])], None)).await;
    let placed = scene.check_out(&buyers).await;
    let orders: Vec<String> = placed.iter().map(|reply| reply.is(201).id()).collect();
    scene.deliver_everything().await;

    let (mut rivals, mut shipped) = (Rivals::new(), 0);
    for number in run.shuffled(0..ORDERS) {
        let (order, buyer) = (&orders[number], &buyers[number]);
        let ship = async {
            tokio::time::sleep(run.pause(MOMENT_MILLIS / 10)).await;
            let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
            seller.post(&format!("/v1/orders/{order}/ship"), tracking).await
        };
        let cancel = async {
            tokio::time::sleep(run.pause(MOMENT_MILLIS / 10)).await;
            buyer.request("POST", &format!("/v1/orders/{order}/cancel")).key("cancel").send().await
        };
        let (ship, cancel): (Reply, Reply) = rivals.race(ship, cancel).await;
        [&ship, &cancel].into_iter().for_each(|reply| run.tally.record(reply));
        rivals.record(ship.status == 200);
        let status = scene.find_order(order).await.status;
        if ship.status == 200 {
            shipped += quantities[number];
            cancel.is_problem(409, "order_not_cancellable");
            assert_eq!(status, OrderStatus::Shipped);
        } else {
            ship.is_problem(409, "illegal_transition");
            cancel.is(200);
            assert_eq!(status, OrderStatus::Cancelled);
        }
    }
    scene.deliver_everything().await;
    let stock = scene.stock_of("MUG-1").await;
    assert_eq!((stock.shipped, stock.reserved, stock.available), (shipped, 0, 100 - shipped));
    scene.close().await;
}
