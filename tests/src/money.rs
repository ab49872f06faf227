//! Whether the money is where the orders say, by the word of the Stripe API.

use std::{collections::BTreeSet, time::Duration};

use shared::domain::{
    order::{Order, OrderStatus},
    payment::{GatewayName, Payment},
};

use crate::{shop::TestShop, stripe_api::StripeApi};

/// Longer than a charge that could not be called off is left alone until it is asked about again.
const A_WHILE: Duration = Duration::from_secs(6 * 60);

impl TestShop {
    /// Hands over every message, twice with maintenance in between, so that nothing is left under way.
    pub async fn settle(&self) {
        self.deliver_everything().await;
        for _ in 0..2 {
            self.clock.advance(A_WHILE);
            self.run_maintenance().await;
            self.deliver_everything().await;
        }
    }

    /// Fails the test unless every order that is paid was charged once and nothing is kept for any other. To be asked when
    /// nothing is under way.
    pub async fn money_is_where_it_belongs(&self, stripe: &StripeApi) {
        let (orders, payments): (Vec<Order>, Vec<Payment>) = (self.all("orders").await, self.all("payments").await);
        let mut moved = stripe.money().await;
        let known: BTreeSet<_> = payments.iter().map(|payment| payment.order).collect();
        assert_eq!(known.len(), payments.len(), "an order has two payments");
        assert_eq!(known, orders.iter().map(|order| order.id).collect(), "orders and payments are not the same");
        for order in &orders {
            let payment = payments.iter().find(|payment| payment.order == order.id).unwrap();
            if payment.gateway != GatewayName::Stripe {
                continue;
            }
            let moved = moved.remove(&payment.id.to_string()).unwrap_or_default();
            let total = order.pricing.total.minor();
            assert!(moved.charged.len() <= 1, "order {} was charged more than once: {moved:?}", order.id);
            let kept = moved.charged.iter().sum::<i64>() - moved.given_back;
            let expected = match order.status {
                OrderStatus::Pending | OrderStatus::Cancelled | OrderStatus::Refunded => 0,
                OrderStatus::Confirmed | OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered => {
                    total
                }
            };
            assert_eq!(kept, expected, "order {} is {:?} and comes to {total}, but: {moved:?}", order.id, order.status);
        }
    }
}
