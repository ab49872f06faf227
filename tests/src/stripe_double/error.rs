//! Errors, as the page "Errors" of Stripe's API reference describes them.

use serde_json::{Value, json};

/// The answer of a resource: the object, or an error.
pub(super) type Answer = Result<Value, StripeError>;

/// An error object and its status.
#[derive(Clone, Debug)]
pub(super) struct StripeError {
    pub(super) status: u16,
    /// Whether the endpoint had begun to execute, so that the answer is kept for the idempotency key.
    pub(super) began: bool,
    pub(super) fields: Value,
}

impl StripeError {
    fn new(status: u16, kind: &str, message: impl Into<String>) -> Self {
        Self { status, began: true, fields: json!({"type": kind, "message": message.into()}) }
    }

    /// The parameters are valid, but the state of an object does not allow the request.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// A parameter is invalid: the endpoint does not begin to execute ("Idempotent requests").
    pub(super) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self { began: false, ..Self::refused(message) }.with("param", param)
    }

    /// "Error codes", `parameter_missing`.
    pub(super) fn missing(param: &str) -> Self {
        Self::invalid(param, format!("Missing required param: {param}.")).code("parameter_missing")
    }

    /// "Error codes", `resource_missing`: 404 if the id is in the path, 400 if it is a parameter.
    pub(super) fn no_such(status: u16, what: &str, id: &str, param: &str) -> Self {
        let error = Self::new(status, "invalid_request_error", format!("No such {what}: '{id}'"));
        error.code("resource_missing").with("param", param)
    }

    /// The path names no endpoint.
    pub(super) fn no_endpoint(method: &str, path: &str) -> Self {
        let error = Self::new(404, "invalid_request_error", format!("Unrecognized request URL ({method}: {path})."));
        Self { began: false, ..error }
    }

    /// The request has no API key.
    pub(super) fn no_key() -> Self {
        let message = "You did not provide an API key. You need to provide your API key in the Authorization header.";
        Self { began: false, ..Self::new(401, "invalid_request_error", message) }
    }

    /// 402: the issuer declined the card.
    pub(super) fn card(message: &str) -> Self {
        Self::new(402, "card_error", message)
    }

    /// The key was used with other parameters.
    pub(super) fn other_parameters(message: String) -> Self {
        Self { began: false, ..Self::new(400, "idempotency_error", message) }
    }

    /// "Error codes", `idempotency_key_in_use`.
    pub(super) fn key_in_use(key: &str) -> Self {
        let message = format!(
            "There is currently another in-progress request using this Idempotent Key (that probably means you submitted \
             twice, and the other request is still going through): {key}. Please try again later."
        );
        Self { began: false, ..Self::new(409, "idempotency_error", message) }.code("idempotency_key_in_use")
    }

    /// What Stripe answers with this status for reasons outside the request ("HTTP status code summary"). According to
    /// "Advanced error handling", the rate limiter and the check of the API key run before the idempotency layer, and most
    /// 400s are not kept either.
    pub(super) fn of_status(status: u16) -> Self {
        let error = |kind, message| Self::new(status, kind, message);
        let error = match status {
            401 => error("invalid_request_error", "Invalid API Key provided: sk_test_********"),
            402 => error("card_error", "Your card was declined.")
                .code("card_declined")
                .with("decline_code", "generic_decline"),
            403 => error("invalid_request_error", "The provided key does not have the required permissions."),
            404 => error("invalid_request_error", "No such object").code("resource_missing"),
            409 => {
                let message = "This object cannot be accessed right now because another API request or Stripe process is \
                               currently accessing it.";
                error("invalid_request_error", message).code("lock_timeout")
            }
            424 => error(
                "api_error",
                "The request could not be completed due to a failure in a dependency external to Stripe.",
            ),
            429 => error("invalid_request_error", "Request rate limit exceeded.").code("rate_limit"),
            400..=499 => error("invalid_request_error", "The request was unacceptable."),
            _ => error("api_error", "Sorry! There was an error while talking to one of our backends."),
        };
        Self { began: !matches!(status, 400 | 401 | 403 | 409 | 429), ..error }
    }

    pub(super) fn code(self, code: &str) -> Self {
        self.with("code", code)
    }

    pub(super) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields[field] = value.into();
        self
    }

    pub(super) fn body(&self) -> Value {
        let mut fields = self.fields.clone();
        if let Some(code) = fields["code"].as_str() {
            fields["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        json!({"error": fields})
    }
}
