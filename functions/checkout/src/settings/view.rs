//! The settings in answers.

use serde::Serialize;
use shared::domain::{
    Currency, Money,
    bank_account::BankAccount,
    currencies::ShopCurrencies,
    payment::{CaptureMode, PaymentMethod, PaymentSettings},
    shipping::{ShippingMethod, ShippingRate, ShippingTable, ShippingZone},
    tax::{TaxRow, TaxTable},
};

/// The tax settings of the shop. Without rows there is no tax.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TaxTable)]
pub(crate) struct TaxView {
    /// Whether catalogue prices contain the tax already.
    #[schema(required = false)]
    prices_include_tax: bool,
    /// The most specific row that matches the shipping address decides.
    #[schema(required = false)]
    rows: Vec<TaxRowView>,
}

/// The rate of one place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TaxRow)]
pub(crate) struct TaxRowView {
    /// ISO 3166-1 alpha-2.
    country: String,
    /// The code of the subdivision without the country (ISO 3166-2); `null` is the whole country.
    state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    rate_bp: i64,
    /// Whether shipping is taxed too.
    #[schema(required = false)]
    tax_shipping: bool,
}

/// The shipping settings of the shop.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingTable)]
pub(crate) struct ShippingView {
    /// The zone that names the country decides; the one that names `*` is the rest of the world.
    zones: Vec<ShippingZoneView>,
}

/// Countries that share their prices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShippingZone)]
pub(crate) struct ShippingZoneView {
    /// For people.
    name: String,
    /// ISO 3166-1 alpha-2, or `*`.
    countries: Vec<String>,
    /// What is offered there.
    methods: Vec<ShippingRateView>,
}

/// What one method costs in one zone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ShippingRate)]
pub(crate) struct ShippingRateView {
    /// Which method.
    method: ShippingMethod,
    /// Of its amounts; it is offered to carts of this currency alone.
    currency: Currency,
    /// For the parcel.
    price: Money,
    /// For each kilogram begun.
    #[schema(required = false)]
    price_per_kg: Money,
    /// Free from this amount of lines after discount; `null` is never.
    free_from: Option<Money>,
    /// Days to delivery.
    estimated_days: Option<i32>,
}

/// The currencies that the shop sells in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShopCurrencies)]
pub(crate) struct CurrenciesView {
    /// The first is the default.
    currencies: Vec<Currency>,
}

impl From<ShopCurrencies> for CurrenciesView {
    fn from(currencies: ShopCurrencies) -> Self {
        Self { currencies: currencies.all().to_vec() }
    }
}

/// How payments are taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PaymentSettings)]
pub(crate) struct PaymentSettingsView {
    /// When cards are charged: as soon as the order is placed, or parcel by parcel when they are shipped.
    capture: CaptureMode,
}

impl From<PaymentSettings> for PaymentSettingsView {
    fn from(settings: PaymentSettings) -> Self {
        Self { capture: settings.capture }
    }
}

impl From<TaxTable> for TaxView {
    fn from(table: TaxTable) -> Self {
        let row = |row: TaxRow| TaxRowView {
            country: row.country,
            state: row.state,
            rate_bp: row.rate_bp,
            tax_shipping: row.tax_shipping,
        };
        Self { prices_include_tax: table.prices_include_tax, rows: table.rows.into_iter().map(row).collect() }
    }
}

impl From<ShippingTable> for ShippingView {
    fn from(table: ShippingTable) -> Self {
        let rate = |rate: ShippingRate| ShippingRateView {
            method: rate.method,
            currency: rate.currency,
            price: rate.price,
            price_per_kg: rate.price_per_kg,
            free_from: rate.free_from,
            estimated_days: rate.estimated_days,
        };
        let zone = |zone: ShippingZone| ShippingZoneView {
            name: zone.name,
            countries: zone.countries,
            methods: zone.methods.into_iter().map(rate).collect(),
        };
        Self { zones: table.zones.into_iter().map(zone).collect() }
    }
}

/// The account that buyers transfer to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BankAccount)]
pub(crate) struct BankAccountView {
    account_holder: String,
    /// Without spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_name: Option<String>,
}

impl From<BankAccount> for BankAccountView {
    fn from(account: BankAccount) -> Self {
        Self {
            account_holder: account.account_holder,
            iban: account.iban.map(Into::into),
            bic: account.bic,
            account_number: account.account_number,
            routing_number: account.routing_number,
            bank_name: account.bank_name,
        }
    }
}

/// The payment methods that the shop accepts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PaymentMethods)]
pub(crate) struct PaymentMethodsView {
    pub(super) methods: Vec<PaymentMethod>,
}
