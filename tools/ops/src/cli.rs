//! The commands, their help and their output.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use shared::{
    domain::{Clock, Email, Id, Random, payment::Payment, user::Role},
    store::{Store, migrations},
};
use tokio::io::{AsyncBufRead, BufReader};

use crate::{
    accounts::{self, Account},
    connection,
    import::{self, Listener, Rejection, Summary},
    keys, payments,
    progress::Bar,
    reconcile, rotate, secret_input, seed, verify,
};

/// The operator's command line of the shop.
///
/// Every command is idempotent: existing data is kept, and missing data is added. The exit code is 0 on success and 1
/// on failure.
#[derive(Parser)]
#[command(
    name = "ops",
    version,
    after_help = "\
Examples:
  export MONGODB_URI='mongodb://127.0.0.1:27017/?replicaSet=rs0'
  ops migrate
  ops create-admin --email ada@example.test --first-name Ada --last-name Lovelace
  ops import products.jsonl --seller shop@example.test"
)]
struct Arguments {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
#[command(next_help_heading = "Database")]
struct DatabaseArguments {
    /// The connection string of the replica set; overrides the variable MONGODB_URI.
    ///
    /// Pass one with a password in the variable, or in a secret that MONGODB_URI_SECRET_ARN names: other processes can
    /// read the command line.
    #[arg(long, global = true, value_name = "URI")]
    mongodb_uri: Option<String>,
    /// The database; overrides the variable MONGODB_DATABASE. Default: shop
    #[arg(long, global = true, value_name = "NAME")]
    database: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Migrate the database to this version
    ///
    /// Creates missing collections, validators and indexes, in numbered migrations that are each applied once. Run it
    /// before you deploy the functions of a new version. Concurrent runs wait for each other.
    #[command(after_help = "Example:\n  ops migrate --database shop_staging")]
    Migrate,
    /// Fill the shop with a generated catalogue, for trials and benchmarks
    ///
    /// The product with a given number is always the same one, so an interrupted run can be repeated, and a larger
    /// number adds products. Do not use it in production.
    #[command(after_help = "Examples:\n  ops seed --products 1000\n  ops --database bench seed --products 1000000")]
    Seed {
        /// The total number of generated products
        #[arg(long, value_name = "N")]
        products: u32,
    },
    /// Create the account of an administrator
    ///
    /// The only way to create the first one: no HTTP request does. The password is prompted for, or read from standard
    /// input or from the variable OPS_ADMIN_PASSWORD; never from the command line.
    #[command(after_help = "\
Examples:
  ops create-admin --email ada@example.test --first-name Ada --last-name Lovelace
  pass show shop/admin | ops create-admin --email ada@example.test --first-name Ada --last-name Lovelace")]
    CreateAdmin {
        /// The e-mail address to log in with
        #[arg(long)]
        email: String,
        /// Given name
        #[arg(long)]
        first_name: String,
        /// Family name
        #[arg(long)]
        last_name: String,
    },
    /// Import products from a file of JSON Lines
    ///
    /// Each line is a product, identified by its SKU: a new one is created and an existing one is updated, so importing
    /// the same file again changes nothing. Missing categories that a line names by path (`home/kitchen`) are created.
    /// `inventory.quantity` is the initial stock of a new SKU; the stock of an existing SKU is not changed.
    ///
    /// A rejected line is printed with its number, its SKU and the reasons, and the import continues. The exit code is
    /// 1 if a line was rejected.
    #[command(after_help = "\
Examples:
  ops import products.jsonl --seller shop@example.test
  zcat products.jsonl.gz | ops import - --seller shop@example.test > rejected.txt")]
    Import {
        /// The file, or - for standard input
        file: PathBuf,
        /// The e-mail address of the seller of the products
        #[arg(long, value_name = "EMAIL")]
        seller: String,
    },
    /// Check every invariant that the database can show
    ///
    /// Recounts stock, totals, coupons, ratings and sales, checks every timeline, and compares orders with payments and
    /// idempotency records. Changes nothing, and may run while the shop sells: each check reads a snapshot of the
    /// database. Prints a line for each rule, and the first twenty documents that violate it.
    ///
    /// If FIELD_KEYS is set as for the functions, every sealed value is opened, and those are named that do not open.
    ///
    /// The exit code is 1 if an invariant is violated. A line that ends in 'to look at' is a warning.
    #[command(after_help = "\
Examples:
  ops verify
  ops verify --database shop_staging || echo 'an invariant is violated'

MongoDB keeps a snapshot for five minutes. If a check takes longer and fails with SnapshotTooOld, raise the server's
parameter minSnapshotHistoryWindowInSeconds.")]
    Verify,
    /// Compare the gateway's charges with payments and orders
    ///
    /// Finds charges that are not recorded, amounts, refunds and disputes that differ, charges of ended orders that are still
    /// alive, and orders that contradict their payments. Needs STRIPE_SECRET_KEY. Maintenance does the same every night for
    /// the last 30 days.
    ///
    /// With --heal, a worker looks the charge up again, or voids it; both record no more than what the gateway reports. Every
    /// other break needs a person. The exit code is 1 if there is a break.
    #[command(after_help = "\
Examples:
  ops reconcile --days 7
  ops reconcile --from 2026-11-01 --until 2026-12-01 --json > november.json
  ops reconcile --heal")]
    Reconcile(reconcile::Options),
    /// Generate the key that signs access tokens, and the set of public keys that verifies them
    ///
    /// Writes two new files: access-token-signing-key.pem for ACCESS_TOKEN_SIGNING_KEY of the auth function, and
    /// access-token-jwks.json for ACCESS_TOKEN_JWKS of every function. Needs no database.
    ///
    /// To rotate the key: generate a pair with --trusting the set in use, deploy the new set to every function, then
    /// the new signing key to the auth function; an hour later, deploy a set without the old key.
    #[command(after_help = "\
Examples:
  ops generate-keys --out keys
  ops generate-keys --out keys/2027 --trusting keys/access-token-jwks.json")]
    GenerateKeys {
        /// The folder to write to; existing files are not overwritten
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// A set of public keys that the new set also trusts
        #[arg(long, value_name = "FILE")]
        trusting: Option<PathBuf>,
    },
    /// Generate a data key that seals fields, as FIELD_KEYS contains it
    ///
    /// Prints the key to standard output: pipe it into a secret store. Needs no database. In AWS let KMS make the key
    /// instead, so that it is never in clear outside of the functions: see docs/OPERATIONS.md.
    #[command(after_help = "Example:\n  ops generate-field-key 2027-01 > field-keys.txt")]
    GenerateFieldKey {
        /// The id of the key, which is stored with every value: letters, digits, dashes and underscores
        id: String,
    },
    /// Seal every field again whose key is not the current one
    ///
    /// Reads FIELD_KEYS as the functions do: the first key is the current one. May run while the shop sells, and may be
    /// interrupted and repeated. When it has nothing left to do, the old keys can be removed from FIELD_KEYS.
    ///
    /// The exit code is 1 if a value does not open or could not be sealed again.
    #[command(after_help = "Examples:\n  ops rotate-keys --dry-run\n  ops rotate-keys")]
    RotateKeys {
        /// Open every value, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show a payment with what is sealed of it
    ///
    /// Prints JSON with the name on the card and what is kept of the gateway's answer to the last attempt: its charge,
    /// network, authorisation and decline codes, and risk. Reads FIELD_KEYS as the functions do.
    #[command(after_help = "Example:\n  ops show-payment 665f1c2ab1e4c9d0a7f3e812")]
    ShowPayment {
        /// The payment's id
        id: Id<Payment>,
    },
    /// Record that you have decided what a payment waited for
    ///
    /// For a payment that `ops verify` lists because the gateway charged or refunded what contradicts it. First put it right at
    /// the gateway; this command moves no money. The reason is kept in the payment's timeline.
    #[command(
        after_help = "Example:\n  ops resolve-payment 6740a1c2e4b0f52d9c8b4502 --reason 'refunded pi_3N… at Stripe'"
    )]
    ResolvePayment {
        /// The payment's id
        id: Id<Payment>,
        /// What was decided
        #[arg(long)]
        reason: String,
    },
}

