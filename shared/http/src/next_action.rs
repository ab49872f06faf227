//! What a customer does next at the payment gateway, in the answers about payments and orders.

use serde::Serialize;

/// The customer's next action.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NextAction)]
pub struct NextActionView {
    /// `use_stripe_sdk`: pass `clientSecret` to the gateway's script. `redirect`: send the customer to `url`. Confirm the
    /// payment afterwards.
    #[serde(rename = "type")]
    kind: NextActionKind,
    /// The gateway's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum NextActionKind {
    UseStripeSdk,
    Redirect,
}

impl NextActionView {
    /// The action of an intent that waits: on the gateway's page if there is one, otherwise in the gateway's script.
    pub const fn of(redirect_url: Option<String>) -> Self {
        let kind = if redirect_url.is_some() { NextActionKind::Redirect } else { NextActionKind::UseStripeSdk };
        Self { kind, url: redirect_url }
    }
}
