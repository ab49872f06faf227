//! The contract of a payment gateway: the same cases for each implementation of `PaymentGateway`. A new implementation adds a
//! subject, a new operation of the port adds a case.

use std::{sync::Arc, time::Duration};

use shared::{
    config::Secret,
    domain::{
        Clock, Currency, Id, Money,
        order::Order,
        payment::{CaptureMode, FailureCode, GatewayRefundState, Payment, PaymentMethod, PaymentSource},
        user::User,
    },
    gateway::{
        CaptureRequest, Charge, GatewayError, History, Intent, IntentState, ListedCharge, PaymentGateway,
        RefundRequest, Stripe, Window,
    },
};
use tests::{
    FaultyGateway, StripeApi, StripeDouble, cards,
    gateway::{Call, Fault},
    place::components,
    stripe_api::NEEDS_AUTHENTICATION,
};

/// Each case, for each implementation.
macro_rules! contract {
    ($($case:ident,)+) => {
        mod stripe_at_the_double {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Subject::at_the_double().await).await;
            })+
        }

        mod stripe_at_the_local_server {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Subject::at_the_local_server().await).await;
            })+
        }

        mod stripe_behind_a_network {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Subject::behind_a_network().await.0).await;
            })+
        }
    };
}

contract! {
    an_intent_is_opened_unconfirmed_and_names_its_payment,
    an_intent_is_charged_once_however_often_it_is_confirmed,
    a_declined_charge_says_why,
    a_card_that_needs_authentication_waits_for_the_customer,
    a_voided_intent_is_never_charged,
    voiding_a_charged_intent_reports_the_charge,
    an_unknown_intent_is_not_found,
    an_unknown_token_is_an_invalid_method,
    an_authorised_amount_is_captured_or_released,
    refunds_are_in_the_history_of_their_charge,
    a_charge_is_listed_in_the_window_of_its_opening,
    a_saved_card_is_charged_for_its_customer,
}

/// An implementation and what plays the other side.
struct Subject {
    gateway: Arc<dyn PaymentGateway>,
    side: Side,
}

enum Side {
    Double(StripeDouble),
    LocalServer(StripeApi),
}

impl Subject {
    async fn at_the_double() -> Self {
        let double = StripeDouble::start(Clock::shiftable()).await;
        let stripe = Stripe::try_new(double.base(), Secret::new(StripeDouble::SECRET_KEY)).unwrap();
        Self { gateway: Arc::new(stripe), side: Side::Double(double) }
    }

    async fn at_the_local_server() -> Self {
        let base = components().await.stripe_api;
        let stripe = Stripe::try_new(&base, Secret::new("sk_test_local_shop")).unwrap();
        Self { gateway: Arc::new(stripe), side: Side::LocalServer(StripeApi::watch(&base).await) }
    }

    async fn behind_a_network() -> (Self, Arc<FaultyGateway>) {
        let Self { gateway, side } = Self::at_the_double().await;
        let faulty = FaultyGateway::around(gateway);
        let gateway: Arc<dyn PaymentGateway> = Arc::<FaultyGateway>::clone(&faulty);
        (Self { gateway, side }, faulty)
    }

    /// A new payment method of the test card with this number.
    async fn card(&self, number: &str) -> PaymentSource {
        let token = match &self.side {
            Side::Double(double) => double.card(number),
            Side::LocalServer(api) => api.card(number).await,
        };
        PaymentSource::from_token(token)
    }

    async fn open(&self, sale: &Sale) -> Intent {
        self.gateway.open(&sale.charge(1)).await.unwrap()
    }

    /// Opens and confirms.
    async fn charged(&self, sale: &Sale) -> Intent {
        let intent = self.open(sale).await;
        self.gateway.confirm(&intent.id, None).await.unwrap()
    }

    async fn history(&self, intent: &Intent) -> History {
        self.gateway.history(&intent.id, Currency::USD).await.unwrap()
    }
}

const TOTAL: Money = Money::from_minor(1500);

/// What is charged: 15.00 USD.
struct Sale {
    payment: Id<Payment>,
    order: Id<Order>,
    source: PaymentSource,
    customer: Option<String>,
    capture: CaptureMode,
}

