//! `POST /v1/checkout/quote`

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use shared::{
    app::quote::{QuoteRequest, quote},
    domain::{Id, address::SavedAddress, pricing::Destination, shipping::ShippingMethod},
    http::{App, Buyer, Problem, Valid, address::country_code},
};

use super::{
    delivery::{customer, find_address, load_cart},
    quote_view::QuoteView,
};
use crate::problems::quote_problem;

/// Destination, shipping method and coupon.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestQuote {
    /// The address, of which country and state decide tax and shipping.
    #[garde(dive)]
    shipping_address: Option<QuoteAddress>,
    /// A saved address instead of `shippingAddress`.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    address_id: Option<Id<SavedAddress>>,
    /// If absent, the totals have no shipping.
    #[garde(skip)]
    shipping_method: Option<ShippingMethod>,
    /// Instead of the cart's coupon.
    #[garde(inner(length(min = 1, max = 64)))]
    coupon_code: Option<String>,
}

/// An address of which only country and state are required.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub(crate) struct QuoteAddress {
    #[garde(custom(country_code))]
    country: String,
    #[serde(default)]
    #[garde(length(chars, max = 100))]
    state: String,
    #[serde(default, rename = "fullName")]
    #[garde(inner(length(chars, max = 200)))]
    _full_name: Option<String>,
    #[serde(default, rename = "company")]
    #[garde(inner(length(chars, max = 200)))]
    _company: Option<String>,
    #[serde(default, rename = "addressLine1")]
    #[garde(inner(length(chars, max = 200)))]
    _address_line1: Option<String>,
    #[serde(default, rename = "addressLine2")]
    #[garde(inner(length(chars, max = 200)))]
    _address_line2: Option<String>,
    #[serde(default, rename = "city")]
    #[garde(inner(length(chars, max = 200)))]
    _city: Option<String>,
    #[serde(default, rename = "postalCode")]
    #[garde(inner(length(chars, max = 200)))]
    _postal_code: Option<String>,
    #[serde(default, rename = "phone")]
    #[garde(inner(length(chars, max = 200)))]
    _phone: Option<String>,
}

impl std::fmt::Debug for QuoteAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuoteAddress({}, …)", self.country)
    }
}

/// Quote the cart
///
/// Computed from the current catalogue, stock and rates. Reserves nothing.
#[utoipa::path(post, path = "/v1/checkout/quote", tag = "checkout", security(("bearer" = []), ("cartToken" = [])),
    request_body = RequestQuote, responses((status = 200, body = QuoteView)))]
pub(crate) async fn quote_checkout(
    buyer: Buyer,
    State(app): State<App>,
    Valid(asked): Valid<RequestQuote>,
) -> Result<Json<QuoteView>, Problem> {
    let cart = load_cart(&app, &buyer).await?;
    let (country, state) = match (asked.shipping_address, asked.address_id) {
        (Some(place), None) => (place.country, place.state.trim().to_owned()),
        (_, saved) => {
            let address = find_address(&app, &buyer, None, saved).await?;
            (address.country, address.state)
        }
    };
    let request = QuoteRequest {
        destination: Some(Destination { country: &country, state: &state }),
        method: asked.shipping_method,
        coupon_code: asked.coupon_code.as_deref().or(cart.coupon_code.as_deref()),
        user: customer(&buyer),
        email: None,
    };
    let quote = quote(&app.store, &cart, request, app.clock.now()).await.map_err(quote_problem)?;
    Ok(Json(QuoteView::of(quote)))
}
