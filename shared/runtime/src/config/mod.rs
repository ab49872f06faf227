//! Configuration: typed, read once at the start, and reporting every invalid variable at once.
//!
//! ```text
//! let mut env = Env::from_process().resolve_secrets().await;
//! let mongo = MongoSettings::read(&mut env);
//! let stripe = StripeSettings::read(&mut env);
//! env.finish()?;
//! ```
//!
//! A section records its faults and continues with placeholders; [`Env::finish`] fails if there is a fault. A secret
//! `NAME` may be given as `NAME_SECRET_ARN` instead: the ARN of an AWS Secrets Manager secret.

pub mod field_keys;
mod settings;

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use futures::future::join_all;

pub use settings::{
    MailSettings, MongoSettings, QueueSettings, ReservationSettings, ShopUrlSettings, StripeSettings, WebhookSettings,
};

/// The suffix of variables that contain a secret's ARN instead of the secret.
const SECRET_SUFFIX: &str = "_SECRET_ARN";
/// Lambda allows ten seconds for the whole initialisation.
const SECRET_TIMEOUT: Duration = Duration::from_secs(4);

/// Text that must not be logged: only [`Secret::expose`] answers it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The environment, and the faults found in it so far.
#[must_use = "call `finish` to check the configuration"]
#[derive(Debug)]
pub struct Env {
    values: BTreeMap<String, Secret>,
    faults: Vec<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    variable: String,
    message: String,
}

/// Every fault of the configuration, one per line. Never contains a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<Fault>);

impl ConfigError {
    /// The names of the invalid variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|fault| fault.variable.as_str())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is invalid:")?;
        for Fault { variable, message } in &self.0 {
            write!(f, "\n  {variable} {message}")?;
        }
        Ok(())
    }
}
impl std::error::Error for ConfigError {}

impl Env {
    /// The variables of this process. One that is not UTF-8 counts as absent.
    pub fn from_process() -> Self {
        let values =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::from_pairs(values)
    }

