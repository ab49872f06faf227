//! What comes back.

use serde::{Deserialize, Serialize};

use super::{Order, OrderItem, OrderStatus};
use crate::domain::{Applied, Id, IllegalTransition, Money, MoneyError, Quantity, Sku, Timestamp, payment::Payment};

/// Units of an order that the customer sends back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Return {
    /// Its id.
    pub id: Id<Return>,
    /// Which lines and how many of each.
    pub items: Vec<ReturnItem>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: ReturnStatus,
    /// What the customer gets back for it, minor units.
    pub refund: Money,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the parcel arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Units of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnItem {
    /// The line.
    pub item_id: Id<OrderItem>,
    /// How many.
    pub quantity: Quantity,
    /// What the customer gets back for them, minor units.
    #[serde(default)]
    pub refund: Money,
}

/// Where a return stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReturnStatus {
    /// Waits for somebody to decide.
    Requested,
    /// May be sent.
    Approved,
    /// May not.
    Rejected,
    /// Arrived, restocked, refunded.
    Received,
}

impl ReturnStatus {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Received => "received",
        }
    }
}

/// Why nothing can be sent back.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReturnError {
    /// The order has not left.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The order has no such line.
    #[error("the order has no such line")]
    UnknownItem(Id<OrderItem>),
    /// The order has no such return.
    #[error("the order has no such return")]
    UnknownReturn,
    /// More than were bought and not yet sent back.
    #[error("only {left} of a line can still be sent back")]
    TooMany {
        /// Of which line.
        item: Id<OrderItem>,
        /// How many are left.
        left: i64,
    },
    /// An amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Return {
    /// Where it stands, as people are told: what has arrived is received, though its units and its money follow by message.
    pub fn standing(&self) -> ReturnStatus {
        match (self.status, self.arrived_at) {
            (ReturnStatus::Approved, Some(_)) => ReturnStatus::Received,
            (status, _) => status,
        }
    }
}

/// What arrived with a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedUnits {
    /// What goes back into stock.
    pub units: Vec<(Sku, Quantity)>,
    /// What the customer gets back.
    pub refund: Money,
}

impl Order {
    /// Asks to send units back. The units count as spoken for until the return is rejected.
    pub fn request_return(
        &mut self,
        wanted: &[(Id<OrderItem>, Quantity)],
        reason: &str,
        now: Timestamp,
    ) -> Result<Return, ReturnError> {
        if !matches!(self.status, OrderStatus::Shipped | OrderStatus::Delivered) {
            return Err(self.illegal("send back an order").into());
        }
        let mut items: Vec<ReturnItem> = Vec::with_capacity(wanted.len());
        for &(item_id, quantity) in wanted {
            let line = self.items.iter_mut().find(|line| line.id == item_id);
            let line = line.ok_or(ReturnError::UnknownItem(item_id))?;
            let left = line.quantity.get() - line.returned;
            if quantity.get() > left {
                return Err(ReturnError::TooMany { item: item_id, left });
            }
            line.returned += quantity.get();
            // What the units that are back by then cost, less what was promised for them: whatever was rejected in
            // between, the last unit brings it to exactly the total.
            let promised = self.returns.iter().filter(|each| each.status != ReturnStatus::Rejected);
            let promised = promised.flat_map(|each| &each.items).chain(&items).filter(|item| item.item_id == item_id);
            let promised = Money::sum(promised.map(|item| item.refund))?;
            let refund = part_of(line.total, line.returned, line.quantity)?.minus(promised)?.max(Money::ZERO);
            items.push(ReturnItem { item_id, quantity, refund });
        }
        let refund = Money::sum(items.iter().map(|item| item.refund))?;
        self.updated_at = now;
        let asked = Return {
            id: Id::new(),
            items,
            reason: reason.to_owned(),
            status: ReturnStatus::Requested,
            refund,
            requested_at: now,
            arrived_at: None,
            updated_at: now,
        };
        self.returns.push(asked.clone());
        Ok(asked)
    }

    /// Lets the customer send it.
    pub fn approve_return(&mut self, id: Id<Return>, now: Timestamp) -> Result<Applied, ReturnError> {
        self.move_return(id, ReturnStatus::Requested, ReturnStatus::Approved, "approve a return", now)
    }

