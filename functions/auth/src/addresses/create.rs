//! `POST /v1/auth/me/addresses`

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use shared::{
    domain::{
        Address,
        address::{AddressType, SavedAddress},
    },
    http::{App, CurrentUser, Problem, Valid, address::AddressBody},
    transaction,
    validation::{Validate, Violations},
};

use crate::{problems::AuthError, view::AddressView};

/// Bounds the storage of one account.
const MAX_ADDRESSES: u64 = 100;

/// An entry of the address book.
// Beside `AddressBody`, because serde cannot both flatten one struct into another and refuse unknown fields.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SaveAddress {
    /// What it is used for.
    #[serde(rename = "type")]
    pub(crate) kind: AddressType,
    full_name: String,
    company: Option<String>,
    address_line1: String,
    address_line2: Option<String>,
    city: String,
    #[serde(default)]
    state: String,
    postal_code: String,
    country: String,
    phone: String,
    /// Whether it is the default of its type; the previous default is unset.
    #[serde(default)]
    pub(crate) is_default: bool,
}

impl Validate for SaveAddress {
    fn validate(&self, v: &mut Violations) {
        self.body().validate(v);
    }
}

impl SaveAddress {
    /// Without its type and default flag.
    pub(crate) fn address(&self) -> Address {
        self.body().into()
    }

    fn body(&self) -> AddressBody {
        let Self { full_name, company, address_line1, address_line2, city, state, postal_code, country, phone, .. } =
            self.clone();
        AddressBody { full_name, company, address_line1, address_line2, city, state, postal_code, country, phone }
    }
}

/// Create an address
#[utoipa::path(post, path = "/v1/auth/me/addresses", tag = "auth", security(("bearer" = [])),
    request_body = SaveAddress, responses((status = 201, body = AddressView, headers(("Location" = String)))))]
pub(crate) async fn create_address(
    user: CurrentUser,
    State(app): State<App>,
    Valid(form): Valid<SaveAddress>,
) -> Result<impl IntoResponse, Problem> {
    let store = &app.store;
    let now = app.clock.now();
    let (kind, is_default) = (form.kind, form.is_default);
    let saved = SavedAddress::new(user.id, kind, form.address(), is_default, now);
    transaction!(store, |tx| {
        if !store.users.lock_in(tx, user.id).await? {
            return Err(AuthError::AccountClosed);
        }
        if store.addresses.count_of_in(tx, user.id).await? >= MAX_ADDRESSES {
            return Err(AuthError::TooManyAddresses);
        }
        if saved.is_default {
            store.addresses.yield_default_to_in(tx, &saved, now).await?;
        }
        Ok(store.addresses.insert_in(tx, &saved).await?)
    })?;
    let location = format!("/v1/auth/me/addresses/{}", saved.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(AddressView::from(saved))))
}
