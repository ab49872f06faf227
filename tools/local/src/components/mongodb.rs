//! MongoDB as a replica set, which transactions and majority reads require. The shop and most tests have a set of one;
//! a set of three survives the loss of its primary.

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
/// The names of the members of a set; a set of one has the first.
const MEMBERS: [&str; 3] = [NAME, "mongodb-2", "mongodb-3"];
const REPLICA_SET: &str = "rs0";
/// The error code of a replica set that is not initiated yet.
const NOT_YET_INITIALIZED: i32 = 94;

/// The connection string of a replica set; starts one if none is configured.
///
/// # Errors
/// If it cannot be fetched or started, or if the configured one is not a reachable replica set.
pub async fn ensure(config: &Config, supervisor: &Supervisor) -> Result<String> {
    if let Some(uri) = &config.given.mongodb_uri {
        check_given(uri).await.with_context(|| format!("{} cannot be used", config.variable("MONGODB_URI")))?;
        return Ok(uri.clone());
    }
    ensure_set(config, supervisor, &[config.ports.mongodb]).await
}

/// The connection string of a replica set with a member on each of these ports, one or three. Starts the members that
/// are not running, and returns when one is the primary and the others are its secondaries.
///
/// # Errors
/// If a member cannot be fetched or started, or no primary is elected.
pub async fn ensure_set(config: &Config, supervisor: &Supervisor, ports: &[u16]) -> Result<String> {
    let mut clients = Vec::with_capacity(ports.len());
    for (name, port) in members(ports) {
        let launch = launch(config, name, port, ports.len())?;
        let client = connect_to_member(port).await?;
        supervisor.ensure(&launch, async || hello(&client).await.is_ok()).await?;
        clients.push(client);
    }
    let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    make_set(&clients, &hosts).await.with_context(|| supervisor.log_tail(NAME))?;
    Ok(format!("mongodb://{}/?replicaSet={REPLICA_SET}", hosts.join(",")))
}

/// Stops every member, also of a set that an earlier process started. Answers `false` if none was running.
///
/// # Errors
/// If one of them cannot be stopped.
pub async fn stop_set(supervisor: &Supervisor, timeout: Duration) -> Result<bool> {
    let mut was_running = false;
    for name in MEMBERS {
        was_running |= supervisor.stop(name, timeout).await?;
    }
    Ok(was_running)
}

