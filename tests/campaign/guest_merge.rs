//! Two concurrent logins with the cart of one guest: it is merged once, and no unit is lost or duplicated.

use serde_json::{Value, json};
use shared::domain::user::PasswordHash;
use tests::{Reply, TestShop, at_once, campaign::Run};

use crate::{
    Arena,
    scene::{MOMENT_MILLIS, Scene},
};

const GUESTS: usize = 4;
const PASSWORD: &str = "correct-horse-battery";
/// Of [`PASSWORD`].
const HASH: &str = "$argon2id$v=19$m=8192,t=1,p=1$c29tZSBzYWx0$yij3Aeigncowo+zox85M1PWy+43wzvXWxqLf5RxWQM4";

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let (mug, pot) = (scene.stock("MUG-1", 500).await, scene.stock("POT-1", 500).await);
    for _ in 0..GUESTS {
        let (of_guest, of_ada) = (run.between(1, 9), run.between(0, 9));
        let token = scene.guests(1, &(vec![(mug.as_str(), of_guest)], None)).await.remove(0);
        let (ada, bob) = (account(&scene).await, account(&scene).await);
        // Two devices of one person, or two people at one device.
        let is_one_person = run.flips_heads();
        let second = if is_one_person { ada.clone() } else { bob };
        if of_ada > 0 {
            let session = log_in(&scene, &ada, None).await;
            let item = json!({"productId": pot, "quantity": of_ada});
            scene.request("POST", "/v1/cart/items").bearer(&access(&session)).json(item).send().await.is(200);
        }

        let logins = at_once([ada.clone(), second.clone()].map(|email| {
            let pause = run.pause(MOMENT_MILLIS);
            let login = request(&scene, &email, Some(&token));
            async move {
                tokio::time::sleep(pause).await;
                login.send().await
            }
        }))
        .await;

        let mut mugs = Vec::new();
        for login in &logins {
            run.tally.record(login);
            login.is(200);
            let cart = scene.request("GET", "/v1/cart").bearer(&access(login)).send().await;
            let units = units(&cart);
            assert!(units["MUG-1"] == of_guest || units["MUG-1"].is_null(), "the guest had {of_guest}: {units}");
            mugs.push(!units["MUG-1"].is_null());
        }
        assert_eq!(mugs.iter().filter(|has| **has).count(), if is_one_person { 2 } else { 1 }, "{mugs:?}");
        let cart = scene.request("GET", "/v1/cart").bearer(&access(&logins[0])).send().await;
        assert_eq!(units(&cart)["POT-1"], if of_ada > 0 { json!(of_ada) } else { Value::Null });
        let gone = scene.request("GET", "/v1/cart").cart(&token).send().await;
        gone.is_problem(404, "cart_not_found");
    }
    scene.close().await;
}

/// Creates an account with [`PASSWORD`]; answers its e-mail address.
async fn account(shop: &TestShop) -> String {
    let person = shop.customer("member").await;
    let mut user = shop.store().users.find(person.id).await.unwrap().unwrap();
    user.password = PasswordHash::from_phc(HASH.to_owned());
    shop.store().users.save(&mut user).await.unwrap();
    person.email
}

fn request(shop: &TestShop, email: &str, cart: Option<&str>) -> tests::Request {
    let request = shop.request("POST", "/v1/auth/login").json(json!({"email": email, "password": PASSWORD}));
    if let Some(token) = cart { request.cart(token) } else { request }
}

async fn log_in(shop: &TestShop, email: &str, cart: Option<&str>) -> Reply {
    let login = request(shop, email, cart).send().await;
    login.is(200);
    login
}

fn access(login: &Reply) -> String {
    login.json["accessToken"].as_str().unwrap().to_owned()
}

/// SKU → units of a cart.
fn units(cart: &Reply) -> Value {
    cart.is(200);
    let sku = |item: &Value| item["product"]["name"].as_str().unwrap().replace("Product ", "");
    cart.json["items"].as_array().unwrap().iter().map(|item| (sku(item), item["quantity"].clone())).collect()
}
