//! The period of a report.

use serde::{Deserialize, Deserializer, de::IntoDeserializer};
use shared::{
    domain::{Currency, Timestamp},
    http::{App, CurrentUser, Problem, query::invalid},
    store::reports::ReportScope,
    validation::Validate,
};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The default length of a period.
const DAYS: i64 = 30;

/// A day in UTC, written `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(Timestamp);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let midnight = Timestamp::deserialize(format!("{text}T00:00:00Z").into_deserializer());
        let midnight: Result<Timestamp, serde::de::value::Error> = midnight;
        match midnight {
            Ok(midnight) if text.len() == 10 => Ok(Self(midnight)),
            _ => Err(serde::de::Error::custom("a day is written like 2026-01-31")),
        }
    }
}

/// Orders placed within these days (UTC).
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Period {
    /// The first day; 30 days before `to` if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<Day>,
    /// The day after the last; tomorrow if absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-02-01")]
    to: Option<Day>,
    /// Only orders in this currency; the shop's default if absent.
    currency: Option<Currency>,
}

impl Validate for Period {}

impl Period {
    /// The scope of the report for this user.
    pub(super) async fn scope(&self, app: &App, user: CurrentUser) -> Result<ReportScope, Problem> {
        let tomorrow = (app.clock.now().as_millis().div_euclid(DAY_MILLIS) + 1) * DAY_MILLIS;
        let to = self.to.map_or(Timestamp::from_millis(tomorrow), |day| day.0);
        let month_before = Timestamp::from_millis(to.as_millis() - DAYS * DAY_MILLIS);
        let from = self.from.map_or(month_before, |day| day.0);
        if from >= to {
            return Err(invalid("to", "must be after `from`: it is the day after the last"));
        }
        let currency = match self.currency {
            Some(currency) => currency,
            None => app.store.settings.currencies().await?.default_currency(),
        };
        Ok(ReportScope { from, to, currency, seller: (!user.is_admin()).then_some(user.id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let day = |text: &str| {
            let text: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
            Day::deserialize(text).ok().map(|day| day.0.to_string())
        };
        assert_eq!(day("2026-01-31").unwrap(), "2026-01-31T00:00:00Z");
        assert_eq!(day("2024-02-29").unwrap(), "2024-02-29T00:00:00Z");
        for bad in ["", "2026-02-29", "2026-1-31", "31.01.2026", "2026-01-31T00:00:00Z", "2026-01-31 ", "today"] {
            assert_eq!(day(bad), None, "{bad}");
        }
    }
}
