//! What is sealed of a payment, for the operator.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use shared::{
    domain::{
        Id, Timestamp,
        payment::Payment,
        sealing::{KeyRing, Sealed, SealedField},
    },
    store::Store,
};

/// Records that a person has decided what a payment waited for. Answers what that was; `None` if it waited for nothing.
///
/// # Errors
/// If there is no such payment, it changed meanwhile, or the database cannot be reached.
pub async fn resolve(store: &Store, id: Id<Payment>, reason: &str, now: Timestamp) -> Result<Option<String>> {
    let mut payment = store.payments.find(id).await?.with_context(|| format!("there is no payment {id}"))?;
    let attention = payment.attention.clone();
    if payment.resolve_attention(reason, now).was_executed() {
        store.payments.save(&mut payment).await?;
    }
    Ok(attention)
}

/// A payment with the name on its card and what is kept of the gateway's answer. A value that does not open is replaced by
/// the reason.
///
/// # Errors
/// If there is no such payment, or the database cannot be read.
pub async fn show(store: &Store, keys: &KeyRing, id: Id<Payment>) -> Result<Value> {
    let payment = store.payments.find(id).await?.with_context(|| format!("there is no payment {id}"))?;
    let open = |field: SealedField, sealed: &Sealed| match keys.open(field, id, sealed) {
        Ok(text) => text.expose().to_owned(),
        Err(error) => format!("not readable: {error}"),
    };
    let card = payment.payment_details.as_ref();
    let name = card.and_then(|card| card.holder_name.as_ref());
    let answer = payment.gateway_answer.as_ref().map(|answer| open(SealedField::PaymentGatewayAnswer, answer));
    Ok(json!({
        "id": id.to_string(),
        "order": payment.order.to_string(),
        "status": payment.status.as_str(),
        "amount": payment.amount.minor(),
        "currency": payment.currency.code(),
        "attempts": payment.attempts,
        "intent": payment.transaction_id,
        "attention": payment.attention,
        "failureCode": payment.failure_code.map(|code| code.as_str()),
        "card": card.map(|card| json!({"brand": card.brand, "last4": card.last4})),
        "holderName": name.map(|name| open(SealedField::PaymentHolderName, name)),
        // JSON, unless it does not open.
        "gatewayAnswer": answer.map(|answer| serde_json::from_str(&answer).unwrap_or(Value::String(answer))),
    }))
}
