//! What leaves, and what arrives. An order may have lines of several sellers: each hands over the own ones, and speaks of no
//! parcel but the own.

use serde::{Deserialize, Serialize};

use super::{Order, OrderItem, OrderStatus};
use crate::Id;
use crate::Idempotent;
use crate::Money;
use crate::MoneyError;
use crate::Quantity;
use crate::Sku;
use crate::Timestamp;
use crate::user::User;
use crate::{Command, IllegalTransition};

/// A parcel: the lines of one seller that were handed over to a carrier at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// The seller of its lines.
    pub seller: Id<User>,
    /// Which lines.
    pub items: Vec<Id<OrderItem>>,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// Where to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// When it should arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_delivery: Option<Timestamp>,
    /// When it left.
    pub shipped_at: Timestamp,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
}

/// Where a parcel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tracking {
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// Where to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// When it should arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_delivery: Option<Timestamp>,
    /// When it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_delivery: Option<Timestamp>,
}

/// The lines that a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinesOf {
    /// Every seller's.
    Everyone,
    /// One seller's.
    Seller(Id<User>),
}

impl LinesOf {
    /// Whether a seller's lines are meant.
    pub fn includes(self, seller: Id<User>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Seller(one) => one == seller,
        }
    }
}

/// Why nothing leaves.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ShipError {
    /// The order is not being picked.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Nothing that was meant is still here. The others' lines may be.
    #[error("these lines have left already; the order is {}", .0.as_str())]
    HaveLeft(OrderStatus),
}

impl Shipment {
    fn of(line: &OrderItem, tracking: &Tracking, now: Timestamp) -> Self {
        Self {
            seller: line.seller,
            items: vec![line.id],
            carrier: tracking.carrier.clone(),
            tracking_number: tracking.tracking_number.clone(),
            tracking_url: tracking.tracking_url.clone(),
            estimated_delivery: tracking.estimated_delivery,
            shipped_at: now,
            delivered_at: None,
        }
    }

    /// Where it is.
    pub fn tracking(&self) -> Tracking {
        Tracking {
            carrier: self.carrier.clone(),
            tracking_number: self.tracking_number.clone(),
            tracking_url: self.tracking_url.clone(),
            estimated_delivery: self.estimated_delivery,
            actual_delivery: self.delivered_at,
        }
    }
}

impl Order {
    /// Hands lines over to the carrier, a parcel for each seller: the answer names what leaves the stock. Once every line
    /// has left, the order is shipped.
    ///
    /// # Errors
    /// Unless it is being picked, and something of what is meant is still here.
    pub fn ship(
        &mut self,
        lines: LinesOf,
        tracking: &Tracking,
        by: Id<User>,
        now: Timestamp,
    ) -> Result<Vec<(Sku, Quantity)>, ShipError> {
        let mut meant = self.items.iter().filter(|line| lines.includes(line.seller));
        if meant.all(|line| line.shipped_at.is_some()) {
            return Err(ShipError::HaveLeft(self.status));
        }
        if self.status != OrderStatus::Processing {
            return Err(self.illegal(Command::ShipOrder).into());
        }
        let mut leaving = Vec::new();
        let mut parcels: Vec<Shipment> = Vec::new();
        for line in self.items.iter_mut().filter(|line| lines.includes(line.seller) && line.shipped_at.is_none()) {
            line.shipped_at = Some(now);
            leaving.push((line.sku.clone(), line.quantity));
            match parcels.iter_mut().find(|parcel| parcel.seller == line.seller) {
                Some(parcel) => parcel.items.push(line.id),
                None => parcels.push(Shipment::of(line, tracking, now)),
            }
        }
        self.shipments.append(&mut parcels);
        self.follow_the_latest_parcel();
        // The notes quote no number: every seller of the order reads them.
        if self.has_left_completely() {
            self.enter(OrderStatus::Shipped, "handed over to the carrier", Some(by), now);
        } else {
            self.enter(OrderStatus::Processing, "part of the order left", Some(by), now);
        }
        Ok(leaving)
    }

