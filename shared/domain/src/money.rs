//! Money: integers in the currency's minor unit, checked arithmetic, and splits that add up.
//!
//! No floating point and no operators: `+` would overflow in silence or panic, so every operation here returns a
//! [`Result`].

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

/// An amount in minor units (`1999` is 19.99 USD, `500` is 500 JPY) of the [`Currency`] that stands beside it in the
/// same document. May be negative (a price modifier).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = i64, example = 1999)]
pub struct Money(i64);

/// Why an amount could not be computed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum MoneyError {
    /// The amount does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// A split needs at least one part with a positive weight.
    #[error("there is nothing to spread the amount over")]
    NothingToSpreadOver,
}

/// One hundredth of a percent; `725` is 7.25 %.
pub const BASIS_POINTS: i64 = 10_000;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `minor` minor units.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Whether nothing is owed.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// The difference; may be negative.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::Overflow)
    }

    /// The product with a count.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        self.0.checked_mul(count).map(Self).ok_or(MoneyError::Overflow)
    }

    /// The sum of many.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// This share of the amount (`rate_bp` in basis points), rounded half to even.
    pub fn share(self, rate_bp: i64) -> Result<Self, MoneyError> {
        let exact = Decimal::from(self.0)
            .checked_mul(Decimal::from(rate_bp))
            .and_then(|product| product.checked_div(Decimal::from(BASIS_POINTS)));
        round_half_even(exact)
    }

    /// What remains of a gross amount when a rate that it contains is taken out: `gross ÷ (1 + rate)`, rounded half to
    /// even.
    pub fn without_share(self, rate_bp: i64) -> Result<Self, MoneyError> {
        let exact = Decimal::from(self.0)
            .checked_mul(Decimal::from(BASIS_POINTS))
            .and_then(|product| product.checked_div(Decimal::from(BASIS_POINTS.saturating_add(rate_bp))));
        round_half_even(exact)
    }

    /// Splits the amount in proportion to `weights` by largest remainder, ties to the earlier part. The parts always
    /// add up to the amount.
    pub fn spread(self, weights: &[Self]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().map(|weight| i128::from(weight.0.max(0))).sum();
        if total == 0 {
            return if self.is_zero() {
                Ok(vec![Self::ZERO; weights.len()])
            } else {
                Err(MoneyError::NothingToSpreadOver)
            };
        }
        let mut parts = Vec::with_capacity(weights.len());
        let mut remainders = Vec::with_capacity(weights.len());
        let mut given = 0_i128;
        for (index, weight) in weights.iter().enumerate() {
            let product = i128::from(self.0) * i128::from(weight.0.max(0));
            let part = product.div_euclid(total);
            given += part;
            parts.push(part);
            remainders.push((product.rem_euclid(total), index));
        }
        remainders
            .sort_by(|(left, left_index), (right, right_index)| right.cmp(left).then(left_index.cmp(right_index)));
        let mut left = i128::from(self.0) - given;
        for (_, index) in remainders {
            if left == 0 {
                break;
            }
            parts[index] += 1;
            left -= 1;
        }
        parts.into_iter().map(|part| i64::try_from(part).map(Self).map_err(|_| MoneyError::Overflow)).collect()
    }

    /// The amount as people read it, `19.99 USD`.
    pub fn display(self, currency: Currency) -> String {
        let digits = currency.minor_digits();
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        if digits == 0 {
            return format!("{sign}{amount} {currency}");
        }
        let unit = 10_u64.pow(digits);
        let (whole, fraction) = (amount / unit, amount % unit);
        format!("{sign}{whole}.{fraction:0width$} {currency}", width = digits as usize)
    }
}

fn round_half_even(exact: Option<Decimal>) -> Result<Money, MoneyError> {
    exact
        .map(|value| value.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven))
        .and_then(|value| value.to_i64())
        .map(Money)
        .ok_or(MoneyError::Overflow)
}

impl From<Money> for bson::Bson {
    fn from(money: Money) -> Self {
        Self::Int64(money.0)
    }
}

/// ISO 4217's money and the decimal digits of its minor unit: list one of 1 January 2026, without what nothing is paid in
/// (funds, units of account, metals, and the codes for tests and for no currency). A currency that ISO withdraws stays as
/// long as stored amounts are in it.
fn digits_of(code: &str) -> Option<u32> {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => Some(0),
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => Some(3),
        "AED" | "AFN" | "ALL" | "AMD" | "AOA" | "ARS" | "AUD" | "AWG" | "AZN" | "BAM" | "BBD" | "BDT" | "BMD"
        | "BND" | "BOB" | "BRL" | "BSD" | "BTN" | "BWP" | "BYN" | "BZD" | "CAD" | "CDF" | "CHF" | "CNY" | "COP"
        | "CRC" | "CUP" | "CVE" | "CZK" | "DKK" | "DOP" | "DZD" | "EGP" | "ERN" | "ETB" | "EUR" | "FJD" | "FKP"
        | "GBP" | "GEL" | "GHS" | "GIP" | "GMD" | "GTQ" | "GYD" | "HKD" | "HNL" | "HTG" | "HUF" | "IDR" | "ILS"
        | "INR" | "IRR" | "JMD" | "KES" | "KGS" | "KHR" | "KPW" | "KYD" | "KZT" | "LAK" | "LBP" | "LKR" | "LRD"
        | "LSL" | "MAD" | "MDL" | "MGA" | "MKD" | "MMK" | "MNT" | "MOP" | "MRU" | "MUR" | "MVR" | "MWK" | "MXN"
        | "MYR" | "MZN" | "NAD" | "NGN" | "NIO" | "NOK" | "NPR" | "NZD" | "PAB" | "PEN" | "PGK" | "PHP" | "PKR"
        | "PLN" | "QAR" | "RON" | "RSD" | "RUB" | "SAR" | "SBD" | "SCR" | "SDG" | "SEK" | "SGD" | "SHP" | "SLE"
        | "SOS" | "SRD" | "SSP" | "STN" | "SVC" | "SYP" | "SZL" | "THB" | "TJS" | "TMT" | "TOP" | "TRY" | "TTD"
        | "TWD" | "TZS" | "UAH" | "USD" | "UYU" | "UZS" | "VED" | "VES" | "WST" | "XCD" | "XCG" | "YER" | "ZAR"
        | "ZMW" | "ZWG" => Some(2),
        _ => None,
    }
}

