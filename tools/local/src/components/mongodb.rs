//! A MongoDB server as a replica set of one: transactions, change streams and majority reads need a replica set.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mongodb::Client;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ClientOptions;

use super::fetch::Fetcher;
use super::settings::Config;
use super::supervise::{Launch, Supervisor};

/// The name of its record and its log.
pub const NAME: &str = "mongodb";
const REPLICA_SET: &str = "rs0";
/// The server's answer to questions about a replica set that does not exist yet.
const NOT_YET_INITIALIZED: i32 = 94;

/// The address of a replica set that can be written to; starts one if none was given.
///
/// # Errors
/// If it cannot be fetched or started, or if the given address is not a reachable replica set.
pub async fn ensure(config: &Config, supervisor: &Supervisor) -> Result<String> {
    if let Some(uri) = &config.given.mongodb_uri {
        check_given(uri).await.with_context(|| format!("{} cannot be used", config.variable("MONGODB_URI")))?;
        return Ok(uri.clone());
    }
    let port = config.ports.mongodb;
    let launch = launch(config)?;
    let client = connect(&format!("mongodb://127.0.0.1:{port}/?directConnection=true")).await?;
    supervisor.ensure(&launch, async || hello(&client).await.is_ok()).await?;
    make_primary(&client, &format!("127.0.0.1:{port}")).await.with_context(|| supervisor.log_tail(NAME))?;
    Ok(format!("mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"))
}

fn launch(config: &Config) -> Result<Launch> {
    let mongod = Fetcher::new(&config.tools).mongod()?;
    let data = config.data(NAME);
    fs::create_dir_all(&data)?;
    let mut command = vec![mongod.program.display().to_string()];
    let port = config.ports.mongodb;
    command.extend(["--dbpath".to_owned(), data.display().to_string(), "--port".to_owned(), port.to_string()]);
    command.extend(["--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", REPLICA_SET].map(str::to_owned));
    command.extend(["--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "512"].map(str::to_owned));
    for parameter in [
        // Fail points, by which tests make the server fail on purpose.
        "enableTestCommands=1",
        // A primary that is told to end otherwise waits 15 s for a successor that a set of one does not have.
        "shutdownTimeoutMillisForSignaledShutdown=100",
        "diagnosticDataCollectionEnabled=false",
    ] {
        command.extend(["--setParameter".to_owned(), parameter.to_owned()]);
    }
    let libraries = mongod.libraries.map(|folder| ("LD_LIBRARY_PATH".to_owned(), folder.display().to_string()));
    Ok(Launch {
        name: NAME,
        command,
        environment: libraries.into_iter().collect(),
        ports: vec![(port, config.variable("MONGODB_PORT"))],
        inherit_output: false,
        patience: Duration::from_mins(1),
    })
}

async fn connect(uri: &str) -> Result<Client> {
    let mut options = ClientOptions::parse(uri).await?;
    options.server_selection_timeout = Some(Duration::from_secs(2));
    options.connect_timeout = Some(Duration::from_secs(2));
    options.app_name = Some("local".to_owned());
    Ok(Client::with_options(options)?)
}

async fn hello(client: &Client) -> mongodb::error::Result<Document> {
    client.database("admin").run_command(doc! { "hello": 1 }).await
}

/// Makes the server the primary of a set with only itself, whatever state an earlier start left it in.
async fn make_primary(client: &Client, host: &str) -> Result<()> {
    let admin = client.database("admin");
    match admin.run_command(doc! { "replSetGetConfig": 1 }).await {
        Ok(answer) => {
            let mut config = answer.get_document("config")?.clone();
            let version = config.get_i32("version")?;
            let member = config.get_array_mut("members")?.first_mut().and_then(Bson::as_document_mut);
            let member = member.context("the replica set has no member")?;
            // The data may have been made on another port, and a member that is not in its own set serves nobody.
            if member.get_str("host")? != host {
                member.insert("host", host);
                config.insert("version", version.saturating_add(1));
                admin.run_command(doc! { "replSetReconfig": config, "force": true }).await?;
            }
        }
        Err(error) if code_of(&error) == Some(NOT_YET_INITIALIZED) => {
            let members = [doc! { "_id": 0, "host": host }];
            let config = doc! { "_id": REPLICA_SET, "members": members };
            admin.run_command(doc! { "replSetInitiate": config }).await?;
        }
        Err(error) => return Err(error.into()),
    }
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if hello(client).await.is_ok_and(|answer| answer.get_bool("isWritablePrimary").unwrap_or(false)) {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("MongoDB did not become the primary of its replica set within 30 s");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn check_given(uri: &str) -> Result<()> {
    let answer = hello(&connect(uri).await?).await?;
    let is_sharded = answer.get_str("msg").is_ok_and(|kind| kind == "isdbgrid");
    if answer.get_str("setName").is_err() && !is_sharded {
        bail!("it is neither a replica set nor a sharded cluster, and the shop needs transactions");
    }
    Ok(())
}

fn code_of(error: &mongodb::error::Error) -> Option<i32> {
    match error.kind.as_ref() {
        mongodb::error::ErrorKind::Command(error) => Some(error.code),
        _ => None,
    }
}
