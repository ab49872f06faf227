//! The page "Testing": test cards by the names of their tokens and by number.

use super::refunds::RefundOutcome;

/// Why a card is declined ("Decline codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decline {
    pub(super) code: &'static str,
    pub(super) decline_code: &'static str,
    pub(super) message: &'static str,
}

/// A test card and what it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct TestCard {
    pub(super) number: &'static str,
    pub(super) brand: &'static str,
    /// Whether the customer must authenticate.
    pub(super) authenticates: bool,
    pub(super) decline: Option<Decline>,
    /// The reason of the dispute that follows the charge.
    pub(super) dispute: Option<&'static str>,
    pub(super) refund: RefundOutcome,
    pub(super) risk: &'static str,
}

const GOOD: TestCard = TestCard {
    number: "4242424242424242",
    brand: "visa",
    authenticates: false,
    decline: None,
    dispute: None,
    refund: RefundOutcome::Succeeded,
    risk: "normal",
};

const fn paid(number: &'static str, brand: &'static str) -> TestCard {
    TestCard { number, brand, ..GOOD }
}

const fn declined(number: &'static str, decline: Decline) -> TestCard {
    TestCard { number, decline: Some(decline), ..GOOD }
}

const fn authenticated(number: &'static str, decline: Option<Decline>) -> TestCard {
    TestCard { number, authenticates: true, decline, ..GOOD }
}

/// The issuer's decline codes and the messages that Stripe shows for them.
const DECLINES: [(&str, &str, &str); 10] = [
    ("generic_decline", "card_declined", "Your card was declined."),
    ("insufficient_funds", "card_declined", "Your card has insufficient funds."),
    ("lost_card", "card_declined", "Your card was declined."),
    ("stolen_card", "card_declined", "Your card was declined."),
    ("fraudulent", "card_declined", "Your card was declined."),
    ("do_not_honor", "card_declined", "Your card was declined."),
    (
        "card_velocity_exceeded",
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    ("expired_card", "expired_card", "Your card has expired."),
    ("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    (
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
];

/// The decline with this decline code.
pub(super) const fn decline(decline_code: &str) -> Decline {
    let mut at = 0;
    while at < DECLINES.len() {
        let (known, code, message) = DECLINES[at];
        if same(known, decline_code) {
            return Decline { code, decline_code: known, message };
        }
        at += 1;
    }
    panic!("a decline code that the double does not know")
}

/// `==` of texts, which is no `const fn`.
const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

/// By the name of the token: `pm_card_<name>` and `tok_<name>`.
const CARDS: &[(&str, TestCard)] = &[
    ("visa", GOOD),
    ("visa_debit", paid("4000056655665556", "visa")),
    ("mastercard", paid("5555555555554444", "mastercard")),
    ("amex", paid("378282246310005", "amex")),
    ("discover", paid("6011111111111117", "discover")),
    ("chargeDeclined", declined("4000000000000002", decline("generic_decline"))),
    ("chargeDeclinedInsufficientFunds", declined("4000000000009995", decline("insufficient_funds"))),
    ("chargeDeclinedLostCard", declined("4000000000009987", decline("lost_card"))),
    ("chargeDeclinedStolenCard", declined("4000000000009979", decline("stolen_card"))),
    ("chargeDeclinedExpiredCard", declined("4000000000000069", decline("expired_card"))),
    ("chargeDeclinedIncorrectCvc", declined("4000000000000127", decline("incorrect_cvc"))),
    ("chargeDeclinedProcessingError", declined("4000000000000119", decline("processing_error"))),
    ("chargeDeclinedVelocityLimitExceeded", declined("4000000000006975", decline("card_velocity_exceeded"))),
    ("chargeCustomerFail", declined("4000000000000341", decline("generic_decline"))),
    ("radarBlock", TestCard { risk: "highest", ..declined("4100000000000019", decline("fraudulent")) }),
    ("riskLevelHighest", TestCard { number: "4000000000004954", risk: "highest", ..GOOD }),
    ("riskLevelElevated", TestCard { number: "4000000000009235", risk: "elevated", ..GOOD }),
    ("authenticationRequiredOnSetup", authenticated("4000002500003155", None)),
    ("authenticationRequired", authenticated("4000002760003184", None)),
    (
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        authenticated("4000008260003178", Some(decline("insufficient_funds"))),
    ),
    ("createDispute", TestCard { number: "4000000000000259", dispute: Some("fraudulent"), ..GOOD }),
    (
        "createDisputeProductNotReceived",
        TestCard { number: "4000000000002685", dispute: Some("product_not_received"), ..GOOD },
    ),
    ("pendingRefund", TestCard { number: "4000000000007726", refund: RefundOutcome::Pending, ..GOOD }),
];

/// The card of `pm_card_<name>` or `tok_<name>`. Stripe names those of declines with the brand: `visa_chargeDeclined`.
pub(super) fn by_token(token: &str) -> Option<TestCard> {
    let name = token.strip_prefix("pm_card_").or_else(|| token.strip_prefix("tok_"))?;
    let find = |name: &str| CARDS.iter().find(|(of, _)| *of == name).map(|(_, card)| *card);
    find(name).or_else(|| find(name.strip_prefix("visa_")?))
}

/// The card with this number.
pub(super) fn by_number(number: &str) -> Option<TestCard> {
    CARDS.iter().find(|(_, card)| card.number == number).map(|(_, card)| *card)
}
