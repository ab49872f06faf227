//! The auth function: registration, login, sessions and account management.

mod addresses;
mod change_password;
mod forgot_password;
mod jwks;
mod login;
mod logout;
mod me;
mod refresh;
mod register;
mod throttle;
mod users;
mod verify_email;

use serde_json::{Value, json};
use shared::{
    domain::{Email, user::User},
    store::Versioned,
};
use tests::{Reply, TestShop};

pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A valid registration.
pub(crate) fn form(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"})
}

/// A unique address, because all tests share one mail box.
pub(crate) fn address_of(shop: &TestShop, name: &str) -> String {
    format!("{name}.{}@example.test", shop.random.readable(8).to_lowercase())
}

/// Registers a customer; answers the address.
pub(crate) async fn register(shop: &TestShop, name: &str) -> String {
    let email = address_of(shop, name);
    shop.post("/v1/auth/register", form(&email)).await.is(202);
    email
}

pub(crate) async fn try_log_in(shop: &TestShop, email: &str, password: &str) -> Reply {
    shop.post("/v1/auth/login", json!({"email": email, "password": password})).await
}

/// A session, as the client keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Session {
    pub(crate) fn of(reply: &Reply) -> Self {
        reply.is(200);
        let text = |name: &str| reply.json[name].as_str().unwrap().to_owned();
        Self { access: text("accessToken"), refresh: text("refreshToken") }
    }
}

/// Logs in with the usual password.
pub(crate) async fn log_in(shop: &TestShop, email: &str) -> Session {
    Session::of(&try_log_in(shop, email, PASSWORD).await)
}

/// Registers a customer and logs in; answers the address and the session.
pub(crate) async fn member(shop: &TestShop, name: &str) -> (String, Session) {
    let email = register(shop, name).await;
    let session = log_in(shop, &email).await;
    (email, session)
}

pub(crate) async fn refresh(shop: &TestShop, token: &str) -> Reply {
    shop.post("/v1/auth/refresh", json!({"refreshToken": token})).await
}

/// Whether the session can still be refreshed. Consumes its token.
pub(crate) async fn is_alive(shop: &TestShop, session: &Session) -> bool {
    match refresh(shop, &session.refresh).await {
        reply if reply.status == 200 => true,
        reply => {
            reply.is_problem(401, "invalid_refresh_token");
            false
        }
    }
}

pub(crate) async fn stored(shop: &TestShop, email: &str) -> Versioned<User> {
    shop.store().users.find_by_email(&Email::try_new(email).unwrap()).await.unwrap().unwrap()
}

/// The token in the last mail with this subject.
pub(crate) async fn mailed_token(shop: &TestShop, email: &str, subject: &str) -> String {
    shop.run_queues().await;
    let mails = shop.mails_to(email).await;
    let (_, text) =
        mails.iter().rfind(|(of, _)| of == subject).unwrap_or_else(|| panic!("no {subject:?} in {mails:?}"));
    text.lines().map(str::trim).find(|line| line.len() == 43 && !line.contains(' ')).unwrap().to_owned()
}

/// Fails the test unless a client cannot tell the two answers apart.
#[track_caller]
pub(crate) fn assert_indistinguishable(one: &Reply, other: &Reply) {
    let visible = |reply: &Reply| {
        let mut json = reply.json.clone();
        if let Some(members) = json.as_object_mut() {
            members.remove("requestId");
        }
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        (reply.status, headers, json)
    };
    assert_eq!(visible(one), visible(other));
}
