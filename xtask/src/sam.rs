//! The SAM command line: lints the template, and runs a smoke test of the functions, which are built for Lambda and
//! started in containers behind an emulated API Gateway.
//!
//! The functions use the components of the tests, with their own database.

mod bridge;
mod docker;
mod http;
mod signing_key;
mod smoke;
mod tools;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use self::bridge::Bridge;
use self::docker::Docker;
use self::tools::Tools;
use crate::{root, state, test};

/// The database of the smoke test.
const DATABASE: &str = "shop_sam";
/// If set, the functions are built with the release profile of deployments, which takes far longer.
const REAL_PROFILE: &str = "SAM_RELEASE_PROFILE";
/// The variables of the functions that are the same in every smoke test.
const FIXED: [(&str, &str); 8] = [
    ("STRIPE_SECRET_KEY", "sk_test_localshop"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_localshop"),
    ("FIELD_KEYS", "smoke:c21va2UgdGVzdCBvZiB0aGUgZnVuY3Rpb25zLCAzMiE="),
    ("MAIL_FROM", "Shop <shop@example.test>"),
    ("SHOP_URL", "http://localhost:3000"),
    ("CORS_ALLOWED_ORIGINS", "http://localhost:3000"),
    ("RESERVATION_MINUTES", "30"),
    ("MONGODB_DATABASE", DATABASE),
];

/// Builds with SAM, starts the API in Docker, runs the smoke test, and stops what it started.
pub(crate) fn run() -> Result<()> {
    let tools = Tools::with_cargo_lambda()?;
    let docker = Docker::ensure()?;
    let image = docker.runtime_image()?;
    build(&tools)?;
    let template = write_local_template()?;
    test::with_components(false, |addresses| {
        let bridge = docker.bridge()?;
        let components: BTreeMap<&str, &str> = addresses.lines().filter_map(|line| line.split_once('=')).collect();
        let address =
            |name: &str| components.get(name).copied().with_context(|| format!("the components have no {name}"));
        let mongodb = address("TEST_MONGODB_URI")?;
        prepare_database(mongodb)?;
        let sqs = smoke::Sqs::new(address("TEST_SQS_ENDPOINT")?)?;
        let variables = variables(&bridge, mongodb, &sqs, address("TEST_STRIPE_API")?, address("TEST_SMTP_URL")?)?;
        let local = Local { tools: &tools, template, image, variables: write_variables(&variables)? };
        let api = local.start_api()?;
        smoke::run(&api.address, &sqs, address("TEST_MAILBOX_URL")?, &local).with_context(|| api.log_tail())
    })
}

/// Checks the template with SAM's own linter; every finding fails.
pub(crate) fn lint() -> Result<()> {
    let status = Tools::without_cargo_lambda()?.sam().args(["validate", "--lint"]).status()?;
    if !status.success() {
        bail!("the SAM linter has findings in template.yaml");
    }
    Ok(())
}

/// The folder for the files of this command, which Git ignores.
fn folder() -> Result<PathBuf> {
    let folder = state()?.join("sam");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// This machine's architecture by its name in SAM; containers cannot run the other one.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("x86_64"),
        "aarch64" => Ok("arm64"),
        other => bail!("Lambda has no {other}"),
    }
}

fn architecture_override() -> Result<String> {
    Ok(format!("Architecture={}", architecture()?))
}

fn build(tools: &Tools) -> Result<()> {
    println!("building the functions for Lambda; Cargo is silent until each is done …");
    let mut command = tools.sam();
    command.args(["build", "--parameter-overrides", &architecture_override()?]);
    if std::env::var_os(REAL_PROFILE).is_none() {
        // A faster build of the same code: link-time optimisation of ten programs is most of a release build.
        for (name, value) in [
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
        ] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
    }
    let started = Instant::now();
    if !command.status()?.success() {
        bail!("sam build failed");
    }
    println!("built in {} s", started.elapsed().as_secs());
    Ok(())
}

