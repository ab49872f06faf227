//! Logs: JSON lines in Lambda, readable lines elsewhere.
//!
//! The level is `RUST_LOG`, else Lambda's own `AWS_LAMBDA_LOG_LEVEL`, else `info`. `RUST_LOG` names crates by the beginning
//! of their name: `info,shop_=debug` means every shared crate. Verbose libraries log warnings only,
//! unless `RUST_LOG` names them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// Libraries that log warnings only by default.
const VERBOSE_LIBRARIES: &[&str] = &[
    "mongodb",
    "hyper",
    "hyper_util",
    "rustls",
    "reqwest",
    "h2",
    "aws",
    "aws_config",
    "aws_smithy_runtime",
    "aws_runtime",
    "lambda_runtime",
    "lambda_http",
    "tower",
    "lettre",
];

/// Starts logging. A second call changes nothing.
pub fn init() {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let level = variable("RUST_LOG").or_else(|| variable("AWS_LAMBDA_LOG_LEVEL"));
    let registry = tracing_subscriber::registry().with(filter(level.as_deref()));
    let is_lambda = std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some();
    let started = if is_lambda {
        // CloudWatch shows one event per line; the request's own line has every field of its span.
        let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_target(false);
        registry.with(json).try_init()
    } else {
        registry.with(tracing_subscriber::fmt::layer().compact().with_target(false)).try_init()
    };
    // A test starts many servers in one process, which share the logging of the first one.
    drop(started);
}

/// `Targets` rather than `EnvFilter`: the latter compiles regular expressions at every cold start.
fn filter(level: Option<&str>) -> Targets {
    let quiet = Targets::new().with_targets(VERBOSE_LIBRARIES.iter().map(|target| (*target, LevelFilter::WARN)));
    let asked: Targets = level.and_then(|level| level.to_ascii_lowercase().parse().ok()).unwrap_or_default();
    let default = asked.default_level().unwrap_or(LevelFilter::INFO);
    quiet.with_default(default).with_targets(asked)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_are_quiet_unless_asked() {
        let ours = |filter: &Targets, level| filter.would_enable("shop_http::serve", &level);
        let drivers = |filter: &Targets, level| filter.would_enable("mongodb::sdam", &level);
        let default = filter(None);
        assert!(ours(&default, Level::INFO) && !ours(&default, Level::DEBUG) && !drivers(&default, Level::INFO));
        let lambda = filter(Some("DEBUG"));
        assert!(ours(&lambda, Level::DEBUG) && !drivers(&lambda, Level::INFO));
        let shared_crates = filter(Some("info,shop_=debug"));
        assert!(ours(&shared_crates, Level::DEBUG) && !shared_crates.would_enable("checkout", &Level::DEBUG));
        let asked = filter(Some("warn,mongodb=debug"));
        assert!(!ours(&asked, Level::INFO) && drivers(&asked, Level::DEBUG));
        assert!(ours(&filter(Some("!!")), Level::INFO));
    }
}
