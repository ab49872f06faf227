//! The closed set of error codes. `docs/ERRORS.md` is written from this table, and a test holds the two together.

use axum::http::StatusCode;
use serde::Serialize;

/// Declares [`ProblemCode`]: variant, status, code, title, and what it means and what to do next.
macro_rules! problem_codes {
    ($($variant:ident = $status:ident $code:literal $title:literal, $meaning:literal;)*) => {
        /// Why a request was refused. The text form is part of the contract and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl ProblemCode {
            /// All of them, in the order of the documentation.
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

            /// What it means and what to do next, in one or two sentences.
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
        "The body is not one JSON document in which each name occurs once. Correct the syntax.";
    InvalidHeader = BAD_REQUEST "invalid_header" "Invalid header",
        "A request header has a value that it cannot have. The detail names it.";
    IdempotencyKeyRequired = BAD_REQUEST "idempotency_key_required" "Idempotency-Key required",
        "This operation must not happen twice by accident. Send an Idempotency-Key header of 1 to 255 visible characters, new for each intention and the same for each retry.";
    InvalidSignature = BAD_REQUEST "invalid_signature" "Invalid signature",
        "The webhook's signature does not match its body, or is too old. Sign the exact bytes with the shared secret.";
    NotFound = NOT_FOUND "not_found" "Not found",
        "It does not exist, or it is not yours. Check the id.";
    MethodNotAllowed = METHOD_NOT_ALLOWED "method_not_allowed" "Method not allowed",
        "The resource exists but does not take this method. The Allow header lists those it takes.";
    BodyTooLarge = PAYLOAD_TOO_LARGE "body_too_large" "Body too large",
        "The body exceeds the limit of this operation. Send less at once.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "Unsupported media type",
        "The Content-Type is not one that this operation reads. Send application/json unless its documentation says otherwise.";
    InvalidBody = UNPROCESSABLE_ENTITY "invalid_body" "Body of the wrong shape",
        "A field is missing, unknown or of the wrong type. `errors` points at it.";
    ValidationFailed = UNPROCESSABLE_ENTITY "validation_failed" "Invalid value",
        "The body has the right shape but holds values that are not allowed. `errors` points at each.";
    InvalidQuery = UNPROCESSABLE_ENTITY "invalid_query" "Invalid query parameter",
        "A query parameter has a value that is not allowed. `errors` names it.";
    UnknownParameter = UNPROCESSABLE_ENTITY "unknown_parameter" "Unknown query parameter",
        "The operation has no such query parameter. `errors` names it; the operation's documentation lists those it has.";
    RawCardDataRefused = UNPROCESSABLE_ENTITY "raw_card_data_refused" "Raw card data refused",
        "The body holds what looks like a card number or a card's security code. Send such data to the payment gateway only, and its token here.";
    UnknownReference = UNPROCESSABLE_ENTITY "unknown_reference" "Unknown reference",
        "The body names something that does not exist or is not yours. `errors` points at it.";
    CurrencyMismatch = UNPROCESSABLE_ENTITY "currency_mismatch" "Currencies do not match",
        "Amounts of different currencies meet in one document. Use one currency.";

    // Who is asking.
    NotAuthenticated = UNAUTHORIZED "not_authenticated" "Login required",
        "Nobody is logged in. Send an access token as `Authorization: Bearer …`, or the cart's token as X-Cart-Token where guests are served.";
    InvalidToken = UNAUTHORIZED "invalid_token" "Access token not accepted",
        "The access token is malformed, expired or not from here. Refresh it or log in again.";
    InvalidCredentials = UNAUTHORIZED "invalid_credentials" "Wrong e-mail or password",
        "The pair of e-mail and password is not that of an active account. Correct it or reset the password.";
    InvalidRefreshToken = UNAUTHORIZED "invalid_refresh_token" "Refresh token not accepted",
        "The refresh token is unknown, expired, used or revoked. Log in again.";
    InvalidMailedToken = UNPROCESSABLE_ENTITY "invalid_mailed_token" "Mailed token not accepted",
        "The token from the mail is unknown, expired or used. Ask for a new one.";
    Forbidden = FORBIDDEN "forbidden" "Not allowed",
        "You are logged in, but your role does not allow this.";
    TooManyAttempts = TOO_MANY_REQUESTS "too_many_attempts" "Too many attempts",
        "There were too many failed attempts for this account or from this address. Wait for as long as Retry-After says.";
    TooManyRequests = TOO_MANY_REQUESTS "too_many_requests" "Too many requests",
        "You are asking too often. Wait for as long as Retry-After says.";

    // What is there already, and who was faster.
    Conflict = CONFLICT "conflict" "Conflict",
        "Somebody else changed the same thing at the same time. Load it again and decide again.";
    PreconditionFailed = PRECONDITION_FAILED "precondition_failed" "Precondition failed",
        "The version in If-Match is not the current one. Load it again and decide again.";
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY "idempotency_key_reused" "Idempotency-Key reused",
        "This Idempotency-Key was used with another request. Use a new key for a new intention.";
    IdempotencyInProgress = CONFLICT "idempotency_in_progress" "Still in progress",
        "The first request with this Idempotency-Key is still running. Wait for as long as Retry-After says, then repeat it unchanged.";
    IllegalTransition = CONFLICT "illegal_transition" "Not possible in this state",
        "What you ask for is not possible in the state that the resource is in. The detail names the state.";
    UsernameTaken = CONFLICT "username_taken" "Username taken",
        "Another account has this username. Choose another.";

    // The catalogue.
    SlugTaken = CONFLICT "slug_taken" "Slug taken",
        "Another resource has this slug. Choose another, or leave it out to have one made.";
    SkuTaken = CONFLICT "sku_taken" "SKU taken",
        "Another product or variant has this SKU. Choose another.";
    StockConflict = CONFLICT "stock_conflict" "Stock has changed",
        "The stock is not what you expected, or would become negative. Load the inventory again and decide again.";
    CategoryInUse = CONFLICT "category_in_use" "Category in use",
        "The category has products or children. Move them first.";
    CategoryCycle = CONFLICT "category_cycle" "Category cycle",
        "A category cannot lie beneath itself. Choose another parent.";

    // Cart and checkout.
    CartNotFound = NOT_FOUND "cart_not_found" "Cart not found",
        "The X-Cart-Token belongs to no cart; it may have expired. Drop the token and start a new cart.";
    CartEmpty = CONFLICT "cart_empty" "Cart is empty",
        "There is nothing to buy in the cart. Add something first.";
    CartFull = CONFLICT "cart_full" "Cart is full",
        "The cart holds as many lines as it can. Remove one first.";
    InsufficientStock = CONFLICT "insufficient_stock" "Not enough in stock",
        "Fewer are available than asked for; `available` says how many. Lower the quantity.";
    PriceChanged = CONFLICT "price_changed" "The price has changed",
        "The total is no longer the expected one; `quote` holds the new one. Show it and let the customer decide.";
    CouponInvalid = UNPROCESSABLE_ENTITY "coupon_invalid" "Coupon not applicable",
        "The coupon cannot be applied; `reason` says why: unknown, expired, not_started, minimum_not_met, not_applicable, limit_reached or not_eligible.";
    CouponCodeTaken = CONFLICT "coupon_code_taken" "Coupon code taken",
        "Another coupon has this code. Choose another.";
    ShippingUnavailable = UNPROCESSABLE_ENTITY "shipping_unavailable" "Not shipped there that way",
        "The shipping method is not offered for the address. Take one of the quote's shippingOptions.";
    OrderNotCancellable = CONFLICT "order_not_cancellable" "Order cannot be cancelled",
        "The order has ended, its payment is under way, or a line of it has left. What has left can be sent back instead.";
    NotReturnable = CONFLICT "not_returnable" "Cannot be returned",
        "What is to be sent back has not left, or is more than was bought.";

    // Payments.
    PaymentNotConfirmable = CONFLICT "payment_not_confirmable" "Nothing to confirm",
        "The payment waits for no confirmation and no other method. Load it to see its status.";
    RefundExceedsCaptured = CONFLICT "refund_exceeds_captured" "Refund exceeds the captured amount",
        "More would be paid back than was paid. Lower the amount.";

    // Reviews.
    AlreadyReviewed = CONFLICT "already_reviewed" "Already reviewed",
        "You have reviewed this product. Change that review instead.";
    OwnReview = FORBIDDEN "own_review" "Your own review",
        "One cannot vote on one's own review.";

    // We are at fault.
    Internal = INTERNAL_SERVER_ERROR "internal" "Internal error",
        "Something went wrong on our side and has been logged. Quote the requestId when you report it.";
    Busy = SERVICE_UNAVAILABLE "busy" "Too many at once",
        "Too many want to change the same thing at this moment. Nothing happened; retry after as long as Retry-After says, with the same Idempotency-Key.";
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "Temporarily unavailable",
        "Something that we depend on does not answer. Nothing is lost; retry after as long as Retry-After says, with the same Idempotency-Key.";
}

impl ProblemCode {
    /// What stands for a refusal that says no more than its status, such as the router's own 404 and 405.
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
             This page is written from `shared/http/src/problem/code.rs` and `shared/validation/src/code.rs`: \
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
            "docs/ERRORS.md is not what the codes say; run UPDATE_DOCS=1 cargo test -p shop-http problem::code"
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