/// Writes the template for local runs into the folder of the built one, which contains relative paths to the binaries.
fn write_local_template() -> Result<PathBuf> {
    let built = root().join(".aws-sam/build/template.yaml");
    let text = fs::read_to_string(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let path = built.with_file_name("local.yaml");
    fs::write(&path, local_template(&text))?;
    Ok(path)
}

/// SAM passes only variables that the template declares. A deployed function gets the ARN of a secret, a local one the
/// secret itself, so its variable has no `_SECRET_ARN`; and the SQS endpoint is a local one.
fn local_template(built: &str) -> String {
    let mut local = String::with_capacity(built.len());
    for line in built.lines() {
        let name = line.trim_start();
        let indentation = line.len().saturating_sub(name.len());
        if name.starts_with("MONGODB_DATABASE:") {
            local.push_str(&format!("{:indentation$}AWS_ENDPOINT_URL_SQS: ''\n", ""));
        }
        match line.split_once("_SECRET_ARN:") {
            Some((name, value)) => local.push_str(&format!("{name}:{value}\n")),
            None => local.push_str(&format!("{line}\n")),
        }
    }
    local
}

fn prepare_database(mongodb: &str) -> Result<()> {
    for arguments in [&["migrate"][..], &["seed", "--products", "12"]] {
        let mut command = crate::cargo();
        command.args(["run", "--bin", "ops", "--"]).args(arguments);
        command.env("MONGODB_URI", mongodb).env("MONGODB_DATABASE", DATABASE);
        if !command.status()?.success() {
            bail!("ops {} failed", arguments.join(" "));
        }
    }
    Ok(())
}

/// The variables of the functions, with the addresses as a container sees them.
fn variables(
    bridge: &Bridge,
    mongodb: &str,
    sqs: &smoke::Sqs,
    stripe: &str,
    smtp: &str,
) -> Result<BTreeMap<String, String>> {
    let (signing_key, public_keys) = signing_key::pair(&folder()?)?;
    // Containers cannot reach the addresses in the configuration of the replica set, so the driver must not discover
    // them.
    let mongodb = mongodb.split('?').next().unwrap_or(mongodb);
    let mut variables: BTreeMap<String, String> =
        FIXED.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("MONGODB_URI", format!("{}?directConnection=true", bridge.reach(mongodb)?));
    set("AWS_ENDPOINT_URL_SQS", bridge.reach(&sqs.endpoint)?);
    set("PAYMENTS_QUEUE_URL", bridge.reach(&sqs.ensure_queue("payments")?)?);
    set("FULFILLMENT_QUEUE_URL", bridge.reach(&sqs.ensure_queue("fulfillment")?)?);
    set("NOTIFICATIONS_QUEUE_URL", bridge.reach(&sqs.ensure_queue("notifications")?)?);
    set("STRIPE_API_BASE", bridge.reach(stripe)?);
    set("SMTP_URL", bridge.reach(smtp)?);
    set("ACCESS_TOKEN_SIGNING_KEY", signing_key);
    set("ACCESS_TOKEN_JWKS", public_keys);
    Ok(variables)
}

fn write_variables(variables: &BTreeMap<String, String>) -> Result<PathBuf> {
    let members: Vec<_> =
        variables.iter().map(|(name, value)| format!("{}:{}", json_string(name), json_string(value))).collect();
    let path = folder()?.join("variables.json");
    fs::write(&path, format!("{{\"Parameters\":{{{}}}}}\n", members.join(",")))?;
    Ok(path)
}

fn json_string(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            control if control.is_control() => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// The options of `sam local …`.
struct Local<'a> {
    tools: &'a Tools,
    template: PathBuf,
    image: Option<String>,
    variables: PathBuf,
}

impl Local<'_> {
    fn command(&self, subcommand: &str) -> Result<Command> {
        let mut command = self.tools.sam();
        command.args(["local", subcommand, "--template"]).arg(&self.template);
        command.arg("--env-vars").arg(&self.variables);
        command.args(["--skip-pull-image", "--parameter-overrides", &architecture_override()?]);
        command.arg("--layer-cache-basedir").arg(folder()?.join("layers"));
        if let Some(image) = &self.image {
            command.args(["--invoke-image", image]);
        }
        Ok(command)
    }

    fn start_api(&self) -> Result<Api> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = folder()?.join("start-api.log");
        let output = File::create(&log)?;
        let mut command = self.command("start-api")?;
        // Keeps one container per function: otherwise every request would start its own.
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--warm-containers", "LAZY"]);
        let process = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        let mut api = Api { address: format!("127.0.0.1:{port}"), process: Process(process), log };
        let end = Instant::now() + Duration::from_mins(2);
        while std::net::TcpStream::connect(&api.address).is_err() {
            if api.process.0.try_wait()?.is_some() || Instant::now() > end {
                bail!("sam local start-api does not answer; {}", api.log_tail());
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(api)
    }

    /// Invokes a function once and returns its answer.
    fn invoke(&self, function: &str, event: &Path) -> Result<String> {
        let mut command = self.command("invoke")?;
        command.arg(function).arg("--event").arg(event);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            bail!("sam local invoke {function} failed:\n{said}");
        }
        fs::write(folder()?.join(format!("{function}.log")), said)?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

/// The emulated API Gateway.
struct Api {
    address: String,
    process: Process,
    log: PathBuf,
}

impl Api {
    fn log_tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(30).collect();
        let lines: Vec<_> = lines.into_iter().rev().collect();
        format!("the end of {}:\n{}", self.log.display(), lines.join("\n"))
    }
}

/// A child that is terminated and not killed, because SAM removes its containers only then.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let end = Instant::now() + Duration::from_secs(30);
        while matches!(self.0.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_template_declares_secrets_under_their_own_names() {
        let built = "      Variables:\n        MONGODB_URI_SECRET_ARN:\n          Ref: MongodbUriSecretArn\n        MONGODB_DATABASE:\n          Ref: MongodbDatabase\n        STRIPE_WEBHOOK_SECRET_SECRET_ARN:\n          Ref: A\n";
        let local = "      Variables:\n        MONGODB_URI:\n          Ref: MongodbUriSecretArn\n        AWS_ENDPOINT_URL_SQS: ''\n        MONGODB_DATABASE:\n          Ref: MongodbDatabase\n        STRIPE_WEBHOOK_SECRET:\n          Ref: A\n";
        assert_eq!(local_template(built), local);
    }

    #[test]
    fn variables_are_json() {
        assert_eq!(json_string("a\"b\\c\nd"), r#""a\"b\\c\u000ad""#);
    }
}
