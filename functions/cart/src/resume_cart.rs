//! `POST /v1/cart/resume`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    domain::{
        Buyer,
        cart::{Cart, CartStatus},
        secret_hash::sha256_hex,
        user::{MailedToken, TokenPurpose},
    },
    http::{App, IfMatch, MaybeUser, Problem, ProblemCode, Valid},
    store::Versioned,
    validation::{Validate, Violations, rules::length},
};

use crate::{
    carts::{change_cart, load_cart},
    view::{CartView, respond},
};

/// The mailed token.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeCart {
    token: String,
}

impl Validate for ResumeCart {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=128));
    }
}

/// Resume an abandoned cart
///
/// By the token of the reminder mail, which works for seven days and any number of times. It does not log in, because mails
/// are forwarded: the owner, logged in, gets the own cart; any other caller gets a new guest cart with the lines of the mail,
/// without the coupon, and its `cartToken`. The owner's cart stays as it is; the copy is merged into it at the next login.
#[utoipa::path(post, path = "/v1/cart/resume", tag = "cart", security((), ("bearer" = [])),
    request_body = ResumeCart, responses((status = 200, body = CartView)))]
pub(crate) async fn resume_cart(
    MaybeUser(user): MaybeUser,
    State(app): State<App>,
    Valid(wanted): Valid<ResumeCart>,
) -> Result<Response, Problem> {
    let hash = sha256_hex(&wanted.token);
    let token = app.store.mailed_tokens.find(&hash, TokenPurpose::ResumeCart, app.clock.now()).await?;
    let token = token.ok_or_else(|| Problem::new(ProblemCode::InvalidMailedToken))?;
    match user.filter(|user| user.id == token.user) {
        Some(user) => come_back(&app, &Buyer::Customer(user.id)).await,
        None => copy_for_guest(&app, &token).await,
    }
}

/// The owner's open cart, which may be another than the one in the mail.
async fn come_back(app: &App, buyer: &Buyer) -> Result<Response, Problem> {
    let mut cart = load_cart(app, buyer).await?;
    if cart.status == CartStatus::Abandoned {
        let resume = |cart: &mut Cart, now| {
            cart.resume(now);
            Ok(())
        };
        cart = change_cart(app, buyer, &IfMatch::ANY, resume).await?;
    }
    respond(app, buyer, &cart, None).await
}

async fn copy_for_guest(app: &App, token: &MailedToken) -> Result<Response, Problem> {
    let gone = || Problem::new(ProblemCode::CartNotFound).detail("The cart was ordered or emptied, or has expired.");
    let left = match token.cart {
        Some(cart) => app.store.carts.find(cart).await?,
        None => None,
    };
    let cart_token = app.random.secret();
    let copy = left.and_then(|cart| cart.copy_for_guest(sha256_hex(&cart_token), token.mailed_at(), app.clock.now()));
    let mut copy = Versioned::new(copy.ok_or_else(gone)?);
    app.store.carts.save(&mut copy).await?;
    let buyer = Buyer::guest(&cart_token);
    respond(app, &buyer, &copy, Some(cart_token)).await
}
