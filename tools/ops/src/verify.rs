//! Whether the database keeps the shop's promises: every invariant of the domain rules that it alone can show. Who may read
//! what (I9), no database can.
//!
//! Reads only. Each check sees the database as it was at one moment, so a shop that is selling meanwhile does not look
//! broken; and it walks through sorted rows side by side, so that millions of documents are never in memory at once.
//! What an invariant forbids is written here once more and on purpose, not taken from the code that has to keep it.

mod answers;
mod carts;
mod catalogue;
mod coupons;
mod messages;
mod orders;
mod payments;
mod products;
mod secrets;
mod snapshot;
mod states;
mod stock;

use std::fmt;

use anyhow::Result;
use shared::{domain::Timestamp, store::Store};

/// How many violations of a rule are named; the others are counted.
const NAMED: usize = 20;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One for each rule, in the order of the invariants.
    pub checks: Vec<Check>,
}

/// What was found about one rule.
#[derive(Clone, Debug)]
pub struct Check {
    /// `I1` to `I8`, or `I10`.
    pub invariant: &'static str,
    /// What always has to be true.
    pub rule: &'static str,
    /// Whether breaking it is a sign of trouble and not yet a broken promise.
    pub is_warning: bool,
    /// How many documents or groups were looked at.
    pub checked: u64,
    /// How many of them break the rule.
    pub violations: u64,
    /// The first of these.
    pub named: Vec<Violation>,
}

/// One broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The id of what breaks the rule.
    pub id: String,
    /// How.
    pub what: String,
}

impl Report {
    /// Whether no promise is broken; warnings do not count.
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.is_warning || check.violations == 0)
    }
}

impl Check {
    fn new(invariant: &'static str, rule: &'static str) -> Self {
        Self { invariant, rule, is_warning: false, checked: 0, violations: 0, named: Vec::new() }
    }

    fn warning(invariant: &'static str, rule: &'static str) -> Self {
        Self { is_warning: true, ..Self::new(invariant, rule) }
    }

    /// Notes that one more was looked at, and what is wrong with it, if anything.
    fn note(&mut self, id: impl fmt::Display, wrong: Option<String>) {
        self.checked = self.checked.saturating_add(1);
        if let Some(what) = wrong {
            self.violate(id, what);
        }
    }

    fn violate(&mut self, id: impl fmt::Display, what: String) {
        self.violations = self.violations.saturating_add(1);
        if self.named.len() < NAMED {
            self.named.push(Violation { id: id.to_string(), what });
        }
    }
}

/// The complaints about one thing, as one sentence; `None` without any.
fn joined(complaints: Vec<String>) -> Option<String> {
    complaints.into_iter().reduce(|sentence, complaint| format!("{sentence}; {complaint}"))
}

/// Checks everything.
///
/// # Errors
/// If the database cannot be read, or holds a document that cannot be understood.
pub async fn verify(store: &Store, now: Timestamp) -> Result<Report> {
    verify_aloud(store, now, |_| ()).await
}

/// Like [`verify`], and tells of each rule as soon as it is known.
///
/// # Errors
/// As [`verify`].
pub async fn verify_aloud(store: &Store, now: Timestamp, mut tell: impl FnMut(&Check)) -> Result<Report> {
    let mut report = Report::default();
    let mut take = |checks: Vec<Check>| {
        checks.iter().for_each(&mut tell);
        report.checks.extend(checks);
    };
    take(stock::check(store, now).await?);
    take(answers::check(store, now).await?);
    take(orders::check(store, now).await?);
    take(coupons::check(store).await?);
    take(messages::check(store, now).await?);
    take(products::check(store).await?);
    take(catalogue::check(store).await?);
    take(carts::check(store).await?);
    take(secrets::check(store).await?);
    report.checks.sort_by_key(|check| (check.invariant.len(), check.invariant));
    Ok(report)
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.violations, self.is_warning) {
            (0, _) => "ok".to_owned(),
            (count, true) => format!("{count} to look at"),
            (count, false) => format!("{count} VIOLATIONS"),
        };
        write!(f, "{:<3} {:<66} {:>10} {:>14}", self.invariant, self.rule, self.checked, verdict)?;
        for violation in &self.named {
            write!(f, "\n      {}: {}", violation.id, violation.what)?;
        }
        let unnamed = self.violations.saturating_sub(u64::try_from(self.named.len()).unwrap_or(u64::MAX));
        if unnamed > 0 {
            write!(f, "\n      and {unnamed} more")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        self.checks.iter().try_for_each(|check| writeln!(f, "{check}"))
    }
}

/// What stands above the lines of a report.
pub const HEADING: &str =
    "    what has to be true                                                   checked        verdict";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_first_violations_and_counts_the_others() {
        let mut check = Check::new("I1", "counters add up");
        check.note("fine", None);
        for number in 0..25 {
            check.note(number, Some("broken".to_owned()));
        }
        assert_eq!((check.checked, check.violations, check.named.len()), (26, 25, 20));
        let text = check.to_string();
        assert!(text.contains("25 VIOLATIONS") && text.contains("19: broken") && text.contains("and 5 more"), "{text}");
    }

    #[test]
    fn a_warning_leaves_the_report_clean() {
        let mut warning = Check::warning("I7", "sent in time");
        warning.note("late", Some("since yesterday".to_owned()));
        let mut report = Report { checks: vec![warning] };
        assert!(report.is_clean());
        let mut broken = Check::new("I1", "counters add up");
        broken.note("MUG-1", Some("off by one".to_owned()));
        report.checks.push(broken);
        assert!(!report.is_clean());
    }
}
