//! Errors of saved payment methods, and their problems.

use shared::{
    app::save_method::SaveMethodError,
    domain::saved_method::MAX_SAVED_METHODS,
    gateway::GatewayError,
    http::{FieldCode, Problem, ProblemCode},
};

pub(crate) fn problem(error: SaveMethodError) -> Problem {
    match error {
        SaveMethodError::NoAccount => Problem::new(ProblemCode::InvalidToken),
        SaveMethodError::Unknown => Problem::not_found("payment method"),
        SaveMethodError::LimitReached => too_many(),
        SaveMethodError::Refused(failure) => Problem::new(ProblemCode::PaymentMethodRefused)
            .field("/token", FieldCode::Invalid, failure.reason)
            .member("failureCode", failure.code),
        SaveMethodError::Gateway(error @ GatewayError::Unknown(_)) => Problem::unavailable(error),
        SaveMethodError::Gateway(error) => {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(error = cause, "the gateway refuses the shop: check its key, its rights and its settings");
            Problem::unavailable(error)
        }
        SaveMethodError::Sealing(error) => Problem::unavailable(error),
        SaveMethodError::Store(error) => error.into(),
    }
}

pub(crate) fn too_many() -> Problem {
    Problem::new(ProblemCode::Conflict)
        .detail(format!("You have saved {MAX_SAVED_METHODS} payment methods. Delete one first."))
}
