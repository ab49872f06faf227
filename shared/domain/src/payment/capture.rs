//! Captures: a payment that is authorised when the order is placed, and charged when its parcels leave.
//!
//! The payment keeps what the gateway reported last: how much it has captured, and how much it still can. Each entry of
//! `captures` is one capture, requested by the shop or made by hand in the gateway's dashboard.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Failure, Payment, PaymentStatus};
use crate::{Id, Idempotent, Money, MoneyError, Timestamp, order::Order};

/// How long a worker has the exclusive right to capture: longer than the gateway is waited for.
pub const CAPTURE_LEASE: Duration = Duration::from_secs(60);

/// How long before its end an authorisation is captured or voided.
pub const AUTHORISATION_MARGIN: Duration = Duration::from_secs(24 * 3600);

/// When a payment is captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// Charged as soon as the order is placed.
    #[default]
    Immediately,
    /// Authorised when the order is placed, and captured parcel by parcel when they are shipped.
    OnShipping,
}

/// How the shop takes payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentSettings {
    /// For orders from now on; each payment keeps a copy.
    pub capture: CaptureMode,
}

/// What the gateway has authorised and not captured yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorisation {
    /// What can still be captured.
    pub amount: Money,
    /// When the gateway releases it.
    pub until: Timestamp,
    /// Whether it can be captured in parts. If not, the first capture releases what it does not take.
    pub multicapture: bool,
}

/// A capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capture {
    /// Its id.
    pub id: Id<Capture>,
    /// Minor units.
    pub amount: Money,
    /// Whether it is made.
    pub status: CaptureStatus,
    /// By whom it was made.
    pub made_at: CaptureOrigin,
    /// The position in the order's `shipments` of the parcel that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcel: Option<i64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// The number of the attempt to make it; the gateway's idempotency key derives from capture and attempt.
    pub attempts: i64,
    /// Until when one worker has the exclusive right to capture: the gateway names the latest capture only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Timestamp>,
    /// When it was requested, or seen at the gateway.
    pub requested_at: Timestamp,
    /// When the shop learned that it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
}

/// The state of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CaptureStatus {
    /// To be made.
    Requested,
    /// The money is here.
    Captured,
    /// The gateway will not make it.
    Failed,
}

/// By whom a capture was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CaptureOrigin {
    /// The shop.
    Shop,
    /// A person in the gateway's dashboard.
    Gateway,
}

/// The captures of an intent as the gateway reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayCaptures {
    /// The sum of all of them.
    pub captured: Money,
    /// What can still be captured; `None` if nothing ever can.
    pub authorised: Option<Authorisation>,
    /// Our id of the latest one that the shop made.
    pub latest: Option<Id<Capture>>,
}

/// The outcome of [`Payment::lease_capture`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureLease {
    /// It may be made now: persist that first.
    Acquired {
        /// The number of this attempt.
        attempt: i64,
    },
    /// Another worker makes a capture of the payment.
    Held,
    /// It is decided, or does not exist.
    NotDue,
}

