//! Compares the charges and refunds at the Stripe API with the orders.

use std::{collections::BTreeSet, time::Duration};

use shared::domain::{
    order::{Order, OrderStatus},
    payment::{GatewayName, Payment},
};

use crate::{shop::TestShop, stripe_api::StripeApi};

/// Longer than the interval at which a void is retried.
const AFTER_VOID_RETRY: Duration = Duration::from_secs(6 * 60);

impl TestShop {
    /// Delivers every message and runs maintenance until no charge or void is in progress.
    pub async fn process_everything(&self) {
        self.deliver_everything().await;
        for _ in 0..2 {
            self.clock.advance(AFTER_VOID_RETRY);
            self.run_maintenance().await;
            self.deliver_everything().await;
        }
    }

    /// Fails the test unless every paid order was charged once and every other order is refunded. Call
    /// [`TestShop::process_everything`] first.
    pub async fn assert_money_matches_orders(&self, stripe: &StripeApi) {
        let (orders, payments): (Vec<Order>, Vec<Payment>) = (self.all("orders").await, self.all("payments").await);
        let mut moved = stripe.money().await;
        let known: BTreeSet<_> = payments.iter().map(|payment| payment.order).collect();
        assert_eq!(known.len(), payments.len(), "an order has two payments");
        assert_eq!(known, orders.iter().map(|order| order.id).collect(), "orders and payments do not match");
        for order in &orders {
            let payment = payments.iter().find(|payment| payment.order == order.id).unwrap();
            if payment.gateway != GatewayName::Stripe {
                continue;
            }
            let moved = moved.remove(&payment.id.to_string()).unwrap_or_default();
            let total = order.pricing.total.minor();
            assert!(moved.charged.len() <= 1, "order {} was charged more than once: {moved:?}", order.id);
            let net_charge = moved.charged.iter().sum::<i64>() - moved.refunded;
            let expected = match order.status {
                OrderStatus::Pending | OrderStatus::Cancelled | OrderStatus::Refunded => 0,
                OrderStatus::Confirmed | OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered => {
                    total
                }
            };
            assert_eq!(
                net_charge, expected,
                "order {} is {:?} with a total of {total}, but: {moved:?}",
                order.id, order.status
            );
        }
    }
}
