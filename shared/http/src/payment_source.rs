//! What a request pays with, checked before anything changes.

use super::{App, FieldCode, Problem, ProblemCode};
use shop_domain::{
    Buyer, Id,
    payment::{ChargeLimits, PaymentMethod},
    saved_method::{SavedMethod, SavedMethodRefusal},
};

/// The buyer's saved method, if an order that is paid by `method` can charge it. `pointer` is the field that names it.
///
/// # Errors
/// 422 if the buyer has no such method, if it has expired, or if it is of another kind.
pub async fn find_saved_method(
    app: &App,
    buyer: &Buyer,
    method: PaymentMethod,
    id: Id<SavedMethod>,
    pointer: &str,
) -> Result<SavedMethod, Problem> {
    let found = match buyer {
        Buyer::Customer(user) => app.store.saved_methods.find_of(*user, id).await?,
        Buyer::Guest(_) => None,
    };
    let Some(saved) = found else {
        let message = "you have no such saved payment method";
        return Err(Problem::new(ProblemCode::UnknownReference).field(pointer, FieldCode::UnknownReference, message));
    };
    match method.check_saved(&saved, app.clock.now()) {
        Ok(()) => Ok(saved.into_inner()),
        Err(SavedMethodRefusal::Mismatch) => Err(mismatch(pointer)),
        Err(refusal @ SavedMethodRefusal::Expired) => Err(Problem::new(ProblemCode::PaymentMethodExpired).field(
            pointer,
            FieldCode::Unavailable,
            refusal.to_string(),
        )),
    }
}

/// The problem of a token or saved method that contradicts the payment method of the order.
pub fn mismatch(pointer: &str) -> Problem {
    let message = "is of another kind than the payment method of the order";
    Problem::new(ProblemCode::PaymentMethodMismatch).field(pointer, FieldCode::Invalid, message)
}

/// The problem of a request with both a token and a saved method.
pub fn ambiguous(pointer: &str) -> Problem {
    let message = "give either a token or a saved payment method";
    Problem::new(ProblemCode::ValidationFailed).field(pointer, FieldCode::Invalid, message)
}

/// The problem of a payment method that the shop does not accept.
pub fn unavailable(pointer: &str) -> Problem {
    let message = "the shop does not accept this payment method";
    Problem::new(ProblemCode::PaymentMethodUnavailable).field(pointer, FieldCode::Unavailable, message)
}

/// The problem of a total that the payment method cannot charge.
pub fn not_chargeable(limits: ChargeLimits) -> Problem {
    Problem::new(ProblemCode::TotalNotChargeable)
        .member("minimum", limits.minimum)
        .member("maximum", limits.maximum)
        .member("step", limits.step)
}
