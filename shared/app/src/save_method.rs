//! Saves payment methods at the gateway and in the shop, and deletes them from both.
//!
//! The gateway keeps the card, the shop its token. What is deleted is detached at the gateway by a message, so that an answer
//! that is lost leaves nothing attached for good.

use shop_domain::{
    Id, Random, Timestamp,
    message::{Event, Message},
    payment::{Failure, FailureCode, Payment, PaymentSource},
    saved_method::{CardOnFile, MAX_SAVED_METHODS, SavedMethod},
    sealing::{KeyRing, SealingError},
    user::User,
};
use shop_gateway::{GatewayError, PaymentGateway};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, transaction};

/// Why a payment method was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveMethodError {
    /// The account is gone.
    #[error("the account does not exist")]
    NoAccount,
    /// The customer has no method of this id.
    #[error("there is no such payment method")]
    Unknown,
    /// The customer has [`MAX_SAVED_METHODS`].
    #[error("no more payment methods can be saved")]
    LimitReached,
    /// The gateway does not accept the token.
    #[error("the payment method was refused: {}", .0.reason)]
    Refused(Failure),
    /// The gateway did not answer, or is misconfigured.
    #[error(transparent)]
    Gateway(GatewayError),
    /// The name on the card cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for SaveMethodError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<GatewayError> for SaveMethodError {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::InvalidMethod(failure) => Self::Refused(failure),
            error => Self::Gateway(error),
        }
    }
}

/// The user's customer at the gateway, made on first use. Of concurrent calls all get the same one.
pub async fn customer_of(
    store: &Store,
    gateway: &dyn PaymentGateway,
    user: Id<User>,
) -> Result<String, SaveMethodError> {
    let account = store.users.find(user).await?.ok_or(SaveMethodError::NoAccount)?;
    if let Some(customer) = account.into_inner().gateway_customer {
        return Ok(customer);
    }
    make_customer(store, gateway, user, None).await
}

/// Another customer for a user whose customer the gateway no longer knows: deleted there, with the cards that they had.
pub async fn replace_customer(
    store: &Store,
    gateway: &dyn PaymentGateway,
    user: Id<User>,
    unknown: &str,
) -> Result<String, SaveMethodError> {
    tracing::warn!(%user, customer = unknown, "the gateway no longer knows the customer: another one is made");
    make_customer(store, gateway, user, Some(unknown)).await
}

async fn make_customer(
    store: &Store,
    gateway: &dyn PaymentGateway,
    user: Id<User>,
    replaces: Option<&str>,
) -> Result<String, SaveMethodError> {
    let made = gateway.create_customer(user, replaces).await?;
    store.users.set_gateway_customer(user, &made, replaces).await?.ok_or(SaveMethodError::NoAccount)
}

/// Keeps a card at the gateway for later charges of the user.
pub async fn keep_card(
    store: &Store,
    gateway: &dyn PaymentGateway,
    user: Id<User>,
    token: &PaymentSource,
) -> Result<CardOnFile, SaveMethodError> {
    let customer = customer_of(store, gateway, user).await?;
    match gateway.save_method(&customer, token).await {
        Err(GatewayError::UnknownCustomer(_)) => {
            let another = replace_customer(store, gateway, user, &customer).await?;
            Ok(gateway.save_method(&another, token).await?)
        }
        kept => Ok(kept?),
    }
}

/// Saves the card of a token. Saving the same token again answers the same method.
pub async fn save_method(
    store: &Store,
    gateway: &dyn PaymentGateway,
    user: Id<User>,
    token: &PaymentSource,
    sealing: (&KeyRing, &Random),
    now: Timestamp,
) -> Result<(Versioned<SavedMethod>, Vec<Message>), SaveMethodError> {
    // Checked again by the transaction; here so that nothing is attached in vain.
    if store.saved_methods.count_of(user).await? >= MAX_SAVED_METHODS {
        return Err(SaveMethodError::LimitReached);
    }
    let card = keep_card(store, gateway, user, token).await?;
    transaction!(store, |tx| { store_method(store, tx, user, card.clone(), sealing, now).await })
}

