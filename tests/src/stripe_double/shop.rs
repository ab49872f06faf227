//! A shop that charges at a double.

use std::sync::Arc;

use shared::{config::Secret, gateway::Stripe};

use super::{StripeDouble, events::Event};
use crate::{request::Reply, shop::TestShop, shop::WEBHOOK_SECRET};

impl TestShop {
    /// An empty shop whose gateway is a [`StripeDouble`] behind the real client, and that double. Both have one clock.
    pub async fn start_with_double() -> (Self, StripeDouble) {
        let mut shop = Self::start().await;
        let double = StripeDouble::start(shop.clock.clone()).await;
        let stripe = Stripe::try_new(double.base(), Secret::new(StripeDouble::SECRET_KEY)).unwrap();
        shop.reopen(|shop| shop.gateway = Arc::new(stripe));
        (shop, double)
    }

    /// Stripe delivers an event to the shop's endpoint, signed now. May be called for the same event again, for events in any
    /// order, or not at all.
    pub async fn receive(&self, event: &Event) -> Reply {
        let signature = event.signature(WEBHOOK_SECRET, self.clock.now());
        let request = self.request("POST", "/v1/payments/webhooks/stripe").header("stripe-signature", signature);
        request.raw("application/json", event.body()).send().await
    }
}
