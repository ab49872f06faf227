//! The page "Supported currencies": which there are, in what unit they are charged, and the smallest and largest amounts.

use super::error::StripeError;

/// "Supported presentment currencies", and the three-decimal ones.
const SUPPORTED: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd \
    cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr \
    ils inr isk jmd jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn \
    nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb \
    tjs top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw bhd jod kwd omr tnd";

/// "Zero-decimal currencies": the amount is in whole units. UGX is in Stripe's list too, but charged as a special case.
const ZERO_DECIMAL: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";

/// "Three-decimal currencies": the last digit must be 0.
const THREE_DECIMAL: &str = "bhd jod kwd omr tnd";

/// "Special cases": without decimals, but represented with two, which must be 00. HUF and TWD are special for payouts only.
const WITHOUT_FRACTIONS: &str = "isk ugx";

/// "Minimum and maximum charge amounts", in the API's units.
const MINIMUMS: [(&str, i64); 24] = [
    ("usd", 50),
    ("aed", 200),
    ("aud", 50),
    ("bgn", 100),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1_500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1_000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1_000),
];

fn is_in(list: &str, currency: &str) -> bool {
    list.split_whitespace().any(|each| each == currency)
}

fn decimals(currency: &str) -> u32 {
    match currency {
        _ if is_in(ZERO_DECIMAL, currency) => 0,
        _ if is_in(THREE_DECIMAL, currency) => 3,
        _ => 2,
    }
}

/// The largest amount of a card: 8 digits, 9 in INR, 10 in COP, HUF, JPY and LBP, 12 in IDR.
fn maximum(currency: &str) -> i64 {
    match currency {
        "idr" => 999_999_999_999,
        "cop" | "huf" | "jpy" | "lbp" => 9_999_999_999,
        "inr" => 999_999_999,
        _ => 99_999_999,
    }
}

/// The amount as error messages write it.
pub(super) fn written(amount: i64, currency: &str) -> String {
    match decimals(currency) {
        0 => format!("{amount} {currency}"),
        decimals => {
            let unit = 10_i64.pow(decimals);
            format!("{}.{:0width$} {currency}", amount / unit, amount % unit, width = decimals as usize)
        }
    }
}

/// Whether an amount can be charged. `settled_minimum` is the minimum in a currency that Stripe's table does not list: the
/// equivalent of the minimum in the account's settlement currency.
pub(super) fn check(amount: i64, currency: &str, settled_minimum: Option<i64>) -> Result<(), StripeError> {
    if !is_in(SUPPORTED, currency) {
        let message = format!("Invalid currency: {currency}. Stripe currently supports these currencies: {SUPPORTED}");
        return Err(StripeError::invalid("currency", message));
    }
    let invalid = |message: String, code| Err(StripeError::invalid("amount", message).code(code));
    let listed = MINIMUMS.iter().find(|(of, _)| *of == currency).map(|(_, minimum)| *minimum);
    let minimum = settled_minimum.or(listed).unwrap_or(1);
    if amount < minimum {
        return invalid(format!("Amount must be at least {}", written(minimum, currency)), "amount_too_small");
    }
    if amount > maximum(currency) {
        return invalid(
            format!("Amount must be no more than {}", written(maximum(currency), currency)),
            "amount_too_large",
        );
    }
    check_step(amount, currency)
}

/// Whether the amount, of a charge or a refund, is in steps that exist.
pub(super) fn check_step(amount: i64, currency: &str) -> Result<(), StripeError> {
    let step = match currency {
        _ if is_in(THREE_DECIMAL, currency) => 10,
        _ if is_in(WITHOUT_FRACTIONS, currency) => 100,
        _ => 1,
    };
    if amount % step == 0 {
        return Ok(());
    }
    let message = format!("Invalid amount {amount}: amounts in {currency} must be divisible by {step}.");
    Err(StripeError::invalid("amount", message).code("invalid_charge_amount"))
}
