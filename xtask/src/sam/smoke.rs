//! The smoke test: requests to several functions, a message from `events/`, and one that the shop has sent.

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use super::http::{self, Answer};
use super::{Local, folder, root};

/// Runs the smoke test behind the emulated API Gateway, and prints the answers.
#[expect(clippy::disallowed_methods, reason = "only for a unique address; no rule of the shop depends on it")]
pub(super) fn run(api: &str, sqs: &Sqs, mailbox: &str, local: &Local<'_>) -> Result<()> {
    println!();
    let get = |path: &str, expected: u16| show(api, "GET", path, None, expected);
    let post = |path: &str, body: &str, expected: u16| show(api, "POST", path, Some(body), expected);
    get("/v1/health", 200)?;
    let products = get("/v1/products?limit=3&inStock=true", 200)?;
    let product = products.text("id").context("there is no product")?;
    get(&format!("/v1/products/{product}"), 200)?;
    get("/v1/nowhere", 404)?;
    // A unique address, because a registered one gets another mail.
    let email = format!("smoke-{}@example.test", SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis());
    let account =
        format!(r#"{{"email":"{email}","password":"correct-horse-battery","firstName":"Ada","lastName":"Lovelace"}}"#);
    post("/v1/auth/register", &account, 202)?;
    let cart = post("/v1/cart/items", &format!(r#"{{"productId":"{product}","quantity":1}}"#), 200)?;
    cart.text("cartToken").context("the first request of a guest answers no cart token")?;

    let event = root().join("events/sqs/email.verification.json");
    let answer = local.invoke("NotificationsFunction", &event)?;
    println!("invoke NotificationsFunction events/sqs/email.verification.json\n    {answer}");
    if !answer.contains("batchItemFailures") {
        bail!("the answer has no batchItemFailures");
    }

    let body = sqs.receive("notifications")?.context("the registration sent no message")?;
    let event = folder()?.join("received.json");
    fs::write(&event, event_of(&body))?;
    let answer = local.invoke("NotificationsFunction", &event)?;
    println!("invoke NotificationsFunction with the message of the registration\n    {answer}");
    let mailbox = mailbox.trim_start_matches("http://");
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let mails = http::send(mailbox, "GET", "/messages", &[], None)?.body;
        if mails.contains(&email) {
            println!("mail to {email}: arrived");
            return Ok(());
        }
        if Instant::now() > end {
            bail!("no mail to {email} arrived");
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn show(api: &str, method: &str, path: &str, body: Option<&str>, expected: u16) -> Result<Answer> {
    let started = Instant::now();
    let headers: &[(&str, &str)] = if body.is_some() { &[("Content-Type", "application/json")] } else { &[] };
    let answer = http::send(api, method, path, headers, body)?;
    let milliseconds = started.elapsed().as_millis();
    let content = answer.header("content-type").unwrap_or("nothing");
    println!("{method} {path}\n    {} {content} in {milliseconds} ms", answer.status);
    println!("    {}", shorten(&answer.body, 300));
    if answer.status != expected {
        bail!("{method} {path} should answer {expected}, not {}", answer.status);
    }
    Ok(answer)
}

fn shorten(text: &str, characters: usize) -> String {
    let mut short: String = text.chars().take(characters).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The event of a batch of one message. `body` is the content of a JSON string.
fn event_of(body: &str) -> String {
    format!(
        r#"{{"Records":[{{"messageId":"00000000-0000-4000-8000-000000000001","receiptHandle":"smoke","body":"{body}","attributes":{{"ApproximateReceiveCount":"1"}},"messageAttributes":{{}},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:notifications","awsRegion":"us-east-1"}}]}}"#
    )
}

/// The queues of the smoke test, on the tests' SQS server.
pub(super) struct Sqs {
    /// Its URL without a path.
    pub(super) endpoint: String,
    address: String,
}

impl Sqs {
    pub(super) fn new(endpoint: &str) -> Result<Self> {
        let address = endpoint.strip_prefix("http://").context("the SQS server is not reached by http")?;
        Ok(Self { endpoint: endpoint.to_owned(), address: address.trim_end_matches('/').to_owned() })
    }

    /// Creates the queue if it does not exist, purges it, and returns its URL.
    pub(super) fn ensure_queue(&self, name: &str) -> Result<String> {
        let answer = self.call("CreateQueue", &format!(r#"{{"QueueName":"sam-{name}"}}"#))?;
        let url = text_of(&answer, "QueueUrl")?;
        self.call("PurgeQueue", &format!(r#"{{"QueueUrl":"{url}"}}"#))?;
        Ok(url)
    }

    /// The body of a message as the content of a JSON string.
    fn receive(&self, name: &str) -> Result<Option<String>> {
        let url = text_of(&self.call("GetQueueUrl", &format!(r#"{{"QueueName":"sam-{name}"}}"#))?, "QueueUrl")?;
        let request = format!(r#"{{"QueueUrl":"{url}","MaxNumberOfMessages":1,"WaitTimeSeconds":5}}"#);
        Ok(self.call("ReceiveMessage", &request)?.text("Body").map(str::to_owned))
    }

    fn call(&self, operation: &str, body: &str) -> Result<Answer> {
        // The server does not verify the signature, but reads the name of the service from it.
        let credential =
            "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=none";
        let headers = [
            ("Authorization", credential),
            ("Content-Type", "application/x-amz-json-1.0"),
            ("X-Amz-Target", &format!("AmazonSQS.{operation}")),
        ];
        let answer = http::send(&self.address, "POST", "/", &headers, Some(body))?;
        if answer.status != 200 {
            bail!("SQS refuses {operation}: {}", answer.body);
        }
        Ok(answer)
    }
}

fn text_of(answer: &Answer, member: &str) -> Result<String> {
    Ok(answer.text(member).with_context(|| format!("SQS answers without {member}"))?.to_owned())
}
