//! How parcels travel and what that costs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Currency, Money, MoneyError};

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShippingMethod {
    /// Days.
    Standard,
    /// A day or two.
    Express,
    /// Tomorrow.
    Overnight,
}

impl ShippingMethod {
    /// As it is written in requests and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Express => "express",
            Self::Overnight => "overnight",
        }
    }
}

/// The shipping settings of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingTable {
    /// The zone that names the country decides; the one that names `*` is the rest of the world.
    pub zones: Vec<ShippingZone>,
}

/// Countries that share their prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingZone {
    /// For people.
    pub name: String,
    /// ISO 3166-1 alpha-2, or `*`.
    pub countries: Vec<String>,
    /// What is offered there.
    pub methods: Vec<ShippingRate>,
}

/// What one method costs in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShippingRate {
    /// Which method.
    pub method: ShippingMethod,
    /// Of its amounts. It is offered to carts of this currency alone.
    pub currency: Currency,
    /// For the parcel.
    pub price: Money,
    /// For each kilogram begun.
    #[serde(default)]
    pub price_per_kg: Money,
    /// Free from this amount of lines after discount; `null` is never.
    #[serde(default)]
    pub free_from: Option<Money>,
    /// Days to delivery.
    #[serde(default)]
    pub estimated_days: Option<i32>,
}

impl Default for ShippingTable {
    /// What a shop starts with: three flat rates in US dollars for the whole world.
    fn default() -> Self {
        let rate = |method, price, days| ShippingRate {
            method,
            currency: Currency::USD,
            price: Money::from_minor(price),
            price_per_kg: Money::ZERO,
            free_from: None,
            estimated_days: Some(days),
        };
        Self {
            zones: vec![ShippingZone {
                name: "world".to_owned(),
                countries: vec!["*".to_owned()],
                methods: vec![
                    rate(ShippingMethod::Standard, 500, 5),
                    rate(ShippingMethod::Express, 1500, 2),
                    rate(ShippingMethod::Overnight, 3000, 1),
                ],
            }],
        }
    }
}

/// Why a part of a shipping table would never apply.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidShippingTable {
    /// Two zones of one name.
    #[error("another zone has this name")]
    RepeatedZone {
        /// The place of the later one in the table.
        zone: usize,
    },
    /// A country lies in one zone.
    #[error("the country lies in another zone already")]
    RepeatedCountry {
        /// The zone that names it once more.
        zone: usize,
        /// Its place there.
        country: usize,
    },
    /// A method has one price in a currency.
    #[error("the zone has this method in this currency already")]
    RepeatedMethod {
        /// The zone.
        zone: usize,
        /// The place of the later one there.
        method: usize,
    },
}

impl InvalidShippingTable {
    /// What is to blame, as a path below the table.
    pub fn field(self) -> String {
        match self {
            Self::RepeatedZone { zone } => format!("zones/{zone}/name"),
            Self::RepeatedCountry { zone, country } => format!("zones/{zone}/countries/{country}"),
            Self::RepeatedMethod { zone, method } => format!("zones/{zone}/methods/{method}/method"),
        }
    }
}

impl ShippingTable {
    /// Checks that each country (and the rest of the world) lies in one zone, and that each zone has one price for
    /// a method in a currency.
    ///
    /// # Errors
    /// The first part that would never apply.
    pub fn check(&self) -> Result<(), InvalidShippingTable> {
        let mut names = BTreeSet::new();
        let mut countries = BTreeSet::new();
        for (zone, rates) in self.zones.iter().enumerate() {
            if !names.insert(rates.name.to_lowercase()) {
                return Err(InvalidShippingTable::RepeatedZone { zone });
            }
            let repeated = rates.countries.iter().position(|name| !countries.insert(name.to_ascii_lowercase()));
            if let Some(country) = repeated {
                return Err(InvalidShippingTable::RepeatedCountry { zone, country });
            }
            let mut methods = BTreeSet::new();
            if let Some(method) = rates.methods.iter().position(|rate| !methods.insert((rate.method, rate.currency))) {
                return Err(InvalidShippingTable::RepeatedMethod { zone, method });
            }
        }
        Ok(())
    }

    /// The zone of a country: the one that names it, else the rest of the world.
    pub fn zone_for(&self, country: &str) -> Option<&ShippingZone> {
        let naming =
            |name: &str| self.zones.iter().find(|zone| zone.countries.iter().any(|of| of.eq_ignore_ascii_case(name)));
        naming(country).or_else(|| naming("*"))
    }
}

impl ShippingRate {
    /// What a parcel of this weight costs when the lines after discount come to `goods`.
    pub fn price_for(&self, grams: i64, goods: Money) -> Result<Money, MoneyError> {
        if self.free_from.is_some_and(|threshold| goods >= threshold) {
            return Ok(Money::ZERO);
        }
        let kilograms_begun = grams.max(0).saturating_add(999).div_euclid(1000);
        self.price.plus(self.price_per_kg.times(kilograms_begun)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_is_priced_by_the_kilogram_begun() {
        let rate = ShippingRate {
            method: ShippingMethod::Standard,
            currency: Currency::USD,
            price: Money::from_minor(500),
            price_per_kg: Money::from_minor(100),
            free_from: Some(Money::from_minor(5000)),
            estimated_days: None,
        };
        assert_eq!(rate.price_for(0, Money::ZERO).unwrap().minor(), 500);
        assert_eq!(rate.price_for(1, Money::ZERO).unwrap().minor(), 600);
        assert_eq!(rate.price_for(1000, Money::ZERO).unwrap().minor(), 600);
        assert_eq!(rate.price_for(1001, Money::ZERO).unwrap().minor(), 700);
        assert_eq!(rate.price_for(1001, Money::from_minor(5000)).unwrap(), Money::ZERO);
        assert_eq!(rate.price_for(1001, Money::from_minor(4999)).unwrap().minor(), 700);
    }

    #[test]
    fn no_row_of_a_table_shadows_another() {
        let zone = |name: &str, countries: &[&str]| ShippingZone {
            name: name.into(),
            countries: countries.iter().map(|&country| country.into()).collect(),
            methods: ShippingTable::default().zones[0].methods.clone(),
        };
        let check = |zones: Vec<ShippingZone>| ShippingTable { zones }.check().err().map(InvalidShippingTable::field);
        assert_eq!(check(vec![zone("domestic", &["US"]), zone("world", &["*"])]), None);
        assert_eq!(check(vec![zone("a", &["US"]), zone("A", &["*"])]).unwrap(), "zones/1/name");
        assert_eq!(check(vec![zone("a", &["US", "CA"]), zone("b", &["*", "CA"])]).unwrap(), "zones/1/countries/1");
        assert_eq!(check(vec![zone("a", &["*"]), zone("b", &["*"])]).unwrap(), "zones/1/countries/0");
        let mut twice = zone("a", &["US"]);
        twice.methods[2] = twice.methods[0].clone();
        assert_eq!(check(vec![twice.clone()]).unwrap(), "zones/0/methods/2/method");
        twice.methods[2].currency = Currency::try_from("EUR".to_owned()).unwrap();
        assert_eq!(check(vec![twice]), None);
    }
}
