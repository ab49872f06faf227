//! The commands, their help, and what they print.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use shared::{
    domain::{Clock, Email, user::Role},
    store::{Store, migrations},
};
use tokio::io::{AsyncBufRead, BufReader};

use crate::{
    accounts::{self, Account},
    connection,
    import::{self, Listener, Rejection, Summary},
    keys,
    progress::Bar,
    secret_input, seed, verify,
};

/// The operator's command line of the shop.
///
/// Every command can be run again: what is there already stays, what is missing is added. It ends with 0 when everything
/// was done, and with 1 when something was not.
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
    /// The connection string of the replica set; wins over the variable MONGODB_URI.
    ///
    /// One with a password belongs in the variable, or in a secret that MONGODB_URI_SECRET_ARN names: other processes can
    /// read a command line.
    #[arg(long, global = true, value_name = "URI")]
    mongodb_uri: Option<String>,
    /// The database; wins over the variable MONGODB_DATABASE. Default: shop
    #[arg(long, global = true, value_name = "NAME")]
    database: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database into the shape that this version needs
    ///
    /// Makes collections, validators and indexes that are missing, in numbered steps that are each applied once. Run it
    /// before the functions of a new version are deployed. Of several at once one works and the others wait for it.
    #[command(after_help = "Example:\n  ops migrate --database shop_staging")]
    Migrate,
    /// Fill the shop with a made-up catalogue, for trying out and for benchmarks
    ///
    /// The product with a given number is always the same one, so an interrupted run is continued by running it again,
    /// and a larger number adds to what is there. Not for a shop that sells.
    #[command(after_help = "Examples:\n  ops seed --products 1000\n  ops --database bench seed --products 1000000")]
    Seed {
        /// How many products there are to be
        #[arg(long, value_name = "N")]
        products: u32,
    },
    /// Make the account of an administrator
    ///
    /// The only way to the first one: no HTTP request makes an administrator. The password is asked for, or read from
    /// standard input, or taken from the variable OPS_ADMIN_PASSWORD; never from the command line.
    #[command(after_help = "\
Examples:
  ops create-admin --email ada@example.test --first-name Ada --last-name Lovelace
  pass show shop/admin | ops create-admin --email ada@example.test --first-name Ada --last-name Lovelace")]
    CreateAdmin {
        /// The address to log in with
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
    /// A line is a product, found again by its SKU: a new one is made, a known one becomes as the line says, and the same
    /// file twice changes nothing. Categories that a line names by path (`home/kitchen`) are made where they are missing.
    /// `inventory.quantity` is the first stock of a SKU that is new; stock that is there is not touched.
    ///
    /// Each line that cannot be taken is printed with its number, its SKU and the reason, and the others are kept. Ends
    /// with 1 if there was any.
    #[command(after_help = "\
Examples:
  ops import products.jsonl --seller shop@example.test
  zcat products.jsonl.gz | ops import - --seller shop@example.test > rejected.txt")]
    Import {
        /// The file; - is standard input
        file: PathBuf,
        /// The address of the seller whose products they are
        #[arg(long, value_name = "EMAIL")]
        seller: String,
    },
    /// Check every promise that the database alone can show
    ///
    /// Counts again what is counted (stock, totals, coupons, ratings, sales), follows every timeline, and holds orders,
    /// payments and answers against each other. Changes nothing, and may run while the shop sells: each check sees the
    /// database as it was at one moment. Prints a line for each rule, and the first twenty documents that break it.
    ///
    /// Ends with 1 if any promise is broken. What it says 'to look at' is no broken promise yet.
    #[command(after_help = "\
Examples:
  ops verify
  ops verify --database shop_staging || echo 'call somebody'

MongoDB remembers a moment for five minutes. A check that takes longer ends with SnapshotTooOld: raise the server's
parameter minSnapshotHistoryWindowInSeconds.")]
    Verify,
    /// Make the key that signs access tokens, and the set of public keys that goes with it
    ///
    /// Writes two new files: access-token-signing-key.pem for ACCESS_TOKEN_SIGNING_KEY of the auth function, and
    /// access-token-jwks.json for ACCESS_TOKEN_JWKS of every function. Needs no database.
    ///
    /// To rotate: make a pair with --trusting the set in use, deploy the new set everywhere, then the new signing key;
    /// an hour later make the old key unknown by deploying the new key alone.
    #[command(after_help = "\
Examples:
  ops generate-keys --out keys
  ops generate-keys --out keys/2027 --trusting keys/access-token-jwks.json")]
    GenerateKeys {
        /// The folder to write to; nothing in it is overwritten
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// A set of public keys that the new set goes on trusting
        #[arg(long, value_name = "FILE")]
        trusting: Option<PathBuf>,
    },
}

/// Does what the command line says.
pub async fn run() -> ExitCode {
    match execute(Arguments::parse()).await {
        Ok(code) => code,
        // Without the backtrace that `main` would add: these errors are for the person at the terminal.
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
            println!("{} is an administrator now ({})", user.email.expose(), user.id);
            Ok(ExitCode::SUCCESS)
        }
        Command::Import { file, seller } => {
            let store = connection::connect_migrated(uri, database).await?;
            import_file(&store, &clock, &file, &seller).await
        }
        Command::Verify => check(&connection::connect_migrated(uri, database).await?, &clock).await,
        Command::GenerateKeys { out, trusting } => {
            let written = keys::generate(&out, trusting.as_deref())?;
            println!("key {}", written.kid);
            println!(
                "  ACCESS_TOKEN_SIGNING_KEY  {}  (secret: for the auth function alone)",
                written.private.display()
            );
            println!("  ACCESS_TOKEN_JWKS         {}", written.public.display());
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
        println!("nothing to do (migrations applied before: {})", report.before);
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(store: &Store, clock: &Clock) -> Result<ExitCode> {
    println!("{}", verify::HEADING);
    let report = verify::verify_aloud(store, clock.now(), |check| println!("{check}")).await?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn fill(store: &Store, clock: &Clock, products: u32) -> Result<ExitCode> {
    let started = Instant::now();
    let report = seed::seed(store, clock, products).await?;
    println!("{} products added, {} were there; {} s", report.added, report.before, started.elapsed().as_secs());
    Ok(ExitCode::SUCCESS)
}

/// Prints what is left out, and draws how far it has come.
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
    let summary = outcome.context("the import stopped; the same file again continues it")?;
    println!("{summary}");
    Ok(if summary.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Arguments::command().debug_assert();
    }
}
