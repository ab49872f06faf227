//! From a message to a letter: who gets it, and what it needs to say.

use std::time::Duration;

use shared::{
    domain::{
        Id,
        message::{Event, Message},
        order::Order,
        payment::{Payment, Refund},
        secret_hash::sha256_hex,
        user::{MailedToken, TokenPurpose, User},
    },
    queue::ProcessError,
    store::SCHEMA_VERSION,
};

use crate::{Notifications, mailer::Mail, texts};

/// How long a mailed token works.
const fn life(purpose: TokenPurpose) -> Duration {
    match purpose {
        TokenPurpose::VerifyEmail => Duration::from_secs(24 * 3600),
        TokenPurpose::ResetPassword => Duration::from_secs(30 * 60),
    }
}

impl Notifications {
    /// The letter; `None` if whoever it is for, or what it is about, is gone.
    pub(crate) async fn compose(&self, message: &Message) -> Result<Option<Mail>, ProcessError> {
        let store = &self.worker.store;
        match &message.event {
            Event::EmailVerification { user_id } => {
                let Some(user) = self.user(*user_id).await? else { return Ok(None) };
                if user.is_email_verified {
                    return Ok(None);
                }
                let token = self.token(user.id, TokenPurpose::VerifyEmail).await?;
                Ok(Some(texts::verification(&user, &self.shop_url, &token)))
            }
            Event::EmailPasswordReset { user_id } => {
                let Some(user) = self.user(*user_id).await? else { return Ok(None) };
                let token = self.token(user.id, TokenPurpose::ResetPassword).await?;
                Ok(Some(texts::password_reset(&user, &self.shop_url, &token)))
            }
            Event::EmailAlreadyRegistered { user_id } => {
                Ok(self.user(*user_id).await?.map(|user| texts::already_registered(&user, &self.shop_url)))
            }
            Event::EmailOrderPlaced {} => Ok(self.order(message).await?.map(|order| texts::order_placed(&order))),
            Event::EmailOrderPaid {} => Ok(self.order(message).await?.map(|order| texts::order_paid(&order))),
            Event::EmailOrderShipped {} => Ok(self.order(message).await?.map(|order| texts::order_shipped(&order))),
            Event::EmailOrderCancelled {} => Ok(self.order(message).await?.map(|order| texts::order_cancelled(&order))),
            Event::EmailPaymentFailed {} => {
                let found = self.order_and_payment(message).await?;
                Ok(found.map(|(order, payment)| texts::payment_failed(&order, &payment, &self.shop_url)))
            }
            Event::EmailRefunded { refund_id } => Ok(self.refund(message, *refund_id).await?),
            Event::EmailLowStock { sku } => {
                let Some(stock) = store.inventory.find(sku).await? else { return Ok(None) };
                let Some(product) = store.products.find(stock.product).await? else { return Ok(None) };
                Ok(self.user(product.seller).await?.map(|seller| texts::low_stock(&seller, &product, &stock)))
            }
            Event::EmailBackInStock { user_id, product_id } => {
                let Some(product) = store.products.find(*product_id).await? else { return Ok(None) };
                Ok(self.user(*user_id).await?.map(|user| texts::back_in_stock(&user, &product, &self.shop_url)))
            }
            Event::EmailCartAbandoned { cart_id } => {
                let Some(cart) = store.carts.find(*cart_id).await? else { return Ok(None) };
                let Some(owner) = cart.user else { return Ok(None) };
                Ok(self.user(owner).await?.map(|user| texts::cart_abandoned(&user, &cart, &self.shop_url)))
            }
            other => Err(ProcessError::Poison(format!("{:?} is not for this queue", other.queue()))),
        }
    }

    async fn user(&self, id: Id<User>) -> Result<Option<User>, ProcessError> {
        Ok(self.worker.store.users.find(id).await?.filter(|user| user.is_active))
    }

    async fn token(&self, user: Id<User>, purpose: TokenPurpose) -> Result<String, ProcessError> {
        let token = self.worker.random.secret();
        let kept = MailedToken {
            token_hash: sha256_hex(&token),
            user,
            purpose,
            expires_at: self.worker.clock.now().plus(life(purpose)),
            schema_version: SCHEMA_VERSION,
        };
        self.worker.store.mailed_tokens.insert(&kept).await?;
        Ok(token)
    }

    async fn order(&self, message: &Message) -> Result<Option<Order>, ProcessError> {
        let id = message.order_id.ok_or_else(|| ProcessError::Poison("the message names no order".to_owned()))?;
        Ok(self.worker.store.orders.find(id).await?)
    }

    async fn order_and_payment(&self, message: &Message) -> Result<Option<(Order, Payment)>, ProcessError> {
        let Some(order) = self.order(message).await? else { return Ok(None) };
        let payment = self.worker.store.payments.find(order.payment).await?;
        Ok(payment.map(|payment| (order, payment)))
    }

    async fn refund(&self, message: &Message, id: Id<Refund>) -> Result<Option<Mail>, ProcessError> {
        let Some((order, payment)) = self.order_and_payment(message).await? else { return Ok(None) };
        let refund = payment.refunds.iter().find(|refund| refund.id == id);
        Ok(refund.map(|refund| texts::refunded(&order, refund)))
    }
}
