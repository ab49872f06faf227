//! The behaviour of the components that the shop relies on, and of their supervisor.
#![allow(
    missing_docs,
    clippy::expect_used,
    reason = "tests are named by what they show, and may panic in their helpers too"
)]

use std::path::PathBuf;
use std::process::{Command, id};
use std::time::Duration;
use std::{env, fs};

use local::components::supervise::{Launch, Supervisor};
use local::components::{Components, Config, Profile, sqs, stripe, workspace_root};
use mongodb::Client;
use mongodb::bson::{Document, doc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

async fn components() -> Components {
    let config = Config::from_env(Profile::Test, &workspace_root().join(".local")).expect("a good environment");
    Components::ensure(&config).await.expect("components")
}

fn folder(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("shop-local-{}-{name}", id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn shell(name: &'static str, script: &str) -> Launch {
    Launch {
        name,
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        environment: Vec::new(),
        ports: Vec::new(),
        inherit_output: false,
        start_timeout: Duration::from_secs(5),
    }
}

#[tokio::test]
async fn an_aborted_transaction_leaves_nothing() {
    let client = Client::with_uri_str(components().await.mongodb_uri).await.expect("a client");
    let database = client.database(&format!("local_{}", id()));
    let notes = database.collection::<Document>("notes");
    let mut session = client.start_session().await.expect("a session");
    for commits in [false, true] {
        session.start_transaction().await.expect("a transaction");
        notes.insert_one(doc! { "commits": commits }).session(&mut session).await.expect("an insert");
        if commits {
            session.commit_transaction().await.expect("a commit");
        } else {
            session.abort_transaction().await.expect("an abort");
        }
    }
    let kept = notes.count_documents(doc! {}).await.expect("a count");
    database.drop().await.expect("a drop");
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn a_message_that_is_never_handled_ends_in_the_dead_letter_queue() {
    let endpoint = components().await.sqs_endpoint;
    let prefix = format!("local-{}-", id());
    sqs::ensure_queues(&endpoint, &prefix, 30).await.expect("queues");
    let urls = sqs::ensure_queues(&endpoint, &prefix, 0).await.expect("the same queues again");
    let client = sqs::client(&endpoint);
    client.send_message().queue_url(&urls["payments"]).message_body("lost").send().await.expect("a send");
    for _ in 0..=sqs::MAX_RECEIVE_COUNT {
        client.receive_message().queue_url(&urls["payments"]).send().await.expect("a receive");
    }
    let dead = client.receive_message().queue_url(&urls["payments-dlq"]).wait_time_seconds(5).send().await;
    let bodies: Vec<_> = dead.expect("a receive").messages().iter().filter_map(|m| m.body.clone()).collect();
    assert_eq!(bodies, ["lost"]);
}

#[tokio::test]
async fn a_payment_is_followed_by_a_signed_webhook() {
    let api = components().await.stripe_api;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let name = format!("local-{}", id());
    stripe::configure_webhook(&api, &name, &format!("http://{address}/hook"), "whsec_test").await.expect("a webhook");
    let payment = [("amount", "1000"), ("currency", "usd"), ("payment_method", "pm_card_visa"), ("confirm", "true")];
    let request = reqwest::Client::new().post(format!("{api}/v1/payment_intents")).bearer_auth(stripe::SECRET_KEY);
    let answer = request.form(&payment).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{answer:?}");

    let (mut stream, _) = tokio::time::timeout(Duration::from_secs(10), listener.accept())
        .await
        .expect("a webhook in time")
        .expect("a connection");
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the head of a request"));
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let head = String::from_utf8_lossy(&head).to_lowercase();
    assert!(head.contains("stripe-signature: t=") && head.contains(",v1="), "{head}");
}

#[tokio::test]
async fn a_running_child_is_reused_and_stopped_once() {
    let supervisor = Supervisor::new(&folder("reuse")).expect("folders");
    let launch = shell("sleeper", "sleep 60");
    assert!(supervisor.ensure(&launch, async || true).await.expect("a start"));
    assert!(!supervisor.ensure(&launch, async || true).await.expect("a second start"));
    assert!(supervisor.is_running("sleeper"));
    assert!(supervisor.stop("sleeper", Duration::from_secs(5)).await.expect("a stop"));
    assert!(!supervisor.is_running("sleeper"));
    assert!(!supervisor.stop("sleeper", Duration::from_secs(5)).await.expect("a second stop"));
}

#[tokio::test]
async fn a_child_that_ignores_the_request_to_end_is_killed_with_its_children() {
    let supervisor = Supervisor::new(&folder("deaf")).expect("folders");
    let launch = shell("deaf", "trap '' TERM; sleep 60 & echo $!; wait; wait; sleep 60");
    let log = supervisor.log_path("deaf");
    let has_child = async || fs::read_to_string(&log).is_ok_and(|text| text.ends_with('\n'));
    supervisor.ensure(&launch, has_child).await.expect("a start");
    let grandchild = fs::read_to_string(&log).expect("a log").trim().to_owned();
    assert!(supervisor.stop("deaf", Duration::from_millis(200)).await.expect("a stop"));
    let state = fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[tokio::test]
async fn a_recycled_process_id_is_left_alone() {
    let folder = folder("recycled");
    let supervisor = Supervisor::new(&folder).expect("folders");
    let mut stranger = Command::new("sleep").arg("60").spawn().expect("a process");
    let record = format!(r#"{{"pid":{},"started":"1","command":["sleep","60"],"ports":[]}}"#, stranger.id());
    fs::write(folder.join("run/ours.json"), record).expect("a record");
    assert!(!supervisor.is_running("ours"));
    assert!(!supervisor.stop("ours", Duration::from_secs(1)).await.expect("a stop"));
    assert!(stranger.try_wait().expect("a status").is_none(), "the stranger was stopped");
    stranger.kill().expect("a kill");
    stranger.wait().expect("an end");
}

#[tokio::test]
async fn a_child_that_dies_at_once_says_why() {
    let supervisor = Supervisor::new(&folder("dies")).expect("folders");
    let launch = shell("broken", "echo no such luck >&2; exit 3");
    let error = supervisor.ensure(&launch, async || false).await.expect_err("a failure");
    assert!(error.to_string().contains("no such luck"), "{error}");
    assert!(!supervisor.is_running("broken"));
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_variable_that_moves_it() {
    let supervisor = Supervisor::new(&folder("taken")).expect("folders");
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let launch = Launch { ports: vec![(port, "SHOP_PORT".to_owned())], ..shell("shop", "sleep 60") };
    let error = supervisor.ensure(&launch, async || true).await.expect_err("a failure").to_string();
    assert!(error.contains(&port.to_string()) && error.contains("SHOP_PORT"), "{error}");
}
