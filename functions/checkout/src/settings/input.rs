//! The tables as requests write them.

use serde::Deserialize;
use shared::{
    domain::{
        Money,
        money::BASIS_POINTS,
        product::Price,
        shipping::{ShippingMethod, ShippingRate, ShippingTable, ShippingZone},
        tax::{TaxRow, TaxTable},
    },
    validation::{
        Checked, Validate, Violations,
        rules::{amount, country_code, entries, line, range},
    },
};

/// High enough for a piano by air, low enough that no weight makes a price overflow.
const HIGHEST_PER_KG: Money = Money::from_minor(100_000_000);

/// Who pays which tax.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TaxTableInput)]
pub(crate) struct TaxInput {
    /// Whether catalogue prices contain the tax already.
    prices_include_tax: bool,
    /// One for each place; the most specific one that matches the shipping address decides.
    rows: Vec<TaxRowInput>,
}

impl Validate for TaxInput {
    fn validate(&self, v: &mut Violations) {
        v.check("rows", &self.rows, entries(0..=1000));
        v.nested("rows", &self.rows);
    }
}

/// The rate of one place.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaxRowInput {
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The state as addresses write it; null or absent is the whole country.
    state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    rate_bp: i64,
    /// Whether shipping is taxed too. False if absent.
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

/// How parcels travel and what that costs.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingTableInput)]
pub(crate) struct ShippingInput {
    /// The zone that names the country decides; the one that names `*` is the rest of the world. Nothing is sent to a country
    /// without zone.
    zones: Vec<ShippingZoneInput>,
}

impl Validate for ShippingInput {
    fn validate(&self, v: &mut Violations) {
        v.check("zones", &self.zones, entries(0..=300));
        v.nested("zones", &self.zones);
    }
}

/// Countries that share their prices.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingZoneInput {
    /// For people; unique.
    name: String,
    /// ISO 3166-1 alpha-2, or `*`. Each lies in one zone.
    countries: Vec<String>,
    /// What is offered there, each method once; nothing is sent there without any.
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

/// What one method costs in one zone.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShippingRateInput {
    method: ShippingMethod,
    /// For the parcel.
    price: Money,
    /// For each kilogram begun. 0 if absent.
    #[serde(default)]
    price_per_kg: Money,
    /// Free from this amount of lines after discount; null or absent is never.
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
