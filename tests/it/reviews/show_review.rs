use tests::TestShop;

use super::{approve, review_of};

#[tokio::test]
async fn a_pending_review_is_shown_to_its_author_and_admins_only() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, bob, admin) = (shop.customer("ada").await, shop.customer("bob").await, shop.admin("admin").await);
    let id = review_of(&ada, &mug, 4).await;
    let path = format!("/v1/reviews/{id}");
    shop.get(&path).await.is_problem(404, "not_found");
    bob.get(&path).await.is_problem(404, "not_found");
    ada.get(&path).await.is(200);
    admin.get(&path).await.is(200);
    approve(&admin, &id).await;
    shop.get(&path).await.is(200);
    shop.get("/v1/reviews/x").await.is_problem(404, "not_found");
}