impl Sale {
    fn with(token: &str) -> Self {
        Self::of(PaymentSource::from_token(token.to_owned()))
    }

    fn of(source: PaymentSource) -> Self {
        Self { payment: Id::new(), order: Id::new(), source, customer: None, capture: CaptureMode::Immediately }
    }

    fn charge(&self, attempt: i64) -> Charge<'_> {
        Charge {
            payment: self.payment,
            order: self.order,
            attempt,
            amount: TOTAL,
            currency: Currency::USD,
            method: PaymentMethod::CreditCard,
            source: Some(&self.source),
            customer: self.customer.as_deref(),
            saves_source: false,
            capture: self.capture,
        }
    }
}

#[track_caller]
fn is_charged(intent: &Intent) {
    let IntentState::Succeeded { captured, details } = &intent.state else { panic!("{intent:?} is not charged") };
    assert_eq!(*captured, Some(TOTAL));
    assert_eq!(details.as_ref().unwrap().last4.as_deref(), Some("4242"));
}

async fn an_intent_is_opened_unconfirmed_and_names_its_payment(subject: Subject) {
    let sale = Sale::with(cards::GOOD);
    let opened = subject.open(&sale).await;
    for intent in [&opened, &subject.gateway.look_up(&opened.id).await.unwrap()] {
        assert_eq!((&intent.state, intent.payment), (&IntentState::Open, Some(sale.payment)));
        assert_eq!((intent.currency.as_str(), intent.redirects), ("USD", false));
    }
    assert_eq!(subject.history(&opened).await, History::default());
}

async fn an_intent_is_charged_once_however_often_it_is_confirmed(subject: Subject) {
    let intent = subject.charged(&Sale::with(cards::GOOD)).await;
    is_charged(&intent);
    is_charged(&subject.gateway.confirm(&intent.id, None).await.unwrap());
    is_charged(&subject.gateway.look_up(&intent.id).await.unwrap());
}

async fn a_declined_charge_says_why(subject: Subject) {
    let intent = subject.charged(&Sale::with(cards::DECLINED)).await;
    let IntentState::Declined(failure) = &intent.state else { panic!("{intent:?} is not declined") };
    assert_eq!(failure.code, FailureCode::CardDeclined);
    assert!(matches!(subject.gateway.look_up(&intent.id).await.unwrap().state, IntentState::Declined(_)));
}

async fn a_card_that_needs_authentication_waits_for_the_customer(subject: Subject) {
    let sale = Sale::of(subject.card(NEEDS_AUTHENTICATION).await);
    let intent = subject.charged(&sale).await;
    assert_eq!((&intent.state, &intent.redirect_url), (&IntentState::ActionRequired, &None));
    assert!(intent.client_secret.is_some_and(|secret| secret.starts_with(&intent.id)));
}

async fn a_voided_intent_is_never_charged(subject: Subject) {
    let intent = subject.open(&Sale::with(cards::GOOD)).await;
    for _ in 0..2 {
        assert_eq!(subject.gateway.cancel(&intent.id).await.unwrap().state, IntentState::Cancelled);
    }
    assert_eq!(subject.gateway.confirm(&intent.id, None).await.unwrap().state, IntentState::Cancelled);
}

async fn voiding_a_charged_intent_reports_the_charge(subject: Subject) {
    let intent = subject.charged(&Sale::with(cards::GOOD)).await;
    is_charged(&subject.gateway.cancel(&intent.id).await.unwrap());
}

async fn an_authorised_amount_is_captured_or_released(subject: Subject) {
    for is_captured in [true, false] {
        let sale = Sale { capture: CaptureMode::OnShipping, ..Sale::with(cards::GOOD) };
        let intent = subject.charged(&sale).await;
        let IntentState::Authorised { authorisation, captured, .. } = intent.state else { panic!("{intent:?}") };
        assert_eq!((authorisation.amount, captured), (TOTAL, Some(Money::ZERO)));
        if is_captured {
            let capture = CaptureRequest {
                capture: Id::new(),
                attempt: 1,
                amount: TOTAL,
                currency: Currency::USD,
                is_final: true,
            };
            is_charged(&subject.gateway.capture(&intent.id, &capture).await.unwrap());
        } else {
            assert_eq!(subject.gateway.cancel(&intent.id).await.unwrap().state, IntentState::Cancelled);
        }
    }
}

