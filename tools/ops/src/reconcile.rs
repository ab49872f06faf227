//! `ops reconcile`: the gateway's books against the shop's.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use payment_processing::reconcile::{Break, Remedy, Report, reconcile};
use shared::{
    config::StripeSettings,
    domain::Timestamp,
    gateway::{Stripe, Window},
    store::Store,
};

use crate::connection;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Which window, and what happens with its breaks.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The number of days until now, unless --from names a date
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "from")]
    days: u32,
    /// The first day, in UTC, such as 2026-11-01
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Timestamp>,
    /// The day after the last one, in UTC; default: now
    #[arg(long, value_name = "DATE", value_parser = date, requires = "from")]
    until: Option<Timestamp>,
    /// Enqueue the look-ups and voids that heal breaks
    #[arg(long)]
    heal: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

fn date(text: &str) -> Result<Timestamp, String> {
    let parsed = bson::DateTime::parse_rfc3339_str(format!("{text}T00:00:00Z"));
    parsed
        .map(|at| Timestamp::from_millis(at.timestamp_millis()))
        .map_err(|_| "a date is written 2026-11-01".to_owned())
}

impl Options {
    fn window(&self, now: Timestamp) -> Result<Window> {
        let from = self.from.unwrap_or_else(|| now.minus(DAY * self.days));
        let window = Window { from, until: self.until.unwrap_or(now) };
        ensure!(window.from < window.until, "the window is empty: --until must be after --from");
        Ok(window)
    }
}

/// Compares, prints, and answers whether there is no break.
pub(crate) async fn run(store: &Store, options: &Options, now: Timestamp) -> Result<bool> {
    let window = options.window(now)?;
    let mut env = connection::environment(&[]).await;
    let stripe = StripeSettings::read(&mut env);
    env.finish()?;
    let gateway = Stripe::try_new(&stripe.api_base, stripe.secret_key)?;
    let report = reconcile(store, &gateway, window, options.heal, now).await.context("nothing was changed")?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(report.breaks.is_empty())
}

fn print(report: &Report) {
    println!("{} to {}", report.from, report.until);
    println!("  {} charges at the gateway, {} payments", report.charges, report.payments);
    if report.foreign_charges > 0 {
        println!("  {} charges of other programs were ignored", report.foreign_charges);
    }
    if report.in_progress > 0 {
        println!("  {} payments changed within the last minute and were not compared", report.in_progress);
    }
    for found in &report.breaks {
        print_break(found);
    }
    match report.breaks.len() {
        0 => println!("the books agree"),
        count => println!("{count} breaks"),
    }
}

fn print_break(found: &Break) {
    println!("  payment {}: {} ({})", found.payment, found.detail, found.cause.as_str());
    if let Some(intent) = &found.intent {
        println!("      intent {intent}");
    }
    match (found.remedy, found.is_healing) {
        (_, true) => println!("      is being healed"),
        (Remedy::Person, _) => println!("      a person has to decide"),
        (Remedy::LookUp | Remedy::Void, _) => println!("      run with --heal to heal it"),
    }
}
