//! Composes the mail of a message from the current state of the store.

use shared::{
    domain::{
        Id,
        cart::{Cart, CartStatus},
        message::Event,
        order::Order,
        payment::{Payment, TransferInstructions},
        product::Product,
        user::{MailedToken, TokenPurpose, User},
    },
    queue::{ProcessError, Worker},
    store::Versioned,
};

use crate::{Notifications, mailer::Mail, texts, times::Language};

impl Notifications {
    /// The mail; `None` if its recipient or subject no longer exists.
    pub(crate) async fn compose(&self, event: &Event) -> Result<Option<Mail>, ProcessError> {
        let store = &self.worker.store;
        match event {
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
            Event::EmailOrderPlaced { order_id } => {
                let Some(order) = self.order(*order_id).await? else { return Ok(None) };
                let payment = store.payments.find(order.payment).await?;
                let instructions = match &payment {
                    Some(payment) => self.instructions(&order, payment).await?,
                    None => None,
                };
                let language = self.language_of(&order).await?;
                Ok(Some(texts::order_placed(&order, instructions.as_ref(), language)))
            }
            Event::EmailOrderPaid { order_id } => {
                let Some(order) = self.order(*order_id).await? else { return Ok(None) };
                let payment = store.payments.find(order.payment).await?;
                Ok(payment.map(|payment| texts::order_paid(&order, &payment)))
            }
            Event::EmailOrderShipped { order_id } => {
                Ok(self.order(*order_id).await?.map(|order| texts::order_shipped(&order)))
            }
            Event::EmailOrderCancelled { order_id } => {
                Ok(self.order(*order_id).await?.map(|order| texts::order_cancelled(&order)))
            }
            Event::EmailPaymentFailed { order_id, payment_id } => {
                let found = self.order_and_payment(*order_id, *payment_id).await?;
                let Some((order, payment)) = found else { return Ok(None) };
                let language = self.language_of(&order).await?;
                Ok(Some(texts::payment_failed(&order, &payment, &self.shop_url, language)))
            }
            Event::EmailTransferDue { order_id, payment_id } => {
                let found = self.order_and_payment(*order_id, *payment_id).await?;
                let Some((order, payment)) = found else { return Ok(None) };
                // Paid or changed meanwhile: nothing is owed.
                let Some(instructions) = self.instructions(&order, &payment).await? else { return Ok(None) };
                let language = self.language_of(&order).await?;
                Ok(Some(texts::transfer_due(&order, &payment, &instructions, language)))
            }
            Event::EmailRefundApproved { order_id, payment_id, refund_id } => {
                let found = self.order_and_payment(*order_id, *payment_id).await?;
                Ok(found.and_then(|(order, payment)| {
                    let refund = payment.refunds.iter().find(|refund| refund.id == *refund_id)?;
                    Some(texts::refund_approved(&order, refund))
                }))
            }
            Event::EmailRefunded { order_id, payment_id, refund_id } => {
                let found = self.order_and_payment(*order_id, *payment_id).await?;
                Ok(found.and_then(|(order, payment)| {
                    let refund = payment.refunds.iter().find(|refund| refund.id == *refund_id)?;
                    Some(texts::refunded(&order, refund))
                }))
            }
            Event::EmailLowStock { sku } => {
                let Some(stock) = store.inventory.find(sku).await? else { return Ok(None) };
                let Some(product) = store.products.find(stock.product).await? else { return Ok(None) };
                Ok(self.user(product.seller).await?.map(|seller| texts::low_stock(&seller, &product, &stock)))
            }
            Event::EmailCartAbandoned { cart_id } => self.cart_abandoned(*cart_id).await,
            other => Err(ProcessError::Poison(format!("{:?} is not for this queue", other.queue()))),
        }
    }

    async fn user(&self, id: Id<User>) -> Result<Option<User>, ProcessError> {
        let user = self.worker.store.users.find(id).await?.map(Versioned::into_inner);
        Ok(user.filter(|user| user.is_active))
    }

    /// Where to transfer what is owed for an order.
    async fn instructions(
        &self,
        order: &Order,
        payment: &Payment,
    ) -> Result<Option<TransferInstructions>, ProcessError> {
        if !payment.awaits_transfer() {
            return Ok(None);
        }
        let account = self.worker.store.settings.bank_account().await?;
        Ok(account.and_then(|account| TransferInstructions::of(order, payment, account)))
    }

    /// The language of an order's buyer; a guest has not chosen one.
    async fn language_of(&self, order: &Order) -> Result<Language, ProcessError> {
        let Some(user) = order.user else { return Ok(Language::English) };
        let user = self.worker.store.users.find(user).await?;
        Ok(user.map_or(Language::English, |user| Language::of(&user.preferences.language)))
    }

    async fn token(&self, user: Id<User>, purpose: TokenPurpose) -> Result<String, ProcessError> {
        let token = self.worker.random.secret();
        let mailed_token = MailedToken::new(&token, user, purpose, self.worker.clock.now());
        self.worker.store.mailed_tokens.insert(&mailed_token).await?;
        Ok(token)
    }

    /// Reads the cart and the preferences now: the customer may have returned or opted out since the message was enqueued.
    async fn cart_abandoned(&self, id: Id<Cart>) -> Result<Option<Mail>, ProcessError> {
        let Worker { store, clock, random, .. } = &self.worker;
        let cart = store.carts.find(id).await?.filter(|cart| cart.status == CartStatus::Abandoned);
        let Some((cart, owner)) = cart.and_then(|cart| cart.user.map(|owner| (cart, owner))) else { return Ok(None) };
        let Some(user) = self.user(owner).await?.filter(User::takes_reminders) else { return Ok(None) };
        let mut products = store.products.find_all(cart.items.iter().map(|item| item.product)).await?;
        products.retain(Product::is_for_sale);
        if products.is_empty() {
            return Ok(None);
        }
        let token = random.secret();
        store.mailed_tokens.insert(&MailedToken::for_cart(&token, owner, id, clock.now())).await?;
        Ok(Some(texts::cart_abandoned(&user, &cart, &products, &self.shop_url, &token)))
    }

    async fn order(&self, id: Id<Order>) -> Result<Option<Order>, ProcessError> {
        Ok(self.worker.store.orders.find(id).await?.map(Versioned::into_inner))
    }

    async fn order_and_payment(
        &self,
        order: Id<Order>,
        payment: Id<Payment>,
    ) -> Result<Option<(Order, Payment)>, ProcessError> {
        let Some(order) = self.order(order).await? else { return Ok(None) };
        let payment = self.worker.store.payments.find(payment).await?;
        Ok(payment.map(|payment| (order, payment.into_inner())))
    }
}
