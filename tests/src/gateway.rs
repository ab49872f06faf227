//! A gateway that fails on demand around the real one: what the Stripe API server never does, a network does.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use shared::{
    domain::{Id, Money, payment::Refund},
    gateway::{Charge, GatewayError, Intent, PaymentGateway},
};

/// When an answer gets lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before the gateway hears of it.
    RequestLost,
    /// After the gateway has done it.
    AnswerLost,
}

/// A call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the method that it is called like")]
pub enum Call {
    Open,
    Confirm,
    LookUp,
    Cancel,
    Capture,
    Refund,
}

/// The real gateway behind a bad network.
#[derive(Debug)]
pub struct FaultyGateway {
    real: Arc<dyn PaymentGateway>,
    faults: Mutex<Vec<(Call, Fault)>>,
    /// How many calls reached the gateway.
    pub calls: AtomicUsize,
}

impl FaultyGateway {
    /// A network that is good so far.
    pub fn around(real: Arc<dyn PaymentGateway>) -> Arc<Self> {
        Arc::new(Self { real, faults: Mutex::default(), calls: AtomicUsize::new(0) })
    }

    /// The next call of this kind fails like this, once.
    pub fn fail_next(&self, call: Call, fault: Fault) {
        self.faults.lock().unwrap().push((call, fault));
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(of, _)| *of == call)?;
        Some(faults.remove(at).1)
    }

    async fn through<T>(
        &self,
        call: Call,
        real: impl Future<Output = Result<T, GatewayError>> + Send,
    ) -> Result<T, GatewayError> {
        let lost = || GatewayError::Unknown("the test's network lost it".to_owned());
        match self.fault(call) {
            Some(Fault::RequestLost) => Err(lost()),
            fault => {
                self.calls.fetch_add(1, Ordering::SeqCst);
                let answer = real.await;
                if fault == Some(Fault::AnswerLost) { Err(lost()) } else { answer }
            }
        }
    }
}

#[async_trait]
impl PaymentGateway for FaultyGateway {
    async fn open(&self, wanted: &Charge<'_>) -> Result<Intent, GatewayError> {
        self.through(Call::Open, self.real.open(wanted)).await
    }

    async fn confirm(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.through(Call::Confirm, self.real.confirm(intent)).await
    }

    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.through(Call::LookUp, self.real.look_up(intent)).await
    }

    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.through(Call::Cancel, self.real.cancel(intent)).await
    }

    async fn capture(&self, intent: &str, amount: Option<Money>) -> Result<Intent, GatewayError> {
        self.through(Call::Capture, self.real.capture(intent, amount)).await
    }

    async fn refund(&self, intent: &str, refund: Id<Refund>, amount: Money) -> Result<String, GatewayError> {
        self.through(Call::Refund, self.real.refund(intent, refund, amount)).await
    }
}
