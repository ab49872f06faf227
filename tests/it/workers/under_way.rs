//! Two at the gateway at once: whatever happens between a question and its answer.

use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{
    gateway::{Call, Moment},
    stripe_api::NEEDS_AUTHENTICATION,
};

use super::{Sale, TOTAL};

#[tokio::test]
async fn an_order_that_is_being_charged_is_not_cancelled() {
    let sale = Sale::ordered().await;
    let held = sale.gateway.hold_next(Call::Confirm, Moment::Before);
    let charging = sale.deliver("payment.requested");
    let cancelling = async {
        held.arrived().await;
        let refused = sale.cancel().await;
        refused.is_problem(409, "order_not_cancellable");
        assert_eq!(refused.header("retry-after"), Some("60"));
        drop(held);
    };
    assert!(futures::join!(charging, cancelling).0);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    // Now it can be, and the money goes back.
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_given_up().await;
}

#[tokio::test]
async fn a_charge_that_is_called_off_before_the_gateway_hears_of_it_never_happens() {
    let sale = Sale::ordered().await;
    let held = sale.gateway.hold_next(Call::Confirm, Moment::Before);
    let charging = sale.deliver("payment.requested");
    let giving_up = async {
        held.arrived().await;
        sale.call_off().await;
        drop(held);
    };
    futures::join!(charging, giving_up);
    sale.shop.deliver_everything().await;
    assert!(sale.charges().await.is_empty());
    sale.is_given_up().await;
}

#[tokio::test]
async fn a_charge_that_has_happened_when_it_is_called_off_is_the_payment() {
    let sale = Sale::ordered().await;
    let held = sale.gateway.hold_next(Call::Confirm, Moment::After);
    let charging = sale.deliver("payment.requested");
    let giving_up = async {
        held.arrived().await;
        sale.call_off().await;
        assert_eq!(sale.payment().await.status, PaymentStatus::Completed);
        drop(held);
    };
    futures::join!(charging, giving_up);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn an_intent_that_is_opened_while_its_order_is_given_up_is_never_charged() {
    let sale = Sale::ordered().await;
    let held = sale.gateway.hold_next(Call::Open, Moment::After);
    let charging = sale.deliver("payment.requested");
    let giving_up = async {
        held.arrived().await;
        sale.call_off().await;
        assert_eq!(sale.status().await, OrderStatus::Cancelled);
        drop(held);
    };
    let (charged, ()) = futures::join!(charging, giving_up);
    assert!(!charged, "the message comes again and finds the order cancelled");
    sale.shop.deliver_everything().await;
    assert!(sale.charges().await.is_empty());
    sale.is_given_up().await;
}

#[tokio::test]
async fn two_workers_with_one_charge_make_one_charge() {
    for moment in [Moment::Before, Moment::After] {
        for call in [Call::Open, Call::Confirm] {
            let sale = Sale::ordered().await;
            let held = sale.gateway.hold_next(call, moment);
            let slow = sale.deliver("payment.requested");
            let fast = async {
                held.arrived().await;
                sale.deliver("payment.requested").await;
                drop(held);
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
        let held = sale.gateway.hold_next(Call::Refund, moment);
        let slow = sale.deliver("refund.requested");
        let fast = async {
            held.arrived().await;
            assert!(!sale.deliver("refund.requested").await, "the other one has it");
            drop(held);
        };
        assert!(futures::join!(slow, fast).0);
        sale.shop.deliver_everything().await;
        assert_eq!(sale.refunds().await, [TOTAL]);
        sale.is_given_up().await;
    }
}

#[tokio::test]
async fn a_charge_that_is_looked_up_while_it_is_called_off_still_ends_its_order() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    sale.shop.clock.advance(super::TOO_LONG);
    // Maintenance asks for both at once: its time is over, and nobody has heard of it for long.
    sale.shop.run_maintenance().await;
    let held = sale.gateway.hold_next(Call::Cancel, Moment::After);
    let calling_off = sale.deliver("payment.voidRequested");
    let looking = async {
        held.arrived().await;
        assert!(sale.deliver("payment.statusUnknown").await);
        assert_eq!(sale.payment().await.status, PaymentStatus::Failed);
        drop(held);
    };
    assert!(futures::join!(calling_off, looking).0);
    assert_eq!(sale.status().await, OrderStatus::Cancelled);
    sale.shop.deliver_everything().await;
    sale.is_given_up().await;
}
