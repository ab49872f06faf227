//! The requests that replace the settings.

use serde::Deserialize;
use shared::{
    domain::{
        Currency, Money,
        bank_account::{BankAccount, Iban, is_bic},
        iso_3166,
        money::BASIS_POINTS,
        payment::{CaptureMode, PaymentMethod, PaymentSettings},
        product::Price,
        shipping::{ShippingMethod, ShippingRate, ShippingTable, ShippingZone},
        tax::{TaxRow, TaxTable},
    },
    http::address::normalise_place,
    validation::{
        Checked, FieldCode, Validate, Violation, Violations,
        rules::{amount, country, entries, line, range, subdivision_of},
    },
};

/// Low enough that no weight makes a price overflow.
const HIGHEST_PER_KG: Money = Money::from_minor(100_000_000);

/// Tax rates.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TaxTableInput)]
pub(crate) struct TaxInput {
    /// Whether catalogue prices include tax.
    prices_include_tax: bool,
    /// One per country or state; the most specific match of the shipping address decides.
    rows: Vec<TaxRowInput>,
}

impl Validate for TaxInput {
    fn validate(&self, v: &mut Violations) {
        v.check("rows", &self.rows, entries(0..=1000));
        v.nested("rows", &self.rows);
    }
}

/// The rate of a country or state.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaxRowInput {
    /// A code (ISO 3166-1) or a usual name, kept as the alpha-2 code.
    country: String,
    /// A code (ISO 3166-2) or a usual name, kept as the code without the country; null or absent for the whole country. The
    /// row also applies to the subdivisions that lie in this one and have no row.
    state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    rate_bp: i64,
    /// Whether shipping is taxed. False if absent.
    #[serde(default)]
    tax_shipping: bool,
}

impl Validate for TaxRowInput {
    fn validate(&self, v: &mut Violations) {
        v.check("country", &self.country, country);
        v.check("state", &self.state, line(100));
        v.check("state", &self.state, subdivision_of(&self.country));
        v.check("rateBp", &self.rate_bp, range(0..=BASIS_POINTS));
    }
}

/// Shipping zones and rates.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingTableInput)]
pub(crate) struct ShippingInput {
    /// The zone with the country decides, else the zone with `*`. Countries without a zone are not shipped to.
    zones: Vec<ShippingZoneInput>,
}

impl Validate for ShippingInput {
    fn validate(&self, v: &mut Violations) {
        v.check("zones", &self.zones, entries(0..=300));
        v.nested("zones", &self.zones);
    }
}

/// Countries with the same rates.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingZoneInput {
    /// Unique; for display.
    name: String,
    /// Codes (ISO 3166-1) or usual names, kept as alpha-2 codes, or `*`. Each in one zone only.
    countries: Vec<String>,
    /// The rates of the zone, one per method and currency. A zone without rates is not shipped to.
    methods: Vec<ShippingRateInput>,
}

impl Validate for ShippingZoneInput {
    fn validate(&self, v: &mut Violations) {
        v.check("name", &self.name, line(100));
        v.check("countries", &self.countries, entries(1..=300));
        v.each("countries", &self.countries, country_or_rest);
        v.nested("methods", &self.methods);
    }
}

/// The rate of a method in a zone.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShippingRateInput {
    method: ShippingMethod,
    /// Of its amounts; it is offered to carts of this currency alone. The shop's default if absent.
    currency: Option<Currency>,
    /// Per parcel.
    price: Money,
    /// Per kilogram begun. 0 if absent.
    #[serde(default)]
    price_per_kg: Money,
    /// Free shipping from this sum of lines after discount; null or absent for none.
    free_from: Option<Money>,
    /// Days to delivery.
    estimated_days: Option<i32>,
}

impl Validate for ShippingRateInput {
    fn validate(&self, v: &mut Violations) {
        v.check("price", &self.price, amount(Price::HIGHEST));
        v.check("pricePerKg", &self.price_per_kg, amount(HIGHEST_PER_KG));
        v.check("freeFrom", &self.free_from, amount(Price::HIGHEST));
        v.check("estimatedDays", &self.estimated_days, range(0..=365));
    }
}

/// How payments are taken.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PaymentSettingsInput {
    capture: CaptureMode,
}

impl Validate for PaymentSettingsInput {}

impl From<PaymentSettingsInput> for PaymentSettings {
    fn from(input: PaymentSettingsInput) -> Self {
        Self { capture: input.capture }
    }
}

