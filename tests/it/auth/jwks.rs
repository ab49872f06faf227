//! `GET /v1/auth/.well-known/jwks.json`

use shared::http::token::AccessTokens;
use tests::TestShop;

#[tokio::test]
async fn the_published_keys_verify_an_access_token() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let published = shop.get("/v1/auth/.well-known/jwks.json").await;
    published.is(200);
    assert_eq!(published.header("cache-control"), Some("public, max-age=300"));
    let tokens = AccessTokens::from_jwks(&String::from_utf8(published.body.clone()).unwrap()).unwrap();
    assert_eq!(tokens.verify(&ada.token, shop.clock.now()).unwrap().sub, ada.id);
    let key = &published.json["keys"][0];
    assert_eq!(
        (key["kty"].as_str(), key["alg"].as_str(), key["use"].as_str()),
        (Some("OKP"), Some("EdDSA"), Some("sig"))
    );
    assert!(key.get("d").is_none(), "the private half is published");
}