/// Why a capture is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CaptureError {
    /// Nothing is authorised, or less than the amount.
    #[error("only {left} can be captured")]
    ExceedsAuthorised {
        /// Minor units.
        left: i64,
    },
    /// Not positive.
    #[error("a capture is a positive amount")]
    NotPositive,
    /// Does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Payment {
    /// What another capture can take: the authorised amount less what is requested already.
    pub fn capturable(&self) -> Result<Money, MoneyError> {
        let Some(authorised) = self.authorised.filter(|_| !self.void_pending) else { return Ok(Money::ZERO) };
        let requested = Money::sum(self.requested_captures().map(|capture| capture.amount))?;
        Ok(authorised.amount.minus(requested)?.max(Money::ZERO))
    }

    /// What the shop captures by itself: what it can, less what came back before it was paid.
    pub fn chargeable(&self, order: &Order) -> Result<Money, MoneyError> {
        Ok(self.capturable()?.minus(order.returned_unpaid()?)?.max(Money::ZERO))
    }

    /// What is owed and no capture will bring any more: it is neither captured nor authorised, and did not come back.
    pub fn uncollected(&self, order: &Order) -> Result<Money, MoneyError> {
        if self.capture_mode == CaptureMode::Immediately || self.authorised.is_some() {
            return Ok(Money::ZERO);
        }
        Ok(self.amount.minus(self.captured)?.minus(order.returned_unpaid()?)?.max(Money::ZERO))
    }

    /// The captures that are to be made.
    pub fn requested_captures(&self) -> impl Iterator<Item = &Capture> {
        self.captures.iter().filter(|capture| capture.status == CaptureStatus::Requested)
    }

    /// Requests a capture, to be made by a message.
    pub fn request_capture(
        &mut self,
        amount: Money,
        parcel: Option<i64>,
        now: Timestamp,
    ) -> Result<Id<Capture>, CaptureError> {
        if amount < Money::ZERO {
            return Err(CaptureError::NotPositive);
        }
        let left = self.capturable()?;
        if amount > left || left.is_zero() {
            return Err(CaptureError::ExceedsAuthorised { left: left.minor() });
        }
        if amount.is_zero() {
            return Err(CaptureError::NotPositive);
        }
        let id = Id::new();
        self.captures.push(Capture {
            id,
            amount,
            status: CaptureStatus::Requested,
            made_at: CaptureOrigin::Shop,
            parcel,
            failure_reason: None,
            attempts: 0,
            leased_until: None,
            requested_at: now,
            captured_at: None,
        });
        self.updated_at = now;
        Ok(id)
    }

    /// Requests the capture of what is due with a parcel that leaves now, by its position in `shipments`. The last parcel takes
    /// the rest. So does the first one where the gateway captures once: it would release what other parcels need.
    ///
    /// `None` if nothing is left to capture.
    pub fn request_capture_of_parcel(
        &mut self,
        order: &Order,
        parcel: usize,
        now: Timestamp,
    ) -> Result<Option<Id<Capture>>, CaptureError> {
        let Some(authorised) = self.authorised else { return Ok(None) };
        let left = self.chargeable(order)?;
        let is_last = order.has_left_completely() && parcel.saturating_add(1) == order.shipments.len();
        let takes_rest = is_last || !authorised.multicapture;
        let amount = if takes_rest { left } else { order.due_with(parcel)?.min(left) };
        if amount.is_zero() {
            return Ok(None);
        }
        self.request_capture(amount, i64::try_from(parcel).ok(), now).map(Some)
    }

    /// Acquires the exclusive right to make a capture.
    pub fn lease_capture(&mut self, id: Id<Capture>, now: Timestamp) -> CaptureLease {
        let is_held = self.captures.iter().any(|each| each.leased_until.is_some_and(|until| until > now));
        let requested = |capture: &&mut Capture| capture.id == id && capture.status == CaptureStatus::Requested;
        let Some(capture) = self.captures.iter_mut().find(requested) else { return CaptureLease::NotDue };
        if is_held {
            return CaptureLease::Held;
        }
        capture.attempts = capture.attempts.saturating_add(1);
        capture.leased_until = Some(now.plus(CAPTURE_LEASE));
        CaptureLease::Acquired { attempt: capture.attempts }
    }

    /// Ends the lease of an attempt.
    pub fn end_capture_lease(&mut self, id: Id<Capture>, attempt: i64) {
        let same = |capture: &&mut Capture| capture.id == id && capture.attempts == attempt;
        if let Some(capture) = self.captures.iter_mut().find(same) {
            capture.leased_until = None;
        }
    }

    /// The gateway refuses a capture for good.
    pub fn fail_capture(&mut self, id: Id<Capture>, reason: &str, now: Timestamp) -> Idempotent {
        let requested = |capture: &&mut Capture| capture.id == id && capture.status == CaptureStatus::Requested;
        let Some(capture) = self.captures.iter_mut().find(requested) else { return Idempotent::AlreadyApplied };
        capture.fail(reason);
        self.updated_at = now;
        Idempotent::Executed
    }

    /// Records what the gateway has captured and still can capture, by the shop or by hand. The payment is `processing` while it
    /// is authorised, and `completed` from the first capture on.
    pub fn record_captures(&mut self, reported: &GatewayCaptures, now: Timestamp) -> Result<Idempotent, MoneyError> {
        let more = reported.captured.minus(self.captured)?;
        let has_ended = self.authorised.is_none() && !self.captured.is_zero();
        // What is captured does not shrink and what has ended does not come back: such a report is older than the record.
        let is_stale = more < Money::ZERO || (more.is_zero() && has_ended);
        if is_stale || (more.is_zero() && self.authorised == reported.authorised) {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.attribute(more, reported.latest, now)?;
        self.captured = reported.captured;
        self.action_required = false;
        self.clear_failure();
        if matches!(self.status, PaymentStatus::Pending | PaymentStatus::Failed) {
            self.enter(PaymentStatus::Processing, "the gateway reports a charge", now);
        }
        if self.captured.is_zero() {
            self.enter(PaymentStatus::Processing, "authorised", now);
        } else if !more.is_zero() {
            self.paid_at = self.paid_at.or(Some(now));
            if self.status != PaymentStatus::Completed {
                self.enter(PaymentStatus::Completed, "captured", now);
            }
        }
        self.authorised = reported.authorised;
        if self.authorised.is_none() {
            self.end_authorisation();
        }
        if self.captured == self.amount {
            // All of the money is here: a capture that had failed needs no decision any more.
            self.attention = None;
        }
        self.updated_at = now;
        Ok(Idempotent::Executed)
    }

    /// The gateway can capture nothing more: the authorisation was voided, or lapsed.
    pub fn release(&mut self, failure: &Failure, now: Timestamp) -> Idempotent {
        if self.authorised.is_none() {
            return Idempotent::AlreadyApplied;
        }
        self.end_authorisation();
        self.updated_at = now;
        if self.status == PaymentStatus::Processing {
            // It is being charged, so that it can fail.
            let _ = self.fail(failure, now);
        }
        Idempotent::Executed
    }

    fn end_authorisation(&mut self) {
        self.authorised = None;
        self.void_pending = false;
        for capture in self.captures.iter_mut().filter(|capture| capture.status == CaptureStatus::Requested) {
            capture.fail("the authorisation has ended");
        }
    }

    /// Assigns captured money to the capture that the shop made last, and the rest to the gateway's dashboard. The shop makes
    /// one capture at a time, so no other one of its own can be unknown.
    fn attribute(&mut self, more: Money, latest: Option<Id<Capture>>, now: Timestamp) -> Result<(), MoneyError> {
        if more.is_zero() {
            return Ok(());
        }
        let is_ours = |capture: &&mut Capture| Some(capture.id) == latest && capture.status != CaptureStatus::Captured;
        let mut rest = more;
        if let Some(capture) = self.captures.iter_mut().find(is_ours) {
            capture.amount = capture.amount.min(more);
            capture.status = CaptureStatus::Captured;
            capture.failure_reason = None;
            capture.leased_until = None;
            capture.captured_at = Some(now);
            rest = more.minus(capture.amount)?;
        }
        if !rest.is_zero() {
            self.captures.push(Capture {
                id: Id::new(),
                amount: rest,
                status: CaptureStatus::Captured,
                made_at: CaptureOrigin::Gateway,
                parcel: None,
                failure_reason: None,
                attempts: 0,
                leased_until: None,
                requested_at: now,
                captured_at: Some(now),
            });
        }
        Ok(())
    }
}

