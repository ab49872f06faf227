//! A process that works in a test's shop and is killed: `kill -9`, at a moment that the test names.
//!
//! The victim is the test's program once more; an environment variable says what it is to do. At its moment it says so and
//! never goes on: before or after a command to the database its only thread stops, so that nothing is sent or heard any more;
//! at an await point the work is not polled again, while what it asked for goes its way. Then the test kills it.

use std::{
    collections::{BTreeMap, HashMap},
    env,
    io::{BufRead, BufReader, Write, stdout},
    pin::pin,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    task::Poll,
    thread,
    time::Duration,
};

use local::components::Components;
use mongodb::event::{EventHandler, command::CommandEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    domain::{Id, user::User},
    store::{PoolSize, Store, outbox::OutboxMessage},
};

use crate::{place::Place, shop::TestShop};

/// What the victim is told by.
const ERRAND: &str = "SHOP_TESTS_VICTIM";

/// What its lines begin with; the test runner has lines of its own.
const SAYS: &str = "victim: ";

/// How long what was asked for has to happen, after the victim waits for it and before it is killed.
const SETTLING: Duration = Duration::from_millis(40);

/// When the victim is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moment {
    /// Before this command is sent to the database, counted from 1.
    Before(usize),
    /// After the database's answer to it came, and before the shop's code hears of it.
    After(usize),
    /// At this of the points at which the work waits, counted from 1: what it waits for happens, and it never hears of it.
    Waiting(usize),
}

/// What the victim does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "a request is described by the API")]
pub enum Work {
    /// `POST /v1/checkout`.
    Checkout { buyer: Buyer, key: String, body: Value },
    /// Carries a message out.
    Deliver(OutboxMessage),
}

/// Who checks out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Buyer {
    /// A customer.
    Customer(Id<User>),
    /// A guest with the cart of this token.
    Guest(String),
}

/// What a victim did with its life.
#[derive(Debug, Default)]
pub struct Life {
    /// The commands that it sent, such as `insert orders`.
    pub commands: Vec<String>,
    /// Whether it was killed; if not, its work was done before its moment came.
    pub was_killed: bool,
    /// How it answered: status and body.
    pub answer: Option<(u16, String)>,
}

#[derive(Serialize, Deserialize)]
struct Errand {
    mongodb_uri: String,
    sqs_endpoint: String,
    stripe_api: String,
    smtp_url: String,
    mailbox_url: String,
    database: String,
    queues: BTreeMap<String, String>,
    work: Work,
    moment: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Command(String),
    MomentHasCome,
    Answer(u16, String),
}

impl Line {
    fn say(&self) {
        let mut out = stdout().lock();
        writeln!(out, "\n{SAYS}{}", serde_json::to_string(self).unwrap()).unwrap();
        out.flush().unwrap();
    }
}

impl TestShop {
    /// Lets a victim do this, and kills it at its moment. `test` is the full name of a test that calls [`live`].
    pub async fn let_die(&self, test: &str, work: &Work, moment: Option<Moment>) -> Life {
        let Components { mongodb_uri, sqs_endpoint, stripe_api, smtp_url, mailbox_url } = self.place.components.clone();
        let errand = Errand {
            mongodb_uri,
            sqs_endpoint,
            stripe_api,
            smtp_url,
            mailbox_url,
            database: self.store().database().name().to_owned(),
            queues: self.place.queues.clone(),
            work: work.clone(),
            moment,
        };
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(ERRAND, serde_json::to_string(&errand).unwrap());
        tokio::task::spawn_blocking(move || watch(command)).await.unwrap()
    }
}

/// Reads what the victim says, and kills it when its moment has come.
fn watch(mut command: Command) -> Life {
    let mut victim = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut life = Life::default();
    for line in BufReader::new(victim.stdout.take().unwrap()).lines() {
        let Some(line) = line.unwrap().strip_prefix(SAYS).map(|line| serde_json::from_str(line).unwrap()) else {
            continue;
        };
        match line {
            Line::Command(name) => life.commands.push(name),
            Line::Answer(status, body) => life.answer = Some((status, body)),
            Line::MomentHasCome => {
                thread::sleep(SETTLING);
                victim.kill().unwrap();
                life.was_killed = true;
            }
        }
    }
    let status = victim.wait().unwrap();
    assert!(life.was_killed || status.success(), "the victim died by itself: {status}");
    life
}

