//! Concurrent calls of the gateway: what happens between a request and its response.

use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{
    gateway::{Call, Moment},
    stripe_api::NEEDS_AUTHENTICATION,
};

use super::{Sale, TOTAL};

#[tokio::test]
async fn an_order_is_not_cancelled_during_its_charge() {
    let sale = Sale::ordered().await;
    let blocked = sale.gateway.block_next(Call::Confirm, Moment::Before);
    let charging = sale.deliver("payment.requested");
    let cancelling = async {
        blocked.arrived().await;
        let refused = sale.cancel().await;
        refused.is_problem(409, "order_not_cancellable");
        assert_eq!(refused.header("retry-after"), Some("60"));
        drop(blocked);
    };
    assert!(futures::join!(charging, cancelling).0);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    // A paid order can be cancelled, with a refund.
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_cancelled_and_refunded().await;
}

#[tokio::test]
async fn a_charge_voided_before_it_reaches_the_gateway_never_happens() {
    let sale = Sale::ordered().await;
    let blocked = sale.gateway.block_next(Call::Confirm, Moment::Before);
    let charging = sale.deliver("payment.requested");
    let expiring = async {
        blocked.arrived().await;
        sale.void_charge().await;
        drop(blocked);
    };
    futures::join!(charging, expiring);
    sale.shop.deliver_everything().await;
    assert!(sale.charges().await.is_empty());
    sale.is_cancelled_and_refunded().await;
}

#[tokio::test]
async fn voiding_a_charge_that_succeeded_completes_the_payment() {
    let sale = Sale::ordered().await;
    let blocked = sale.gateway.block_next(Call::Confirm, Moment::After);
    let charging = sale.deliver("payment.requested");
    let expiring = async {
        blocked.arrived().await;
        sale.void_charge().await;
        assert_eq!(sale.payment().await.status, PaymentStatus::Completed);
        drop(blocked);
    };
    futures::join!(charging, expiring);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn an_intent_opened_while_its_order_expires_is_never_charged() {
    let sale = Sale::ordered().await;
    let blocked = sale.gateway.block_next(Call::Open, Moment::After);
    let charging = sale.deliver("payment.requested");
    let expiring = async {
        blocked.arrived().await;
        sale.void_charge().await;
        assert_eq!(sale.status().await, OrderStatus::Cancelled);
        drop(blocked);
    };
    let (charged, ()) = futures::join!(charging, expiring);
    assert!(!charged, "the message is retried and finds the order cancelled");
    sale.shop.deliver_everything().await;
    assert!(sale.charges().await.is_empty());
    sale.is_cancelled_and_refunded().await;
}

#[tokio::test]
async fn two_workers_with_one_charge_make_one_charge() {
    for moment in [Moment::Before, Moment::After] {
        for call in [Call::Open, Call::Confirm] {
            let sale = Sale::ordered().await;
            let blocked = sale.gateway.block_next(call, moment);
            let slow = sale.deliver("payment.requested");
            let fast = async {
                blocked.arrived().await;
                sale.deliver("payment.requested").await;
                drop(blocked);
            };
            futures::join!(slow, fast);
            sale.shop.deliver_everything().await;
            sale.is_paid_once().await;
        }
    }
}

#[tokio::test]
async fn two_workers_with_one_refund_make_one_refund() {
    for moment in [Moment::Before, Moment::After] {
        let sale = Sale::ordered().await;
        sale.shop.deliver_everything().await;
        sale.cancel().await.is(200);
        assert!(sale.deliver("order.cancelled").await);
        let blocked = sale.gateway.block_next(Call::Refund, moment);
        let slow = sale.deliver("refund.requested");
        let fast = async {
            blocked.arrived().await;
            assert!(!sale.deliver("refund.requested").await, "the other worker has its lease");
            drop(blocked);
        };
        assert!(futures::join!(slow, fast).0);
        sale.shop.deliver_everything().await;
        assert_eq!(sale.refunds().await, [TOTAL]);
        sale.is_cancelled_and_refunded().await;
    }
}

#[tokio::test]
async fn a_charge_looked_up_during_its_void_still_cancels_its_order() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    sale.shop.clock.advance(super::AFTER_EXPIRY);
    // Maintenance enqueues both: the order has expired, and its charge is due for a lookup.
    sale.shop.run_maintenance().await;
    let blocked = sale.gateway.block_next(Call::Cancel, Moment::After);
    let voiding = sale.deliver("payment.voidRequested");
    let looking = async {
        blocked.arrived().await;
        assert!(sale.deliver("payment.statusUnknown").await);
        assert_eq!(sale.payment().await.status, PaymentStatus::Failed);
        drop(blocked);
    };
    assert!(futures::join!(voiding, looking).0);
    assert_eq!(sale.status().await, OrderStatus::Cancelled);
    sale.shop.deliver_everything().await;
    sale.is_cancelled_and_refunded().await;
}