async fn an_unknown_intent_is_not_found(subject: Subject) {
    let gateway = &subject.gateway;
    for outcome in
        [gateway.look_up("pi_none").await, gateway.confirm("pi_none", None).await, gateway.cancel("pi_none").await]
    {
        assert!(matches!(outcome, Err(GatewayError::NotFound(_))), "{outcome:?}");
    }
}

async fn an_unknown_token_is_an_invalid_method(subject: Subject) {
    let sale = Sale::with("pm_none");
    let opened = subject.gateway.open(&sale.charge(1)).await;
    assert!(matches!(&opened, Err(GatewayError::InvalidMethod(_))), "{opened:?}");
    let customer = subject.gateway.create_customer(Id::new(), None).await.unwrap();
    let saved = subject.gateway.save_method(&customer, &sale.source).await;
    assert!(matches!(&saved, Err(GatewayError::InvalidMethod(_))), "{saved:?}");
}

async fn refunds_are_in_the_history_of_their_charge(subject: Subject) {
    let intent = subject.charged(&Sale::with(cards::GOOD)).await;
    let request = |amount| RefundRequest {
        refund: Id::new(),
        attempt: 1,
        amount: Money::from_minor(amount),
        currency: Currency::USD,
    };
    let (part, rest) = (request(600), request(900));
    for refund in [part, rest] {
        let made = subject.gateway.refund(&intent.id, &refund).await.unwrap();
        assert_eq!(
            (made.ours, made.amount, made.state),
            (Some(refund.refund), refund.amount, GatewayRefundState::Succeeded)
        );
    }
    let History { mut refunds, disputes } = subject.history(&intent).await;
    refunds.sort_by_key(|refund| refund.amount);
    let found: Vec<_> = refunds.iter().map(|refund| (refund.ours, refund.amount)).collect();
    assert_eq!(found, [(Some(part.refund), part.amount), (Some(rest.refund), rest.amount)]);
    assert_eq!(disputes, []);
}

async fn a_charge_is_listed_in_the_window_of_its_opening(subject: Subject) {
    let sale = Sale::with(cards::GOOD);
    let intent = subject.charged(&sale).await;
    let (now, hour) = (Clock::system().now(), Duration::from_secs(3600));
    let listed = async |window: Window| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = subject.gateway.list(window, after.as_deref()).await.unwrap();
            found.extend(page.charges.into_iter().filter(|charge: &ListedCharge| charge.intent.id == intent.id));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    let found = listed(Window { from: now.minus(hour), until: now.plus(hour) }).await;
    assert_eq!(found.len(), 1);
    let ListedCharge { intent, refunded, disputed } = &found[0];
    assert_eq!((intent.payment, *refunded, *disputed), (Some(sale.payment), Some(Money::ZERO), false));
    assert!(matches!(intent.state, IntentState::Succeeded { captured: Some(TOTAL), .. }));
    assert_eq!((&intent.client_secret, &intent.redirect_url), (&None, &None));
    assert_eq!(listed(Window { from: now.minus(hour * 2), until: now.minus(hour) }).await, []);
}

async fn a_saved_card_is_charged_for_its_customer(subject: Subject) {
    let gateway = &subject.gateway;
    let customer = gateway.create_customer(Id::new(), None).await.unwrap();
    let token = subject.card("4242424242424242").await;
    let card = gateway.save_method(&customer, &token).await.unwrap();
    assert_eq!((card.brand.as_str(), card.last4.as_str(), card.expiry_month), ("visa", "4242", 12));
    assert_eq!(gateway.save_method(&customer, &card.token).await.unwrap(), card, "saving it again changes nothing");
    for _ in 0..2 {
        let sale = Sale { customer: Some(customer.clone()), ..Sale::of(card.token.clone()) };
        is_charged(&subject.charged(&sale).await);
    }
    for _ in 0..2 {
        gateway.detach_method(&card.token).await.unwrap();
    }
}

