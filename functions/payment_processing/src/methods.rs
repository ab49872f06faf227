//! `payment.saveMethodRequested` and `payment.detachMethodRequested`: cards on file at the gateway.

use shared::{
    app::save_method::{SaveMethodError, customer_of, keep_card, replace_customer, save_charged_method},
    domain::{Id, payment::Payment, saved_method::SavedMethod, user::User},
    gateway::GatewayError,
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer};

impl PaymentProcessing {
    /// Saves the card that a payment charged. Stores nothing if the gateway does not keep it.
    pub(crate) async fn save_charged_method(&self, id: Id<Payment>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let (true, Some(user), Some(intent)) = (payment.save_method, payment.user, &payment.transaction_id) else {
            return Ok(());
        };
        let charged = self.gateway.look_up(intent).await.map_err(no_answer)?.payment_method;
        let card = match charged {
            Some(method) => match keep_card(&self.worker.store, self.gateway.as_ref(), user, &method).await {
                Ok(card) => Some(card),
                Err(error @ (SaveMethodError::Refused(_) | SaveMethodError::Gateway(GatewayError::Refused(_)))) => {
                    tracing::warn!(payment = %id, reason = %error, "a charged payment method cannot be saved");
                    None
                }
                Err(error) => return Err(not_saved(error)),
            },
            None => None,
        };
        let now = self.worker.clock.now();
        let sealing = (&self.keys, &self.worker.random);
        match save_charged_method(&self.worker.store, id, card.as_ref(), sealing, now).await {
            Ok(messages) => {
                self.worker.dispatch(messages).await;
                Ok(())
            }
            Err(error) => Err(not_saved(error)),
        }
    }

    /// Detaches a deleted method, and then forgets it.
    pub(crate) async fn detach_method(&self, id: Id<SavedMethod>) -> Result<(), ProcessError> {
        let methods = &self.worker.store.saved_methods;
        let Some(method) = methods.find(id).await?.filter(|method| method.deleted_at.is_some()) else {
            return Ok(());
        };
        self.gateway.detach_method(&method.card.token).await.map_err(no_answer)?;
        Ok(methods.remove(id).await?)
    }

    /// The user's customer at the gateway.
    pub(crate) async fn customer_of(&self, user: Id<User>) -> Result<String, ProcessError> {
        customer_of(&self.worker.store, self.gateway.as_ref(), user).await.map_err(not_saved)
    }

    /// Another customer for a user whose customer the gateway no longer knows.
    pub(crate) async fn replace_customer(&self, user: Id<User>, unknown: &str) -> Result<String, ProcessError> {
        replace_customer(&self.worker.store, self.gateway.as_ref(), user, unknown).await.map_err(not_saved)
    }
}

fn not_saved(error: SaveMethodError) -> ProcessError {
    match error {
        SaveMethodError::Store(error) => error.into(),
        SaveMethodError::Gateway(error) => no_answer(error),
        SaveMethodError::Sealing(error) => ProcessError::retry("the name on a card could not be sealed", error),
        error => ProcessError::Poison(error.to_string()),
    }
}
