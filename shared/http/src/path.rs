//! Path parameters. A malformed id is 404, as an unknown one is; never 400 or 500.

use std::{fmt, marker::PhantomData};

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::problem::{Problem, ProblemCode};
use shop_domain::{Id, Kind};

/// The route's only parameter as an id.
pub struct PathId<T>(pub Id<T>);

/// The route's only parameter as text, for slugs and numbers; at most 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathText(pub String);

/// Two ids, in the order of the route.
pub struct PathIds<A, B>(pub Id<A>, pub Id<B>);

/// Longer than any slug or number that exists.
const TEXT_LIMIT: usize = 200;

impl<T> Clone for PathId<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for PathId<T> {}
impl<T> fmt::Debug for PathId<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
impl<A, B> fmt::Debug for PathIds<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

/// Deserialises an `Id` without the bounds that a derive would put on its marker type.
struct Segment<T>(Id<T>, PhantomData<T>);

impl<'de, T: Kind> Deserialize<'de> for Segment<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Id::deserialize(deserializer).map(|id| Self(id, PhantomData))
    }
}

async fn parameter<T: DeserializeOwned + Send, S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<T> {
    Path::<T>::from_request_parts(parts, state).await.ok().map(|Path(value)| value)
}

impl<T: Kind + Send, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segment: Option<Segment<T>> = parameter(parts, state).await;
        let Segment(id, _) = segment.ok_or_else(|| Problem::not_found(T::NAME))?;
        Ok(Self(id))
    }
}

impl<A: Kind + Send, B: Kind + Send, S: Send + Sync> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments: Option<(Segment<A>, Segment<B>)> = parameter(parts, state).await;
        let (first, second) = segments.ok_or_else(|| Problem::not_found(A::NAME))?;
        Ok(Self(first.0, second.0))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text: Option<String> = parameter(parts, state).await;
        let text = text.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
        if text.is_empty() || text.len() > TEXT_LIMIT || text.contains('\0') {
            return Err(Problem::new(ProblemCode::NotFound));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::Request, routing::get};
    use tower::ServiceExt;

    use super::*;
    use shop_domain::user::User;

    async fn status(path: &str) -> u16 {
        let router = Router::<()>::new()
            .route("/ids/{id}", get(|PathId(id): PathId<User>| async move { id.to_string() }))
            .route("/pairs/{a}/{b}", get(|PathIds(a, b): PathIds<User, User>| async move { format!("{a}{b}") }))
            .route("/texts/{text}", get(|PathText(text): PathText| async move { text }));
        router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_malformed_id_is_not_found() {
        assert_eq!(status("/ids/507f1f77bcf86cd799439011").await, 200);
        for path in ["/ids/x", "/ids/1", "/ids/%7B%22%24gt%22%3A%22%22%7D", "/ids/%ff", "/ids/507f1f77bcf86cd79943901g"]
        {
            assert_eq!(status(path).await, 404, "{path}");
        }
        assert_eq!(status("/pairs/507f1f77bcf86cd799439011/507f1f77bcf86cd799439011").await, 200);
        assert_eq!(status("/pairs/507f1f77bcf86cd799439011/x").await, 404);
    }

    #[tokio::test]
    async fn text_of_a_reasonable_length_is_accepted() {
        assert_eq!(status("/texts/mug").await, 200);
        for path in ["/texts/%ff", "/texts/a%00b"] {
            assert_eq!(status(path).await, 404, "{path}");
        }
        assert_eq!(status(&format!("/texts/{}", "x".repeat(201))).await, 404);
    }
}