impl Capture {
    fn fail(&mut self, reason: &str) {
        self.status = CaptureStatus::Failed;
        self.failure_reason = Some(reason.to_owned());
        self.leased_until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency,
        order::{
            LinesOf,
            tests::{order, tracking},
        },
        payment::{FailureCode, PaymentMethod},
    };

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn cents(amount: i64) -> Money {
        Money::from_minor(amount)
    }

    fn authorised(amount: i64, multicapture: bool) -> Option<Authorisation> {
        Some(Authorisation { amount: cents(amount), until: NOW.plus(7 * AUTHORISATION_MARGIN), multicapture })
    }

    fn report(captured: i64, left: i64, latest: Option<Id<Capture>>) -> GatewayCaptures {
        let authorised = if left > 0 { authorised(left, true) } else { None };
        GatewayCaptures { captured: cents(captured), authorised, latest }
    }

    fn payment(amount: i64, multicapture: bool) -> Payment {
        let method = PaymentMethod::CreditCard;
        let mut payment = Payment::new(Id::new(), None, cents(amount), Currency::USD, method, None, None, NOW);
        payment.capture_mode = CaptureMode::OnShipping;
        payment.begin(1, NOW);
        let authorised = authorised(amount, multicapture);
        let first = GatewayCaptures { captured: Money::ZERO, authorised, latest: None };
        assert!(payment.record_captures(&first, NOW).unwrap().was_executed());
        assert_eq!(payment.record_captures(&first, NOW), Ok(Idempotent::AlreadyApplied));
        payment
    }

    fn amounts(payment: &Payment) -> Vec<(i64, CaptureStatus, CaptureOrigin)> {
        payment.captures.iter().map(|capture| (capture.amount.minor(), capture.status, capture.made_at)).collect()
    }