/// The victim's whole life.
pub fn live() {
    let errand = env::var(ERRAND).expect("this is for victims only: other tests start them");
    let errand: Errand = serde_json::from_str(&errand).unwrap();
    // One thread: while it stops, nothing goes on behind its back.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(errand));
}

async fn run(errand: Errand) {
    let fate = Arc::new(Fate { moment: errand.moment, so_far: Mutex::default() });
    let shop = open(&errand, &fate).await;
    match errand.work {
        Work::Checkout { buyer, key, body } => {
            let request = match buyer {
                Buyer::Customer(id) => shop.person_with(id).await.request("POST", "/v1/checkout"),
                Buyer::Guest(token) => shop.request("POST", "/v1/checkout").cart(&token),
            };
            let reply = fate.of(request.key(&key).json(body).send()).await;
            Line::Answer(reply.status.as_u16(), String::from_utf8(reply.body).unwrap()).say();
        }
        Work::Deliver(promise) => {
            let failed = fate.of(shop.deliver(&[promise])).await;
            Line::Answer(if failed.is_empty() { 200 } else { 500 }, String::new()).say();
        }
    }
}

async fn open(errand: &Errand, fate: &Arc<Fate>) -> TestShop {
    let mut options = Store::options(&errand.mongodb_uri, "victim", PoolSize::LAMBDA).await.unwrap();
    let noting = Arc::clone(fate);
    options.command_event_handler = Some(EventHandler::callback(move |event| noting.note(&event)));
    let store = Store::with_options(options, &errand.database).unwrap();
    store.ping().await.unwrap();
    let components = Components {
        mongodb_uri: errand.mongodb_uri.clone(),
        sqs_endpoint: errand.sqs_endpoint.clone(),
        stripe_api: errand.stripe_api.clone(),
        smtp_url: errand.smtp_url.clone(),
        mailbox_url: errand.mailbox_url.clone(),
    };
    let place = Place { store, queues: errand.queues.clone(), components, _held: None };
    TestShop::start_at(place, |real| real)
}

/// What the victim did so far, and when it ends.
struct Fate {
    moment: Option<Moment>,
    so_far: Mutex<SoFar>,
}

#[derive(Default)]
struct SoFar {
    has_begun: bool,
    commands: usize,
    waits: usize,
    /// The numbers of the commands that are not answered yet.
    open: HashMap<i32, usize>,
}

impl Fate {
    /// Does the work, and stops it for good at the await point that was named.
    async fn of<T>(&self, work: impl Future<Output = T>) -> T {
        self.so_far.lock().unwrap().has_begun = true;
        let mut work = pin!(work);
        let mut is_over = false;
        std::future::poll_fn(|context| {
            if is_over {
                return Poll::Pending;
            }
            let polled = work.as_mut().poll(context);
            if polled.is_pending() {
                let mut so_far = self.so_far.lock().unwrap();
                so_far.waits += 1;
                if self.moment == Some(Moment::Waiting(so_far.waits)) {
                    Line::MomentHasCome.say();
                    is_over = true;
                }
            }
            polled
        })
        .await
    }

    fn note(&self, event: &CommandEvent) {
        let mut so_far = self.so_far.lock().unwrap();
        if !so_far.has_begun {
            return;
        }
        let moment = match event {
            CommandEvent::Started(started) => {
                so_far.commands += 1;
                let number = so_far.commands;
                so_far.open.insert(started.request_id, number);
                let on = started.command.get_str(&started.command_name).unwrap_or_default();
                Line::Command(format!("{} {on}", started.command_name).trim().to_owned()).say();
                Moment::Before(number)
            }
            CommandEvent::Succeeded(done) => Moment::After(so_far.open.remove(&done.request_id).unwrap_or_default()),
            CommandEvent::Failed(failed) => Moment::After(so_far.open.remove(&failed.request_id).unwrap_or_default()),
            _ => return,
        };
        if self.moment == Some(moment) {
            Line::MomentHasCome.say();
            loop {
                thread::park();
            }
        }
    }
}
