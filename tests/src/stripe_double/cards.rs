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

impl TestCard {
    /// "credit" unless the page calls it a debit card.
    pub(super) const fn funding(&self) -> &'static str {
        if same(self.number, VISA_DEBIT) { "debit" } else { "credit" }
    }
}

const VISA_DEBIT: &str = "4000056655665556";

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

/// The page "Decline codes".
const DECLINE_CODES: &[&str] = &[
    "approve_with_id",
    "authentication_not_handled",
    "authentication_required",
    "call_issuer",
    "card_not_supported",
    "card_velocity_exceeded",
    "currency_not_supported",
    "do_not_honor",
    "do_not_try_again",
    "duplicate_transaction",
    "expired_card",
    "fraudulent",
    "generic_decline",
    "incorrect_address",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_pin",
    "incorrect_zip",
    "insufficient_funds",
    "invalid_account",
    "invalid_amount",
    "invalid_cvc",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "invalid_pin",
    "issuer_not_available",
    "lost_card",
    "merchant_blacklist",
    "mobile_device_authentication_required",
    "new_account_information_available",
    "no_action_taken",
    "not_permitted",
    "offline_pin_required",
    "online_or_offline_pin_required",
    "pickup_card",
    "pin_try_exceeded",
    "processing_error",
    "reenter_transaction",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "service_not_allowed",
    "stolen_card",
    "stop_payment_order",
    "testmode_decline",
    "transaction_not_allowed",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
];

/// Declines whose error code or message is not that of the others.
const SPECIAL: &[(&str, &str, &str)] = &[
    (
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    ("insufficient_funds", "card_declined", "Your card has insufficient funds."),
    (
        "card_velocity_exceeded",
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
    ("expired_card", "expired_card", "Your card has expired."),
    ("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    ("incorrect_number", "incorrect_number", "Your card number is incorrect."),
    (
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
];

/// The decline with this decline code.
///
/// # Panics
/// If Stripe's page does not list the code.
pub(super) const fn decline(decline_code: &str) -> Decline {
    let mut at = 0;
    while at < SPECIAL.len() {
        let (known, code, message) = SPECIAL[at];
        if same(known, decline_code) {
            return Decline { code, decline_code: known, message };
        }
        at += 1;
    }
    at = 0;
    while at < DECLINE_CODES.len() {
        if same(DECLINE_CODES[at], decline_code) {
            let (code, message) = ("card_declined", "Your card was declined.");
            return Decline { code, decline_code: DECLINE_CODES[at], message };
        }
        at += 1;
    }
    panic!("not one of Stripe's decline codes")
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
    ("visa_debit", paid(VISA_DEBIT, "visa")),
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