    /// Parcels arrived. Once every line has left and every parcel has arrived, the order is delivered.
    ///
    /// # Errors
    /// If none of those that are meant has left.
    pub fn deliver(
        &mut self,
        lines: LinesOf,
        by: Option<Id<User>>,
        now: Timestamp,
    ) -> Result<Idempotent, IllegalTransition> {
        if matches!(self.status, OrderStatus::Delivered | OrderStatus::Refunded) {
            return Ok(Idempotent::AlreadyApplied);
        }
        let (mut left, mut arrived) = (false, false);
        for parcel in self.shipments.iter_mut().filter(|parcel| lines.includes(parcel.seller)) {
            left = true;
            if parcel.delivered_at.is_none() {
                parcel.delivered_at = Some(now);
                arrived = true;
            }
        }
        if !left {
            return Err(self.illegal(Command::DeliverOrder));
        }
        if !arrived {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.follow_the_latest_parcel();
        let is_whole = self.shipments.iter().all(|parcel| parcel.delivered_at.is_some());
        if self.status == OrderStatus::Shipped && is_whole {
            self.enter(OrderStatus::Delivered, "arrived", by, now);
        } else {
            self.enter(self.status, "part of the order arrived", by, now);
        }
        Ok(Idempotent::Executed)
    }

    /// The parcels that a reader may see.
    pub fn shipments_of(&self, lines: LinesOf) -> impl DoubleEndedIterator<Item = &Shipment> {
        self.shipments.iter().filter(move |parcel| lines.includes(parcel.seller))
    }

    /// Whether any line was handed over to the carrier.
    pub fn has_left(&self) -> bool {
        self.items.iter().any(|line| line.shipped_at.is_some())
    }

    /// Whether every line was handed over to the carrier.
    pub fn has_left_completely(&self) -> bool {
        self.items.iter().all(|line| line.shipped_at.is_some())
    }

    /// What is due with the parcel at this position in `shipments`: the totals of its lines, and with the first parcel what is
    /// in no line, which is shipping and its tax.
    pub fn due_with(&self, parcel: usize) -> Result<Money, MoneyError> {
        let Some(shipment) = self.shipments.get(parcel) else { return Ok(Money::ZERO) };
        let lines = self.items.iter().filter(|line| shipment.items.contains(&line.id));
        let due = Money::sum(lines.map(|line| line.total))?;
        if parcel > 0 {
            return Ok(due);
        }
        let of_lines = Money::sum(self.items.iter().map(|line| line.total))?;
        due.plus(self.pricing.total.minus(of_lines)?)
    }

    fn follow_the_latest_parcel(&mut self) {
        self.tracking = self.shipments.last().map(Shipment::tracking);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    fn picked(lines: &[(&str, i64, i64)]) -> Order {
        let mut order = order(lines);
        let _ = order.confirm(NOW).unwrap();
        let _ = order.pick(NOW).unwrap();
        order
    }

    fn numbered(tracking_number: &str) -> Tracking {
        Tracking { tracking_number: tracking_number.to_owned(), ..tracking() }
    }

    fn sellers(order: &Order) -> (LinesOf, LinesOf, Id<User>) {
        (LinesOf::Seller(order.items[0].seller), LinesOf::Seller(order.items[1].seller), Id::new())
    }

    #[test]
    fn an_order_of_two_sellers_is_shipped_when_both_have_shipped() {
        let mut order = picked(&[("A", 1, 100), ("B", 2, 100)]);
        let (first, second, by) = sellers(&order);
        assert_eq!(order.ship(first, &numbered("1"), by, NOW).unwrap().len(), 1);
        assert_eq!(order.ship(first, &numbered("2"), by, NOW), Err(ShipError::HaveLeft(OrderStatus::Processing)));
        assert_eq!(order.status, OrderStatus::Processing);
        assert!(order.cancel(cancelled_by_ada("too late"), NOW).is_err());
        let _ = order.ship(second, &numbered("3"), by, NOW).unwrap();
        assert_eq!(order.status, OrderStatus::Shipped);
        assert_eq!(order.ship(second, &numbered("4"), by, NOW), Err(ShipError::HaveLeft(OrderStatus::Shipped)));
    }

    #[test]
    fn each_seller_has_a_parcel_and_the_latest_is_followed() {
        let mut order = picked(&[("A", 1, 100), ("B", 2, 100)]);
        let (first, second, by) = sellers(&order);
        let _ = order.ship(first, &numbered("1"), by, NOW).unwrap();
        let _ = order.ship(second, &numbered("2"), by, NOW).unwrap();
        let numbers = |order: &Order, lines| -> Vec<String> {
            order.shipments_of(lines).map(|parcel| parcel.tracking_number.clone()).collect()
        };
        assert_eq!((numbers(&order, first), numbers(&order, second)), (vec!["1".to_owned()], vec!["2".to_owned()]));
        assert_eq!(numbers(&order, LinesOf::Everyone), ["1", "2"]);
        assert_eq!(order.tracking, Some(numbered("2")));
        assert_eq!(order.shipments[1].items, [order.items[1].id]);
        assert!(order.timeline.iter().all(|entry| !entry.note.contains("DHL")));
    }

    #[test]
    fn a_shipment_by_an_administrator_is_one_parcel_per_seller() {
        let mut order = picked(&[("A", 1, 100), ("B", 2, 100), ("C", 1, 10)]);
        order.items[2].seller = order.items[0].seller;
        let (first, second, by) = sellers(&order);
        assert_eq!(order.ship(LinesOf::Everyone, &tracking(), by, NOW).unwrap().len(), 3);
        let lines = |order: &Order, of| order.shipments_of(of).map(|parcel| parcel.items.len()).collect::<Vec<_>>();
        assert_eq!((lines(&order, first), lines(&order, second)), (vec![2], vec![1]));
    }

    #[test]
    fn an_order_is_delivered_when_every_parcel_has_arrived() {
        let mut order = picked(&[("A", 1, 100), ("B", 2, 100)]);
        let (first, second, by) = sellers(&order);
        assert!(order.deliver(LinesOf::Everyone, Some(by), NOW).is_err());
        let _ = order.ship(first, &tracking(), by, NOW).unwrap();
        assert!(order.deliver(second, Some(by), NOW).is_err(), "that one has not left");
        assert_eq!(order.deliver(first, Some(by), NOW), Ok(Idempotent::Executed));
        assert_eq!(order.deliver(first, Some(by), NOW), Ok(Idempotent::AlreadyApplied));
        assert_eq!(
            (order.status, order.tracking.as_ref().unwrap().actual_delivery),
            (OrderStatus::Processing, Some(NOW))
        );
        let _ = order.ship(second, &tracking(), by, NOW).unwrap();
        assert_eq!(
            order.deliver(first, Some(by), NOW),
            Ok(Idempotent::AlreadyApplied),
            "nothing of that one is under way"
        );
        assert_eq!((order.status, order.shipments[1].delivered_at), (OrderStatus::Shipped, None));
        assert_eq!(order.deliver(second, Some(by), NOW), Ok(Idempotent::Executed));
        assert_eq!(order.status, OrderStatus::Delivered);
        let entries = order.timeline.len();
        assert_eq!(order.deliver(LinesOf::Everyone, Some(by), NOW), Ok(Idempotent::AlreadyApplied));
        assert_eq!(order.timeline.len(), entries);
    }

    #[test]
    fn an_administrator_delivers_every_parcel() {
        let mut order = picked(&[("A", 1, 100), ("B", 2, 100)]);
        let _ = order.ship(LinesOf::Everyone, &tracking(), Id::new(), NOW).unwrap();
        assert_eq!(order.deliver(LinesOf::Everyone, None, NOW), Ok(Idempotent::Executed));
        assert!(order.shipments.iter().all(|parcel| parcel.delivered_at == Some(NOW)));
        assert_eq!(order.status, OrderStatus::Delivered);
    }
}
