//! What a cart costs now: its lines against the catalogue and the stock, priced.

use std::collections::BTreeMap;

use shop_domain::{
    Buyer, Currency, Email, Id, Money, MoneyError, Sku, Timestamp,
    cart::{Cart, CartItem},
    coupon::{Coupon, CouponRefusal, CouponUser},
    currencies::ShopCurrencies,
    inventory::StockRecord,
    priced_line::PricedLine,
    pricing::{self, Consideration, Destination, LineAmounts, PriceResult, PricingInput},
    product::Product,
    shipping::ShippingMethod,
};
use shop_store::{Store, StoreError, settings::PricingSettings};

/// A priced cart.
#[derive(Clone, Debug)]
pub struct Quote {
    /// In the order of the cart.
    pub lines: Vec<QuotedLine>,
    /// Of all amounts.
    pub currency: Currency,
    /// The sums and how they came about.
    pub price: PriceResult,
    /// The coupon that was asked for, as it was written, and what it is if it exists.
    pub coupon: Option<RequestedCoupon>,
    /// Whether the destination names no subdivision where the tax depends on it.
    pub needs_state: bool,
}

/// A coupon that was asked for.
#[derive(Clone, Debug)]
pub struct RequestedCoupon {
    /// As it was written.
    pub code: String,
    /// What it is; `None` if there is none of that code.
    pub coupon: Option<Coupon>,
    /// Why it gives nothing, if it does not.
    pub refusal: Option<CouponRefusal>,
}