    /// These variables. An empty one counts as absent.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value.into()));
        let given = values.filter(|(_, value)| !value.trim().is_empty());
        Self { values: given.map(|(name, value)| (name, Secret::new(value))).collect(), faults: Vec::new() }
    }

    /// Fetches the secrets that `…_SECRET_ARN` variables name. Sends no request if there are none.
    pub async fn resolve_secrets(mut self) -> Self {
        let wanted: Vec<_> = self
            .values
            .iter()
            .filter_map(|(name, arn)| Some((name.strip_suffix(SECRET_SUFFIX)?.to_owned(), arn.expose().to_owned())))
            .filter(|(name, _)| !self.values.contains_key(name))
            .collect();
        if wanted.is_empty() {
            return self;
        }
        let timeouts = TimeoutConfig::builder().operation_timeout(SECRET_TIMEOUT).build();
        let aws = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
        let client = aws_sdk_secretsmanager::Client::new(&aws);
        let fetched = join_all(wanted.into_iter().map(async |(name, arn)| {
            let answer = client.get_secret_value().secret_id(arn).send().await;
            (name, answer.map(|secret| secret.secret_string))
        }));
        for (name, answer) in fetched.await {
            let variable = format!("{name}{SECRET_SUFFIX}");
            match answer {
                Ok(Some(text)) => {
                    self.values.insert(name, Secret::new(text));
                }
                Ok(None) => self.fault(&variable, "names a secret without text: store it as a string"),
                Err(error) => {
                    let reason = error.into_service_error();
                    let reason = reason.meta().code().unwrap_or("no answer").to_owned();
                    self.fault(&variable, format!("names a secret that could not be read ({reason})"));
                }
            }
        }
        self
    }

    /// Fails if any variable is missing or invalid.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ConfigError(self.faults)) }
    }

    /// Records a fault. `message` continues the variable's name: "must be …".
    pub fn fault(&mut self, variable: &str, message: impl Into<String>) {
        let fault = Fault { variable: variable.to_owned(), message: message.into() };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The variable; `None` if it is absent or empty.
    pub fn optional(&self, variable: &str) -> Option<&str> {
        self.values.get(variable).map(|value| value.expose().trim())
    }

    /// The variable, whose absence is a fault; `should_be` continues "set it to".
    pub fn required(&mut self, variable: &str, should_be: &str) -> String {
        match self.optional(variable) {
            Some(text) => text.to_owned(),
            None if self.faults.iter().any(|fault| fault.variable.strip_suffix(SECRET_SUFFIX) == Some(variable)) => {
                // The fault of its `…_SECRET_ARN` explains its absence.
                String::new()
            }
            None => {
                self.fault(variable, format!("is missing: set it to {should_be}"));
                String::new()
            }
        }
    }

    /// The variable as a secret; it may also be given as `…_SECRET_ARN`.
    pub fn required_secret(&mut self, variable: &str, should_be: &str) -> Secret {
        Secret::new(self.required(variable, &format!("{should_be}, or name a secret in {variable}{SECRET_SUFFIX}")))
    }

    /// The variable as a number within `range`, or `default`.
    pub fn number<N>(&mut self, variable: &str, default: N, range: std::ops::RangeInclusive<N>) -> N
    where
        N: FromStr + PartialOrd + Copy + fmt::Display,
    {
        let Some(text) = self.optional(variable) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.fault(variable, format!("must be a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// The variable as `parse` reads it; `None` if it is absent, or if it is invalid, which is a fault.
    pub fn parsed<T, E: fmt::Display>(
        &mut self,
        variable: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.optional(variable)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(variable, format!("is not valid: {error}"));
                None
            }
        }
    }

    /// The variable as a URL of one of `schemes`, or `default`.
    pub fn url(&mut self, variable: &str, schemes: &[&str], default: Option<&str>) -> String {
        let Some(text) = self.optional(variable) else {
            return match default {
                Some(default) => default.to_owned(),
                None => self.required(variable, &format!("a URL such as {}…", schemes.first().unwrap_or(&"https://"))),
            };
        };
        let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
        if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)) {
            return text.trim_end_matches('/').to_owned();
        }
        self.fault(variable, format!("must be a URL that begins with {}", schemes.join(" or ")));
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shop_domain::message::Queue;

    #[test]
    fn every_fault_is_reported_at_once_and_no_value_is_quoted() {
        let mut env = Env::from_pairs([
            ("MONGODB_URI", "hunter2"),
            ("RESERVATION_MINUTES", "hunter2"),
            ("STRIPE_WEBHOOK_SECRET", "  "),
        ]);
        let _ = MongoSettings::read(&mut env);
        let _ = ReservationSettings::read(&mut env);
        let _ = StripeSettings::read(&mut env);
        let _ = WebhookSettings::read(&mut env);
        let error = env.finish().unwrap_err();
        assert_eq!(
            error.variables().collect::<Vec<_>>(),
            ["MONGODB_URI", "RESERVATION_MINUTES", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
        );
        let text = error.to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("STRIPE_SECRET_KEY is missing: set it to"), "{text}");
        assert!(text.contains("STRIPE_SECRET_KEY_SECRET_ARN"), "{text}");
    }

    #[test]
    fn a_sound_configuration_passes_and_defaults_apply() {
        let mut env = Env::from_pairs([("MONGODB_URI", "mongodb://127.0.0.1:27017/?replicaSet=rs0")]);
        let mongo = MongoSettings::read(&mut env);
        let reservation = ReservationSettings::read(&mut env);
        env.finish().unwrap();
        assert_eq!(mongo.uri.expose(), "mongodb://127.0.0.1:27017/?replicaSet=rs0");
        assert_eq!(mongo.database, "shop");
        assert_eq!(reservation.minutes, 30);
    }

    #[test]
    fn a_function_needs_the_queues_that_it_writes_to() {
        let mut env = Env::from_pairs([("PAYMENTS_QUEUE_URL", "http://127.0.0.1:9324/000000000000/payments")]);
        let queues = QueueSettings::read(&mut env, &[Queue::Payments, Queue::Notifications]);
        assert_eq!(queues.urls[&Queue::Payments], "http://127.0.0.1:9324/000000000000/payments");
        assert_eq!(env.finish().unwrap_err().variables().collect::<Vec<_>>(), ["NOTIFICATIONS_QUEUE_URL"]);
    }

    #[test]
    fn a_secret_is_redacted_in_debug_output() {
        let secret = Secret::new("hunter2".to_owned());
        assert!(!format!("{secret} {secret:?}").contains("hunter2"));
        let env = Env::from_pairs([("STRIPE_SECRET_KEY", "hunter2")]);
        assert!(!format!("{env:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn without_secret_arns_nothing_is_fetched_and_a_plain_value_wins() {
        let env = Env::from_pairs([("A", "1"), ("A_SECRET_ARN", "arn:aws:secretsmanager:…")]).resolve_secrets().await;
        assert_eq!(env.optional("A"), Some("1"));
        env.finish().unwrap();
    }

    #[test]
    fn a_secret_that_could_not_be_read_is_reported_once() {
        let mut env = Env::from_pairs([("X", "x")]);
        env.fault("MONGODB_URI_SECRET_ARN", "names a secret that could not be read (AccessDeniedException)");
        let _ = MongoSettings::read(&mut env);
        assert_eq!(env.finish().unwrap_err().variables().collect::<Vec<_>>(), ["MONGODB_URI_SECRET_ARN"]);
    }
}