/// The name of the current primary of the set on these ports.
///
/// # Errors
/// If the driver cannot be set up.
pub async fn primary(ports: &[u16]) -> Result<Option<&'static str>> {
    for (name, port) in members(ports) {
        if hello(&connect_to_member(port).await?).await.is_ok_and(|answer| is_primary(&answer)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The names of the members on these ports.
pub fn members(ports: &[u16]) -> impl Iterator<Item = (&'static str, u16)> {
    MEMBERS.into_iter().zip(ports.iter().copied())
}

fn launch(config: &Config, name: &'static str, port: u16, members: usize) -> Result<Launch> {
    let mongod = Fetcher::new(&config.tools).mongod()?;
    let data = config.data(name);
    fs::create_dir_all(&data)?;
    let mut command = vec![mongod.program.display().to_string()];
    command.extend(["--dbpath".to_owned(), data.display().to_string(), "--port".to_owned(), port.to_string()]);
    command.extend(["--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", REPLICA_SET].map(str::to_owned));
    // The members of a set of three share one machine, and store little.
    let (cache, oplog) = if members == 1 { ("0.5", "512") } else { ("0.25", "128") };
    command.extend(["--wiredTigerCacheSizeGB", cache, "--oplogSize", oplog].map(str::to_owned));
    for parameter in [
        // Enables fail points, with which tests inject failures.
        "enableTestCommands=1",
        // By default, a primary waits 15 s for a successor before it exits, and a set of one has none.
        "shutdownTimeoutMillisForSignaledShutdown=100",
        "diagnosticDataCollectionEnabled=false",
    ] {
        command.extend(["--setParameter".to_owned(), parameter.to_owned()]);
    }
    let libraries = mongod.libraries.map(|folder| ("LD_LIBRARY_PATH".to_owned(), folder.display().to_string()));
    Ok(Launch {
        name,
        command,
        environment: libraries.into_iter().collect(),
        ports: vec![(port, config.variable("MONGODB_PORT"))],
        inherit_output: false,
        start_timeout: Duration::from_mins(1),
    })
}

async fn connect(uri: &str) -> Result<Client> {
    let mut options = ClientOptions::parse(uri).await?;
    options.server_selection_timeout = Some(Duration::from_secs(2));
    options.connect_timeout = Some(Duration::from_secs(2));
    options.app_name = Some("local".to_owned());
    Ok(Client::with_options(options)?)
}

async fn connect_to_member(port: u16) -> Result<Client> {
    connect(&format!("mongodb://127.0.0.1:{port}/?directConnection=true")).await
}

async fn hello(client: &Client) -> mongodb::error::Result<Document> {
    client.database("admin").run_command(doc! { "hello": 1 }).await
}

fn is_primary(hello: &Document) -> bool {
    hello.get_bool("isWritablePrimary").unwrap_or(false)
}

/// Initiates or reconfigures the set, and waits for its primary.
async fn make_set(clients: &[Client], hosts: &[String]) -> Result<()> {
    let admin = clients.first().context("a replica set has a member")?.database("admin");
    match admin.run_command(doc! { "replSetGetConfig": 1 }).await {
        Ok(answer) => {
            let mut config = answer.get_document("config")?.clone();
            let version = config.get_i32("version")?;
            let members = config.get_array("members")?.iter().filter_map(Bson::as_document);
            let known: Vec<_> = members.filter_map(|member| member.get_str("host").ok()).collect();
            // The data may be from other ports, and a member that is not in its own configuration accepts no requests.
            if known != hosts {
                config.insert("members", member_documents(hosts));
                config.insert("version", version.saturating_add(1));
                admin.run_command(doc! { "replSetReconfig": config, "force": true }).await?;
            }
        }
        Err(error) if code_of(&error) == Some(NOT_YET_INITIALIZED) => {
            let mut config = doc! { "_id": REPLICA_SET, "members": member_documents(hosts) };
            if hosts.len() > 1 {
                // Tests that kill the primary wait for the election; the default of ten seconds is long on one machine.
                config.insert("settings", doc! { "electionTimeoutMillis": 3000, "heartbeatIntervalMillis": 500 });
            }
            admin.run_command(doc! { "replSetInitiate": config }).await?;
        }
        Err(error) => return Err(error.into()),
    }
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let (mut primaries, mut secondaries) = (0, 0);
        for client in clients {
            if let Ok(answer) = hello(client).await {
                primaries += usize::from(is_primary(&answer));
                secondaries += usize::from(answer.get_bool("secondary").unwrap_or(false));
            }
        }
        if primaries == 1 && secondaries + 1 == clients.len() {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("the replica set of {} members has no primary after a minute", clients.len());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn member_documents(hosts: &[String]) -> Vec<Document> {
    (0_i32..).zip(hosts).map(|(id, host)| doc! { "_id": id, "host": host }).collect()
}

async fn check_given(uri: &str) -> Result<()> {
    let answer = hello(&connect(uri).await?).await?;
    let is_sharded = answer.get_str("msg").is_ok_and(|kind| kind == "isdbgrid");
    if answer.get_str("setName").is_err() && !is_sharded {
        bail!("it is neither a replica set nor a sharded cluster, which transactions require");
    }
    Ok(())
}

fn code_of(error: &mongodb::error::Error) -> Option<i32> {
    match error.kind.as_ref() {
        mongodb::error::ErrorKind::Command(error) => Some(error.code),
        _ => None,
    }
}
