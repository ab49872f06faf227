//! The server of the local shop: the endpoints of every function, the pollers of the queues, and maintenance every
//! minute.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use axum::{
    extract::{ConnectInfo, Request},
    middleware::{self, Next},
    response::Response,
};
use checkout::PaymentWindow;
use notifications::Mailer;
use ops::{
    demo::{self, DemoAccount},
    keys::generate_field_key,
};
use shared::{
    config::{
        Env, MailSettings, MongoSettings, QueueSettings, ReservationSettings, StripeSettings, WebhookSettings,
        field_keys,
    },
    domain::{Clock, Random, message::Queue, sealing::KeyRing, user::Role},
    gateway::Stripe,
    http::{BackgroundTasks, ClientAddress, settings::HttpSettings, token::SigningKey},
    password::Passwords,
    queue::{Publisher, Worker},
    store::{PoolSize, Store, migrations},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    components::{sqs, supervise::write_atomically},
    poller::Poller,
    shop::Shop,
    stack::Stack,
};

/// As in `template.yaml`.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(60);
/// The time for background tasks in progress to end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for batches in progress to end.
const BATCH_GRACE_PERIOD: Duration = Duration::from_millis(300);

/// Serves the shop of a state folder until the process is terminated.
///
/// # Errors
/// If the shop cannot start.
pub async fn run(state: &Path) -> Result<()> {
    shared::telemetry::init();
    let stack = Stack::load(state)?;
    let shop = open(&stack, state).await?;
    let listener =
        TcpListener::bind(&stack.listen).await.with_context(|| format!("cannot listen on {}", stack.listen))?;
    let client = sqs::client(&stack.sqs_endpoint);
    for queue in Queue::ALL {
        let url = stack.queues.get(queue.as_str()).cloned().unwrap_or_default();
        tokio::spawn(Poller { client: client.clone(), url, consumer: shop.consumer(queue) }.run());
    }
    tokio::spawn(maintain(shop.maintenance()));
    let service =
        shop.router().layer(middleware::from_fn(record_address)).into_make_service_with_connect_info::<SocketAddr>();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        result = axum::serve(listener, service) => result.context("the server ended")?,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // Optional: an interrupted batch would be received again, and an unsent message would be relayed.
    let ending = async { tokio::join!(tokio::time::sleep(BATCH_GRACE_PERIOD), shop.background.finished()) };
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, ending).await;
    Ok(())
}

/// Connects, migrates and loads the demo shop.
async fn open(stack: &Stack, state: &Path) -> Result<Shop> {
    let mut env = Env::from_process();
    let mongo = MongoSettings::read(&mut env);
    let queues = QueueSettings::read(&mut env, &Queue::ALL);
    let stripe = StripeSettings::read(&mut env);
    let webhook = WebhookSettings::read(&mut env);
    let mail = MailSettings::read(&mut env);
    let http = HttpSettings::read(&mut env);
    let reservation = ReservationSettings::read(&mut env);
    let keys = match field_keys::read_optional(&mut env).await {
        Some(keys) => keys,
        None => field_keys(state).await?,
    };
    env.finish()?;
    let clock = Clock::system();
    let random = Random::from_os();
    let store = Store::connect(mongo.uri.expose(), &mongo.database, "local", PoolSize::LOCAL).await?;
    migrations::migrate(&store, &clock, |step| tracing::info!("{step}")).await?;
    let accounts: Vec<DemoAccount<'_>> = stack
        .accounts
        .iter()
        .map(|account| DemoAccount {
            first_name: account.email.split('@').next().unwrap_or_default(),
            last_name: "Demo",
            email: &account.email,
            password: &account.password,
            role: match account.role.as_str() {
                "admin" => Role::Admin,
                "seller" => Role::Seller,
                _ => Role::Customer,
            },
        })
        .collect();
    demo::load(&store, &clock, &accounts).await?;
    let publisher = Publisher::new(sqs::client(&stack.sqs_endpoint), queues.urls, store.clone(), clock.clone());
    Ok(Shop {
        store,
        clock,
        publisher,
        signing: signing_key(state)?,
        passwords: Passwords::for_this_machine(random.clone()),
        random,
        gateway: Arc::new(Stripe::try_new(&stripe.api_base, stripe.secret_key)?),
        webhook_secret: webhook.secret,
        keys,
        mailer: Mailer::try_new(&mail.smtp_url, &mail.from)?,
        shop_url: mail.shop_url,
        payment_window: PaymentWindow { charge: reservation.payment_window(), transfer: reservation.transfer_window() },
        background: BackgroundTasks::after_the_answer(),
        // The port of a frontend in development is not known.
        cors: http.cors.and_loopback(),
        deadline: http.request_timeout,
    })
}

/// The signing key of this shop; generated once, so that sessions outlive a restart.
fn signing_key(state: &Path) -> Result<SigningKey> {
    let path = state.join("data/signing-key.pem");
    if !path.exists() {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_atomically(&path, SigningKey::generate()?.as_bytes())?;
    }
    Ok(SigningKey::from_pem(&fs::read_to_string(&path)?)?)
}

/// The data key of this shop, which is kept as long as its data.
async fn field_keys(state: &Path) -> Result<KeyRing> {
    let path = state.join("data/field-keys");
    if !path.exists() {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_atomically(&path, generate_field_key("local", &Random::from_os())?.as_bytes())?;
    }
    let mut env = Env::from_pairs([(field_keys::VARIABLE, fs::read_to_string(&path)?)]);
    let keys = field_keys::read(&mut env).await;
    env.finish().with_context(|| format!("{} has no keys", path.display()))?;
    Ok(keys)
}

/// The address of the client is the one of the connection; in Lambda, API Gateway passes it.
async fn record_address(ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(ClientAddress(address.ip()));
    next.run(request).await
}

async fn maintain(worker: Worker) {
    let mut minute = tokio::time::interval(MAINTENANCE_INTERVAL);
    loop {
        minute.tick().await;
        if let Err(error) = Box::pin(maintenance::run(&worker)).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "maintenance failed and is retried in a minute");
        }
    }
}