/// Executes the command line.
pub async fn run() -> ExitCode {
    match execute(Arguments::parse()).await {
        Ok(code) => code,
        // Without the backtrace that `main` would add.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(
    Arguments { database: DatabaseArguments { mongodb_uri, database }, command }: Arguments,
) -> Result<ExitCode> {
    let (uri, database) = (mongodb_uri.as_deref(), database.as_deref());
    let clock = Clock::system();
    match command {
        Command::Migrate => migrate(&connection::connect(uri, database).await?, &clock).await,
        Command::Seed { products } => fill(&connection::connect_migrated(uri, database).await?, &clock, products).await,
        Command::CreateAdmin { email, first_name, last_name } => {
            let email = Email::try_new(&email)?;
            let account = Account { email, first_name, last_name, role: Role::Admin };
            let store = connection::connect_migrated(uri, database).await?;
            let password = secret_input::password()?;
            let user = accounts::create(&store, &clock, &account, &password).await?;
            println!("{} is now an administrator ({})", user.email.expose(), user.id);
            Ok(ExitCode::SUCCESS)
        }
        Command::Import { file, seller } => {
            let store = connection::connect_migrated(uri, database).await?;
            import_file(&store, &clock, &file, &seller).await
        }
        Command::Verify => check(&connection::connect_migrated(uri, database).await?, &clock).await,
        Command::Reconcile(options) => {
            let store = connection::connect_migrated(uri, database).await?;
            let agree = reconcile::run(&store, &options, clock.now()).await?;
            Ok(if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::GenerateKeys { out, trusting } => {
            let written = keys::generate(&out, trusting.as_deref())?;
            println!("key {}", written.kid);
            println!("  ACCESS_TOKEN_SIGNING_KEY  {}  (secret: for the auth function only)", written.private.display());
            println!("  ACCESS_TOKEN_JWKS         {}", written.public.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::GenerateFieldKey { id } => {
            println!("{}", keys::generate_field_key(&id, &Random::from_os())?);
            Ok(ExitCode::SUCCESS)
        }
        Command::RotateKeys { dry_run } => {
            rotate_keys(&connection::connect_migrated(uri, database).await?, dry_run).await
        }
        Command::ShowPayment { id } => {
            let keys = connection::required_field_keys().await?;
            let payment = payments::show(&connection::connect_migrated(uri, database).await?, &keys, id).await?;
            println!("{payment:#}");
            Ok(ExitCode::SUCCESS)
        }
        Command::ResolvePayment { id, reason } => {
            let store = connection::connect_migrated(uri, database).await?;
            match payments::resolve(&store, id, &reason, clock.now()).await? {
                Some(attention) => println!("payment {id} no longer waits for a person: {attention}"),
                None => println!("payment {id} waits for nothing"),
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn migrate(store: &Store, clock: &Clock) -> Result<ExitCode> {
    let report = migrations::migrate(store, clock, |step| eprintln!("  {step}")).await?;
    for applied in &report.now {
        println!("applied {} ({}) in {} ms", applied.id, applied.name, applied.duration_ms);
    }
    if report.now.is_empty() {
        println!("the database is up to date ({} migrations applied)", report.before);
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(store: &Store, clock: &Clock) -> Result<ExitCode> {
    let keys = connection::field_keys().await?;
    if keys.is_none() {
        eprintln!("FIELD_KEYS is not set: sealed values are not opened");
    }
    println!("{}", verify::HEADING);
    let report = verify::verify_with_progress(store, clock.now(), keys.as_ref(), |check| println!("{check}")).await?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rotate_keys(store: &Store, is_dry_run: bool) -> Result<ExitCode> {
    let keys = connection::required_field_keys().await?;
    let bar = Bar::new(rotate::count(store, &keys).await?, "records");
    let mut so_far = 0;
    let summary = rotate::rotate(store, &keys, &Random::from_os(), is_dry_run, |summary| {
        bar.advance(summary.resealed.saturating_sub(so_far));
        so_far = summary.resealed;
    })
    .await;
    bar.finish();
    let summary = summary?;
    for unreadable in &summary.unreadable {
        println!("{unreadable}");
    }
    let done = if is_dry_run { "would be sealed again" } else { "sealed again" };
    println!("{} records {done} with the key {}", summary.resealed, keys.current_id());
    println!("{} values do not open, {} records changed too often", summary.unreadable.len(), summary.left);
    if summary.is_complete() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("keep the old keys, and run this again");
    Ok(ExitCode::FAILURE)
}

async fn fill(store: &Store, clock: &Clock, products: u32) -> Result<ExitCode> {
    let started = Instant::now();
    let report = seed::seed(store, clock, products).await?;
    println!("{} products added, {} existed before; {} s", report.added, report.before, started.elapsed().as_secs());
    Ok(ExitCode::SUCCESS)
}

/// Prints rejected rows, and shows the progress.
struct Terminal(Bar);

impl Listener for Terminal {
    fn advanced(&mut self, bytes: u64, so_far: &Summary) {
        self.0.advance(bytes);
        self.0.say(format!("row {}", so_far.total));
    }

    fn rejected(&mut self, rejection: &Rejection) {
        self.0.suspend(|| println!("{rejection}"));
    }
}

async fn import_file(store: &Store, clock: &Clock, file: &std::path::Path, seller: &str) -> Result<ExitCode> {
    let seller = import::seller(store, seller).await?;
    let (lines, size): (Box<dyn AsyncBufRead + Unpin>, _) = if file.as_os_str() == "-" {
        (Box::new(BufReader::new(tokio::io::stdin())), None)
    } else {
        let open = async { anyhow::Ok(tokio::fs::File::open(file).await?) };
        let opened = open.await.with_context(|| format!("reading {}", file.display()))?;
        let size = opened.metadata().await?.len();
        (Box::new(BufReader::new(opened)), Some(size))
    };
    let mut terminal = Terminal(Bar::of_bytes(size));
    let outcome = import::import(store, clock, seller, lines, &mut terminal).await;
    terminal.0.finish();
    let summary = outcome.context("the import stopped: import the same file again to continue")?;
    println!("{summary}");
    Ok(if summary.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        Arguments::command().debug_assert();
    }
}
