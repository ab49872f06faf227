//! What comes back.

use serde::{Deserialize, Serialize};

use super::{Order, OrderItem, OrderStatus};
use crate::Id;
use crate::Idempotent;
use crate::Money;
use crate::MoneyError;
use crate::Quantity;
use crate::Sku;
use crate::Timestamp;
use crate::payment::{Payment, Refund};
use crate::{Command, IllegalTransition, State};

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
    /// The refund for it, minor units: expected until it is received, then approved;
    /// nothing once it is rejected.
    pub refund: Money,
    /// The entry in the payment's `refunds`, once it is received. None if no money was left to refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<Id<Refund>>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
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
    /// What they cost, minor units.
    pub worth: Money,
    /// The refund for them, minor units: less than they cost where refunds were made before.
    pub refund: Money,
}

/// Where a return stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReturnStatus {
    /// Waits for an administrator's decision.
    Requested,
    /// May be sent.
    Approved,
    /// May not.
    Rejected,
    /// Arrived, restocked, refunded.
    Received,
}

impl ReturnStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Requested, Self::Approved, Self::Rejected, Self::Received];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
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
    /// It has not left.
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
    /// Its customer was told to send it.
    #[error("a return that was approved is rejected for a reason")]
    ReasonNeeded,
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
    /// Requests a return of units of shipped lines. They count as returned unless the return is rejected. The expected refund is
    /// at most `refundable`, the part of the captured money that is not refunded, less the refunds that other returns expect.
    pub fn request_return(
        &mut self,
        wanted: &[(Id<OrderItem>, Quantity)],
        reason: &str,
        refundable: Money,
        now: Timestamp,
    ) -> Result<Return, ReturnError> {
        let not_left = self.illegal(Command::RequestReturn);
        if !matches!(self.status, OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered) {
            return Err(not_left.into());
        }
        let mut items: Vec<ReturnItem> = Vec::with_capacity(wanted.len());
        for &(item_id, quantity) in wanted {
            let line = self.items.iter_mut().find(|line| line.id == item_id);
            let line = line.ok_or(ReturnError::UnknownItem(item_id))?;
            if line.shipped_at.is_none() {
                return Err(not_left.into());
            }
            let left = line.quantity.get() - line.returned;
            if quantity.get() > left {
                return Err(ReturnError::TooMany { item: item_id, left });
            }
            line.returned += quantity.get();
            // What the units that are back by then cost, less what those before them did: whatever was rejected in
            // between, the last unit brings it to exactly the total.
            let before = self.returns.iter().filter(|each| each.status != ReturnStatus::Rejected);
            let before = before.flat_map(|each| &each.items).chain(&items).filter(|item| item.item_id == item_id);
            let before = Money::sum(before.map(|item| item.worth))?;
            let worth = part_of(line.total, line.returned, line.quantity)?.minus(before)?.max(Money::ZERO);
            items.push(ReturnItem { item_id, quantity, worth, refund: worth });
        }
        let waits = |each: &&Return| matches!(each.status, ReturnStatus::Requested | ReturnStatus::Approved);
        let waited_for = Money::sum(self.returns.iter().filter(waits).map(|each| each.refund))?;
        let refund = share_out(&mut items, refundable.minus(waited_for)?)?;
        self.updated_at = now;
        let asked = Return {
            id: Id::new(),
            items,
            reason: reason.to_owned(),
            status: ReturnStatus::Requested,
            refund,
            refund_id: None,
            rejection_reason: None,
            requested_at: now,
            arrived_at: None,
            updated_at: now,
        };
        self.returns.push(asked.clone());
        Ok(asked)
    }

    /// Lets the customer send it.
    pub fn approve_return(&mut self, id: Id<Return>, now: Timestamp) -> Result<Idempotent, ReturnError> {
        self.move_return(id, ReturnStatus::Requested, ReturnStatus::Approved, Command::ApproveReturn, now)
    }

    /// Refuses it: the units can be asked for again. One that was approved is refused as long as its parcel is not here (no
    /// refund is approved before that), and for a reason.
    pub fn reject_return(
        &mut self,
        id: Id<Return>,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Idempotent, ReturnError> {
        let each = self.find_return_mut(id)?;
        match each.standing() {
            ReturnStatus::Rejected => return Ok(Idempotent::AlreadyApplied),
            ReturnStatus::Received => {
                return Err(IllegalTransition {
                    command: Command::RejectReturn,
                    state: State::Return(ReturnStatus::Received),
                }
                .into());
            }
            ReturnStatus::Approved if reason.is_none() => return Err(ReturnError::ReasonNeeded),
            ReturnStatus::Requested | ReturnStatus::Approved => {}
        }
        each.status = ReturnStatus::Rejected;
        each.rejection_reason = reason.map(str::to_owned);
        each.refund = share_out(&mut each.items, Money::ZERO)?;
        each.updated_at = now;
        for ReturnItem { item_id, quantity, .. } in each.items.clone() {
            if let Some(line) = self.items.iter_mut().find(|line| line.id == item_id) {
                line.returned -= quantity.get();
            }
        }
        self.updated_at = now;
        Ok(Idempotent::Executed)
    }

    /// The parcel is here. Its units and its money follow with [`Order::receive_return`], by message.
    pub fn record_arrival(&mut self, id: Id<Return>, now: Timestamp) -> Result<Idempotent, ReturnError> {
        let each = self.find_return_mut(id)?;
        match (each.status, each.arrived_at) {
            (ReturnStatus::Approved, None) => {
                each.arrived_at = Some(now);
                each.updated_at = now;
                self.updated_at = now;
                Ok(Idempotent::Executed)
            }
            (ReturnStatus::Approved, Some(_)) | (ReturnStatus::Received, _) => Ok(Idempotent::AlreadyApplied),
            (other, _) => {
                Err(IllegalTransition { command: Command::ReceiveReturn, state: State::Return(other) }.into())
            }
        }
    }

    /// It arrived: the answer says what goes back into stock and what is refunded, which is what it cost, as far as `refundable`
    /// is left of the order's money.
    pub fn receive_return(
        &mut self,
        id: Id<Return>,
        refundable: Money,
        now: Timestamp,
    ) -> Result<Option<ReturnedUnits>, ReturnError> {
        if !self
            .move_return(id, ReturnStatus::Approved, ReturnStatus::Received, Command::ReceiveReturn, now)?
            .was_executed()
        {
            return Ok(None);
        }
        let each = self.find_return_mut(id)?;
        each.refund = share_out(&mut each.items, refundable)?;
        let received = self.find_return(id)?;
        let mut units = Vec::new();
        for ReturnItem { item_id, quantity, .. } in &received.items {
            let line = self.items.iter().find(|line| line.id == *item_id);
            let line = line.ok_or(ReturnError::UnknownItem(*item_id))?;
            units.push((line.sku.clone(), *quantity));
        }
        Ok(Some(ReturnedUnits { units, refund: received.refund }))
    }

    /// Records the refund that pays for a received return.
    pub fn set_refund(&mut self, id: Id<Return>, refund: Id<Refund>) -> Result<(), ReturnError> {
        self.find_return_mut(id)?.refund_id = Some(refund);
        Ok(())
    }

    /// What came back cost beyond what was refunded for it, because that much had not been captured.
    pub fn returned_unpaid(&self) -> Result<Money, MoneyError> {
        let received = self.returns.iter().filter(|each| each.status == ReturnStatus::Received);
        let unpaid: Result<Vec<_>, _> =
            received.flat_map(|each| &each.items).map(|item| item.worth.minus(item.refund)).collect();
        Money::sum(unpaid?)
    }

    /// Once every unit is returned and no approved refund is still to be paid out, the order is refunded.
    pub fn finish_returns(&mut self, payment: &Payment, now: Timestamp) -> Idempotent {
        let has_left = matches!(self.status, OrderStatus::Shipped | OrderStatus::Delivered);
        let is_over = |each: &Return| matches!(each.status, ReturnStatus::Received | ReturnStatus::Rejected);
        let everything_is_back = self.items.iter().all(|line| line.returned == line.quantity.get());
        if !has_left || !everything_is_back || !self.returns.iter().all(is_over) || payment.owes_refunds() {
            return Idempotent::AlreadyApplied;
        }
        self.enter(OrderStatus::Refunded, "returned in full and refunded", None, now);
        Idempotent::Executed
    }

    /// The return with this id.
    pub fn find_return(&self, id: Id<Return>) -> Result<&Return, ReturnError> {
        self.returns.iter().find(|each| each.id == id).ok_or(ReturnError::UnknownReturn)
    }

    fn find_return_mut(&mut self, id: Id<Return>) -> Result<&mut Return, ReturnError> {
        self.returns.iter_mut().find(|each| each.id == id).ok_or(ReturnError::UnknownReturn)
    }

    fn move_return(
        &mut self,
        id: Id<Return>,
        from: ReturnStatus,
        to: ReturnStatus,
        command: Command,
        now: Timestamp,
    ) -> Result<Idempotent, ReturnError> {
        let each = self.find_return_mut(id)?;
        if each.status == to {
            return Ok(Idempotent::AlreadyApplied);
        }
        if each.status != from {
            return Err(IllegalTransition { command, state: State::Return(each.status) }.into());
        }
        each.status = to;
        each.updated_at = now;
        self.updated_at = now;
        Ok(Idempotent::Executed)
    }
}

/// The refund of these items: what they cost, as far as so much can still be refunded, split among them.
fn share_out(items: &mut [ReturnItem], left: Money) -> Result<Money, MoneyError> {
    let worths: Vec<Money> = items.iter().map(|item| item.worth).collect();
    let refund = Money::sum(worths.iter().copied())?.min(left).max(Money::ZERO);
    for (item, part) in items.iter_mut().zip(refund.spread(&worths)?) {
        item.refund = part;
    }
    Ok(refund)
}

/// What the first `count` of `of` units cost.
fn part_of(total: Money, count: i64, of: Quantity) -> Result<Money, MoneyError> {
    let weights = [Money::from_minor(count), Money::from_minor(of.get() - count)];
    Ok(total.spread(&weights)?[0])
}

#[cfg(test)]
mod tests;
