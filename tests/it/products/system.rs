use tests::TestShop;

#[tokio::test]
async fn the_api_serves_its_description_and_its_health() {
    let shop = TestShop::start().await;
    let document = shop.get("/v1/openapi.json").await;
    assert!(document.is(200).json.is_object());
    let page = shop.get("/v1/docs").await;
    assert!(page.is(200).header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(shop.get("/v1/health").await.is(200).json["status"], "ok");
}
