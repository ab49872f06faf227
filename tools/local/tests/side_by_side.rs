//! Two shops of one program outside of its build folder, each with its own state folder and ports.
#![allow(
    missing_docs,
    clippy::expect_used,
    reason = "tests are named by what they show, and may panic in their helpers too"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, id};
use std::time::{Duration, Instant};
use std::{env, fs};

use local::components::workspace_root;
use local::stack::Stack;

/// Variables that are removed, because they configure the shop of this machine or of the tests.
const REMOVED_VARIABLES: [&str; 14] = [
    "SHOP_STATE",
    "SHOP_PORT",
    "MONGODB_PORT",
    "SQS_PORT",
    "STRIPE_PORT",
    "SMTP_PORT",
    "MAILBOX_PORT",
    "MONGODB_URI",
    "MONGODB_DATABASE",
    "AWS_ENDPOINT_URL_SQS",
    "STRIPE_API_BASE",
    "SMTP_URL",
    "MAILBOX_URL",
    "CORS_ALLOWED_ORIGINS",
];

/// Stops its shop on drop, also if the test fails.
struct LocalShop {
    program: PathBuf,
    folder: PathBuf,
    state: PathBuf,
}

impl LocalShop {
    /// The program in this folder, with its state in `state`.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments);
        for variable in REMOVED_VARIABLES {
            command.env_remove(variable);
        }
        // The tools are shared with the tests.
        if env::var_os("SHOP_LOCAL_CACHE").is_none() {
            command.env("SHOP_LOCAL_CACHE", workspace_root().join(".local"));
        }
        command
    }

    fn stack(&self) -> Stack {
        Stack::load(&self.state).expect("the shop is described in its state folder")
    }
}

impl Drop for LocalShop {
    fn drop(&mut self) {
        let _ = self.command(&["down", "--reset", "--state"]).arg(&self.state).output();
    }
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("the program can be run");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

async fn health(stack: &Stack) -> reqwest::Result<reqwest::Response> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    client.get(format!("{}/health", stack.api_url)).send().await?.error_for_status()
}

/// Two shops on a machine that is busy with other tests may need a second attempt.
async fn answers(stack: &Stack) {
    let end = Instant::now() + Duration::from_secs(60);
    while let Err(error) = health(stack).await {
        assert!(Instant::now() < end, "the shop does not answer: {error}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn is_closed(stack: &Stack) -> bool {
    health(stack).await.is_err_and(|error| error.is_connect())
}

/// The answer to the preflight request of a page of this origin.
async fn allowed_origin(stack: &Stack, origin: &str) -> Option<String> {
    let request = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, format!("{}/checkout", stack.api_url))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,idempotency-key");
    let answer = request.send().await.expect("an answer");
    answer.headers().get("access-control-allow-origin").map(|value| value.to_str().expect("text").to_owned())
}

fn addresses(stack: &Stack) -> BTreeSet<String> {
    [&stack.api_url, &stack.mongodb_uri, &stack.sqs_endpoint, &stack.stripe_api, &stack.smtp_url, &stack.mailbox_url]
        .map(Clone::clone)
        .into()
}

#[tokio::test]
async fn two_shops_of_one_moved_program_run_side_by_side() {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("two shops {}", id()));
    let _ = fs::remove_dir_all(&home);
    let folders = ["first", "second"].map(|name| home.join(name));
    for folder in &folders {
        fs::create_dir_all(folder).expect("a folder");
    }
    let program = home.join("shop");
    fs::hard_link(env!("CARGO_BIN_EXE_local"), &program).expect("a program in another place");
    let [first, second] = folders;
    // One has its state in the current folder, the other in the folder of an option.
    let first = LocalShop { program: program.clone(), state: first.join(".local"), folder: first };
    let second = LocalShop { program, folder: home.clone(), state: second.join("state of the second") };
    let second_state = second.state.to_str().expect("text");

    let printed = succeeds(&mut first.command(&["up", "--detach", "--port", "0"]));
    assert!(printed.contains(&first.stack().api_url) && printed.contains(".local/stack.json"), "{printed}");
    let taken = first.stack().listen;
    let port = taken.rsplit(':').next().expect("a port");

    // A taken port of the API is an error, and no component is started.
    let refused = second.command(&["up", "--detach", "--port", port, "--state", second_state]).output();
    let refused = refused.expect("the program can be run");
    assert!(!refused.status.success());
    assert!(said(&refused).contains(&format!("port {port} is taken")), "{}", said(&refused));
    assert!(said(&refused).contains("--port"), "{}", said(&refused));
    assert!(!second.state.join("run/mongodb.json").exists());

    succeeds(second.command(&["up", "--detach", "--port", "0"]).env("SHOP_STATE", second_state));
    let (one, other) = (first.stack(), second.stack());
    assert!(addresses(&one).is_disjoint(&addresses(&other)), "{one:?} {other:?}");
    answers(&one).await;
    answers(&other).await;
    assert_eq!(allowed_origin(&other, "http://localhost:3000").await.as_deref(), Some("http://localhost:3000"));
    assert_eq!(allowed_origin(&other, "https://evil.example").await, None);

    succeeds(&mut first.command(&["down"]));
    assert!(is_closed(&one).await);
    answers(&other).await;
    let stopped = succeeds(&mut second.command(&["--state", second_state, "down", "--reset"]));
    assert!(stopped.contains("mongodb") && is_closed(&other).await, "{stopped}");
    drop((first, second));
    let _ = fs::remove_dir_all(&home);
}
