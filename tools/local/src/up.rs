//! Starts and stops the local shop: the components, the server, and the file with their URLs.

use std::env;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::components::supervise::{Launch, Supervisor, refuse_taken_port};
use crate::components::{Component, Components, Config, answers, any_free_port, sqs, stripe};
use crate::stack::Stack;

/// The name of the server's record and log.
const SHOP: &str = "shop";
/// How the port of the API is set, for error messages.
const SHOP_PORT: &str = "--port … or SHOP_PORT";
/// The lock for starting and stopping the shop.
const LOCK: &str = "up";
/// Shorter than in production, where it is six times the time-out of the function, so that developers do not wait long
/// for a retry.
const VISIBILITY_SECONDS: u32 = 30;
/// The time for requests and batches in progress to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// Starts the shop. Detached, it returns when the shop is ready; else it runs until Ctrl-C and then stops the shop. If
/// the shop is already running, it only prints the URLs.
///
/// # Errors
/// If a component cannot be fetched or started; those that were started are stopped.
pub async fn up(config: &Config, detach: bool) -> Result<()> {
    let supervisor = Supervisor::new(&config.folder)?;
    let lock = supervisor.lock(LOCK).await?;
    if supervisor.is_running(SHOP)
        && let Ok(stack) = Stack::load(&config.folder)
        && answers(&health(&stack)).await
    {
        println!("The shop is already running (to run newly built code: cargo xtask down, then up).\n");
        println!("{}", stack.table(&config.folder));
        return Ok(());
    }
    let port = shop_port(config, &supervisor)?;
    let stack = match open(config, port, &supervisor, detach).await {
        Ok(stack) => stack,
        Err(error) => {
            close(config, &supervisor).await?;
            return Err(error);
        }
    };
    drop(lock);
    println!("\nThe shop is running.\n\n{}", stack.table(&config.folder));
    if detach {
        return Ok(());
    }
    println!("  Press Ctrl-C to stop the shop.\n");
    wait_for_exit(&supervisor).await?;
    let _lock = supervisor.lock(LOCK).await?;
    close(config, &supervisor).await.map(drop)
}

/// Stops the shop and the components that [`up`] has started. `reset` also deletes their data.
///
/// # Errors
/// If a process cannot be stopped or a folder cannot be removed.
pub async fn down(config: &Config, reset: bool) -> Result<()> {
    let supervisor = Supervisor::new(&config.folder)?;
    let _lock = supervisor.lock(LOCK).await?;
    let stopped = close(config, &supervisor).await?;
    if stopped.is_empty() {
        println!("Nothing was running.");
    } else {
        println!("Stopped: {}.", stopped.join(", "));
    }
    if reset {
        for folder in ["data", "log"] {
            let folder = config.folder.join(folder);
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        println!("Deleted the data.");
        if config.given.mongodb_uri.is_some() {
            println!("The database on MONGODB_URI was not started here and is kept.");
        }
    }
    Ok(())
}

/// The port of the API. Frontends are configured with it, so a taken one is an error, before anything is started.
fn shop_port(config: &Config, supervisor: &Supervisor) -> Result<u16> {
    match (config.ports.shop, supervisor.ports(SHOP).first()) {
        (0, Some(running)) => Ok(*running),
        (0, None) => Ok(any_free_port()?.local_addr()?.port()),
        (port, Some(_)) => Ok(port),
        (port, None) => refuse_taken_port(port, SHOP_PORT, SHOP).map(|()| port),
    }
}

async fn open(config: &Config, port: u16, supervisor: &Supervisor, detach: bool) -> Result<Stack> {
    eprintln!("starting MongoDB, SQS, the Stripe API and the mailbox …");
    let components = Components::ensure(config).await?;
    let queues = sqs::ensure_queues(&components.sqs_endpoint, "", VISIBILITY_SECONDS).await?;
    let stack = Stack::new(port, components, queues);
    if config.given.stripe_api.is_none() {
        let url = format!("{}/payments/webhooks/stripe", stack.api_url);
        stripe::configure_webhook(&stack.stripe_api, SHOP, &url, &stack.stripe_webhook_secret).await?;
    }
    stack.save(&config.folder)?;
    eprintln!("starting the shop …");
    let launch = Launch {
        name: SHOP,
        command: vec![
            env::current_exe()?.display().to_string(),
            "--state".to_owned(),
            config.folder.display().to_string(),
            "serve".to_owned(),
        ],
        environment: stack.environment(),
        ports: vec![(port, SHOP_PORT.to_owned())],
        inherit_output: !detach,
        start_timeout: Duration::from_mins(3),
    };
    let health = health(&stack);
    supervisor.ensure(&launch, async || answers(&health).await).await?;
    Ok(stack)
}

async fn close(config: &Config, supervisor: &Supervisor) -> Result<Vec<&'static str>> {
    let mut stopped = Vec::new();
    if supervisor.stop(SHOP, STOP_TIMEOUT).await? {
        stopped.push(SHOP);
    }
    stopped.extend(Components::stop(config, &Component::ALL).await?);
    let stack = Stack::path(&config.folder);
    if stack.exists() {
        fs::remove_file(stack)?;
    }
    Ok(stopped)
}

async fn wait_for_exit(supervisor: &Supervisor) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let shop_ends = async {
        while supervisor.is_running(SHOP) {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
        () = shop_ends => println!("The shop has exited."),
    }
    Ok(())
}

fn health(stack: &Stack) -> String {
    format!("{}/health", stack.api_url)
}
