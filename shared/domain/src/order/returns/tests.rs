//! Returns, one by one and together.

use super::{super::tests::*, *};
use crate::Currency;
use crate::order::LinesOf;
use crate::payment::PaymentMethod;

/// Enough money for anything.
const ALL: Money = Money::from_minor(1_000_000);

fn delivered(lines: &[(&str, i64, i64)]) -> Order {
    let mut order = order(lines);
    let _ = order.confirm(NOW).unwrap();
    let _ = order.pick(NOW).unwrap();
    let _ = order.ship(LinesOf::Everyone, &tracking(), Id::new(), NOW).unwrap();
    let _ = order.deliver(LinesOf::Everyone, None, NOW).unwrap();
    order
}

fn of(order: &Order, quantity: i64) -> Vec<(Id<OrderItem>, Quantity)> {
    vec![(order.items[0].id, Quantity::try_new(quantity).unwrap())]
}

fn request(order: &mut Order, quantity: i64) -> Result<Id<Return>, ReturnError> {
    let wanted = of(order, quantity);
    order.request_return(&wanted, "broken", ALL, NOW).map(|each| each.id)
}

#[test]
fn returning_one_by_one_refunds_exactly_the_total() {
    let mut order = delivered(&[("A", 3, 100)]);
    let mut refunded = Money::ZERO;
    for _ in 0..3 {
        let id = request(&mut order, 1).unwrap();
        let _ = order.approve_return(id, NOW).unwrap();
        refunded = refunded.plus(order.receive_return(id, ALL, NOW).unwrap().unwrap().refund).unwrap();
        assert_eq!(order.receive_return(id, ALL, NOW).unwrap(), None);
    }
    assert_eq!(refunded.minor(), 100);
}

#[test]
fn an_order_is_refunded_when_every_unit_and_all_the_money_went_back() {
    let mut order = delivered(&[("A", 2, 100)]);
    let (amount, now) = (Money::from_minor(100), NOW);
    let mut payment = Payment::new(order.id, None, amount, Currency::USD, PaymentMethod::BankTransfer, None, None, now);
    let _ = payment.complete(amount, None, now);
    for is_last in [false, true] {
        let id = request(&mut order, 1).unwrap();
        let _ = order.approve_return(id, NOW).unwrap();
        assert_eq!(order.finish_returns(&payment, NOW), Idempotent::AlreadyApplied, "the parcel is not here");
        let back = order.receive_return(id, ALL, NOW).unwrap().unwrap();
        let refund = payment.approve_refund(back.refund, "returned", NOW).unwrap();
        assert_eq!(order.finish_returns(&payment, NOW), Idempotent::AlreadyApplied, "the money has not gone");
        payment.refund_transferred(refund, "line 1", NOW).unwrap();
        assert_eq!(order.finish_returns(&payment, NOW).was_executed(), is_last);
    }
    assert_eq!(order.status, OrderStatus::Refunded);
    assert_eq!(order.finish_returns(&payment, NOW), Idempotent::AlreadyApplied);
}

#[test]
fn no_more_units_are_returned_than_were_bought() {
    let mut order = delivered(&[("A", 3, 100)]);
    let id = request(&mut order, 2).unwrap();
    let item = order.items[0].id;
    assert_eq!(request(&mut order, 2), Err(ReturnError::TooMany { item, left: 1 }));
    let _ = order.reject_return(id, None, NOW).unwrap();
    assert!(request(&mut order, 3).is_ok());
    assert!(order.receive_return(id, ALL, NOW).is_err());
}

#[test]
fn a_rejected_return_in_between_changes_no_refund() {
    for (quantity, total) in [(3, 100), (5, 1), (7, 1000), (2, 1)] {
        for rejected in 1..quantity {
            let mut order = delivered(&[("A", quantity, total)]);
            let first = request(&mut order, rejected).unwrap();
            let second = request(&mut order, 1).unwrap();
            let _ = order.reject_return(first, None, NOW).unwrap();
            let mut returns = vec![second];
            for _ in 1..quantity {
                returns.push(request(&mut order, 1).unwrap());
            }
            let refunds = returns.iter().map(|id| order.find_return(*id).unwrap().refund);
            assert_eq!(Money::sum(refunds).unwrap().minor(), total, "{quantity} for {total}, {rejected} rejected");
        }
    }
}

#[test]
fn the_parts_of_a_return_add_up() {
    let mut order = delivered(&[("A", 3, 100), ("B", 2, 55)]);
    let wanted = [(order.items[0].id, Quantity::ONE), (order.items[1].id, Quantity::ONE)];
    let parts = order.request_return(&wanted, "too many", ALL, NOW).unwrap();
    assert_eq!(parts.refund, Money::sum(parts.items.iter().map(|item| item.refund)).unwrap());
    let unknown = Id::new();
    let refused = order.request_return(&[(unknown, Quantity::ONE)], "whose?", ALL, NOW);
    assert_eq!(refused.err(), Some(ReturnError::UnknownItem(unknown)));
}

