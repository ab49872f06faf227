//! The tables as requests write them.

use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{
        Money,
        address::is_country,
        money::BASIS_POINTS,
        product::Price,
        shipping::{ShippingMethod, ShippingRate, ShippingTable, ShippingZone},
        tax::{TaxRow, TaxTable},
    },
    http::{address::country_code, rules::line},
};

/// High enough for a piano by air, low enough that no weight makes a price overflow.
const HIGHEST_PER_KG: Money = Money::from_minor(100_000_000);

/// Who pays which tax.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TaxTableInput)]
pub(crate) struct TaxInput {
    /// Whether catalogue prices contain the tax already.
    #[garde(skip)]
    prices_include_tax: bool,
    /// One for each place; the most specific one that matches the shipping address decides.
    #[garde(length(max = 1000), dive)]
    rows: Vec<TaxRowInput>,
}

/// The rate of one place.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaxRowInput {
    /// ISO 3166-1 alpha-2.
    #[garde(custom(country_code))]
    country: String,
    /// The state as addresses write it; null or absent is the whole country.
    #[garde(inner(custom(line(100))))]
    state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    #[garde(range(min = 0, max = BASIS_POINTS))]
    rate_bp: i64,
    /// Whether shipping is taxed too. False if absent.
    #[serde(default)]
    #[garde(skip)]
    tax_shipping: bool,
}

/// How parcels travel and what that costs.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingTableInput)]
pub(crate) struct ShippingInput {
    /// The zone that names the country decides; the one that names `*` is the rest of the world. Nothing is sent to a country
    /// without zone.
    #[garde(length(max = 300), dive)]
    zones: Vec<ShippingZoneInput>,
}

/// Countries that share their prices.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingZoneInput {
    /// For people; unique.
    #[garde(custom(line(100)))]
    name: String,
    /// ISO 3166-1 alpha-2, or `*`. Each lies in one zone.
    #[garde(length(min = 1, max = 300), inner(custom(country_or_rest)))]
    countries: Vec<String>,
    /// What is offered there, each method once; nothing is sent there without any.
    #[garde(dive)]
    methods: Vec<ShippingRateInput>,
}

/// What one method costs in one zone.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShippingRateInput {
    #[garde(skip)]
    method: ShippingMethod,
    /// For the parcel.
    #[garde(custom(amount(Price::HIGHEST)))]
    price: Money,
    /// For each kilogram begun. 0 if absent.
    #[serde(default)]
    #[garde(custom(amount(HIGHEST_PER_KG)))]
    price_per_kg: Money,
    /// Free from this amount of lines after discount; null or absent is never.
    #[garde(inner(custom(amount(Price::HIGHEST))))]
    free_from: Option<Money>,
    /// Days to delivery.
    #[garde(range(min = 0, max = 365))]
    estimated_days: Option<i32>,
}

fn country_or_rest(text: &str, context: &()) -> garde::Result {
    if text == "*" || is_country(text) { Ok(()) } else { country_code(text, context) }
}

fn amount(most: Money) -> impl FnOnce(&Money, &()) -> garde::Result {
    move |amount, ()| {
        // As garde's own rule says it, so that both become `out_of_range`.
        if *amount < Money::ZERO {
            Err(garde::Error::new("lower than 0"))
        } else if *amount > most {
            Err(garde::Error::new(format!("greater than {}", most.minor())))
        } else {
            Ok(())
        }
    }
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
