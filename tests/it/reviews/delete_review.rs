use tests::TestShop;

use super::{approve, rating, review_of};

#[tokio::test]
async fn a_withdrawn_review_no_longer_counts_and_may_be_written_again() {
    let shop = TestShop::start().await;
    let (ada, admin) = (shop.customer("ada").await, shop.admin("admin").await);
    let mug = shop.stock("MUG-1", 5).await;
    let id = review_of(&ada, &mug, 4).await;
    approve(&admin, &id).await;
    assert_eq!(rating(&shop, &mug).await, (4.0, 1));
    let path = format!("/v1/reviews/{id}");
    ada.delete(&path).await.is(204);
    assert_eq!(rating(&shop, &mug).await, (0.0, 0));
    ada.delete(&path).await.is_problem(404, "not_found");
    review_of(&ada, &mug, 1).await;
}

#[tokio::test]
async fn only_its_author_withdraws_a_review() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let mug = shop.stock("MUG-1", 5).await;
    let path = format!("/v1/reviews/{}", review_of(&ada, &mug, 5).await);
    shop.request("DELETE", &path).send().await.is_problem(401, "not_authenticated");
    shop.customer("bob").await.delete(&path).await.is_problem(404, "not_found");
    shop.admin("admin").await.delete(&path).await.is_problem(404, "not_found");
    ada.get(&path).await.is(200);
}