    #[test]
    fn an_authorised_payment_is_processing_and_completed_with_its_first_capture() {
        let mut payment = payment(1000, true);
        assert_eq!((payment.status, payment.captured), (PaymentStatus::Processing, Money::ZERO));
        assert!(!payment.is_under_way());
        let first = payment.request_capture(cents(400), Some(0), NOW).unwrap();
        assert!(payment.is_under_way(), "its outcome is not known yet");
        assert_eq!(payment.capturable(), Ok(cents(600)));
        assert!(payment.record_captures(&report(400, 600, Some(first)), NOW).unwrap().was_executed());
        assert_eq!((payment.status, payment.captured), (PaymentStatus::Completed, cents(400)));
        let second = payment.request_capture(cents(600), Some(1), NOW).unwrap();
        assert!(payment.record_captures(&report(1000, 0, Some(second)), NOW).unwrap().was_executed());
        assert_eq!((payment.captured, payment.authorised), (cents(1000), None));
        let shop = (CaptureStatus::Captured, CaptureOrigin::Shop);
        assert_eq!(amounts(&payment), [(400, shop.0, shop.1), (600, shop.0, shop.1)]);
        let states: Vec<_> = payment.timeline.iter().map(|event| event.status.as_str()).collect();
        assert_eq!(states, ["pending", "processing", "processing", "completed"]);
    }

    #[test]
    fn no_more_is_captured_than_is_authorised() {
        let mut payment = payment(1000, true);
        assert_eq!(
            payment.request_capture(cents(1001), None, NOW),
            Err(CaptureError::ExceedsAuthorised { left: 1000 })
        );
        assert_eq!(payment.request_capture(Money::ZERO, None, NOW), Err(CaptureError::NotPositive));
        assert_eq!(payment.request_capture(cents(-1), None, NOW), Err(CaptureError::NotPositive));
        payment.request_capture(cents(1000), None, NOW).unwrap();
        assert_eq!(payment.request_capture(Money::ZERO, None, NOW), Err(CaptureError::ExceedsAuthorised { left: 0 }));
        payment.void_pending = true;
        assert_eq!(payment.capturable(), Ok(Money::ZERO), "what is being voided is not captured");
    }

    #[test]
    fn the_shares_of_the_parcels_add_up_to_the_total() {
        // 100 + 233 + 67 of lines, and 99 for shipping with its tax.
        let mut order = order(&[("A", 1, 100), ("B", 1, 233), ("C", 1, 67)]);
        order.pricing.total = cents(499);
        let _ = order.confirm(NOW).unwrap();
        let _ = order.pick(NOW).unwrap();
        let mut payment = payment(499, true);
        let mut shares = Vec::new();
        for line in 0..3 {
            let seller = order.items[line].seller;
            let _ = order.ship(LinesOf::Seller(seller), &tracking(), seller, NOW).unwrap();
            let capture = payment.request_capture_of_parcel(&order, line, NOW).unwrap().unwrap();
            shares.push(payment.captures.iter().find(|each| each.id == capture).unwrap().amount.minor());
        }
        assert_eq!(shares, [199, 233, 67]);
        assert_eq!(payment.capturable(), Ok(Money::ZERO));
    }

    #[test]
    fn the_first_parcel_takes_everything_where_the_gateway_captures_once() {
        let mut order = order(&[("A", 1, 100), ("B", 1, 300)]);
        order.pricing.total = cents(400);
        let _ = order.confirm(NOW).unwrap();
        let _ = order.pick(NOW).unwrap();
        let mut payment = payment(400, false);
        for line in 0..2 {
            let seller = order.items[line].seller;
            let _ = order.ship(LinesOf::Seller(seller), &tracking(), seller, NOW).unwrap();
            let capture = payment.request_capture_of_parcel(&order, line, NOW).unwrap();
            assert_eq!(capture.is_some(), line == 0);
        }
        assert_eq!(amounts(&payment), [(400, CaptureStatus::Requested, CaptureOrigin::Shop)]);
    }

