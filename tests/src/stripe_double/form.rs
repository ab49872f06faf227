//! The parameters of a request: `application/x-www-form-urlencoded`, with brackets for nested ones.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::error::StripeError;

/// The parameters of a request in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form(pub(super) Vec<(String, String)>);

impl Form {
    pub(super) fn parse(text: &str) -> Self {
        let url = Url::parse(&format!("http://form.test/?{text}")).unwrap();
        Self::of(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())))
    }

    pub(super) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort();
        Self(pairs)
    }

    /// "Error codes", `parameter_unknown`: Stripe refuses a parameter that the endpoint does not have.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), StripeError> {
        let is_known = |name: &str| known.contains(&name.split('[').next().unwrap_or(name));
        match self.0.iter().find(|(name, _)| !is_known(name) && !name.starts_with("expand[")) {
            Some((name, _)) => {
                Err(StripeError::invalid(name, format!("Received unknown parameter: {name}")).code("parameter_unknown"))
            }
            None => Ok(()),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, StripeError> {
        match self.text(name) {
            None => Err(StripeError::missing(name)),
            Some("") => {
                let message = format!("You passed an empty string for '{name}'.");
                Err(StripeError::invalid(name, message).code("parameter_invalid_empty"))
            }
            Some(value) => Ok(value),
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, StripeError> {
        let invalid = |value: &str| StripeError::invalid(name, format!("Invalid integer: {value}"));
        let parse = |value: &str| value.parse().map_err(|_| invalid(value).code("parameter_invalid_integer"));
        self.text(name).map(parse).transpose()
    }

    /// An amount: a positive integer.
    pub(super) fn amount(&self, name: &str) -> Result<Option<i64>, StripeError> {
        match self.integer(name)? {
            Some(amount) if amount <= 0 => {
                let message = "This value must be greater than or equal to 1.";
                Err(StripeError::invalid(name, message).code("parameter_invalid_integer"))
            }
            amount => Ok(amount),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, StripeError> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(StripeError::invalid(name, format!("Invalid boolean: {other}"))),
        }
    }

    /// One of these words.
    pub(super) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<String>, StripeError> {
        match self.text(name) {
            Some(word) if !words.contains(&word) => {
                let message = format!("Invalid {name}: must be one of {}", words.join(", "));
                Err(StripeError::invalid(name, message))
            }
            word => Ok(word.map(str::to_owned)),
        }
    }

    /// `name[]` or `name[0]`, `name[1]`.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let prefix = format!("{name}[");
        self.0.iter().filter(|(of, _)| of.starts_with(&prefix)).map(|(_, value)| value.clone()).collect()
    }

    /// "Metadata": up to 50 keys of 40 characters, values of 500.
    pub(super) fn metadata(&self) -> Result<Map<String, Value>, StripeError> {
        let key = |name: &str| Some(name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned());
        let pairs: BTreeMap<_, _> = self.0.iter().filter_map(|(name, value)| Some((key(name)?, value))).collect();
        if pairs.len() > 50 || pairs.iter().any(|(key, value)| key.chars().count() > 40 || value.chars().count() > 500)
        {
            let message =
                "Metadata can have up to 50 keys of up to 40 characters, with values of up to 500 characters.";
            return Err(StripeError::invalid("metadata", message));
        }
        Ok(pairs.into_iter().map(|(key, value)| (key, json!(value))).collect())
    }
}
