//! Authentication. These extractors come first in a handler's signature, so that an unauthenticated request is refused
//! before its body is read, and no handler can omit the check.

use std::convert::Infallible;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use super::{
    app::App,
    headers::CartToken,
    problem::{Problem, ProblemCode},
    request_id,
    token::AccessTokens,
};
use shop_domain::{
    Buyer, Id, Timestamp,
    user::{Role, SessionFamily, User},
};

/// A user with a valid access token; 401 otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// The user's id.
    pub id: Id<User>,
    /// Their role.
    pub role: Role,
    /// The session that the token was issued for.
    pub session: Id<SessionFamily>,
    /// Whether their e-mail was verified when the token was issued.
    pub email_verified: bool,
}

impl CurrentUser {
    /// Whether they are an administrator.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// A user, or a guest without a token. An invalid token is 401, so that a request that was meant for an account is not
/// executed for a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeUser(pub Option<CurrentUser>);

/// The reader of a public resource. An invalid or expired token counts as none: public data stays readable, and data
/// that only the user may see is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer(pub Option<CurrentUser>);

/// An administrator; 403 for other users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin(pub CurrentUser);

/// A seller or an administrator; 403 for other users. The handler checks whether the resource is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seller(pub CurrentUser);

/// The buyer of a request: a user, or a guest with a cart token; 401 otherwise. Whether a cart has the token is not
/// checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentBuyer {
    /// Who buys.
    pub buyer: Buyer,
    /// Whether it is an administrator, who may see what others bought.
    pub is_admin: bool,
}

impl From<CurrentUser> for CurrentBuyer {
    fn from(user: CurrentUser) -> Self {
        Self { buyer: Buyer::Customer(user.id), is_admin: user.is_admin() }
    }
}

/// Like [`CurrentBuyer`], or a visitor without a cart, whose first write creates one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaybeBuyer(pub Option<CurrentBuyer>);

/// The user of the `Authorization` header.
fn authenticate(headers: &HeaderMap, tokens: &AccessTokens, now: Timestamp) -> Result<Option<CurrentUser>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let refused = || Problem::new(ProblemCode::InvalidToken);
    if values.next().is_some() {
        return Err(refused());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let claims = tokens.verify(token.trim_start(), now).map_err(|error| refused().source(error))?;
    Ok(Some(CurrentUser { id: claims.sub, role: claims.role, session: claims.sid, email_verified: claims.ver }))
}

impl<S> FromRequestParts<S> for MaybeUser
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        let user = authenticate(&parts.headers, &app.tokens, app.clock.now())?;
        if let Some(user) = user {
            request_id::record_user(user.id);
        }
        Ok(Self(user))
    }
}

impl<S> FromRequestParts<S> for Viewer
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let user = MaybeUser::from_request_parts(parts, state).await;
        Ok(Self(user.ok().and_then(|MaybeUser(user)| user)))
    }
}

impl<S> FromRequestParts<S> for CurrentUser
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let MaybeUser(user) = MaybeUser::from_request_parts(parts, state).await?;
        user.ok_or_else(|| Problem::new(ProblemCode::NotAuthenticated))
    }
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user = CurrentUser::from_request_parts(parts, state).await?;
        match user.role {
            Role::Admin => Ok(Self(user)),
            Role::Seller | Role::Customer => Err(Problem::new(ProblemCode::Forbidden)),
        }
    }
}

impl<S> FromRequestParts<S> for Seller
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user = CurrentUser::from_request_parts(parts, state).await?;
        match user.role {
            Role::Admin | Role::Seller => Ok(Self(user)),
            Role::Customer => Err(Problem::new(ProblemCode::Forbidden)),
        }
    }
}

impl<S> FromRequestParts<S> for MaybeBuyer
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let MaybeUser(user) = MaybeUser::from_request_parts(parts, state).await?;
        if let Some(user) = user {
            return Ok(Self(Some(user.into())));
        }
        let CartToken(token) = CartToken::read(parts)?;
        Ok(Self(token.map(|token| CurrentBuyer { buyer: Buyer::guest(&token), is_admin: false })))
    }
}

impl<S> FromRequestParts<S> for CurrentBuyer
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let MaybeBuyer(buyer) = MaybeBuyer::from_request_parts(parts, state).await?;
        buyer.ok_or_else(|| Problem::new(ProblemCode::NotAuthenticated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Claims, SigningKey};
    use shop_domain::Clock;

    #[test]
    fn exactly_one_valid_bearer_token_authenticates() {
        let key = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
        let tokens = AccessTokens::trusting(&key.jwks()).unwrap();
        let now = Clock::system().now();
        let ask = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("authorization", value.parse().unwrap());
            }
            authenticate(&headers, &tokens, now)
                .map(|user| user.map(|user| user.role))
                .map_err(|problem| problem.code())
        };
        let valid = key.issue(&Claims::new(Id::new(), Role::Seller, Id::new(), true, now, 900)).unwrap();
        assert_eq!(ask(&[]), Ok(None));
        assert_eq!(ask(&[&format!("Bearer {valid}")]), Ok(Some(Role::Seller)));
        assert_eq!(ask(&[&format!("bearer  {valid}")]), Ok(Some(Role::Seller)));
        for bad in
            ["", "Bearer", "Bearer ", "Basic YTpi", &valid, &format!("Basic {valid}"), &format!("Bearer {valid} x")]
        {
            assert_eq!(ask(&[bad]), Err(ProblemCode::InvalidToken), "{bad}");
        }
        assert_eq!(ask(&[&format!("Bearer {valid}"), &format!("Bearer {valid}")]), Err(ProblemCode::InvalidToken));
    }
}
