//! `POST /v1/checkout`

use axum::{
    extract::{FromRef, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use shared::{
    app::place_order::{self as use_case, PlaceOrder},
    domain::{
        Buyer, Email, Id, Money,
        address::SavedAddress,
        bank_account::BankAccount,
        payment::{PaymentMethod, PaymentSource, TransferInstructions},
        saved_method::SavedMethod,
        shipping::ShippingMethod,
    },
    gateway::stripe,
    http::{
        App, CurrentBuyer, FieldCode, IdempotencyKey, Problem, ProblemCode, Valid,
        address::AddressBody,
        idempotency::{KeyedRequest, once_prepared},
        payment_source::{ambiguous, find_saved_method, mismatch, unavailable},
        refuse_card_number,
    },
    validation::{
        Validate, Violations,
        rules::{ascii, length, not_negative, optional_lines},
    },
};

use super::{
    charge_limits,
    delivery::{find_address, find_email, load_cart},
    problems::place_problem,
};
use crate::{CheckoutApp, PaymentWindow, access::Visibility, orders::view::OrderView};

/// Addresses, shipping method and payment method of the order.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Checkout {
    /// Required for guests; a customer's mails go to the account's address.
    email: Option<Email>,
    shipping_address: Option<AddressBody>,
    /// A saved address instead of `shippingAddress`.
    #[schema(value_type = Option<String>)]
    address_id: Option<Id<SavedAddress>>,
    /// Defaults to the shipping address.
    billing_address: Option<AddressBody>,
    shipping_method: ShippingMethod,
    payment: CheckoutPayment,
    /// The total that the customer was shown: an order with another total is refused.
    expected_total: Option<Money>,
    notes: Option<String>,
}

impl Validate for Checkout {
    fn validate(&self, v: &mut Violations) {
        v.nested("shippingAddress", &self.shipping_address);
        v.nested("billingAddress", &self.billing_address);
        v.nested("payment", &self.payment);
        v.check("expectedTotal", &self.expected_total, not_negative);
        v.check("notes", &self.notes, optional_lines(1000));
    }
}

/// The payment method.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CheckoutPayment {
    method: PaymentMethod,
    /// The token from the gateway's form, never a card number. Required for cards unless the total is 0; without one, the
    /// customer chooses the account on PayPal's page.
    token: Option<String>,
    /// A saved payment method instead of `token`.
    #[schema(value_type = Option<String>)]
    saved_method_id: Option<Id<SavedMethod>>,
    /// Whether the card is saved once it is charged. Customers with an account only.
    #[serde(default)]
    save_method: bool,
}

impl Validate for CheckoutPayment {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=255));
        v.check("token", &self.token, ascii);
    }
}

/// Place an order
///
/// Creates the order as `pending` and requests the payment in one transaction; its stock is reserved before that commits. The
/// charge follows asynchronously: poll `payment.status`.
#[utoipa::path(post, path = "/v1/checkout", tag = "checkout", security(("bearer" = []), ("cartToken" = [])),
    params(("Idempotency-Key" = String, Header)), request_body = Checkout, responses((status = 201, body = OrderView)))]
pub(crate) async fn place_order(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    key: IdempotencyKey,
    State(state): State<CheckoutApp>,
    Valid(body): Valid<Checkout>,
) -> Result<Response, Problem> {
    let app = App::from_ref(&state);
    let request = KeyedRequest::of_buyer(&buyer, "place_order", &key, &body)?;
    let preparation = prepare(&app, state.payment_window, &buyer, body);
    once_prepared(&app, &request, preparation, async |(wanted, account)| {
        let placed = use_case::place_order(&app.store, &app.clock, &app.random, &wanted, |order, payment| {
            let instructions = account.clone().and_then(|account| TransferInstructions::of(order, payment, account));
            let view =
                OrderView::of(order, Some(payment), Visibility::Owner).with_instructions(instructions.map(Into::into));
            let location = Some(format!("/v1/orders/{}", order.id));
            request.record(StatusCode::CREATED, &view, location, order.created_at)
        })
        .await
        .map_err(place_problem)?;
        tracing::info!(order = %placed.order.id, payment = %placed.payment.id, "order placed");
        app.dispatch(placed.messages.clone()).await;
        let (store, record) = (app.store.clone(), placed.record.clone());
        app.background.run(async move { placed.confirm_reservations(&store).await }).await;
        Ok(record)
    })
    .await
}

