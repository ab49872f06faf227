//! The closed set of error codes. `docs/ERRORS.md` is generated from this table, and a test compares the two.

use axum::http::StatusCode;
use serde::Serialize;

/// Declares [`ProblemCode`]: variant, status, code, title, and meaning.
macro_rules! problem_codes {
    ($($variant:ident = $status:ident $code:literal $title:literal, $meaning:literal;)*) => {
        /// Why a request was refused. The text form is part of the contract and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl ProblemCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable `snake_case` form that clients branch on.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that carries it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// A short summary, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The meaning and the next step, in one or two sentences.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

problem_codes! {
    // The request itself.
    MalformedRequest = BAD_REQUEST "malformed_request" "Malformed request",
        "The request could not be read. Send well-formed HTTP.";
    MalformedJson = BAD_REQUEST "malformed_json" "Malformed JSON",
        "The body is not valid JSON, or an object contains the same name twice. Correct the body.";
    InvalidHeader = BAD_REQUEST "invalid_header" "Invalid header",
        "A request header has an invalid value. Correct the header that the detail names.";
    IdempotencyKeyRequired = BAD_REQUEST "idempotency_key_required" "Idempotency-Key required",
        "The operation requires an Idempotency-Key header of 1 to 255 visible characters. Use a new key for each new request, and the same key for each retry.";
    InvalidSignature = BAD_REQUEST "invalid_signature" "Invalid signature",
        "The webhook's signature does not match its body, or is too old. Sign the exact bytes with the shared secret.";
    NotFound = NOT_FOUND "not_found" "Not found",
        "The resource does not exist, or you have no access to it. Check the id.";
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "Method not allowed",
        "The resource does not support this method. Use one that the Allow header lists.";
    BodyTooLarge = PAYLOAD_TOO_LARGE "body_too_large" "Body too large",
        "The body exceeds the size limit of the operation. Send a smaller body.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "Unsupported media type",
        "The operation does not support this Content-Type. Send application/json unless its documentation says otherwise.";
    InvalidBody = UNPROCESSABLE_ENTITY "invalid_body" "Invalid body",
        "A field is missing, unknown or of the wrong type. Correct the field that `errors` points at.";
    ValidationFailed = UNPROCESSABLE_ENTITY "validation_failed" "Invalid value",
        "A field has a value that is not allowed. Correct the fields that `errors` points at.";
    InvalidQuery = UNPROCESSABLE_ENTITY "invalid_query" "Invalid query parameter",
        "A query parameter has a value that is not allowed. Correct the parameters that `errors` names.";
    UnknownParameter = UNPROCESSABLE_ENTITY "unknown_parameter" "Unknown query parameter",
        "The operation has no such query parameter. Remove the parameters that `errors` names; the operation's documentation lists the supported ones.";
    RawCardDataRefused = UNPROCESSABLE_ENTITY "raw_card_data_refused" "Raw card data refused",
        "The body contains what looks like a card number or a security code. Send card data to the payment gateway only, and send its token here.";
    UnknownReference = UNPROCESSABLE_ENTITY "unknown_reference" "Unknown reference",
        "The body refers to a resource that does not exist or that you have no access to. Correct the field that `errors` points at.";
    CurrencyMismatch = UNPROCESSABLE_ENTITY "currency_mismatch" "Currencies do not match",
        "The document contains amounts in different currencies. Use one currency.";

    // Authentication and authorisation.
    NotAuthenticated = UNAUTHORIZED "not_authenticated" "Authentication required",
        "The request has no credentials. Send an access token as `Authorization: Bearer …`, or the cart's token as X-Cart-Token where guests are allowed.";
    InvalidToken = UNAUTHORIZED "invalid_token" "Invalid access token",
        "The access token is malformed, expired or not issued by this shop. Refresh it or log in again.";
    InvalidCredentials = UNAUTHORIZED "invalid_credentials" "Wrong e-mail or password",
        "E-mail and password do not match an active account. Correct them or reset the password.";
    InvalidRefreshToken = UNAUTHORIZED "invalid_refresh_token" "Invalid refresh token",
        "The refresh token is unknown, expired, used or revoked. Log in again.";
    InvalidMailedToken = UNPROCESSABLE_ENTITY "invalid_mailed_token" "Invalid mailed token",
        "The token from the mail is unknown, expired or used. Request a new one.";
    Forbidden = FORBIDDEN "forbidden" "Not allowed",
        "Your role does not permit this operation. Log in with an account whose role does.";
    TooManyAttempts = TOO_MANY_REQUESTS "too_many_attempts" "Too many attempts",
        "There were too many failed attempts for this account or from this address. Retry after the seconds in Retry-After.";
    TooManyRequests = TOO_MANY_REQUESTS "too_many_requests" "Too many requests",
        "Too many requests were sent in a short time. Retry after the seconds in Retry-After.";

    // Concurrency, idempotency and uniqueness.
    Conflict = CONFLICT "conflict" "Conflict",
        "A concurrent request changed the same resource. Load it again, and retry if the change still applies.";
    PreconditionFailed = PRECONDITION_FAILED "precondition_failed" "Precondition failed",
        "The version in If-Match is not the current one. Load the resource again, and retry if the change still applies.";
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY "idempotency_key_reused" "Idempotency-Key reused",
        "This Idempotency-Key was used with another request. Use a new key for a new request.";
    IdempotencyInProgress = CONFLICT "idempotency_in_progress" "Request in progress",
        "The first request with this Idempotency-Key is still in progress. Retry it unchanged after the seconds in Retry-After.";
    IllegalTransition = CONFLICT "illegal_transition" "Not possible in this state",
        "The operation is not possible in the current state of the resource, which the detail names. Load the resource again before you retry.";
    UsernameTaken = CONFLICT "username_taken" "Username taken",
        "Another account has this username. Choose another.";

    // The catalogue.
    SlugTaken = CONFLICT "slug_taken" "Slug taken",
        "Another resource has this slug. Choose another, or omit it to have one generated.";
    SkuTaken = CONFLICT "sku_taken" "SKU taken",
        "Another product or variant has this SKU. Choose another.";
    StockConflict = CONFLICT "stock_conflict" "Stock has changed",
        "The stock is not the expected quantity, or would become negative. Load the inventory again, and retry if the change still applies.";
    CategoryInUse = CONFLICT "category_in_use" "Category in use",
        "The category has products or child categories. Move them first.";
    CategoryCycle = CONFLICT "category_cycle" "Category cycle",
        "A category cannot be its own descendant. Choose another parent.";

    // Cart and checkout.
    CartNotFound = NOT_FOUND "cart_not_found" "Cart not found",
        "No cart has this X-Cart-Token; it may have expired. Discard the token and create a new cart.";
    CartEmpty = CONFLICT "cart_empty" "Cart is empty",
        "The cart has no items. Add an item first.";
    CartFull = CONFLICT "cart_full" "Cart is full",
        "The cart has the maximum number of lines. Remove a line first.";
    InsufficientStock = CONFLICT "insufficient_stock" "Not enough in stock",
        "Fewer units are available than requested; `available` is their number. Lower the quantity.";
    PriceChanged = CONFLICT "price_changed" "The price has changed",
        "The total is not the expected one; `quote` contains the current one. Show it to the customer and ask for confirmation.";
    CouponInvalid = UNPROCESSABLE_ENTITY "coupon_invalid" "Coupon not applicable",
        "The coupon cannot be applied; `reason` is one of unknown, expired, not_started, minimum_not_met, not_applicable, limit_reached and not_eligible. Remove the coupon or use another.";
    CouponCodeTaken = CONFLICT "coupon_code_taken" "Coupon code taken",
        "Another coupon has this code. Choose another.";
    ShippingUnavailable = UNPROCESSABLE_ENTITY "shipping_unavailable" "Shipping method not available",
        "The shipping method is not available for the address. Choose one of the quote's shippingOptions.";
    TotalNotChargeable = UNPROCESSABLE_ENTITY "total_not_chargeable" "Total not chargeable",
        "The payment method cannot charge this total; `minimum`, `maximum` and `step` say what it can, in minor units. Use another payment method or change the cart.";
    PaymentMethodUnavailable = UNPROCESSABLE_ENTITY "payment_method_unavailable" "Payment method not available",
        "The shop does not accept this payment method, or it is not configured for it. Use another payment method.";
    PaymentDisputed = CONFLICT "payment_disputed" "Payment disputed",
        "The customer's bank disputes the charge. Wait until the dispute is decided.";
    OrderNotCancellable = CONFLICT "order_not_cancellable" "Order cannot be cancelled",
        "The order has ended, its payment is in progress, or a line of it has been shipped. Request a return for shipped lines.";
    NotReturnable = CONFLICT "not_returnable" "Cannot be returned",
        "A line has not been shipped, or the quantity is more than was bought. Correct the lines.";

    // Payments.
    PaymentNotConfirmable = CONFLICT "payment_not_confirmable" "Payment not confirmable",
        "The payment requires neither a confirmation nor another payment method. Load it to see its status.";
    PaymentMethodMismatch = UNPROCESSABLE_ENTITY "payment_method_mismatch" "Payment method mismatch",
        "The token or saved payment method is of another kind than the payment method of the order. Choose the payment method that fits, or send another token.";
    PaymentMethodExpired = UNPROCESSABLE_ENTITY "payment_method_expired" "Payment method expired",
        "The saved card has expired. Use another payment method, or save the renewed card.";
    PaymentMethodRefused = UNPROCESSABLE_ENTITY "payment_method_refused" "Payment method refused",
        "The payment gateway does not accept the token; `failureCode` says why. Have the customer enter the card again, or another one.";
    NothingToCapture = CONFLICT "nothing_to_capture" "Nothing to capture",
        "Nothing is authorised that can be captured, or less than the amount; `capturable` is what can be. Lower the amount, or load the payment to see its captures.";
    RefundExceedsCaptured = CONFLICT "refund_exceeds_captured" "Refund exceeds the captured amount",
        "The refunds would exceed the captured amount. Lower the amount.";
    ReferenceUsed = CONFLICT "reference_used" "Reference used",
        "A bank transfer with this reference is recorded already, for this payment or another one. Check the bank statement; each of its lines counts once.";

    // Reviews.
    AlreadyReviewed = CONFLICT "already_reviewed" "Already reviewed",
        "You have already reviewed this product. Update that review instead.";
    OwnReview = FORBIDDEN "own_review" "Your own review",
        "You cannot vote on your own review.";

    // Failures of the shop.
    Internal = INTERNAL_SERVER_ERROR "internal" "Internal error",
        "Something went wrong on our side and has been logged. Quote the requestId when you report it.";
    Busy = SERVICE_UNAVAILABLE "busy" "Too many concurrent requests",
        "Too many requests change the same resource at this moment. Nothing was changed; retry with the same Idempotency-Key after the seconds in Retry-After.";
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "Temporarily unavailable",
        "A service that the shop depends on does not respond. It is safe to retry with the same Idempotency-Key after the seconds in Retry-After.";
}

impl ProblemCode {
    /// The code of an error response that has only a status, such as the router's 404 and 405.
    pub const fn for_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::NotAuthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::InvalidBody,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Self::Unavailable,
            status if status.as_u16() < 500 => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl utoipa::PartialSchema for ProblemCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}
impl utoipa::ToSchema for ProblemCode {
    fn name() -> std::borrow::Cow<'static, str> {
        "ProblemCode".into()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fmt::Write, path::Path};

    use super::*;
    use shop_validation::FieldCode;

    fn documentation() -> String {
        let mut text = String::from(
            "# Errors\n\n\
             Every refusal is `application/problem+json` (RFC 9457) with a stable `code`. Branch on the code, show the `detail`, \
             and quote the `requestId` when you ask for help. Members beside the standard ones (`available`, `reason`, `quote`) \
             are named below.\n\n\
             This page is generated from `shared/http/src/problem/code.rs` and `shared/validation/src/code.rs`: \
             `UPDATE_DOCS=1 cargo test -p shop-http problem::code`.\n\n\
             | code | status | meaning, and what to do |\n|---|---|---|\n",
        );
        for code in ProblemCode::ALL {
            let _ = writeln!(text, "| `{}` | {} | {} |", code.as_str(), code.status().as_u16(), code.meaning());
        }
        text.push_str(
            "\n## Fields\n\n\
             `errors` lists what is wrong with which field or query parameter. Each entry has a `pointer` (RFC 6901, or `/` \
             and the name of the parameter), a `message` for people, and one of these codes:\n\n\
             | code | meaning |\n|---|---|\n",
        );
        for code in FieldCode::ALL {
            let _ = writeln!(text, "| `{}` | {} |", code.as_str(), code.meaning());
        }
        text
    }

    #[test]
    fn the_documentation_lists_exactly_the_codes() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ERRORS.md");
        let expected = documentation();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == expected,
            "docs/ERRORS.md does not match the codes; run UPDATE_DOCS=1 cargo test -p shop-http problem::code"
        );
    }

    #[test]
    fn codes_are_unique_and_snake_case_and_refusals() {
        let mut seen = HashSet::new();
        for code in ProblemCode::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} occurs twice");
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{text}");
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{text}");
            assert!(code.meaning().ends_with('.'), "{text}");
        }
        seen.clear();
        for code in FieldCode::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} occurs twice");
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{text}");
            assert!(code.meaning().ends_with('.'), "{text}");
        }
    }
}
