//! `POST /v1/checkout/quote`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    app::quote::{QuoteRequest, quote},
    domain::{Id, address::SavedAddress, payment::PaymentMethod, pricing::Destination, shipping::ShippingMethod},
    http::{App, CurrentBuyer, Problem, Valid, address::normalise_place, payment_source::not_chargeable},
    validation::{
        Validate, Violations,
        rules::{country, length, optional_line, subdivision_of},
    },
};

use super::{
    charge_limits,
    delivery::{find_address, load_cart},
    problems::quote_problem,
    quote_view::QuoteView,
};

/// Destination, shipping method and coupon.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestQuote {
    /// The address, of which country and state decide tax and shipping.
    shipping_address: Option<QuoteAddress>,
    /// A saved address instead of `shippingAddress`.
    #[schema(value_type = Option<String>)]
    address_id: Option<Id<SavedAddress>>,
    /// If absent, the totals have no shipping.
    shipping_method: Option<ShippingMethod>,
    /// Instead of the cart's coupon.
    coupon_code: Option<String>,
    /// How the order is to be paid. A total that this method cannot charge is refused; if absent, one that cards cannot.
    payment_method: Option<PaymentMethod>,
}

impl Validate for RequestQuote {
    fn validate(&self, v: &mut Violations) {
        v.nested("shippingAddress", &self.shipping_address);
        v.check("couponCode", &self.coupon_code, length(1..=64));
    }
}

/// An address of which only country and state are required.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuoteAddress {
    /// A code (ISO 3166-1) or a usual name.
    country: String,
    /// A code (ISO 3166-2) or a usual name.
    #[serde(default)]
    state: String,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    company: Option<String>,
    #[serde(default)]
    address_line1: Option<String>,
    #[serde(default)]
    address_line2: Option<String>,
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    postal_code: Option<String>,
    #[serde(default)]
    phone: Option<String>,
}

impl Validate for QuoteAddress {
    fn validate(&self, v: &mut Violations) {
        v.check("country", &self.country, country);
        v.check("state", &self.state, optional_line(100));
        v.check("state", &self.state, subdivision_of(&self.country));
        let rest = [
            ("fullName", &self.full_name),
            ("company", &self.company),
            ("addressLine1", &self.address_line1),
            ("addressLine2", &self.address_line2),
            ("city", &self.city),
            ("postalCode", &self.postal_code),
            ("phone", &self.phone),
        ];
        for (name, text) in rest {
            v.check(name, text, optional_line(200));
        }
    }
}

impl std::fmt::Debug for QuoteAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuoteAddress({}, …)", self.country)
    }
}

/// Quote the cart
///
/// Computed from the current catalogue, stock and rates. Reserves nothing. A total that cannot be charged is refused as at
/// checkout.
#[utoipa::path(post, path = "/v1/checkout/quote", tag = "checkout", security(("bearer" = []), ("cartToken" = [])),
    request_body = RequestQuote, responses((status = 200, body = QuoteView)))]
pub(crate) async fn quote_checkout(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    State(app): State<App>,
    Valid(asked): Valid<RequestQuote>,
) -> Result<Json<QuoteView>, Problem> {
    let cart = load_cart(&app, &buyer).await?;
    let (country, state) = match (asked.shipping_address, asked.address_id) {
        (Some(place), None) => normalise_place(&place.country, &place.state),
        (_, saved) => {
            let address = find_address(&app, &buyer, None, saved).await?;
            (address.country, address.state)
        }
    };
    let request = QuoteRequest {
        destination: Some(Destination { country: &country, state: &state }),
        method: asked.shipping_method,
        coupon_code: asked.coupon_code.as_deref().or(cart.coupon_code.as_deref()),
        buyer: Some(&buyer),
        email: None,
    };
    let quote = quote(&app.store, &cart, request, app.clock.now()).await.map_err(quote_problem)?;
    let total = quote.price.totals.total;
    match charge_limits(asked.payment_method, cart.currency) {
        // Without a shipping method, the total may grow, but not shrink.
        Some(limits) if asked.shipping_method.is_none() && total <= limits.maximum => {}
        Some(limits) if !limits.allow(total) => return Err(not_chargeable(limits)),
        _ => {}
    }
    Ok(Json(QuoteView::of(quote)))
}