/// The source to charge. Whether one is required depends on the total, which is not known yet.
fn check_source(payment: &CheckoutPayment) -> Result<Option<PaymentSource>, Problem> {
    let at = |pointer, code, message| Problem::new(ProblemCode::ValidationFailed).field(pointer, code, message);
    match (&payment.token, payment.method) {
        (Some(_), PaymentMethod::BankTransfer) => {
            Err(at("/payment/token", FieldCode::Invalid, "a bank transfer takes no token"))
        }
        (Some(_), _) if payment.saved_method_id.is_some() => Err(ambiguous("/payment/savedMethodId")),
        (None, _) => Ok(None),
        (Some(token), method) => {
            refuse_card_number("/payment/token", token)?;
            if stripe::instrument_of(token).is_some_and(|instrument| !method.accepts(instrument)) {
                return Err(mismatch("/payment/token"));
            }
            Ok(Some(PaymentSource::from_token(token.clone())))
        }
    }
}

/// Whether to save the card. Only cards are saved, and only for a customer with an account.
fn check_save(payment: &CheckoutPayment, buyer: &Buyer) -> Result<bool, Problem> {
    let refused = |message| {
        let problem = Problem::new(ProblemCode::ValidationFailed);
        Err(problem.field("/payment/saveMethod", FieldCode::Invalid, message))
    };
    match buyer {
        Buyer::Guest(_) if payment.save_method => refused("a guest has no saved payment methods: log in first"),
        _ if payment.save_method && !payment.method.needs_token() => refused("only cards can be saved"),
        _ => Ok(payment.save_method && payment.saved_method_id.is_none()),
    }
}

async fn find_saved(app: &App, buyer: &Buyer, payment: &CheckoutPayment) -> Result<Option<SavedMethod>, Problem> {
    let Some(id) = payment.saved_method_id else { return Ok(None) };
    find_saved_method(app, buyer, payment.method, id, "/payment/savedMethodId").await.map(Some)
}

/// The order to place, and the account for a transfer.
async fn prepare(
    app: &App,
    window: PaymentWindow,
    buyer: &Buyer,
    wanted: Checkout,
) -> Result<(PlaceOrder, Option<BankAccount>), Problem> {
    let source = check_source(&wanted.payment)?;
    let given = wanted.shipping_address.map(Into::into);
    let (cart, email, shipping_address, saved_method, options) = tokio::join!(
        load_cart(app, buyer),
        find_email(app, buyer, wanted.email),
        find_address(app, buyer, given, wanted.address_id),
        find_saved(app, buyer, &wanted.payment),
        app.store.settings.payment_options(),
    );
    // A fixed order, so that a request with several faults always gets the same refusal.
    let cart = cart?;
    if cart.items.is_empty() {
        return Err(Problem::new(ProblemCode::CartEmpty));
    }
    let (email, shipping_address, saved_method) = (email?, shipping_address?, saved_method?);
    let (method, options) = (wanted.payment.method, options?);
    if !options.accept(method) {
        return Err(unavailable("/payment/method"));
    }
    let account = options.account;
    let save_method = check_save(&wanted.payment, buyer)?;
    let charge_limits = charge_limits(Some(method), cart.currency);
    let order = PlaceOrder {
        buyer: buyer.clone(),
        email,
        cart,
        billing_address: wanted.billing_address.map_or_else(|| shipping_address.clone(), Into::into),
        shipping_address,
        shipping_method: wanted.shipping_method,
        payment_method: wanted.payment.method,
        source,
        saved_method,
        save_method,
        charge_limits,
        expected_total: wanted.expected_total,
        notes: wanted.notes,
        payment_window: window.of(method),
    };
    Ok((order, account))
}