    /// Refuses it: the units can be asked for again.
    pub fn reject_return(&mut self, id: Id<Return>, now: Timestamp) -> Result<Applied, ReturnError> {
        let applied = self.move_return(id, ReturnStatus::Requested, ReturnStatus::Rejected, "reject a return", now)?;
        if applied.is_now() {
            let items = self.find_return(id)?.items.clone();
            for ReturnItem { item_id, quantity, .. } in items {
                if let Some(line) = self.items.iter_mut().find(|line| line.id == item_id) {
                    line.returned -= quantity.get();
                }
            }
        }
        Ok(applied)
    }

    /// The parcel is here. Its units and its money follow with [`Order::receive_return`], by message.
    pub fn note_arrival(&mut self, id: Id<Return>, now: Timestamp) -> Result<Applied, ReturnError> {
        let each = self.returns.iter_mut().find(|each| each.id == id).ok_or(ReturnError::UnknownReturn)?;
        match (each.status, each.arrived_at) {
            (ReturnStatus::Approved, None) => {
                each.arrived_at = Some(now);
                each.updated_at = now;
                self.updated_at = now;
                Ok(Applied::Now)
            }
            (ReturnStatus::Approved, Some(_)) | (ReturnStatus::Received, _) => Ok(Applied::Before),
            (other, _) => Err(IllegalTransition { command: "receive a return", from: other.as_str() }.into()),
        }
    }

    /// It arrived: the answer says what goes back into stock and what is refunded.
    pub fn receive_return(&mut self, id: Id<Return>, now: Timestamp) -> Result<Option<ReturnedUnits>, ReturnError> {
        if !self.move_return(id, ReturnStatus::Approved, ReturnStatus::Received, "receive a return", now)?.is_now() {
            return Ok(None);
        }
        let received = self.find_return(id)?.clone();
        let mut units = Vec::new();
        for ReturnItem { item_id, quantity, .. } in &received.items {
            let line = self.items.iter().find(|line| line.id == *item_id);
            let line = line.ok_or(ReturnError::UnknownItem(*item_id))?;
            units.push((line.sku.clone(), *quantity));
        }
        Ok(Some(ReturnedUnits { units, refund: received.refund }))
    }

    /// Once every unit has come back and no money that was promised back is still to be paid out, the order is refunded.
    pub fn finish_returns(&mut self, payment: &Payment, now: Timestamp) -> Applied {
        let has_left = matches!(self.status, OrderStatus::Shipped | OrderStatus::Delivered);
        let is_over = |each: &Return| matches!(each.status, ReturnStatus::Received | ReturnStatus::Rejected);
        let everything_is_back = self.items.iter().all(|line| line.returned == line.quantity.get());
        if !has_left || !everything_is_back || !self.returns.iter().all(is_over) || payment.owes_refunds() {
            return Applied::Before;
        }
        self.enter(OrderStatus::Refunded, "returned in full and refunded", None, now);
        Applied::Now
    }

    /// The return with this id.
    pub fn find_return(&self, id: Id<Return>) -> Result<&Return, ReturnError> {
        self.returns.iter().find(|each| each.id == id).ok_or(ReturnError::UnknownReturn)
    }

    fn move_return(
        &mut self,
        id: Id<Return>,
        from: ReturnStatus,
        to: ReturnStatus,
        command: &'static str,
        now: Timestamp,
    ) -> Result<Applied, ReturnError> {
        let each = self.returns.iter_mut().find(|each| each.id == id).ok_or(ReturnError::UnknownReturn)?;
        if each.status == to {
            return Ok(Applied::Before);
        }
        if each.status != from {
            return Err(IllegalTransition { command, from: each.status.as_str() }.into());
        }
        each.status = to;
        each.updated_at = now;
        self.updated_at = now;
        Ok(Applied::Now)
    }
}

