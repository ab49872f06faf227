//! One order from cart to delivery.

use serde_json::json;
use tests::TestShop;

#[tokio::test]
async fn an_order_goes_from_cart_to_delivery() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 5}})).await;
    let ada = shop.customer("ada").await;

    let placed = ada.order(&mug, 2).await;
    placed.is(201);
    let order = placed.id();
    assert_eq!(placed.json["status"], "pending");
    assert_eq!(placed.json["pricing"]["total"], 2500);
    assert_eq!(shop.stock_of("MUG-1").await.available, 3);

    shop.run_queues().await;
    let paid = ada.get(&format!("/v1/orders/{order}")).await;
    assert_eq!(paid.json["payment"]["status"], "completed", "{}", paid.json);
    assert_eq!(paid.json["status"], "processing");

    let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    let shipped = seller.post(&format!("/v1/orders/{order}/ship"), tracking).await;
    shipped.is(200);
    assert_eq!(shipped.json["status"], "shipped");
    let stock = shop.stock_of("MUG-1").await;
    assert_eq!((stock.on_hand, stock.reserved, stock.available, stock.shipped), (3, 0, 3, 2));

    let delivered = seller.post(&format!("/v1/orders/{order}/deliver"), json!({})).await;
    assert_eq!(delivered.json["status"], "delivered");
    shop.run_queues().await;
    let subjects: Vec<String> = shop.mails_to(&ada.email).await.into_iter().map(|(subject, _)| subject).collect();
    let number = placed.json["orderNumber"].as_str().unwrap();
    for subject in ["We have received your order", "Your order is paid", "Your order is on its way"] {
        assert!(subjects.contains(&format!("{subject} ({number})")), "{subject} is not among {subjects:?}");
    }
}
