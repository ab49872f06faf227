//! How Stripe counts: the unit, step, minimum and maximum of a charge per currency.
//!
//! Source: Stripe's documentation, "Supported currencies", sections "Zero-decimal currencies", "Special cases",
//! "Three-decimal currencies" and "Minimum and maximum charge amounts". Where Stripe's unit is not that of ISO 4217 (ISK, UGX,
//! MGA), an amount is converted; everything outside of this file is in ISO 4217's minor unit.

use shop_domain::{Currency, Money, payment::ChargeLimits};

/// Decimal digits of the unit that Stripe's API counts in.
fn digits(currency: Currency) -> u32 {
    match currency.code() {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND" | "VUV" | "XAF"
        | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        // ISK and UGX have no decimals any more and are sent with two, which are always 00.
        _ => 2,
    }
}

/// What every amount is a multiple of, in Stripe's unit.
fn step(currency: Currency) -> i64 {
    match currency.code() {
        "ISK" | "UGX" => 100,
        _ if digits(currency) == 3 => 10,
        _ => 1,
    }
}

/// The smallest charge, in Stripe's unit. Where the documentation names none, Stripe compares with the currency that the
/// account is paid out in, which is not known here.
fn minimum(currency: Currency) -> i64 {
    match currency.code() {
        "GBP" => 30,
        "AUD" | "BRL" | "CAD" | "CHF" | "EUR" | "INR" | "JPY" | "NZD" | "SGD" | "USD" => 50,
        "BGN" => 100,
        "AED" | "MYR" | "PLN" | "RON" => 200,
        "DKK" => 250,
        "NOK" | "SEK" => 300,
        "HKD" => 400,
        "MXN" | "THB" => 1_000,
        "CZK" => 1_500,
        "HUF" => 17_500,
        _ => step(currency),
    }
}

/// The largest charge, in Stripe's unit: eight digits, with exceptions.
fn maximum(currency: Currency) -> i64 {
    match currency.code() {
        "IDR" => 999_999_999_999,
        "COP" | "HUF" | "JPY" | "LBP" => 9_999_999_999,
        "INR" => 999_999_999,
        _ => 99_999_999,
    }
}

/// An amount in Stripe's unit. `None`: Stripe cannot express it.
pub(super) fn to_stripe(amount: Money, currency: Currency) -> Option<i64> {
    let (ours, theirs) = (currency.minor_digits(), digits(currency));
    if ours > theirs {
        let unit = 10_i64.pow(ours - theirs);
        (amount.minor() % unit == 0).then(|| amount.minor() / unit)
    } else {
        amount.minor().checked_mul(10_i64.pow(theirs - ours))
    }
}

/// An amount that Stripe reports. `None`: it is no whole number of minor units.
pub(super) fn from_stripe(amount: i64, currency: Currency) -> Option<Money> {
    let (ours, theirs) = (currency.minor_digits(), digits(currency));
    if ours >= theirs {
        amount.checked_mul(10_i64.pow(ours - theirs)).map(Money::from_minor)
    } else {
        let unit = 10_i64.pow(theirs - ours);
        (amount % unit == 0).then(|| Money::from_minor(amount / unit))
    }
}

/// What Stripe can charge in a currency.
pub fn charge_limits(currency: Currency) -> ChargeLimits {
    let (ours, theirs) = (currency.minor_digits(), digits(currency));
    // The step in our unit: what both units can express.
    let step =
        if ours > theirs { 10_i64.pow(ours - theirs) } else { (step(currency) / 10_i64.pow(theirs - ours)).max(1) };
    let ours_of = |amount: i64| {
        if ours >= theirs { amount * 10_i64.pow(ours - theirs) } else { amount / 10_i64.pow(theirs - ours) }
    };
    let (minimum, maximum) = (ours_of(minimum(currency)), ours_of(maximum(currency)));
    ChargeLimits {
        minimum: Money::from_minor(minimum.max(step)),
        maximum: Money::from_minor(maximum - maximum % step),
        step: Money::from_minor(step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::try_from(code.to_owned()).unwrap()
    }

    #[test]
    fn amounts_are_sent_in_the_units_of_stripe() {
        let golden = [
            ("USD", 1999, Some(1999)),
            ("JPY", 500, Some(500)),
            ("ISK", 5500, Some(550_000)),
            ("UGX", 5, Some(500)),
            ("MGA", 100_000, Some(1000)),
            ("MGA", 50, None),
            ("KWD", 5_120, Some(5_120)),
            ("HUF", 17_500, Some(17_500)),
            ("TWD", 10_000, Some(10_000)),
        ];
        for (code, ours, theirs) in golden {
            assert_eq!(to_stripe(Money::from_minor(ours), currency(code)), theirs, "{code}");
            if let Some(theirs) = theirs {
                assert_eq!(from_stripe(theirs, currency(code)), Some(Money::from_minor(ours)), "{code}");
            }
        }
    }

    #[test]
    fn limits_are_in_the_units_of_the_shop() {
        let golden = [
            ("USD", 50, 99_999_999, 1),
            ("GBP", 30, 99_999_999, 1),
            ("JPY", 50, 9_999_999_999, 1),
            ("ISK", 1, 999_999, 1),
            ("MGA", 100, 9_999_999_900, 100),
            ("KWD", 10, 99_999_990, 10),
            ("IDR", 1, 999_999_999_999, 1),
        ];
        for (code, minimum, maximum, step) in golden {
            let expected = ChargeLimits {
                minimum: Money::from_minor(minimum),
                maximum: Money::from_minor(maximum),
                step: Money::from_minor(step),
            };
            assert_eq!(charge_limits(currency(code)), expected, "{code}");
        }
    }

    #[test]
    fn every_amount_within_the_limits_can_be_sent() {
        for code in ["USD", "JPY", "ISK", "UGX", "MGA", "KWD", "HUF", "IDR", "XOF", "BHD"] {
            let currency = currency(code);
            let limits = charge_limits(currency);
            for amount in [limits.minimum, limits.maximum, limits.minimum.plus(limits.step).unwrap()] {
                let sent = to_stripe(amount, currency).unwrap();
                assert!(sent >= minimum(currency) && sent <= maximum(currency) && sent % step(currency) == 0, "{code}");
                assert_eq!(from_stripe(sent, currency), Some(amount), "{code}");
            }
        }
    }
}
