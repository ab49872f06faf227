//! Lost requests and responses of the gateway: the outcome is looked up, never guessed, and no call takes effect twice.

use std::time::Duration;

use shared::domain::payment::{PaymentStatus, REFUND_LEASE, RefundStatus};
use tests::gateway::{Call, Fault};

use super::{Sale, TOTAL};

const FAULTS: [Fault; 2] = [Fault::RequestLost, Fault::AnswerLost];

/// Loses one call of a charge, then delivers the message again.
async fn charge_losing(call: Call, fault: Fault) {
    let sale = Sale::ordered().await;
    sale.gateway.fail_next(call, fault);
    assert!(
        !sale.deliver("payment.requested").await,
        "{call:?} {fault:?}: the outcome is unknown, so the message is retried"
    );
    assert_eq!(sale.payment().await.status, PaymentStatus::Processing, "unknown is not failed");
    assert_eq!(sale.stock().await.reserved, 1);
    sale.shop.verify().await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn a_lost_intent_creation_is_repeated() {
    for fault in FAULTS {
        charge_losing(Call::Open, fault).await;
    }
}

#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_looked_up() {
    for fault in FAULTS {
        charge_losing(Call::Confirm, fault).await;
    }
}

#[tokio::test]
async fn a_lost_lookup_is_repeated() {
    let sale = Sale::ordered().await;
    sale.gateway.fail_next(Call::Confirm, Fault::AnswerLost);
    sale.gateway.fail_next(Call::LookUp, Fault::RequestLost);
    sale.gateway.fail_next(Call::LookUp, Fault::AnswerLost);
    for _ in 0..3 {
        assert!(!sale.deliver("payment.requested").await);
    }
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn a_charge_whose_message_is_gone_is_looked_up_by_maintenance() {
    let sale = Sale::ordered().await;
    sale.gateway.fail_next(Call::Confirm, Fault::AnswerLost);
    assert!(!sale.deliver("payment.requested").await);
    assert_eq!(sale.shop.run_maintenance().await.looked_up, 0, "the message may still be retried");

    sale.shop.clock.advance(Duration::from_secs(11 * 60));
    assert_eq!(sale.shop.run_maintenance().await.looked_up, 1);
    assert_eq!(sale.shop.run_maintenance().await.looked_up, 0, "it is looked up once per interval");
    assert!(sale.deliver("payment.statusUnknown").await);
    assert!(sale.deliver("order.paid").await);
    sale.is_paid_once().await;
}

#[tokio::test]
async fn a_payment_interrupted_before_the_gateway_call_is_resumed() {
    let sale = Sale::ordered().await;
    sale.gateway.fail_next(Call::Open, Fault::RequestLost);
    assert!(!sale.deliver("payment.requested").await);
    sale.shop.clock.advance(Duration::from_secs(11 * 60));
    sale.shop.run_maintenance().await;
    assert!(sale.deliver("payment.statusUnknown").await);
    assert!(sale.deliver("order.paid").await);
    sale.is_paid_once().await;
}

#[tokio::test]
async fn an_order_does_not_expire_while_its_charge_is_unknown() {
    for (fault, is_paid) in [(Fault::RequestLost, false), (Fault::AnswerLost, true)] {
        let sale = Sale::ordered().await;
        sale.gateway.fail_next(Call::Confirm, fault);
        assert!(!sale.deliver("payment.requested").await);
        sale.shop.clock.advance(super::AFTER_EXPIRY);
        sale.shop.run_maintenance().await;
        assert_eq!(sale.stock().await.reserved, 1, "the stock stays reserved meanwhile");
        // The void is lost too.
        sale.gateway.fail_next(Call::Cancel, Fault::RequestLost);
        assert!(!sale.deliver("payment.voidRequested").await);
        assert!(sale.deliver("payment.voidRequested").await);
        sale.shop.deliver_everything().await;
        if is_paid { sale.is_paid_once().await } else { sale.is_cancelled_and_refunded().await }
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_made_once() {
    for fault in FAULTS {
        let sale = Sale::ordered().await;
        sale.shop.deliver_everything().await;
        sale.cancel().await.is(200);
        assert!(sale.deliver("order.cancelled").await);
        sale.gateway.fail_next(Call::Refund, fault);
        assert!(!sale.deliver("refund.requested").await, "{fault:?}");
        let payment = sale.payment().await;
        assert_eq!((payment.status, payment.refunds[0].status), (PaymentStatus::Completed, RefundStatus::Approved));
        sale.shop.verify().await;

        // The first call may still be executed there.
        let made = sale.refunds().await;
        assert!(!sale.deliver("refund.requested").await, "{fault:?}");
        assert_eq!(sale.refunds().await, made, "{fault:?}");
        sale.shop.clock.advance(REFUND_LEASE);
        assert!(sale.deliver("refund.requested").await, "{fault:?}");
        sale.shop.deliver_everything().await;
        assert_eq!((sale.charges().await, sale.refunds().await), (vec![TOTAL], vec![TOTAL]), "{fault:?}");
        let payment = sale.payment().await;
        assert_eq!((payment.status, payment.refunds[0].status), (PaymentStatus::Refunded, RefundStatus::Processed));
        sale.is_cancelled_and_refunded().await;
    }
}
