//! What comes back.

use serde::{Deserialize, Serialize};

use super::{Order, OrderItem, OrderStatus};
use crate::domain::{Applied, Id, IllegalTransition, Money, MoneyError, Quantity, Sku, Timestamp};

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
    /// When it was decided or received.
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
    UnknownItem,
    /// The order has no such return.
    #[error("the order has no such return")]
    UnknownReturn,
    /// More than were bought and not yet sent back.
    #[error("only {left} of that line can still be sent back")]
    TooMany {
        /// How many are left.
        left: i64,
    },
    /// An amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
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
        items: Vec<ReturnItem>,
        reason: &str,
        now: Timestamp,
    ) -> Result<Id<Return>, ReturnError> {
        if !matches!(self.status, OrderStatus::Shipped | OrderStatus::Delivered) {
            return Err(self.illegal("send back an order").into());
        }
        let mut refund = Money::ZERO;
        for ReturnItem { item_id, quantity } in &items {
            let line = self.items.iter_mut().find(|line| line.id == *item_id).ok_or(ReturnError::UnknownItem)?;
            let left = line.quantity.get() - line.returned;
            if quantity.get() > left {
                return Err(ReturnError::TooMany { left });
            }
            let before = part_of(line.total, line.returned, line.quantity)?;
            line.returned += quantity.get();
            refund = refund.plus(part_of(line.total, line.returned, line.quantity)?.minus(before)?)?;
        }
        let id = Id::new();
        self.returns.push(Return {
            id,
            items,
            reason: reason.to_owned(),
            status: ReturnStatus::Requested,
            refund,
            requested_at: now,
            updated_at: now,
        });
        self.updated_at = now;
        Ok(id)
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
            for ReturnItem { item_id, quantity } in items {
                if let Some(line) = self.items.iter_mut().find(|line| line.id == item_id) {
                    line.returned -= quantity.get();
                }
            }
        }
        Ok(applied)
    }

    /// It arrived: the answer says what goes back into stock and what is refunded. Once every unit has come back, the
    /// order is refunded.
    pub fn receive_return(&mut self, id: Id<Return>, now: Timestamp) -> Result<Option<ReturnedUnits>, ReturnError> {
        if !self.move_return(id, ReturnStatus::Approved, ReturnStatus::Received, "receive a return", now)?.is_now() {
            return Ok(None);
        }
        let received = self.find_return(id)?.clone();
        let mut units = Vec::new();
        for ReturnItem { item_id, quantity } in &received.items {
            let line = self.items.iter().find(|line| line.id == *item_id).ok_or(ReturnError::UnknownItem)?;
            units.push((line.sku.clone(), *quantity));
        }
        let everything_is_back = self.items.iter().all(|line| line.returned == line.quantity.get())
            && self.returns.iter().all(|each| matches!(each.status, ReturnStatus::Received | ReturnStatus::Rejected));
        if everything_is_back {
            self.enter(OrderStatus::Refunded, "returned in full", None, now);
        }
        Ok(Some(ReturnedUnits { units, refund: received.refund }))
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

/// What the first `count` of `of` units cost. Differences of these always add up to the whole, whatever the steps.
fn part_of(total: Money, count: i64, of: Quantity) -> Result<Money, MoneyError> {
    let weights = [Money::from_minor(count), Money::from_minor(of.get() - count)];
    Ok(total.spread(&weights)?[0])
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};
    use crate::domain::order::LinesOf;

    fn delivered(lines: &[(&str, i64, i64)]) -> Order {
        let mut order = order(lines);
        let _ = order.confirm(NOW).unwrap();
        let _ = order.pick(NOW).unwrap();
        let _ = order.ship(LinesOf::Everyone, tracking(), Id::new(), NOW).unwrap();
        let _ = order.deliver(None, NOW).unwrap();
        order
    }

    fn of(order: &Order, quantity: i64) -> Vec<ReturnItem> {
        vec![ReturnItem { item_id: order.items[0].id, quantity: Quantity::try_new(quantity).unwrap() }]
    }

    #[test]
    fn returning_one_by_one_refunds_exactly_the_total() {
        let mut order = delivered(&[("A", 3, 100)]);
        let mut refunded = Money::ZERO;
        for _ in 0..3 {
            let id = order.request_return(of(&order, 1), "broken", NOW).unwrap();
            let _ = order.approve_return(id, NOW).unwrap();
            refunded = refunded.plus(order.receive_return(id, NOW).unwrap().unwrap().refund).unwrap();
            assert_eq!(order.receive_return(id, NOW).unwrap(), None);
        }
        assert_eq!(refunded.minor(), 100);
        assert_eq!(order.status, OrderStatus::Refunded);
    }

    #[test]
    fn no_more_comes_back_than_was_bought() {
        let mut order = delivered(&[("A", 3, 100)]);
        let id = order.request_return(of(&order, 2), "broken", NOW).unwrap();
        assert_eq!(order.request_return(of(&order, 2), "more", NOW), Err(ReturnError::TooMany { left: 1 }));
        let _ = order.reject_return(id, NOW).unwrap();
        assert!(order.request_return(of(&order, 3), "again", NOW).is_ok());
        assert!(order.receive_return(id, NOW).is_err());
    }
}