#[test]
fn a_return_arrives_once_and_is_received_once() {
    let mut order = delivered(&[("A", 1, 100)]);
    let id = request(&mut order, 1).unwrap();
    assert!(order.record_arrival(id, NOW).is_err(), "it is not approved");
    let _ = order.approve_return(id, NOW).unwrap();
    assert!(order.record_arrival(id, NOW).unwrap().was_executed());
    assert_eq!(order.record_arrival(id, NOW), Ok(Idempotent::AlreadyApplied));
    let standing = |order: &Order| order.find_return(id).map(|each| (each.status, each.standing()));
    assert_eq!(standing(&order), Ok((ReturnStatus::Approved, ReturnStatus::Received)));
    assert!(order.receive_return(id, ALL, NOW).unwrap().is_some());
    assert_eq!(order.record_arrival(id, NOW), Ok(Idempotent::AlreadyApplied));
    assert_eq!(standing(&order), Ok((ReturnStatus::Received, ReturnStatus::Received)));
}

#[test]
fn a_return_refunds_at_most_the_refundable_amount_split_by_item() {
    let mut order = delivered(&[("A", 2, 1332), ("B", 1, 200)]);
    let left = Money::from_minor(831);
    let one = |line: &OrderItem| (line.id, Quantity::ONE);
    let (mug, both) = (one(&order.items[0]), order.items.iter().map(one).collect::<Vec<_>>());
    let first = order.request_return(&[mug], "broken", left, NOW).unwrap();
    let second = order.request_return(&both, "broken", left, NOW).unwrap();
    assert_eq!((first.refund.minor(), second.refund.minor()), (666, 831 - 666));
    let parts: Vec<i64> = second.items.iter().map(|item| item.refund.minor()).collect();
    assert_eq!(parts, [127, 38], "165 over 666 and 200");

    // Whichever arrives first gets what it cost.
    for id in [first.id, second.id] {
        let _ = order.approve_return(id, NOW).unwrap();
    }
    assert_eq!(order.receive_return(second.id, left, NOW).unwrap().unwrap().refund, left);
    let received = order.find_return(second.id).unwrap();
    assert_eq!((received.refund, Money::sum(received.items.iter().map(|item| item.refund)).unwrap()), (left, left));
    assert_eq!(order.receive_return(first.id, Money::ZERO, NOW).unwrap().unwrap().refund, Money::ZERO);
    assert_eq!(order.find_return(first.id).unwrap().items[0].refund, Money::ZERO);
}

#[test]
fn less_money_for_one_return_is_not_made_up_for_by_the_next() {
    let mut order = delivered(&[("A", 2, 1000)]);
    let first = request(&mut order, 1).unwrap();
    let _ = order.approve_return(first, NOW).unwrap();
    let _ = order.receive_return(first, Money::from_minor(100), NOW).unwrap();
    let second = request(&mut order, 1).unwrap();
    assert_eq!(order.find_return(second).unwrap().items[0].worth.minor(), 500);
}

#[test]
fn an_approved_return_can_be_rejected_until_it_arrives() {
    let mut order = delivered(&[("A", 1, 100)]);
    let id = request(&mut order, 1).unwrap();
    let _ = order.approve_return(id, NOW).unwrap();
    assert_eq!(order.reject_return(id, None, NOW), Err(ReturnError::ReasonNeeded));
    assert!(order.reject_return(id, Some("it never came"), NOW).unwrap().was_executed());
    assert_eq!(order.reject_return(id, None, NOW), Ok(Idempotent::AlreadyApplied));
    let rejected = order.find_return(id).unwrap();
    assert_eq!((rejected.rejection_reason.as_deref(), rejected.refund), (Some("it never came"), Money::ZERO));
    assert!(order.record_arrival(id, NOW).is_err());
    assert_eq!(order.items[0].returned, 0);

    let again = request(&mut order, 1).unwrap();
    let _ = order.approve_return(again, NOW).unwrap();
    let _ = order.record_arrival(again, NOW).unwrap();
    let refused = IllegalTransition { command: Command::RejectReturn, state: State::Return(ReturnStatus::Received) };
    assert_eq!(order.reject_return(again, Some("too late"), NOW), Err(refused.into()));
    assert_eq!(order.items[0].returned, 1);
}

#[test]
fn a_shipped_line_can_be_returned_before_the_others_are_shipped() {
    let mut order = order(&[("A", 1, 100), ("B", 1, 50)]);
    let _ = order.confirm(NOW).unwrap();
    let _ = order.pick(NOW).unwrap();
    let (first, second) = (order.items[0].id, order.items[1].id);
    let sellers = [order.items[0].seller, order.items[1].seller];
    let amount = Money::from_minor(150);
    let mut payment = Payment::new(order.id, None, amount, Currency::USD, PaymentMethod::BankTransfer, None, None, NOW);
    let _ = payment.complete(amount, None, NOW);
    let ask = |order: &mut Order, line| order.request_return(&[(line, Quantity::ONE)], "broken", ALL, NOW);
    let come_back = |order: &mut Order, line| {
        let asked = ask(order, line).unwrap().id;
        let _ = order.approve_return(asked, NOW).unwrap();
        let refund = order.receive_return(asked, ALL, NOW).unwrap().unwrap().refund.minor();
        let _ = order.finish_returns(&payment, NOW);
        refund
    };
    let _ = order.ship(LinesOf::Seller(sellers[0]), &tracking(), sellers[0], NOW).unwrap();
    assert!(matches!(ask(&mut order, second), Err(ReturnError::Illegal(_))), "that one has not left");
    assert_eq!((come_back(&mut order, first), order.status), (100, OrderStatus::Processing));
    let _ = order.ship(LinesOf::Seller(sellers[1]), &tracking(), sellers[1], NOW).unwrap();
    assert_eq!(order.status, OrderStatus::Shipped);
    assert_eq!((come_back(&mut order, second), order.status), (50, OrderStatus::Refunded));
}
