//! A cart in answers.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::{
    app::quote::{LineProblem, Quote, QuoteRequest, QuotedLine, quote},
    domain::{
        Buyer, Currency, Id, Money, Quantity, Sku, Slug, Timestamp,
        cart::{Cart, CartItem},
        coupon::CouponRefusal,
        product::Product,
    },
    http::{App, Problem, headers::version_tag},
    store::Versioned,
};

use crate::problems::quote_problem;

/// A cart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Cart)]
pub(crate) struct CartView {
    #[schema(value_type = String)]
    id: Id<Cart>,
    items: Vec<CartItemView>,
    /// The applied coupon, if any.
    coupon: Option<CartCouponView>,
    totals: CartTotals,
    /// Problems of the cart as a whole.
    problems: Vec<CartProblemView>,
    /// Send it as `If-Match` to change exactly this version of the cart.
    version: i64,
    expires_at: Timestamp,
    /// Only in the answer to a guest's first write: send it as `X-Cart-Token` from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    cart_token: Option<String>,
}

/// One line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CartItem)]
pub(crate) struct CartItemView {
    #[schema(value_type = String)]
    id: Id<CartItem>,
    product: CartProductView,
    /// The SKU of the chosen variant; `null` where the product has none.
    variant: Option<Sku>,
    quantity: Quantity,
    unit_price: Money,
    subtotal: Money,
    /// Units that can be ordered now.
    available: i64,
    problems: Vec<LineProblemView>,
}

/// What is wrong with a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
#[schema(as = LineProblem)]
pub(crate) enum LineProblemView {
    /// It is no longer sold, or no longer in the cart's currency.
    Unavailable,
    /// There are fewer than the line wants.
    InsufficientStock {
        /// How many one buyer could have.
        available: i64,
    },
    /// One costs something else than when the line last changed.
    PriceChanged {
        /// Then, minor units.
        was: Money,
        /// Now, minor units.
        now: Money,
    },
}

impl From<LineProblem> for LineProblemView {
    fn from(problem: LineProblem) -> Self {
        match problem {
            LineProblem::Unavailable => Self::Unavailable,
            LineProblem::InsufficientStock { available } => Self::InsufficientStock { available },
            LineProblem::PriceChanged { was, now } => Self::PriceChanged { was, now },
        }
    }
}

/// A product in a cart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CartProduct)]
pub(crate) struct CartProductView {
    #[schema(value_type = String)]
    id: Id<Product>,
    /// `null` if the product is gone.
    slug: Option<Slug>,
    /// `null` if the product is gone.
    name: Option<String>,
    image: Option<String>,
}

/// A coupon in a cart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CartCoupon)]
pub(crate) struct CartCouponView {
    code: String,
    discount: Money,
}

/// The totals that are known without an address; the quote adds shipping and tax.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CartTotals {
    subtotal: Money,
    discount: Money,
    shipping: Money,
    tax: Money,
    total: Money,
    currency: Currency,
}

/// A problem of the cart as a whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CartProblem)]
pub(crate) struct CartProblemView {
    /// `coupon_invalid`.
    code: &'static str,
    reason: CouponRefusal,
}

/// Above the maximum quantity of a line; shown for unlimited backorder.
const ANY_NUMBER: i64 = 999;

impl CartItemView {
    fn of(line: QuotedLine) -> Self {
        let product = line.product.as_ref();
        Self {
            id: line.item.id,
            product: CartProductView {
                id: line.item.product,
                slug: product.map(|product| product.slug.clone()),
                name: product.map(|product| product.name.clone()),
                image: product.and_then(|product| product.primary_image()).map(|image| image.url.clone()),
            },
            subtotal: line.amounts.subtotal,
            available: match line.orderable {
                _ if !line.is_available() => 0,
                i64::MAX => ANY_NUMBER,
                orderable => orderable,
            },
            variant: line.item.variant,
            quantity: line.item.quantity,
            unit_price: line.unit_price,
            problems: line.problems.into_iter().map(LineProblemView::from).collect(),
        }
    }
}

impl CartView {
    fn of(cart: &Versioned<Cart>, quote: Quote, cart_token: Option<String>) -> Self {
        let totals = quote.price.totals;
        let refusal = quote.coupon.as_ref().and_then(|asked| asked.refusal);
        Self {
            id: cart.id,
            items: quote.lines.into_iter().map(CartItemView::of).collect(),
            coupon: quote.coupon.map(|asked| CartCouponView { code: asked.code, discount: totals.discount }),
            totals: CartTotals {
                subtotal: totals.subtotal,
                discount: totals.discount,
                shipping: totals.shipping,
                tax: totals.tax,
                total: totals.total,
                currency: quote.currency,
            },
            problems: refusal.map(|reason| CartProblemView { code: "coupon_invalid", reason }).into_iter().collect(),
            version: cart.version(),
            expires_at: cart.expires_at,
            cart_token,
        }
    }
}

/// Prices a cart without an address.
pub(crate) async fn price(app: &App, buyer: &Buyer, cart: &Cart) -> Result<Quote, Problem> {
    let request =
        QuoteRequest { coupon_code: cart.coupon_code.as_deref(), buyer: Some(buyer), ..QuoteRequest::default() };
    quote(&app.store, cart, request, app.clock.now()).await.map_err(quote_problem)
}

/// The answer of every cart operation: the whole cart, with its version as entity tag.
pub(crate) async fn respond(
    app: &App,
    buyer: &Buyer,
    cart: &Versioned<Cart>,
    cart_token: Option<String>,
) -> Result<Response, Problem> {
    let quote = price(app, buyer, cart).await?;
    let token_header = cart_token.as_deref().and_then(|token| HeaderValue::from_str(token).ok());
    let mut response = Json(CartView::of(cart, quote, cart_token)).into_response();
    response.headers_mut().insert(header::ETAG, version_tag(cart.version()));
    if let Some(token) = token_header {
        response.headers_mut().insert("x-cart-token", token);
    }
    Ok(response)
}
