//! Who pays which tax.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::iso_3166::parent_subdivision;

/// The tax settings of the shop. Without rows there is no tax.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaxTable {
    /// Whether catalogue prices contain the tax already.
    #[serde(default)]
    pub prices_include_tax: bool,
    /// The most specific row that matches the shipping address decides.
    #[serde(default)]
    pub rows: Vec<TaxRow>,
}

/// The rate of one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaxRow {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The code of the subdivision without the country (ISO 3166-2); `null` is the whole country.
    #[serde(default)]
    pub state: Option<String>,
    /// Basis points: 725 is 7.25 %.
    pub rate_bp: i64,
    /// Whether shipping is taxed too.
    #[serde(default)]
    pub tax_shipping: bool,
}

/// Two rows are for the same place, so that one of them would never apply.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("another row is for the same place")]
pub struct RepeatedRow {
    /// The place of the later one in the table.
    pub row: usize,
}

impl TaxTable {
    /// Checks that each place has one row.
    ///
    /// # Errors
    /// The first row whose place had one before.
    pub fn check(&self) -> Result<(), RepeatedRow> {
        let place =
            |row: &TaxRow| (row.country.to_ascii_lowercase(), row.state.as_deref().map(str::to_ascii_lowercase));
        let mut places = BTreeSet::new();
        let repeated = self.rows.iter().position(|row| !places.insert(place(row)));
        repeated.map_or(Ok(()), |row| Err(RepeatedRow { row }))
    }

    /// The row for an address: that of its subdivision, else of the one that this lies in, else of the country, else none.
    pub fn row_for(&self, country: &str, state: &str) -> Option<&TaxRow> {
        let row_of = |state: &str| {
            self.rows_of(country).find(|row| row.state.as_deref().is_some_and(|of| of.eq_ignore_ascii_case(state)))
        };
        let mut place = self.tells_subdivisions_apart(country).then_some(state);
        while let Some(state) = place {
            if let Some(row) = row_of(state) {
                return Some(row);
            }
            place = parent_subdivision(country, state);
        }
        self.rows_of(country).find(|row| row.state.is_none())
    }

    /// Whether a subdivision of the country has a row of its own.
    pub fn tells_subdivisions_apart(&self, country: &str) -> bool {
        self.rows_of(country).any(|row| row.state.is_some())
    }

    /// Every row of a country, also those of its states.
    pub fn rows_of(&self, country: &str) -> impl Iterator<Item = &TaxRow> {
        self.rows.iter().filter(move |row| row.country.eq_ignore_ascii_case(country))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_row_decides() {
        let row = |country: &str, state: Option<&str>, rate_bp| TaxRow {
            country: country.into(),
            state: state.map(Into::into),
            rate_bp,
            tax_shipping: false,
        };
        let table = TaxTable {
            prices_include_tax: false,
            rows: vec![row("US", None, 100), row("US", Some("CA"), 725), row("DE", None, 1900)],
        };
        assert_eq!(table.row_for("US", "CA").unwrap().rate_bp, 725);
        assert_eq!(table.row_for("US", "NY").unwrap().rate_bp, 100);
        assert_eq!(table.row_for("de", "").unwrap().rate_bp, 1900);
        assert_eq!(table.row_for("FR", ""), None);
        let canaries =
            TaxTable { rows: vec![row("ES", None, 2100), row("ES", Some("CN"), 700)], ..TaxTable::default() };
        assert_eq!(canaries.row_for("ES", "GC").unwrap().rate_bp, 700, "Las Palmas lies in the Canary Islands");
        assert_eq!(canaries.row_for("ES", "B").unwrap().rate_bp, 2100);
        assert_eq!(table.check(), Ok(()));
        let repeated =
            TaxTable { rows: vec![row("US", Some("CA"), 1), row("US", None, 2), row("US", Some("ca"), 3)], ..table };
        assert_eq!(repeated.check(), Err(RepeatedRow { row: 2 }));
    }
}