/// What the first `count` of `of` units cost.
fn part_of(total: Money, count: i64, of: Quantity) -> Result<Money, MoneyError> {
    let weights = [Money::from_minor(count), Money::from_minor(of.get() - count)];
    Ok(total.spread(&weights)?[0])
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};
    use crate::domain::{Currency, order::LinesOf, payment::PaymentMethod};

    fn delivered(lines: &[(&str, i64, i64)]) -> Order {
        let mut order = order(lines);
        let _ = order.confirm(NOW).unwrap();
        let _ = order.pick(NOW).unwrap();
        let _ = order.ship(LinesOf::Everyone, tracking(), Id::new(), NOW).unwrap();
        let _ = order.deliver(None, NOW).unwrap();
        order
    }

    fn of(order: &Order, quantity: i64) -> Vec<(Id<OrderItem>, Quantity)> {
        vec![(order.items[0].id, Quantity::try_new(quantity).unwrap())]
    }

    fn request(order: &mut Order, quantity: i64) -> Result<Id<Return>, ReturnError> {
        let wanted = of(order, quantity);
        order.request_return(&wanted, "broken", NOW).map(|each| each.id)
    }

    #[test]
    fn returning_one_by_one_refunds_exactly_the_total() {
        let mut order = delivered(&[("A", 3, 100)]);
        let mut refunded = Money::ZERO;
        for _ in 0..3 {
            let id = request(&mut order, 1).unwrap();
            let _ = order.approve_return(id, NOW).unwrap();
            refunded = refunded.plus(order.receive_return(id, NOW).unwrap().unwrap().refund).unwrap();
            assert_eq!(order.receive_return(id, NOW).unwrap(), None);
        }
        assert_eq!(refunded.minor(), 100);
    }

    #[test]
    fn an_order_is_refunded_when_every_unit_and_all_the_money_went_back() {
        let mut order = delivered(&[("A", 2, 100)]);
        let (amount, now) = (Money::from_minor(100), NOW);
        let mut payment =
            Payment::new(order.id, None, amount, Currency::USD, PaymentMethod::BankTransfer, None, None, now);
        let _ = payment.complete(amount, None, now);
        for is_last in [false, true] {
            let id = request(&mut order, 1).unwrap();
            let _ = order.approve_return(id, NOW).unwrap();
            assert_eq!(order.finish_returns(&payment, NOW), Applied::Before, "the parcel is not here");
            let back = order.receive_return(id, NOW).unwrap().unwrap();
            let refund = payment.approve_refund(back.refund, "returned", NOW).unwrap();
            assert_eq!(order.finish_returns(&payment, NOW), Applied::Before, "the money has not gone");
            payment.refund_transferred(refund, "line 1", NOW).unwrap();
            assert_eq!(order.finish_returns(&payment, NOW).is_now(), is_last);
        }
        assert_eq!(order.status, OrderStatus::Refunded);
        assert_eq!(order.finish_returns(&payment, NOW), Applied::Before);
    }

    #[test]
    fn no_more_comes_back_than_was_bought() {
        let mut order = delivered(&[("A", 3, 100)]);
        let id = request(&mut order, 2).unwrap();
        let item = order.items[0].id;
        assert_eq!(request(&mut order, 2), Err(ReturnError::TooMany { item, left: 1 }));
        let _ = order.reject_return(id, NOW).unwrap();
        assert!(request(&mut order, 3).is_ok());
        assert!(order.receive_return(id, NOW).is_err());
    }

    #[test]
    fn a_rejected_return_in_between_costs_nobody_a_cent() {
        for (quantity, total) in [(3, 100), (5, 1), (7, 1000), (2, 1)] {
            for rejected in 1..quantity {
                let mut order = delivered(&[("A", quantity, total)]);
                let first = request(&mut order, rejected).unwrap();
                let second = request(&mut order, 1).unwrap();
                let _ = order.reject_return(first, NOW).unwrap();
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
        let parts = order.request_return(&wanted, "too many", NOW).unwrap();
        assert_eq!(parts.refund, Money::sum(parts.items.iter().map(|item| item.refund)).unwrap());
        let unknown = Id::new();
        let refused = order.request_return(&[(unknown, Quantity::ONE)], "whose?", NOW);
        assert_eq!(refused.err(), Some(ReturnError::UnknownItem(unknown)));
    }

    #[test]
    fn what_has_arrived_is_received_at_once_and_taken_in_once() {
        let mut order = delivered(&[("A", 1, 100)]);
        let id = request(&mut order, 1).unwrap();
        assert!(order.note_arrival(id, NOW).is_err(), "nobody has approved it");
        let _ = order.approve_return(id, NOW).unwrap();
        assert!(order.note_arrival(id, NOW).unwrap().is_now());
        assert_eq!(order.note_arrival(id, NOW), Ok(Applied::Before));
        let standing = |order: &Order| order.find_return(id).map(|each| (each.status, each.standing()));
        assert_eq!(standing(&order), Ok((ReturnStatus::Approved, ReturnStatus::Received)));
        assert!(order.receive_return(id, NOW).unwrap().is_some());
        assert_eq!(order.note_arrival(id, NOW), Ok(Applied::Before));
        assert_eq!(standing(&order), Ok((ReturnStatus::Received, ReturnStatus::Received)));
    }
}
