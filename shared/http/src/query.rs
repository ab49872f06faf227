//! Query parameters: unknown ones are ignored, bad values refused.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

use super::{
    body::{Complaint, push_segment},
    problem::{Problem, ProblemCode},
};

/// The query string as a `T`, which leaves out `deny_unknown_fields` and makes optional what is optional.
///
/// An empty parameter (`?brand=&q=mug`) counts as absent: that is what a form sends for what nobody filled in.
/// `#[serde(flatten)]` does not work with numbers here; take two `ValidQuery` side by side instead.
#[derive(Clone, Copy, Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Refuses the parameter `name`, for rules that its type does not hold.
pub fn invalid(name: &str, message: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::InvalidQuery).field(format!("/{name}"), "invalid", message)
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    // No text has one, and the database's patterns cannot even hold it.
    if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).find(|(_, value)| value.contains('\0')) {
        let mut pointer = String::new();
        push_segment(&mut pointer, &name);
        return Err(Problem::new(ProblemCode::InvalidQuery).field(
            pointer,
            "invalid",
            "must not hold the character NUL",
        ));
    }
    let filled_in = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()))
        .finish();
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(filled_in.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let mut pointer = String::new();
        if let Some(serde_path_to_error::Segment::Map { key }) = error.path().iter().next() {
            push_segment(&mut pointer, key);
        }
        let said = error.inner().to_string();
        let complaint = Complaint::read(&said);
        if let Some(name) = complaint.field {
            pointer.clear();
            push_segment(&mut pointer, &name);
        }
        let (code, message) = number_or_boolean(&said).unwrap_or((complaint.code, complaint.message));
        Problem::new(ProblemCode::InvalidQuery).field(pointer, code, message)
    })
}

/// The standard library's complaints about text that should be a number or a boolean.
fn number_or_boolean(said: &str) -> Option<(&'static str, String)> {
    if said.starts_with("invalid digit") {
        Some(("wrong_type", "must be an integer".to_owned()))
    } else if said.starts_with("number too ") {
        Some(("out_of_range", "is beyond what is allowed".to_owned()))
    } else if said.starts_with("provided string was not") {
        Some(("wrong_type", "must be true or false".to_owned()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Search {
        q: Option<String>,
        min_price: Option<u32>,
        #[serde(default)]
        in_stock: bool,
        sort: Option<Sort>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Sort {
        #[serde(rename = "price")]
        Price,
        #[serde(rename = "-price")]
        PriceDescending,
    }

    #[derive(Debug, Deserialize)]
    struct Lookup {
        #[expect(dead_code, reason = "only its absence matters")]
        email: String,
    }

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(query: &str) -> (String, String) {
        let problem = parse::<T>(query).unwrap_err();
        assert_eq!(problem.code(), ProblemCode::InvalidQuery);
        (problem.errors()[0].pointer.clone(), problem.errors()[0].code.clone())
    }

    #[test]
    fn good_parameters_are_taken_and_unknown_and_empty_ones_ignored() {
        let search: Search =
            parse("q=a%20mug&minPrice=100&inStock=true&sort=-price&utm_source=x&utm_source=y").unwrap();
        assert_eq!(
            search,
            Search { q: Some("a mug".into()), min_price: Some(100), in_stock: true, sort: Some(Sort::PriceDescending) }
        );
        assert_eq!(
            parse::<Search>("q=&minPrice=&sort=").unwrap(),
            Search { q: None, min_price: None, in_stock: false, sort: None }
        );
        assert_eq!(parse::<Search>("sort=price").unwrap().sort, Some(Sort::Price));
    }

    #[test]
    fn bad_values_are_pointed_at() {
        for (query, pointer, code) in [
            ("minPrice=-1", "/minPrice", "wrong_type"),
            ("minPrice=x", "/minPrice", "wrong_type"),
            ("minPrice=99999999999999999999", "/minPrice", "out_of_range"),
            ("inStock=yes", "/inStock", "wrong_type"),
            ("sort=up", "/sort", "unknown_value"),
            ("q=a&q=b", "/q", "duplicate_name"),
            ("q=a%00b", "/q", "invalid"),
        ] {
            assert_eq!(refusal::<Search>(query), (pointer.to_owned(), code.to_owned()), "{query}");
        }
        assert_eq!(refusal::<Lookup>("").0, "/email");
    }
}