/// Saves the card that a payment charged, or forgets the wish if the gateway does not keep it. Does so once.
pub async fn save_charged_method(
    store: &Store,
    payment: Id<Payment>,
    card: Option<&CardOnFile>,
    sealing: (&KeyRing, &Random),
    now: Timestamp,
) -> Result<Vec<Message>, SaveMethodError> {
    transaction!(store, |tx| {
        let missing = || StoreError::Missing(format!("payment {payment}"));
        let mut payment = store.payments.find_in(tx, payment).await?.ok_or_else(missing)?;
        if !std::mem::take(&mut payment.save_method) {
            return Ok(Vec::new());
        }
        let mut messages = Vec::new();
        if let (Some(user), Some(card)) = (payment.user, card) {
            let (saved, more) = store_method(store, tx, user, card.clone(), sealing, now).await?;
            payment.saved_method = Some(saved.id);
            messages = more;
        }
        store.payments.save_in(tx, &mut payment).await?;
        Ok(messages)
    })
}

/// Stores a card that the gateway keeps. One more than the limit is stored as deleted, so that it is detached.
async fn store_method(
    store: &Store,
    tx: &mut Tx,
    user: Id<User>,
    card: CardOnFile,
    sealing: (&KeyRing, &Random),
    now: Timestamp,
) -> Result<(Versioned<SavedMethod>, Vec<Message>), SaveMethodError> {
    // Orders the changes of one user's methods: their number and their default.
    if !store.users.lock_in(tx, user).await? {
        return Err(SaveMethodError::NoAccount);
    }
    if let Some(found) = store.saved_methods.find_by_token_in(tx, &card.token).await? {
        let is_theirs = found.user == user && found.deleted_at.is_none();
        let reason = "the card was deleted: enter it again";
        let refused = || SaveMethodError::Refused(Failure::new(FailureCode::InvalidPaymentMethod, reason));
        return if is_theirs { Ok((found, Vec::new())) } else { Err(refused()) };
    }
    let count = store.saved_methods.count_of_in(tx, user).await?;
    let mut saved = SavedMethod::new(user, card, count == 0, sealing, now)?;
    let mut messages = Vec::new();
    if count >= MAX_SAVED_METHODS {
        saved.delete(now);
        messages.push(Event::DetachMethodRequested { method_id: saved.id }.now(now));
    }
    store.saved_methods.insert_in(tx, &saved).await?;
    store.outbox.enqueue_all(tx, &messages).await?;
    Ok((Versioned::first(saved), messages))
}

/// Makes a method the default of its owner, or no default.
pub async fn set_default(
    store: &Store,
    user: Id<User>,
    id: Id<SavedMethod>,
    is_default: bool,
    now: Timestamp,
) -> Result<Versioned<SavedMethod>, SaveMethodError> {
    transaction!(store, |tx| {
        let found = store.saved_methods.find_of_in(tx, user, id).await?;
        let mut saved = found.ok_or(SaveMethodError::Unknown)?;
        if saved.is_default == is_default {
            return Ok(saved);
        }
        if !store.users.lock_in(tx, user).await? {
            return Err(SaveMethodError::NoAccount);
        }
        if is_default {
            store.saved_methods.unset_default_in(tx, user, now).await?;
        }
        saved.is_default = is_default;
        saved.updated_at = now;
        store.saved_methods.save_in(tx, &mut saved).await?;
        Ok(saved)
    })
}

/// Deletes a method. The message detaches it at the gateway.
pub async fn delete_method(
    store: &Store,
    user: Id<User>,
    id: Id<SavedMethod>,
    now: Timestamp,
) -> Result<Message, SaveMethodError> {
    transaction!(store, |tx| {
        let found = store.saved_methods.find_of_in(tx, user, id).await?;
        let mut saved = found.ok_or(SaveMethodError::Unknown)?;
        saved.delete(now);
        let message = Event::DetachMethodRequested { method_id: id }.now(now);
        store.saved_methods.save_in(tx, &mut saved).await?;
        store.outbox.enqueue(tx, &message).await?;
        Ok(message)
    })
}