/// One line of a priced cart.
#[derive(Clone, Debug)]
pub struct QuotedLine {
    /// The line of the cart.
    pub item: CartItem,
    /// The product, even if it is no longer sold; `None` if it is gone.
    pub product: Option<Product>,
    /// What one costs now.
    pub unit_price: Money,
    /// How many one buyer could have.
    pub orderable: i64,
    /// What it comes to; nothing if it cannot be bought.
    pub amounts: LineAmounts,
    /// What the buyer should know.
    pub problems: Vec<LineProblem>,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineProblem {
    /// It is no longer sold, or no longer in the cart's currency, or the shop no longer sells in that.
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

/// Why a cart could not be priced.
#[derive(Debug, thiserror::Error)]
pub enum QuoteError {
    /// An amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who asks what for.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuoteRequest<'a> {
    /// Where the parcel goes; unknown in a cart.
    pub destination: Option<Destination<'a>>,
    /// The chosen method.
    pub method: Option<ShippingMethod>,
    /// The coupon to use; usually the cart's.
    pub coupon_code: Option<&'a str>,
    /// Who asks.
    pub buyer: Option<&'a Buyer>,
    /// The address that the order would carry, once known; a customer's is looked up where it matters.
    pub email: Option<&'a Email>,
}

/// What a cart is priced by, besides its stock.
#[derive(Debug)]
pub(super) struct Basis {
    products: Vec<Product>,
    settings: PricingSettings,
    coupon: Option<(RequestedCoupon, CouponUser)>,
}

/// Prices a cart from the catalogue, the stock and the settings as they are now.
pub async fn quote(store: &Store, cart: &Cart, request: QuoteRequest<'_>, now: Timestamp) -> Result<Quote, QuoteError> {
    let (basis, stock) = futures::try_join!(
        Basis::read(store, cart, request),
        store.inventory.find_all(cart.items.iter().map(|item| &item.sku)),
    )?;
    let orderable = |sku: &Sku| stock.iter().find(|record| record.sku == *sku).map_or(0, StockRecord::orderable);
    Ok(basis.price(cart, orderable, request, now)?)
}

impl Basis {
    /// Reads it, as it is now.
    pub(super) async fn read(store: &Store, cart: &Cart, request: QuoteRequest<'_>) -> Result<Self, StoreError> {
        let (products, settings, coupon) = futures::try_join!(
            store.products.find_all(cart.items.iter().map(|item| item.product)),
            store.settings.pricing(),
            find_coupon(store, request),
        )?;
        Ok(Self { products, settings, coupon })
    }

    /// Prices the cart that it was read for. `orderable` is how many units of a SKU one buyer could have.
    pub(super) fn price(
        self,
        cart: &Cart,
        orderable: impl Fn(&Sku) -> i64,
        request: QuoteRequest<'_>,
        now: Timestamp,
    ) -> Result<Quote, MoneyError> {
        let lines = check_lines(cart, self.products, &self.settings.currencies, orderable)?;
        let priced: Vec<PricedLine> = lines.iter().map(QuotedLine::priced).collect::<Result<_, _>>()?;
        let mut asked = self.coupon;
        let coupon = asked.as_ref().and_then(|(asked, user)| asked.coupon.as_ref().map(|coupon| (coupon, *user)));
        let mut price = pricing::price(PricingInput {
            lines: &priced,
            coupon,
            currency: cart.currency,
            tax: &self.settings.tax,
            shipping: &self.settings.shipping,
            destination: request.destination,
            method: request.method,
            now,
        })?;
        if let Some((asked, _)) = &mut asked {
            asked.refusal = if asked.coupon.is_some() { price.coupon_refusal } else { Some(CouponRefusal::Unknown) };
            if asked.coupon.is_none() {
                price.explanation.insert(0, Consideration::of_refused_coupon(&asked.code, CouponRefusal::Unknown));
            }
        }
        let lines = lines
            .into_iter()
            .zip(&price.lines)
            .map(|(line, amounts)| QuotedLine { amounts: *amounts, ..line })
            .collect();
        let needs_state = request
            .destination
            .is_some_and(|to| to.state.is_empty() && self.settings.tax.tells_subdivisions_apart(to.country));
        let coupon = asked.map(|(asked, _)| asked);
        Ok(Quote { lines, currency: cart.currency, price, coupon, needs_state })
    }
}

async fn find_coupon(
    store: &Store,
    request: QuoteRequest<'_>,
) -> Result<Option<(RequestedCoupon, CouponUser)>, StoreError> {
    let Some(code) = request.coupon_code else { return Ok(None) };
    let customer = request.buyer.and_then(Buyer::customer);
    let coupon = store.coupons.find_by_code(code).await?;
    let user = match &coupon {
        Some(coupon) => {
            let email = match (request.email, customer) {
                (None, Some(user)) if coupon.looks_at_the_past() => {
                    store.users.find(user).await?.map(|user| user.into_inner().email)
                }
                (email, _) => email.cloned(),
            };
            store.coupons.user_of(coupon, customer, email.as_ref()).await?
        }
        None => CouponUser { id: customer, uses: 0, has_ordered: false },
    };
    Ok(Some((RequestedCoupon { code: code.to_owned(), coupon, refusal: None }, user)))
}

fn check_lines(
    cart: &Cart,
    products: Vec<Product>,
    currencies: &ShopCurrencies,
    orderable: impl Fn(&Sku) -> i64,
) -> Result<Vec<QuotedLine>, MoneyError> {
    let products: BTreeMap<Id<Product>, Product> = products.into_iter().map(|product| (product.id, product)).collect();
    let nothing = LineAmounts { subtotal: Money::ZERO, discount: Money::ZERO, tax: Money::ZERO, total: Money::ZERO };
    let mut lines = Vec::with_capacity(cart.items.len());
    for item in &cart.items {
        let product = products.get(&item.product).cloned();
        let sellable = product.as_ref().and_then(|product| product.sold_in(cart.currency, item.variant.as_ref()));
        let sellable = sellable.filter(|sellable| sellable.sku == item.sku && currencies.contains(cart.currency));
        let orderable = orderable(&item.sku);
        let mut problems = Vec::new();
        let unit_price = match &sellable {
            None => {
                problems.push(LineProblem::Unavailable);
                item.price
            }
            Some(sellable) => {
                if orderable < item.quantity.get() {
                    problems.push(LineProblem::InsufficientStock { available: orderable });
                }
                if sellable.unit_price != item.price {
                    problems.push(LineProblem::PriceChanged { was: item.price, now: sellable.unit_price });
                }
                sellable.unit_price
            }
        };
        lines.push(QuotedLine { item: item.clone(), product, unit_price, orderable, amounts: nothing, problems });
    }
    Ok(lines)
}

impl QuotedLine {
    /// Whether the product is still sold.
    pub fn is_available(&self) -> bool {
        !self.problems.contains(&LineProblem::Unavailable)
    }

    /// The line as pricing sees it; what is no longer sold comes to nothing.
    fn priced(&self) -> Result<PricedLine, MoneyError> {
        let sold = self.product.as_ref().filter(|_| self.is_available());
        let quantity = self.item.quantity.get();
        Ok(PricedLine {
            product: self.item.product,
            categories: sold.map(|product| product.category_path.clone()).unwrap_or_default(),
            subtotal: if sold.is_some() { self.unit_price.times(quantity)? } else { Money::ZERO },
            grams: sold
                .and_then(|product| product.dimensions)
                .map_or(0, |dimensions| dimensions.weight_grams().saturating_mul(quantity)),
            ships_free: sold.is_some_and(|product| product.shipping.free_shipping),
        })
    }
}