fn country_or_rest(text: &str) -> Checked {
    if text == "*" { Ok(()) } else { country(text) }
}

fn country_or_rest_code(text: &str) -> String {
    iso_3166::find_country(text).unwrap_or(text).to_owned()
}

impl From<TaxInput> for TaxTable {
    fn from(input: TaxInput) -> Self {
        let rows = input.rows.into_iter().map(|row| {
            let (country, state) = normalise_place(&row.country, row.state.as_deref().unwrap_or_default());
            // The country's own name names no part of it.
            let state = Some(state).filter(|state| !state.is_empty());
            TaxRow { country, state, rate_bp: row.rate_bp, tax_shipping: row.tax_shipping }
        });
        Self { prices_include_tax: input.prices_include_tax, rows: rows.collect() }
    }
}

/// The currencies that the shop sells in.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShopCurrenciesInput)]
pub(crate) struct CurrenciesInput {
    /// Each once; the first is the default.
    pub(super) currencies: Vec<Currency>,
}

impl Validate for CurrenciesInput {
    fn validate(&self, v: &mut Violations) {
        v.check("currencies", &self.currencies, entries(1..=200));
    }
}

impl ShippingInput {
    /// The table, where rates without a currency have the default one.
    pub(super) fn table(self, default_currency: Currency) -> ShippingTable {
        let rate = |rate: ShippingRateInput| ShippingRate {
            method: rate.method,
            currency: rate.currency.unwrap_or(default_currency),
            price: rate.price,
            price_per_kg: rate.price_per_kg,
            free_from: rate.free_from,
            estimated_days: rate.estimated_days,
        };
        let zones = self.zones.into_iter().map(|zone| ShippingZone {
            name: zone.name.trim().to_owned(),
            countries: zone.countries.iter().map(|name| country_or_rest_code(name)).collect(),
            methods: zone.methods.into_iter().map(rate).collect(),
        });
        ShippingTable { zones: zones.collect() }
    }
}

/// The account that buyers transfer to: with an IBAN, or with an account number where there are no IBANs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = BankAccountInput)]
pub(crate) struct BankAccountInput {
    account_holder: String,
    /// ISO 13616; spaces do not matter.
    iban: Option<String>,
    /// ISO 9362, capital letters.
    bic: Option<String>,
    /// Instead of an IBAN: letters, digits, spaces and dashes.
    account_number: Option<String>,
    /// The bank of the account number.
    routing_number: Option<String>,
    /// For display.
    bank_name: Option<String>,
}

impl Validate for BankAccountInput {
    fn validate(&self, v: &mut Violations) {
        v.check("accountHolder", &self.account_holder, line(70));
        v.check("iban", &self.iban, iban);
        v.check("bic", &self.bic, bic);
        v.check("accountNumber", &self.account_number, number);
        v.check("routingNumber", &self.routing_number, number);
        v.check("bankName", &self.bank_name, line(100));
    }
}

fn iban(text: &str) -> Checked {
    Iban::try_new(text).map(drop).map_err(|error| Violation::new(FieldCode::Invalid, error.to_string()))
}

fn bic(text: &str) -> Checked {
    if is_bic(text) {
        Ok(())
    } else {
        Err(Violation::new(FieldCode::Invalid, "must be a BIC of 8 or 11 capital letters and digits"))
    }
}

fn number(text: &str) -> Checked {
    line(34)(text)?;
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-')) {
        Ok(())
    } else {
        Err(Violation::new(FieldCode::Invalid, "must consist of letters, digits, spaces and dashes"))
    }
}

impl From<BankAccountInput> for BankAccount {
    fn from(input: BankAccountInput) -> Self {
        let trimmed = |text: String| text.trim().to_owned();
        Self {
            account_holder: trimmed(input.account_holder),
            iban: input.iban.as_deref().and_then(|iban| Iban::try_new(iban).ok()),
            bic: input.bic,
            account_number: input.account_number.map(trimmed),
            routing_number: input.routing_number.map(trimmed),
            bank_name: input.bank_name.map(trimmed),
        }
    }
}

/// The payment methods that the shop accepts.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentMethodsInput)]
pub(crate) struct PaymentMethodsInput {
    /// Each once. `bank_transfer` needs a bank account.
    pub(super) methods: Vec<PaymentMethod>,
}

impl Validate for PaymentMethodsInput {
    fn validate(&self, v: &mut Violations) {
        v.check("methods", &self.methods, entries(1..=10));
    }
}
