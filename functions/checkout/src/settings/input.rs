//! The requests that replace the settings.

use serde::Deserialize;
use shared::{
    domain::{
        Money,
        money::BASIS_POINTS,
        payment::{CaptureMode, PaymentSettings},
        product::Price,
        shipping::{ShippingMethod, ShippingRate, ShippingTable, ShippingZone},
        tax::{TaxRow, TaxTable},
    },
    validation::{
        Checked, Validate, Violations,
        rules::{amount, country_code, entries, line, range},
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
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The state as written in addresses; null or absent for the whole country.
    state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    rate_bp: i64,
    /// Whether shipping is taxed. False if absent.
    #[serde(default)]
    tax_shipping: bool,
}

impl Validate for TaxRowInput {
    fn validate(&self, v: &mut Violations) {
        v.check("country", &self.country, country_code);
        v.check("state", &self.state, line(100));
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
    /// ISO 3166-1 alpha-2, or `*`. Each in one zone only.
    countries: Vec<String>,
    /// The rates of the zone, one per method. A zone without rates is not shipped to.
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
    if text == "*" { Ok(()) } else { country_code(text) }
}

impl From<TaxInput> for TaxTable {
    fn from(input: TaxInput) -> Self {
        let rows = input.rows.into_iter().map(|row| TaxRow {
            country: row.country,
            state: row.state.map(|state| state.trim().to_owned()),
            rate_bp: row.rate_bp,
            tax_shipping: row.tax_shipping,
        });
        Self { prices_include_tax: input.prices_include_tax, rows: rows.collect() }
    }
}

impl From<ShippingInput> for ShippingTable {
    fn from(input: ShippingInput) -> Self {
        let rate = |rate: ShippingRateInput| ShippingRate {
            method: rate.method,
            price: rate.price,
            price_per_kg: rate.price_per_kg,
            free_from: rate.free_from,
            estimated_days: rate.estimated_days,
        };
        let zones = input.zones.into_iter().map(|zone| ShippingZone {
            name: zone.name.trim().to_owned(),
            countries: zone.countries,
            methods: zone.methods.into_iter().map(rate).collect(),
        });
        Self { zones: zones.collect() }
    }
}
