//! A gateway that wraps the real one and fails on demand, as a network does.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use shared::{
    domain::{
        Currency, Id, Random,
        payment::{GatewayRefund, PaymentSource},
        saved_method::CardOnFile,
        user::User,
    },
    gateway::{CaptureRequest, Charge, GatewayError, History, Intent, Page, PaymentGateway, RefundRequest, Window},
};
use tokio::sync::Semaphore;

/// The part of a call that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request: the gateway does nothing.
    RequestLost,
    /// The answer: the gateway has done it.
    AnswerLost,
}

/// A method of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the method of that name")]
pub enum Call {
    Open,
    Confirm,
    LookUp,
    Capture,
    Cancel,
    History,
    List,
    Refund,
    CreateCustomer,
    SaveMethod,
    DetachMethod,
}

/// Where a call is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the gateway receives it.
    Before,
    /// After the gateway has done it, before its answer arrives.
    After,
}

/// A call that is blocked until this is dropped.
#[derive(Debug)]
pub struct BlockedCall(Arc<Gate>);

/// Where one call waits.
#[derive(Debug)]
pub(crate) struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Gate {
    /// A closed gate, which opens when the other value is dropped.
    pub(crate) fn closed() -> (Arc<Self>, BlockedCall) {
        let gate = Arc::new(Self { arrived: Semaphore::new(0), open: Semaphore::new(0) });
        (Arc::clone(&gate), BlockedCall(gate))
    }

    /// Waits until the gate is open.
    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }
}

impl BlockedCall {
    /// Waits until a call is blocked here.
    pub async fn arrived(&self) {
        let arrived = tokio::time::timeout(Duration::from_secs(30), self.0.arrived.acquire()).await;
        arrived.expect("no call reached this point").unwrap().forget();
    }
}

impl Drop for BlockedCall {
    fn drop(&mut self) {
        self.0.open.add_permits(1);
    }
}

/// The real gateway behind a faulty network.
#[derive(Debug)]
pub struct FaultyGateway {
    real: Arc<dyn PaymentGateway>,
    faults: Mutex<Vec<(Call, Fault)>>,
    gates: Mutex<Vec<(Call, Moment, Arc<Gate>)>>,
    storm: Mutex<Option<(Random, u64)>>,
    /// How many calls reached the gateway.
    pub calls: AtomicUsize,
}

impl FaultyGateway {
    /// A network without faults so far.
    pub fn around(real: Arc<dyn PaymentGateway>) -> Arc<Self> {
        Arc::new(Self {
            real,
            faults: Mutex::default(),
            gates: Mutex::default(),
            storm: Mutex::default(),
            calls: AtomicUsize::new(0),
        })
    }

    /// The next call of this method fails like this, once.
    pub fn fail_next(&self, call: Call, fault: Fault) {
        self.faults.lock().unwrap().push((call, fault));
    }

    /// From now on this percentage of all calls loses the request or the answer.
    pub fn storm(&self, random: Random, percent: u64) {
        *self.storm.lock().unwrap() = Some((random, percent));
    }

    /// The network has no faults any more.
    pub fn calm(&self) {
        *self.storm.lock().unwrap() = None;
        self.faults.lock().unwrap().clear();
    }

    /// Blocks the next call of this method until the returned value is dropped.
    pub fn block_next(&self, call: Call, moment: Moment) -> BlockedCall {
        let (gate, blocked) = Gate::closed();
        self.gates.lock().unwrap().push((call, moment, gate));
        blocked
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        if let Some((random, percent)) = &*self.storm.lock().unwrap()
            && random.below(100) < *percent
        {
            return Some(if random.below(2) == 0 { Fault::RequestLost } else { Fault::AnswerLost });
        }
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(of, _)| *of == call)?;
        Some(faults.remove(at).1)
    }

    async fn wait_at(&self, call: Call, moment: Moment) {
        let gate = {
            let mut gates = self.gates.lock().unwrap();
            let at = gates.iter().position(|(of, when, _)| (*of, *when) == (call, moment));
            at.map(|at| gates.remove(at).2)
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
    }

    async fn through<T>(
        &self,
        call: Call,
        real: impl Future<Output = Result<T, GatewayError>> + Send,
    ) -> Result<T, GatewayError> {
        let lost = || GatewayError::Unknown("the test's network lost it".to_owned());
        self.wait_at(call, Moment::Before).await;
        match self.fault(call) {
            Some(Fault::RequestLost) => Err(lost()),
            fault => {
                self.calls.fetch_add(1, Ordering::SeqCst);
                let answer = real.await;
                self.wait_at(call, Moment::After).await;
                if fault == Some(Fault::AnswerLost) { Err(lost()) } else { answer }
            }
        }
    }
}

#[async_trait]
impl PaymentGateway for FaultyGateway {
    async fn open(&self, charge: &Charge<'_>) -> Result<Intent, GatewayError> {
        self.through(Call::Open, self.real.open(charge)).await
    }

    async fn confirm(&self, intent: &str, return_url: Option<&str>) -> Result<Intent, GatewayError> {
        self.through(Call::Confirm, self.real.confirm(intent, return_url)).await
    }

    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.through(Call::LookUp, self.real.look_up(intent)).await
    }

    async fn capture(&self, intent: &str, capture: &CaptureRequest) -> Result<Intent, GatewayError> {
        self.through(Call::Capture, self.real.capture(intent, capture)).await
    }

    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.through(Call::Cancel, self.real.cancel(intent)).await
    }

    async fn history(&self, intent: &str, currency: Currency) -> Result<History, GatewayError> {
        self.through(Call::History, self.real.history(intent, currency)).await
    }

    async fn list(&self, window: Window, after: Option<&str>) -> Result<Page, GatewayError> {
        self.through(Call::List, self.real.list(window, after)).await
    }

    async fn refund(&self, intent: &str, refund: &RefundRequest) -> Result<GatewayRefund, GatewayError> {
        self.through(Call::Refund, self.real.refund(intent, refund)).await
    }

    async fn create_customer(&self, user: Id<User>, replaces: Option<&str>) -> Result<String, GatewayError> {
        self.through(Call::CreateCustomer, self.real.create_customer(user, replaces)).await
    }

    async fn save_method(&self, customer: &str, source: &PaymentSource) -> Result<CardOnFile, GatewayError> {
        self.through(Call::SaveMethod, self.real.save_method(customer, source)).await
    }

    async fn detach_method(&self, method: &PaymentSource) -> Result<(), GatewayError> {
        self.through(Call::DetachMethod, self.real.detach_method(method)).await
    }
}
