//! A coupon with fewer redemptions than buyers: as many discounts as redemptions.

use serde_json::json;
use tests::campaign::Run;

use crate::{
    Arena,
    scene::{Scene, with_status},
};

const BUYERS: usize = 100;
const REDEMPTIONS: usize = 5;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let percent = run.between(1, 90);
    let coupon = json!({"code": "FIVE", "type": "percentage", "value": percent, "usageLimit": {"total": REDEMPTIONS}});
    scene.admin("root").await.post("/v1/coupons", coupon).await.is(201);
    let mug = scene.stock("MUG-1", 10 * 100).await;
    let quantities: Vec<i64> = (0..BUYERS).map(|_| run.between(1, 4)).collect();
    let buyers = scene.crowd(BUYERS, |number| (vec![(mug.as_str(), quantities[number])], Some("FIVE"))).await;

    let replies = scene.check_out(&buyers).await;

    assert_eq!(with_status(&replies, 201).len(), REDEMPTIONS);
    for (reply, quantity) in replies.iter().zip(&quantities) {
        if reply.status == 201 {
            assert_eq!(reply.json["discount"]["amount"], quantity * 10 * percent, "{}", reply.json["discount"]);
        } else {
            assert_eq!(reply.is_problem(422, "coupon_invalid").json["reason"], "limit_reached");
        }
    }
    let coupon = scene.store().coupons.find_by_code("FIVE").await.unwrap().unwrap();
    assert_eq!(coupon.usage_count, i64::try_from(REDEMPTIONS).unwrap());
    assert_eq!(scene.count("couponUses").await, REDEMPTIONS as u64);
    scene.close().await;
}
