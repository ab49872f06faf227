//! Query parameters. A request with a parameter that the operation's OpenAPI description does not declare is refused
//! before its handler runs.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use serde::de::DeserializeOwned;
use utoipa::openapi::{OpenApi, path::ParameterIn};

use super::problem::{FieldCode, FieldError, Problem, ProblemCode};
use shop_validation::{self, Validate, Violations, push_segment};

/// The query string, read into a `T` and validated. Optional parameters are optional fields.
///
/// An empty parameter (`?brand=&q=mug`) counts as absent, as HTML forms send it. A handler may read its query into several
/// types side by side, such as a filter and [`super::PageQuery`].
#[derive(Clone, Copy, Debug)]
pub struct ValidQuery<T>(pub T);

impl<T: DeserializeOwned + Validate, S: Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Refuses the parameter `name`, for rules that need more than the query to be checked.
pub fn invalid(name: &str, message: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::InvalidQuery).field(pointer_to(name), FieldCode::Invalid, message)
}

fn parse<T: DeserializeOwned + Validate>(query: &str) -> Result<T, Problem> {
    let refused = |errors: Vec<FieldError>| Problem::new(ProblemCode::InvalidQuery).fields(errors);
    let filled_in = |(_, value): &(_, Cow<'_, str>)| !value.is_empty();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).filter(filled_in).collect();
    // No valid value contains it, and MongoDB's regular expressions cannot.
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
        return Err(invalid(name, "must not contain the character NUL"));
    }
    let value: T = shop_validation::query::read(pairs).map_err(|error| refused(vec![error.into()]))?;
    match Violations::of(&value) {
        errors if errors.is_empty() => Ok(value),
        errors => Err(refused(errors)),
    }
}

fn pointer_to(name: &str) -> String {
    let mut pointer = String::new();
    push_segment(&mut pointer, name);
    pointer
}

/// The query parameters of every operation, by route and method.
#[derive(Clone, Debug, Default)]
pub(super) struct DeclaredParameters(Arc<HashMap<String, HashMap<Method, BTreeSet<String>>>>);

impl DeclaredParameters {
    /// The parameters that an OpenAPI description declares.
    pub(super) fn of(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter().map(|(route, item)| {
            let operations = [
                (Method::GET, &item.get),
                (Method::HEAD, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            let operations = operations.into_iter().filter_map(|(method, operation)| {
                let parameters = operation.as_ref()?.parameters.iter().flatten();
                let in_query = parameters.filter(|parameter| parameter.parameter_in == ParameterIn::Query);
                Some((method, in_query.map(|parameter| parameter.name.clone()).collect()))
            });
            (route.clone(), operations.collect())
        });
        Self(Arc::new(routes.collect()))
    }

    /// Refuses a query with a parameter that the operation does not have. Routes without a description accept every
    /// query.
    pub(super) fn check(&self, route: &str, method: &Method, query: &str) -> Result<(), Problem> {
        let Some(declared) = self.0.get(route).and_then(|operations| operations.get(method)) else { return Ok(()) };
        let names: BTreeSet<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
        let errors: Vec<FieldError> = names
            .iter()
            .filter(|name| !declared.contains(name.as_ref()))
            .map(|name| FieldError {
                pointer: pointer_to(name),
                code: FieldCode::UnknownParameter,
                message: "is not a parameter of this operation".to_owned(),
            })
            .take(MAX_UNKNOWN)
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(Problem::new(ProblemCode::UnknownParameter).fields(errors)) }
    }
}

/// The client decides how many unknown parameters it sends, so the list of them is bounded.
const MAX_UNKNOWN: usize = 20;

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use utoipa_axum::{router::OpenApiRouter, routes};

    use super::*;
    use shop_validation::rules::optional_line;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Search {
        q: Option<String>,
        min_price: Option<u32>,
        #[serde(default)]
        in_stock: bool,
    }

    impl Validate for Search {
        fn validate(&self, v: &mut Violations) {
            v.check("q", &self.q, optional_line(5));
        }
    }

    fn refusal(query: &str) -> (String, FieldCode) {
        let problem = parse::<Search>(query).unwrap_err();
        assert_eq!(problem.code(), ProblemCode::InvalidQuery);
        (problem.errors()[0].pointer.clone(), problem.errors()[0].code)
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        let search = parse::<Search>("q=&minPrice=&inStock=true&inStock=").unwrap();
        assert_eq!(search, Search { q: None, min_price: None, in_stock: true });
    }

    #[test]
    fn a_query_is_checked_for_its_shape_and_by_its_rules() {
        assert_eq!(parse::<Search>("q=a%20mug").unwrap().q.as_deref(), Some("a mug"));
        for (query, pointer, code) in [
            ("minPrice=x", "/minPrice", FieldCode::WrongType),
            ("q=a%00b", "/q", FieldCode::Invalid),
            ("q=too+long", "/q", FieldCode::TooLong),
        ] {
            assert_eq!(refusal(query), (pointer.to_owned(), code), "{query}");
        }
    }

    #[utoipa::path(get, path = "/things/{id}", params(("id" = String, Path), ("q" = Option<String>, Query)),
        responses((status = 200)))]
    async fn show_thing() {}

    #[utoipa::path(post, path = "/things/{id}", params(("id" = String, Path)), responses((status = 200)))]
    async fn change_thing() {}

    #[test]
    fn an_operation_has_the_parameters_that_its_description_declares() {
        let router: OpenApiRouter = OpenApiRouter::new().routes(routes!(show_thing, change_thing));
        let declared = DeclaredParameters::of(&router.into_openapi());
        let check = |route: &str, method: Method, query: &str| {
            declared.check(route, &method, query).map_err(|problem| {
                assert_eq!(problem.code(), ProblemCode::UnknownParameter);
                problem.errors().iter().map(|error| error.pointer.clone()).collect::<Vec<_>>().join(" ")
            })
        };
        let refused = |pointers: &str| Err(pointers.to_owned());
        let route = "/things/{id}";
        for query in ["", "q=mug", "q=&&q=mug"] {
            assert_eq!(check(route, Method::GET, query), Ok(()), "{query}");
        }
        assert_eq!(check(route, Method::GET, "utm_source=x&q=mug&Q="), refused("/Q /utm_source"));
        assert_eq!(check(route, Method::HEAD, "a/b=1&a/b=2"), refused("/a~1b"));
        assert_eq!(check(route, Method::GET, "id=1"), refused("/id"));
        assert_eq!(check(route, Method::POST, "q=mug"), refused("/q"));
        // Unsupported methods and unknown routes are refused by the router.
        assert_eq!(check(route, Method::PUT, "x=1"), Ok(()));
        assert_eq!(check("/other", Method::GET, "x=1"), Ok(()));
    }
}
