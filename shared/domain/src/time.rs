//! Points in time, and where they come from.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bson::{Bson, DateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time with millisecond precision: RFC 3339 in UTC in JSON, a date in BSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime);

impl Timestamp {
    /// The point `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(DateTime::from_millis(millis))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_seconds(self) -> i64 {
        self.0.timestamp_millis().div_euclid(1000)
    }

    /// This point moved into the future, saturating at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_add(millis))
    }

    /// This point moved into the past, saturating at the beginning of time.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.as_millis().saturating_sub(millis))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// Date and time of day in UTC.
    pub fn utc(self) -> UtcTime {
        let at = self.0.to_time_0_3();
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        UtcTime { year, month, day, hour: at.hour(), minute: at.minute() }
    }

    /// The calendar day in UTC as `YYYYMMDD`.
    pub fn compact_date(self) -> String {
        let date = self.0.to_time_0_3().date();
        format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

/// A point in time as a calendar and a clock in UTC show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcTime {
    /// Of the common era.
    pub year: i32,
    /// 1–12.
    pub month: u8,
    /// 1–31.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.try_to_rfc3339_string().map_err(|_| fmt::Error)?)
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
impl From<Timestamp> for Bson {
    fn from(timestamp: Timestamp) -> Self {
        Self::DateTime(timestamp.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            DateTime::parse_rfc3339_str(&text)
                .map(Self)
                .map_err(|_| serde::de::Error::custom("a time is written like 2026-01-31T12:00:00Z"))
        } else {
            DateTime::deserialize(deserializer).map(Self)
        }
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}
impl utoipa::ToSchema for Timestamp {
    fn name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
}

/// Where the time comes from: the system, or the hand of a test.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Milliseconds that are added to the system's time.
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// The time of the system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The time of the system, moved by whatever [`Clock::advance`] was told. Clones move together.
    pub fn shiftable() -> Self {
        Self(Source::Shifted(Arc::default()))
    }

    /// Like [`Clock::shiftable`], set to this time now.
    pub fn set_to(at: Timestamp) -> Self {
        let ahead = at.as_millis() - Self::system().now().as_millis();
        Self(Source::Shifted(Arc::new(AtomicI64::new(ahead))))
    }

    /// What time it is.
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
    pub fn now(&self) -> Timestamp {
        let system = DateTime::now();
        match &self.0 {
            Source::System => Timestamp(system),
            Source::Shifted(by) => Timestamp::from_millis(system.timestamp_millis() + by.load(Ordering::SeqCst)),
        }
    }

    /// Moves a [`Clock::shiftable`] clock forward; a system clock stays where it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Shifted(shift) = &self.0 {
            shift.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_rfc_3339_in_json_and_reads_back() {
        let at = Timestamp::from_millis(1_767_225_600_123);
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2026-01-01T00:00:00.123Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>("\"2026-01-01T01:00:00.123+01:00\"").unwrap(), at);
        assert_eq!(at.compact_date(), "20260101");
    }

    #[test]
    fn a_shiftable_clock_moves_with_its_clones() {
        let clock = Clock::shiftable();
        let twin = clock.clone();
        let before = clock.now();
        twin.advance(Duration::from_secs(3600));
        assert!(clock.now().since(before) >= Duration::from_secs(3600));
        let long_ago = Timestamp::from_millis(0);
        assert!(Clock::set_to(long_ago).now().since(long_ago) < Duration::from_secs(3600));
    }
}
