//! An SQS server with the queues of the shop, configured as in `template.yaml`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use super::fetch::Fetcher;
use super::settings::Config;
use super::supervise::{Launch, Supervisor};
use super::{answers, text};

/// The name of its record and its log.
pub const NAME: &str = "sqs";
/// The queues that the shop's functions consume.
pub const QUEUES: [&str; 3] = ["payments", "fulfillment", "notifications"];
/// How often a message is delivered before it goes to the dead-letter queue.
pub const MAX_RECEIVE_COUNT: u32 = 5;
/// The region of all local components.
pub const REGION: &str = "us-east-1";
/// The key id and the secret key; the local server accepts any.
pub const CREDENTIAL: &str = "local";

/// The URL of an SQS server; starts one if none is configured.
///
/// # Errors
/// If it cannot be fetched or started.
pub async fn ensure(config: &Config, supervisor: &Supervisor) -> Result<String> {
    if let Some(endpoint) = &config.given.sqs_endpoint {
        return Ok(endpoint.clone());
    }
    let python = Fetcher::new(&config.tools).python()?;
    let port = config.ports.sqs;
    let endpoint = format!("http://127.0.0.1:{port}");
    let launch = Launch {
        name: NAME,
        command: text([python.as_os_str(), "-m".as_ref(), "moto.server".as_ref()])
            .chain(["-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), port.to_string()])
            .collect(),
        environment: Vec::new(),
        ports: vec![(port, config.variable("SQS_PORT"))],
        inherit_output: false,
        start_timeout: Duration::from_mins(1),
    };
    // Not the data of its dashboard, which contains every message and becomes slower with time.
    let probe = format!("{endpoint}/moto-api/config");
    supervisor.ensure(&launch, async || answers(&probe).await).await?;
    Ok(endpoint)
}

/// A client for a local SQS server, independent of the AWS configuration of this machine.
#[must_use]
pub fn client(endpoint: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(CREDENTIAL, CREDENTIAL, None, None, "local"))
        .build();
    Client::from_conf(config)
}

/// Creates the three queues, each with its dead-letter queue `<name>-dlq`, and returns all six, name → URL. `prefix`
/// separates the queues of tests; the returned names do not contain it.
///
/// Idempotent: the attributes of existing queues are updated.
///
/// # Errors
/// If the server cannot be reached or refuses a queue.
pub async fn ensure_queues(endpoint: &str, prefix: &str, visibility_seconds: u32) -> Result<BTreeMap<String, String>> {
    let client = client(endpoint);
    let mut urls = BTreeMap::new();
    for queue in QUEUES {
        let dead_letters = format!("{queue}-dlq");
        let dead_letters_url = create(&client, &format!("{prefix}{dead_letters}")).await?;
        let arn = arn_of(&client, &dead_letters_url).await?;
        let url = create(&client, &format!("{prefix}{queue}")).await?;
        let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVE_COUNT });
        // Set after the creation, because creating an existing queue with other attributes is refused.
        client
            .set_queue_attributes()
            .queue_url(&url)
            .attributes(QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string())
            .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
            .send()
            .await
            .with_context(|| format!("cannot configure the queue {queue}"))?;
        urls.insert(queue.to_owned(), url);
        urls.insert(dead_letters, dead_letters_url);
    }
    Ok(urls)
}

async fn create(client: &Client, name: &str) -> Result<String> {
    let answer = client.create_queue().queue_name(name).send().await;
    let answer = answer.with_context(|| format!("cannot create the queue {name}"))?;
    answer.queue_url.with_context(|| format!("the queue {name} has no URL"))
}

async fn arn_of(client: &Client, url: &str) -> Result<String> {
    let answer =
        client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn).send().await?;
    let arn = answer.attributes.and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
    arn.with_context(|| format!("the queue {url} has no ARN"))
}
