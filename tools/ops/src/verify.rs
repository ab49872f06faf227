//! Checks every invariant that the database can show; access control (I9) is not one of them.
//!
//! Reads only. Each check reads a snapshot, so that concurrent orders are no violations, and merges sorted rows, so
//! that millions of documents are never in memory at once. The rules are implemented independently of the code that
//! must keep them.

mod answers;
mod carts;
mod catalogue;
mod coupons;
mod messages;
mod orders;
mod payments;
mod products;
mod sealed;
mod secrets;
mod snapshot;
mod states;
mod stock;

use std::fmt;

use anyhow::Result;
use shared::{
    domain::{Timestamp, sealing::KeyRing},
    store::Store,
};

/// The number of violations of a rule that are named; the others are counted.
const MAX_NAMED: usize = 20;

/// The result of all checks.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One check per rule, in the order of the invariants.
    pub checks: Vec<Check>,
}

/// The result of one rule.
#[derive(Clone, Debug)]
pub struct Check {
    /// `I1` to `I8`, or `I10`.
    pub invariant: &'static str,
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// Whether a violation is only a warning.
    pub is_warning: bool,
    /// The number of documents or groups that were checked.
    pub checked: u64,
    /// The number of them that violate the rule.
    pub violations: u64,
    /// The first violations.
    pub named: Vec<Violation>,
}

/// A violation of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The id of the document or group.
    pub id: String,
    /// The explanation.
    pub what: String,
}

impl Report {
    /// Whether no rule is violated; warnings do not count.
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

    /// Records that one document or group was checked, and its violation, if any.
    fn record(&mut self, id: impl fmt::Display, violation: Option<String>) {
        self.checked = self.checked.saturating_add(1);
        if let Some(what) = violation {
            self.violate(id, what);
        }
    }

    fn violate(&mut self, id: impl fmt::Display, what: String) {
        self.violations = self.violations.saturating_add(1);
        if self.named.len() < MAX_NAMED {
            self.named.push(Violation { id: id.to_string(), what });
        }
    }
}

/// The violations of one document as one sentence; `None` if there are none.
fn joined(violations: Vec<String>) -> Option<String> {
    violations.into_iter().reduce(|sentence, violation| format!("{sentence}; {violation}"))
}

/// Checks every rule.
///
/// # Errors
/// If the database cannot be read, or contains a malformed document.
pub async fn verify(store: &Store, now: Timestamp) -> Result<Report> {
    verify_with_progress(store, now, None, |_| ()).await
}

/// Like [`verify`], opens every sealed value if there are keys, and reports each rule as soon as it was checked.
///
/// # Errors
/// As [`verify`].
pub async fn verify_with_progress(
    store: &Store,
    now: Timestamp,
    keys: Option<&KeyRing>,
    mut report_check: impl FnMut(&Check),
) -> Result<Report> {
    let mut report = Report::default();
    let mut add = |checks: Vec<Check>| {
        checks.iter().for_each(&mut report_check);
        report.checks.extend(checks);
    };
    add(stock::check(store, now).await?);
    add(answers::check(store, now).await?);
    add(orders::check(store, now).await?);
    add(coupons::check(store).await?);
    add(messages::check(store, now).await?);
    add(products::check(store).await?);
    add(catalogue::check(store).await?);
    add(carts::check(store).await?);
    add(secrets::check(store).await?);
    if let Some(keys) = keys {
        add(sealed::check(store, keys).await?);
    }
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

/// The heading of a report.
pub const HEADING: &str =
    "    rule                                                                  checked        verdict";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_first_violations_and_counts_the_others() {
        let mut check = Check::new("I1", "counters add up");
        check.record("fine", None);
        for number in 0..25 {
            check.record(number, Some("broken".to_owned()));
        }
        assert_eq!((check.checked, check.violations, check.named.len()), (26, 25, 20));
        let text = check.to_string();
        assert!(text.contains("25 VIOLATIONS") && text.contains("19: broken") && text.contains("and 5 more"), "{text}");
    }

    #[test]
    fn a_warning_leaves_the_report_clean() {
        let mut warning = Check::warning("I7", "sent in time");
        warning.record("late", Some("since yesterday".to_owned()));
        let mut report = Report { checks: vec![warning] };
        assert!(report.is_clean());
        let mut broken = Check::new("I1", "counters add up");
        broken.record("MUG-1", Some("off by one".to_owned()));
        report.checks.push(broken);
        assert!(!report.is_clean());
    }
}