/// The code of a currency that things are paid in (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is not the code of a currency.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a currency is the ISO 4217 code of money, in capital letters, such as USD")]
pub struct InvalidCurrency;

impl Currency {
    /// The shop's default.
    pub const USD: Self = Self(*b"USD");

    /// The code.
    pub fn code(&self) -> &str {
        // Constructed from ASCII letters only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits the minor unit stands for (ISO 4217).
    pub fn minor_digits(self) -> u32 {
        // Constructed from codes of the table only.
        digits_of(self.code()).unwrap_or(2)
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::USD
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, InvalidCurrency> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if digits_of(&text).is_some() => Ok(Self(code)),
            _ => Err(InvalidCurrency),
        }
    }
}
impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}
impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .into()
    }
}
impl utoipa::ToSchema for Currency {
    fn name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minor(amounts: &[i64]) -> Vec<Money> {
        amounts.iter().copied().map(Money::from_minor).collect()
    }

    #[test]
    fn a_discount_is_spread_by_largest_remainder() {
        assert_eq!(Money(299).spread(&minor(&[4300, 1400, 2300])).unwrap(), minor(&[161, 52, 86]));
        assert_eq!(Money(299).spread(&minor(&[1000, 1000, 1000])).unwrap(), minor(&[100, 100, 99]));
    }

    #[test]
    fn rates_round_half_to_even() {
        assert_eq!(Money(50).share(100).unwrap(), Money(0)); // 0.5 → 0
        assert_eq!(Money(150).share(100).unwrap(), Money(2)); // 1.5 → 2
        assert_eq!(Money(250).share(100).unwrap(), Money(2)); // 2.5 → 2
        assert_eq!(Money(200).share(2000).unwrap(), Money(40));
        assert_eq!(Money(200).without_share(2000).unwrap(), Money(167));
    }

    #[test]
    fn overflow_is_an_error_and_never_a_wrong_amount() {
        assert_eq!(Money(i64::MAX).plus(Money(1)), Err(MoneyError::Overflow));
        assert_eq!(Money(i64::MIN).minus(Money(1)), Err(MoneyError::Overflow));
        assert_eq!(Money(i64::MAX).times(2), Err(MoneyError::Overflow));
        assert_eq!(Money(i64::MAX).share(20_000), Err(MoneyError::Overflow));
    }

    #[test]
    fn an_amount_reads_in_its_currency() {
        assert_eq!(Money(1999).display(Currency::USD), "19.99 USD");
        assert_eq!(Money(-5).display(Currency::USD), "-0.05 USD");
        assert_eq!(Money(500).display(Currency(*b"JPY")), "500 JPY");
        assert_eq!(Money(1234).display(Currency(*b"KWD")), "1.234 KWD");
    }

    #[test]
    fn a_currency_is_money_of_iso_4217() {
        for (code, digits) in [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("XOF", 0), ("XCD", 2), ("ZWG", 2)] {
            assert_eq!(Currency::try_from(code.to_owned()).map(Currency::minor_digits), Ok(digits), "{code}");
        }
        let no_code = ["usd", "US", "USDX", "U$D", "", "ZZZ", "BTC"];
        let no_money = [
            "XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XUA", "XAD", "BOV",
            "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW",
        ];
        let withdrawn = ["ANG", "BGN", "CUC", "DEM", "HRK", "SLL", "ZWL"];
        for text in no_code.iter().chain(&no_money).chain(&withdrawn) {
            assert_eq!(Currency::try_from((*text).to_owned()), Err(InvalidCurrency), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_always_add_up(amount in 0_i64..1_000_000_000, weights in prop::collection::vec(0_i64..1_000_000_000, 1..40)) {
            let weights = minor(&weights);
            prop_assume!(weights.iter().any(|weight| !weight.is_zero()));
            let parts = Money(amount).spread(&weights).unwrap();
            prop_assert_eq!(Money::sum(parts.iter().copied()).unwrap(), Money(amount));
            prop_assert!(parts.iter().all(|part| part.minor() >= 0));
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(!weight.is_zero() || part.is_zero());
            }
        }

        #[test]
        fn a_part_never_exceeds_its_weight_when_the_amount_does_not_exceed_the_sum(
            weights in prop::collection::vec(0_i64..1_000_000, 1..40), percent in 0_i64..=10_000
        ) {
            let weights = minor(&weights);
            let total = Money::sum(weights.iter().copied()).unwrap();
            prop_assume!(!total.is_zero());
            let parts = total.share(percent).unwrap().spread(&weights).unwrap();
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part <= weight);
            }
        }
    }
}