// What only a strict gateway shows.

#[tokio::test]
async fn a_detached_card_is_not_charged_again() {
    let Subject { gateway, side } = Subject::at_the_double().await;
    let Side::Double(double) = side else { panic!("no double") };
    let customer = gateway.create_customer(Id::new(), None).await.unwrap();
    let token = PaymentSource::from_token(double.card("4242424242424242"));
    let card = gateway.save_method(&customer, &token).await.unwrap();
    let sale = Sale { customer: Some(customer.clone()), ..Sale::of(card.token.clone()) };
    gateway.detach_method(&card.token).await.unwrap();
    assert!(matches!(gateway.open(&sale.charge(1)).await, Err(GatewayError::InvalidMethod(_))));
    assert!(matches!(gateway.save_method(&customer, &card.token).await, Err(GatewayError::InvalidMethod(_))));
}

#[tokio::test]
async fn a_saved_card_is_charged_for_no_other_customer() {
    let subject = Subject::at_the_double().await;
    let gateway = &subject.gateway;
    let (ada, eve) = (gateway.create_customer(Id::new(), None).await, gateway.create_customer(Id::new(), None).await);
    let (ada, eve) = (ada.unwrap(), eve.unwrap());
    let card = gateway.save_method(&ada, &subject.card("4242424242424242").await).await.unwrap();
    for customer in [None, Some(eve.clone())] {
        let sale = Sale { customer, ..Sale::of(card.token.clone()) };
        assert!(matches!(gateway.open(&sale.charge(1)).await, Err(GatewayError::InvalidMethod(_))));
    }
    assert!(matches!(gateway.save_method(&eve, &card.token).await, Err(GatewayError::InvalidMethod(_))));
}

#[tokio::test]
async fn more_than_was_captured_is_not_refunded() {
    let subject = Subject::at_the_double().await;
    let intent = subject.charged(&Sale::with(cards::GOOD)).await;
    let refund =
        RefundRequest { refund: Id::new(), attempt: 1, amount: Money::from_minor(1501), currency: Currency::USD };
    assert!(matches!(subject.gateway.refund(&intent.id, &refund).await, Err(GatewayError::Refused(_))));
}

/// Repeats a call whose answer is lost, and answers the repeat's.
async fn repeated<T>(network: &FaultyGateway, call: Call, act: impl AsyncFn() -> Result<T, GatewayError>) -> T {
    network.fail_next(call, Fault::AnswerLost);
    assert!(matches!(act().await, Err(GatewayError::Unknown(_))), "{call:?}");
    act().await.unwrap_or_else(|error| panic!("the repeat of {call:?} fails: {error}"))
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_can_be_repeated() {
    let (subject, network) = Subject::behind_a_network().await;
    let (gateway, user) = (&subject.gateway, Id::<User>::new());
    let customer = repeated(&network, Call::CreateCustomer, async || gateway.create_customer(user, None).await).await;
    assert_eq!(gateway.create_customer(user, None).await.unwrap(), customer, "a user is one customer");
    let token = subject.card("4242424242424242").await;
    let card = repeated(&network, Call::SaveMethod, async || gateway.save_method(&customer, &token).await).await;

    let sale = Sale { customer: Some(customer), ..Sale::of(card.token.clone()) };
    let intent = repeated(&network, Call::Open, async || gateway.open(&sale.charge(1)).await).await;
    let intent = repeated(&network, Call::Confirm, async || gateway.confirm(&intent.id, None).await).await;
    is_charged(&intent);
    let refund =
        RefundRequest { refund: Id::new(), attempt: 1, amount: Money::from_minor(600), currency: Currency::USD };
    repeated(&network, Call::Refund, async || gateway.refund(&intent.id, &refund).await).await;
    assert_eq!(subject.history(&intent).await.refunds.len(), 1);
    repeated(&network, Call::DetachMethod, async || gateway.detach_method(&card.token).await).await;

    let Side::Double(double) = &subject.side else { panic!("no double") };
    let moved = double.moved(sale.payment);
    assert_eq!((moved.charged, moved.refunded), (vec![1500], 600));
}
