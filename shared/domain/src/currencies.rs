//! The currencies that the shop sells in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Currency;

/// The currency settings of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopCurrencies {
    currencies: Vec<Currency>,
}

/// Why a list of currencies is invalid.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidShopCurrencies {
    /// A shop sells in something.
    #[error("must not be empty")]
    Empty,
    /// A currency is listed twice.
    #[error("the list has this currency already")]
    Repeated {
        /// The place of the later one in the list.
        index: usize,
    },
}

impl ShopCurrencies {
    /// Checks that there is a currency, and none twice.
    pub fn try_new(currencies: Vec<Currency>) -> Result<Self, InvalidShopCurrencies> {
        if currencies.is_empty() {
            return Err(InvalidShopCurrencies::Empty);
        }
        let mut seen = BTreeSet::new();
        match currencies.iter().position(|currency| !seen.insert(*currency)) {
            Some(index) => Err(InvalidShopCurrencies::Repeated { index }),
            None => Ok(Self { currencies }),
        }
    }

    /// All of them, the default first.
    pub fn all(&self) -> &[Currency] {
        &self.currencies
    }

    /// The currency of amounts that name none.
    pub fn default_currency(&self) -> Currency {
        self.currencies.first().copied().unwrap_or_default()
    }

    /// Whether the shop sells in this currency.
    pub fn contains(&self, currency: Currency) -> bool {
        self.currencies.contains(&currency)
    }
}

impl Default for ShopCurrencies {
    fn default() -> Self {
        Self { currencies: vec![Currency::default()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_sells_in_one_or_more_different_currencies() {
        let eur = Currency::try_from("EUR".to_owned()).unwrap();
        let both = ShopCurrencies::try_new(vec![eur, Currency::USD]).unwrap();
        assert_eq!((both.default_currency(), both.contains(Currency::USD)), (eur, true));
        assert_eq!(ShopCurrencies::try_new(vec![]), Err(InvalidShopCurrencies::Empty));
        let repeated = ShopCurrencies::try_new(vec![eur, Currency::USD, eur]);
        assert_eq!(repeated, Err(InvalidShopCurrencies::Repeated { index: 2 }));
        let usual = ShopCurrencies::default();
        assert_eq!((usual.all(), usual.contains(eur)), (&[Currency::USD][..], false));
    }
}
