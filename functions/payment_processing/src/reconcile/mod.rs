//! Compares the charges of the gateway with payments and orders over a window of time.
//!
//! Each difference is a *break*. A look-up or a void heals some of them safely, because both record no more than what the
//! gateway reports; the others are for a person.

mod compare;

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    time::Duration,
};

use futures::TryStreamExt;
use serde::Serialize;
use shared::{
    domain::{
        Id, Timestamp,
        message::Event,
        order::Order,
        payment::{GatewayName, Payment},
    },
    gateway::{GatewayError, ListedCharge, PaymentGateway, Window},
    queue::ProcessError,
    store::{Store, StoreError},
    transaction,
};

pub use compare::{Break, Cause, Remedy};

use crate::{PaymentProcessing, no_answer};
use compare::Difference;

/// A payment that changed more recently is being processed: the next run compares it. Shorter than the interval in which
/// maintenance touches what is unresolved, so that it is compared.
const IN_PROGRESS: Duration = Duration::from_secs(60);

/// The result of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The beginning of the window.
    pub from: Timestamp,
    /// The end of the window, exclusive.
    pub until: Timestamp,
    /// Charges of the gateway that were compared.
    pub charges: u64,
    /// Charges that another program of the gateway's account made.
    pub foreign_charges: u64,
    /// Payments that were created in the window.
    pub payments: u64,
    /// Payments that are still being processed, and were not compared.
    pub in_progress: u64,
    /// What differs.
    pub breaks: Vec<Break>,
}

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The gateway's list could not be read.
    #[error("the gateway's charges could not be listed: {0}")]
    Gateway(#[from] GatewayError),
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares all charges that were opened, and all payments that were created, in the window. With `heal`, enqueues what heals
/// a break.
pub async fn reconcile(
    store: &Store,
    gateway: &dyn PaymentGateway,
    window: Window,
    heal: bool,
    now: Timestamp,
) -> Result<Report, ReconcileError> {
    let mut run = Run {
        store,
        gateway,
        unchanged_since: now.minus(IN_PROGRESS),
        listed: HashSet::new(),
        report: Report {
            from: window.from,
            until: window.until,
            charges: 0,
            foreign_charges: 0,
            payments: 0,
            in_progress: 0,
            breaks: Vec::new(),
        },
    };
    run.compare_charges(window).await?;
    run.compare_payments(window).await?;
    if heal {
        for found in &mut run.report.breaks {
            found.is_healing = request_healing(store, found, now).await?;
        }
    }
    for found in &run.report.breaks {
        report_break(found);
    }
    Ok(run.report)
}

struct Run<'a> {
    store: &'a Store,
    gateway: &'a dyn PaymentGateway,
    unchanged_since: Timestamp,
    /// The intents that the gateway listed.
    listed: HashSet<String>,
    report: Report,
}

impl Run<'_> {
    async fn compare_charges(&mut self, window: Window) -> Result<(), ReconcileError> {
        let mut after = None;
        loop {
            let page = self.gateway.list(window, after.as_deref()).await?;
            self.compare_page(page.charges).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn compare_page(&mut self, charges: Vec<ListedCharge>) -> Result<(), ReconcileError> {
        let ids = charges.iter().filter_map(|charge| charge.intent.payment);
        let payments = self.store.payments.find_all(ids).await?;
        let orders = self.store.orders.find_all(payments.iter().map(|payment| payment.order)).await?;
        let payments: HashMap<_, _> = payments.into_iter().map(|payment| (payment.id, payment)).collect();
        let orders: HashMap<_, _> = orders.into_iter().map(|order| (order.id, order)).collect();
        for charge in charges {
            let Some(id) = charge.intent.payment else {
                self.report.foreign_charges += 1;
                continue;
            };
            self.report.charges += 1;
            let payment = payments.get(&id);
            let order = payment.and_then(|payment| orders.get(&payment.order));
            self.compare(&charge, id, payment.zip(order));
            self.listed.insert(charge.intent.id);
        }
        Ok(())
    }

    fn compare(&mut self, charge: &ListedCharge, id: Id<Payment>, known: Option<(&Payment, &Order)>) {
        let differences = match known {
            Some((payment, _)) if self.is_in_progress(payment) => return,
            Some((payment, order)) => compare::differences(charge, payment, order),
            None => Vec::from_iter(compare::unknown_payment(charge)),
        };
        for difference in differences {
            self.add(id, known.map(|(payment, _)| payment.order), Some(charge.intent.id.clone()), difference);
        }
    }

    /// Payments whose charge the gateway does not know. One that was opened outside of the window is compared with that window.
    async fn compare_payments(&mut self, window: Window) -> Result<(), ReconcileError> {
        let mut payments = pin!(self.store.payments.stream_created(window.from, window.until).await?);
        while let Some(payment) = payments.try_next().await? {
            self.report.payments += 1;
            self.report.in_progress += u64::from(self.is_in_progress(&payment));
            self.find_charge(&payment).await?;
        }
        Ok(())
    }

    async fn find_charge(&mut self, payment: &Payment) -> Result<(), ReconcileError> {
        let Some(intent) = &payment.transaction_id else { return Ok(()) };
        let is_listed = payment.gateway != GatewayName::Stripe || self.listed.contains(intent);
        if is_listed || self.is_in_progress(payment) {
            return Ok(());
        }
        match self.gateway.look_up(intent).await {
            Ok(_) => Ok(()),
            Err(GatewayError::NotFound(_)) => {
                if let Some(difference) = compare::unknown_charge(payment) {
                    self.add(payment.id, Some(payment.order), Some(intent.clone()), difference);
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_in_progress(&self, payment: &Payment) -> bool {
        payment.updated_at > self.unchanged_since
    }

    fn add(&mut self, payment: Id<Payment>, order: Option<Id<Order>>, intent: Option<String>, difference: Difference) {
        let Difference { cause, remedy, detail } = difference;
        self.report.breaks.push(Break { payment, order, intent, cause, remedy, detail, is_healing: false });
    }
}

/// Enqueues what heals a break; answers whether something does.
async fn request_healing(store: &Store, found: &Break, now: Timestamp) -> Result<bool, StoreError> {
    let Some(order_id) = found.order else { return Ok(false) };
    let payment_id = found.payment;
    let event = match found.remedy {
        Remedy::LookUp => Event::PaymentStatusUnknown { payment_id, order_id },
        Remedy::Void => Event::PaymentVoidRequested { payment_id, order_id },
        Remedy::Person => return Ok(false),
    };
    let message = event.now(now);
    transaction!(store, |tx| { store.outbox.enqueue(tx, &message).await })?;
    Ok(true)
}

fn report_break(found: &Break) {
    let Break { payment, intent, cause, detail, is_healing, .. } = found;
    let cause = cause.as_str();
    if *is_healing {
        tracing::warn!(%payment, intent, cause, detail, "the books differ: being healed");
    } else {
        tracing::error!(%payment, intent, cause, detail, "the books differ: a person has to decide");
    }
}

impl PaymentProcessing {
    /// `payment.reconcileRequested`
    pub(crate) async fn reconcile(&self, window: Window) -> Result<(), ProcessError> {
        let now = self.worker.clock.now();
        match reconcile(&self.worker.store, self.gateway.as_ref(), window, true, now).await {
            Ok(report) => {
                let (charges, payments, breaks) = (report.charges, report.payments, report.breaks.len());
                tracing::info!(charges, payments, breaks, "reconciled");
                Ok(())
            }
            Err(ReconcileError::Gateway(error)) => Err(no_answer(error)),
            Err(ReconcileError::Store(error)) => Err(error.into()),
        }
    }
}
