//! A process that works in a test's shop and is killed with `kill -9` at a given moment.
//!
//! The victim is the test program started again, with its task in an environment variable. At the moment it reports to the
//! test and stops: before or after a database command its only thread parks, so nothing more is sent or received; at an
//! await point the work is not polled again, while its pending request completes. Then the test kills it.

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

/// The environment variable with the task of the victim.
const TASK: &str = "SHOP_TESTS_VICTIM";

/// The prefix of its lines, which tells them from those of the test runner.
const PREFIX: &str = "victim: ";

/// The time for a pending request to complete before the victim is killed.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(40);

/// When the victim is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moment {
    /// Before this command is sent to the database, counted from 1.
    Before(usize),
    /// After the database's answer arrived, before the shop's code receives it.
    After(usize),
    /// At this await point, counted from 1: the pending request completes, and its answer is never received.
    Waiting(usize),
}

/// The work of the victim.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "a request is described by the API")]
pub enum Work {
    /// `POST /v1/checkout`.
    Checkout { buyer: Buyer, key: String, body: Value },
    /// Processes a message.
    Deliver(OutboxMessage),
}

/// The buyer of a checkout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Buyer {
    /// A customer.
    Customer(Id<User>),
    /// A guest with the cart of this token.
    Guest(String),
}

/// The run of a victim.
#[derive(Debug, Default)]
pub struct VictimRun {
    /// The database commands that it sent, such as `insert orders`.
    pub commands: Vec<String>,
    /// Whether it was killed; otherwise its work completed before the moment.
    pub was_killed: bool,
    /// Its answer: status and body.
    pub answer: Option<(u16, String)>,
}

#[derive(Serialize, Deserialize)]
struct Task {
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
    MomentReached,
    Answer(u16, String),
}

impl Line {
    fn send(&self) {
        let mut out = stdout().lock();
        writeln!(out, "\n{PREFIX}{}", serde_json::to_string(self).unwrap()).unwrap();
        out.flush().unwrap();
    }
}

impl TestShop {
    /// Starts a victim with this work, and kills it at the moment. `test` is the full name of a test that calls
    /// [`run_victim`].
    pub async fn kill_at(&self, test: &str, work: &Work, moment: Option<Moment>) -> VictimRun {
        let Components { mongodb_uri, sqs_endpoint, stripe_api, smtp_url, mailbox_url } = self.place.components.clone();
        let task = Task {
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
        command.args(["--exact", test, "--ignored", "--nocapture"]).env(TASK, serde_json::to_string(&task).unwrap());
        tokio::task::spawn_blocking(move || watch(command)).await.unwrap()
    }
}

/// Reads the lines of the victim, and kills it at its moment.
fn watch(mut command: Command) -> VictimRun {
    let mut victim = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut run = VictimRun::default();
    for line in BufReader::new(victim.stdout.take().unwrap()).lines() {
        let Some(line) = line.unwrap().strip_prefix(PREFIX).map(|line| serde_json::from_str(line).unwrap()) else {
            continue;
        };
        match line {
            Line::Command(name) => run.commands.push(name),
            Line::Answer(status, body) => run.answer = Some((status, body)),
            Line::MomentReached => {
                thread::sleep(REQUEST_TIMEOUT);
                victim.kill().unwrap();
                run.was_killed = true;
            }
        }
    }
    let status = victim.wait().unwrap();
    assert!(run.was_killed || status.success(), "the victim died by itself: {status}");
    run
}

/// The body of the victim process.
pub fn run_victim() {
    let task = env::var(TASK).expect("only a victim runs this: other tests start it");
    let task: Task = serde_json::from_str(&task).unwrap();
    // A single thread, so that parking it stops everything.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(task));
}

async fn run(task: Task) {
    let kill_point = Arc::new(KillPoint { moment: task.moment, progress: Mutex::default() });
    let shop = open(&task, &kill_point).await;
    match task.work {
        Work::Checkout { buyer, key, body } => {
            let request = match buyer {
                Buyer::Customer(id) => shop.person_with(id).await.request("POST", "/v1/checkout"),
                Buyer::Guest(token) => shop.request("POST", "/v1/checkout").cart(&token),
            };
            let reply = kill_point.run(request.key(&key).json(body).send()).await;
            Line::Answer(reply.status.as_u16(), String::from_utf8(reply.body).unwrap()).send();
        }
        Work::Deliver(message) => {
            let failed = kill_point.run(shop.deliver(&[message])).await;
            Line::Answer(if failed.is_empty() { 200 } else { 500 }, String::new()).send();
        }
    }
}

async fn open(task: &Task, kill_point: &Arc<KillPoint>) -> TestShop {
    let mut options = Store::options(&task.mongodb_uri, "victim", PoolSize::LAMBDA).await.unwrap();
    let observer = Arc::clone(kill_point);
    options.command_event_handler = Some(EventHandler::callback(move |event| observer.observe(&event)));
    let store = Store::with_options(options, &task.database).unwrap();
    store.ping().await.unwrap();
    let components = Components {
        mongodb_uri: task.mongodb_uri.clone(),
        sqs_endpoint: task.sqs_endpoint.clone(),
        stripe_api: task.stripe_api.clone(),
        smtp_url: task.smtp_url.clone(),
        mailbox_url: task.mailbox_url.clone(),
    };
    let place = Place { store, queues: task.queues.clone(), components, _lock: None };
    TestShop::start_at(place, |real| real)
}

/// The progress of the victim, and the moment at which it stops.
struct KillPoint {
    moment: Option<Moment>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    has_begun: bool,
    commands: usize,
    waits: usize,
    /// The numbers of the commands without an answer yet.
    open: HashMap<i32, usize>,
}

impl KillPoint {
    /// Runs the work, and stops polling it at the await point of the moment.
    async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.progress.lock().unwrap().has_begun = true;
        let mut work = pin!(work);
        let mut is_stopped = false;
        std::future::poll_fn(|context| {
            if is_stopped {
                return Poll::Pending;
            }
            let polled = work.as_mut().poll(context);
            if polled.is_pending() {
                let mut progress = self.progress.lock().unwrap();
                progress.waits += 1;
                if self.moment == Some(Moment::Waiting(progress.waits)) {
                    Line::MomentReached.send();
                    is_stopped = true;
                }
            }
            polled
        })
        .await
    }

    fn observe(&self, event: &CommandEvent) {
        let mut progress = self.progress.lock().unwrap();
        if !progress.has_begun {
            return;
        }
        let moment = match event {
            CommandEvent::Started(started) => {
                progress.commands += 1;
                let number = progress.commands;
                progress.open.insert(started.request_id, number);
                let on = started.command.get_str(&started.command_name).unwrap_or_default();
                Line::Command(format!("{} {on}", started.command_name).trim().to_owned()).send();
                Moment::Before(number)
            }
            CommandEvent::Succeeded(done) => Moment::After(progress.open.remove(&done.request_id).unwrap_or_default()),
            CommandEvent::Failed(failed) => Moment::After(progress.open.remove(&failed.request_id).unwrap_or_default()),
            _ => return,
        };
        if self.moment == Some(moment) {
            Line::MomentReached.send();
            loop {
                thread::park();
            }
        }
    }
}
