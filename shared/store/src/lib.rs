//! The only place that speaks to MongoDB: one file per collection with its queries.
//!
//! Every write is acknowledged by a majority, every transaction reads a snapshot (invariant I7); where a write need not wait
//! for a majority, it says why. What is read here is trusted: a document that does not deserialise is
//! [`StoreError::Corrupt`], loudly.

pub mod addresses;
pub mod carts;
pub mod categories;
pub mod coupons;
mod documents;
mod error;
pub mod idempotency;
pub mod inventory;
mod keyset;
pub mod mailed_tokens;
pub mod migrations;
pub mod orders;
pub mod outbox;
pub mod payments;
pub mod processed;
pub mod products;
pub mod reports;
pub mod reviews;
pub mod saved_methods;
pub mod sessions;
pub mod settings;
pub mod throttles;
mod transaction;
pub mod users;
pub mod webhooks;
pub mod wishlists;

use std::time::Duration;

use bson::doc;
use mongodb::{
    Client, Database,
    options::{ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern},
};

use shop_runtime::config::MongoSettings;

pub use documents::{Documents, Stored, Versioned, WithSchema};
pub use error::StoreError;
pub use keyset::Cursor;
pub use transaction::{Attempts, RETRY_TIMEOUT, TransactionError, Tx, backoff};

/// How long to look for a server before saying that there is none. API Gateway times out at 30 s, a shopper long before.
const SERVER_SELECTION_TIMEOUT: Duration = Duration::from_millis(2000);

/// How often a server is checked. A silent one counts as lost after this interval and a connection's time-out
/// later; with the driver's 10 s, a request to it would wait that long. Not oftener: a busy process that hears the
/// answer late would drop a healthy server.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// The database of the shop. Cheap to clone: clones share one connection pool.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    database: Database,
    /// Address books.
    pub addresses: addresses::Addresses,
    /// Carts.
    pub carts: carts::Carts,
    /// The category tree.
    pub categories: categories::Categories,
    /// Coupons and their uses.
    pub coupons: coupons::Coupons,
    /// Answers to keyed requests.
    pub idempotency: idempotency::IdempotencyRecords,
    /// How many there are of each SKU.
    pub inventory: inventory::Inventory,
    /// Mailed single-use tokens.
    pub mailed_tokens: mailed_tokens::MailedTokens,
    /// Orders.
    pub orders: orders::Orders,
    /// Enqueued messages.
    pub outbox: outbox::Outbox,
    /// Payments.
    pub payments: payments::Payments,
    /// Messages that were consumed.
    pub processed: processed::Processed,
    /// Products.
    pub products: products::Products,
    /// Sums over what was sold.
    pub reports: reports::Reports,
    /// Reviews.
    pub reviews: reviews::Reviews,
    /// Saved payment methods.
    pub saved_methods: saved_methods::SavedMethods,
    /// Refresh tokens.
    pub sessions: sessions::Sessions,
    /// Tax and shipping tables.
    pub settings: settings::SettingsStore,
    /// Who tried too often.
    pub throttles: throttles::Throttles,
    /// Accounts.
    pub users: users::Users,
    /// What the gateway told us.
    pub webhooks: webhooks::Webhooks,
    /// Wishlists.
    pub wishlists: wishlists::Wishlists,
}

/// How a process uses its connections.
#[derive(Clone, Copy, Debug)]
pub struct PoolSize(pub u32);

impl PoolSize {
    /// A Lambda serves one request at a time, which asks for about three things at once.
    pub const LAMBDA: Self = Self(3);
    /// The local shop and the tests serve many.
    pub const LOCAL: Self = Self(64);
}

impl Store {
    /// Prepares a pool. Connects on first use: see [`Store::ping`].
    ///
    /// # Errors
    /// If the connection string cannot be understood.
    pub async fn connect(uri: &str, database: &str, app_name: &str, pool: PoolSize) -> Result<Self, StoreError> {
        Self::with_options(Self::options(uri, app_name, pool).await?, database)
    }

    /// How the shop speaks to its database, for callers that add options before the pool is made.
    ///
    /// # Errors
    /// If the connection string cannot be understood.
    pub async fn options(uri: &str, app_name: &str, pool: PoolSize) -> Result<ClientOptions, StoreError> {
        let mut options = ClientOptions::parse(uri).await?;
        options.app_name = Some(app_name.to_owned());
        options.server_selection_timeout = Some(SERVER_SELECTION_TIMEOUT);
        options.connect_timeout = Some(SERVER_SELECTION_TIMEOUT);
        options.heartbeat_freq = Some(HEARTBEAT);
        options.max_pool_size = Some(pool.0);
        // A thawed Lambda must not find its sockets dead.
        options.max_idle_time = Some(Duration::from_secs(60));
        options.retry_reads = Some(true);
        options.retry_writes = Some(true);
        // Whatever the connection string says: what is looked up beside a transaction has to come from where it is written.
        options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        options.read_concern = Some(ReadConcern::majority());
        options.write_concern = Some(WriteConcern::majority());
        Ok(options)
    }

    /// Prepares a pool with these options.
    ///
    /// # Errors
    /// If they contradict each other.
    pub fn with_options(options: ClientOptions, database: &str) -> Result<Self, StoreError> {
        let client = Client::with_options(options)?;
        Ok(Self::new(client.clone(), client.database(database)))
    }

    /// The pool of a Lambda, whose first connection is made now: the start has the full CPU, the first request has not. A
    /// database that is away does not keep a function from starting.
    ///
    /// # Errors
    /// If the connection string cannot be understood.
    pub async fn open(settings: &MongoSettings, app_name: &str) -> Result<Self, StoreError> {
        let store = Self::connect(settings.uri.expose(), &settings.database, app_name, PoolSize::LAMBDA).await?;
        if let Err(error) = store.ping().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database does not answer yet");
        }
        Ok(store)
    }

    fn new(client: Client, database: Database) -> Self {
        Self {
            addresses: addresses::Addresses::new(&database),
            carts: carts::Carts::new(&database),
            categories: categories::Categories::new(&database),
            coupons: coupons::Coupons::new(&database),
            idempotency: idempotency::IdempotencyRecords::new(&database),
            inventory: inventory::Inventory::new(&database),
            mailed_tokens: mailed_tokens::MailedTokens::new(&database),
            orders: orders::Orders::new(&database),
            outbox: outbox::Outbox::new(&database),
            payments: payments::Payments::new(&database),
            processed: processed::Processed::new(&database),
            products: products::Products::new(&database),
            reports: reports::Reports::new(&database),
            reviews: reviews::Reviews::new(&database),
            saved_methods: saved_methods::SavedMethods::new(&database),
            sessions: sessions::Sessions::new(&database),
            settings: settings::SettingsStore::new(&database),
            throttles: throttles::Throttles::new(&database),
            users: users::Users::new(&database),
            webhooks: webhooks::Webhooks::new(&database),
            wishlists: wishlists::Wishlists::new(&database),
            client,
            database,
        }
    }

    /// Asks the primary whether it is there.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.run_command(doc! {"ping": 1}).await?;
        Ok(())
    }

    /// The database itself, for migrations, backups and tests.
    pub const fn database(&self) -> &Database {
        &self.database
    }
}
