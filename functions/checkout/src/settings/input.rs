//! The requests that replace the tax and shipping tables.

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

/// Low enough that no weight makes a price overflow.
const HIGHEST_PER_KG: Money = Money::from_minor(100_000_000);

/// Tax rates.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TaxTableInput)]
pub(crate) struct TaxInput {
    /// Whether catalogue prices include tax.
    #[garde(skip)]
    prices_include_tax: bool,
    /// One per country or state; the most specific match of the shipping address decides.
    #[garde(length(max = 1000), dive)]
    rows: Vec<TaxRowInput>,
}

/// The rate of a country or state.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaxRowInput {
    /// ISO 3166-1 alpha-2.
    #[garde(custom(country_code))]
    country: String,
    /// The state as written in addresses; null or absent for the whole country.
    #[garde(inner(custom(line(100))))]
    state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    #[garde(range(min = 0, max = BASIS_POINTS))]
    rate_bp: i64,
    /// Whether shipping is taxed. False if absent.
    #[serde(default)]
    #[garde(skip)]
    tax_shipping: bool,
}

/// Shipping zones and rates.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingTableInput)]
pub(crate) struct ShippingInput {
    /// The zone with the country decides, else the zone with `*`. Countries without a zone are not shipped to.
    #[garde(length(max = 300), dive)]
    zones: Vec<ShippingZoneInput>,
}

/// Countries with the same rates.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingZoneInput {
    /// Unique; for display.
    #[garde(custom(line(100)))]
    name: String,
    /// ISO 3166-1 alpha-2, or `*`. Each in one zone only.
    #[garde(length(min = 1, max = 300), inner(custom(country_or_rest)))]
    countries: Vec<String>,
    /// The rates of the zone, one per method. A zone without rates is not shipped to.
    #[garde(dive)]
    methods: Vec<ShippingRateInput>,
}

/// The rate of a method in a zone.
#[derive(Clone, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShippingRateInput {
    #[garde(skip)]
    method: ShippingMethod,
    /// Per parcel.
    #[garde(custom(amount(Price::HIGHEST)))]
    price: Money,
    /// Per kilogram begun. 0 if absent.
    #[serde(default)]
    #[garde(custom(amount(HIGHEST_PER_KG)))]
    price_per_kg: Money,
    /// Free shipping from this sum of lines after discount; null or absent for none.
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
        // The wording of garde's own rule, so that both become `out_of_range`.
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