    #[test]
    fn a_capture_made_at_the_gateway_leaves_the_rest_to_capture() {
        let mut payment = payment(1000, true);
        assert!(payment.record_captures(&report(300, 700, None), NOW).unwrap().was_executed());
        let ours = payment.request_capture(cents(700), None, NOW).unwrap();
        // By hand again, after the answer to our capture of 500 was lost.
        payment.captures[1].amount = cents(500);
        assert!(payment.record_captures(&report(1000, 0, Some(ours)), NOW).unwrap().was_executed());
        let captured = CaptureStatus::Captured;
        let expected = [
            (300, captured, CaptureOrigin::Gateway),
            (500, captured, CaptureOrigin::Shop),
            (200, captured, CaptureOrigin::Gateway),
        ];
        assert_eq!(amounts(&payment), expected);
    }

    #[test]
    fn an_older_report_changes_nothing() {
        let mut payment = payment(1000, true);
        let ours = payment.request_capture(cents(1000), None, NOW).unwrap();
        let _ = payment.record_captures(&report(1000, 0, Some(ours)), NOW).unwrap();
        for older in [report(0, 1000, None), report(400, 600, None)] {
            assert_eq!(payment.record_captures(&older, NOW), Ok(Idempotent::AlreadyApplied));
        }
        assert_eq!((payment.captured, payment.authorised), (cents(1000), None));
    }

    #[test]
    fn a_capture_that_had_failed_counts_when_the_gateway_made_it() {
        let mut payment = payment(1000, true);
        let ours = payment.request_capture(cents(1000), None, NOW).unwrap();
        assert!(payment.fail_capture(ours, "refused", NOW).was_executed());
        assert_eq!(payment.fail_capture(ours, "refused", NOW), Idempotent::AlreadyApplied);
        assert!(payment.record_captures(&report(1000, 0, Some(ours)), NOW).unwrap().was_executed());
        assert_eq!(amounts(&payment), [(1000, CaptureStatus::Captured, CaptureOrigin::Shop)]);
    }

    #[test]
    fn a_released_authorisation_fails_the_payment_and_what_was_requested() {
        let mut payment = payment(1000, true);
        payment.request_capture(cents(400), None, NOW).unwrap();
        let failure = Failure::new(FailureCode::Cancelled, "the authorisation has ended");
        assert!(payment.release(&failure, NOW).was_executed());
        assert_eq!(payment.release(&failure, NOW), Idempotent::AlreadyApplied);
        assert_eq!((payment.status, payment.authorised), (PaymentStatus::Failed, None));
        assert_eq!(amounts(&payment), [(400, CaptureStatus::Failed, CaptureOrigin::Shop)]);
        assert!(!payment.is_under_way());
    }

    #[test]
    fn one_capture_of_a_payment_is_made_at_a_time() {
        let mut payment = payment(1000, true);
        let first = payment.request_capture(cents(400), None, NOW).unwrap();
        let second = payment.request_capture(cents(600), None, NOW).unwrap();
        assert_eq!(payment.lease_capture(first, NOW), CaptureLease::Acquired { attempt: 1 });
        assert_eq!(payment.lease_capture(second, NOW), CaptureLease::Held);
        assert_eq!(payment.lease_capture(first, NOW.plus(CAPTURE_LEASE)), CaptureLease::Acquired { attempt: 2 });
        payment.end_capture_lease(first, 1);
        assert_eq!(payment.lease_capture(second, NOW.plus(CAPTURE_LEASE)), CaptureLease::Held, "a late worker's end");
        payment.end_capture_lease(first, 2);
        assert_eq!(payment.lease_capture(second, NOW.plus(CAPTURE_LEASE)), CaptureLease::Acquired { attempt: 1 });
        assert_eq!(payment.lease_capture(Id::new(), NOW), CaptureLease::NotDue);
    }

    #[test]
    fn what_is_captured_and_refunded_can_be_followed_by_the_next_capture() {
        let mut payment = payment(1000, true);
        let first = payment.request_capture(cents(400), None, NOW).unwrap();
        let _ = payment.record_captures(&report(400, 600, Some(first)), NOW).unwrap();
        let refund = payment.approve_refund(cents(400), "returned", NOW).unwrap();
        assert!(!payment.is_paid_back(), "600 are to come");
        let _ = payment.record_refund(&crate::payment::tests::succeeded("re_1", Some(refund), 400), NOW).unwrap();
        assert_eq!(payment.status, PaymentStatus::Refunded);
        let second = payment.request_capture(cents(600), None, NOW).unwrap();
        assert!(payment.record_captures(&report(1000, 0, Some(second)), NOW).unwrap().was_executed());
        assert_eq!((payment.status, payment.refundable()), (PaymentStatus::Completed, Ok(cents(600))));
    }
}
