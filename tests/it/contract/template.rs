//! `template.yaml` must match the code.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use local::components::workspace_root;
use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};
use shared::{config::field_keys, domain::message::Queue};

use super::{findings::Findings, operations::Api};

/// The template. CloudFormation's short forms are written out: `!Ref X` is `{"Ref": "X"}`.
pub(crate) struct Template(Value);

/// A route of the HTTP API.
#[derive(Debug)]
pub(crate) struct Route {
    /// As API Gateway names it, `ANY /v1/cart`; `$default` for whatever has no other.
    pub(crate) key: String,
    /// The package of the function that serves it.
    pub(crate) package: String,
}

impl Template {
    pub(crate) fn load() -> Self {
        let text = fs::read_to_string(workspace_root().join("template.yaml")).unwrap();
        let documents = YamlOwned::load_from_str(&text).unwrap();
        Self(to_json(&documents[0]))
    }

    /// The resources of a type, with their properties.
    fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_object().unwrap().iter();
        resources
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), resource))
            .collect()
    }

    /// The functions by their package.
    fn functions(&self) -> BTreeMap<&str, &Value> {
        let functions = self.resources("AWS::Serverless::Function").into_values();
        functions.map(|function| (text(&function["Metadata"]["BuildProperties"]["Binary"]), function)).collect()
    }

    /// What a function is told, or all are.
    fn setting<'a>(&'a self, function: &'a Value, name: &str) -> &'a Value {
        function["Properties"].get(name).unwrap_or(&self.0["Globals"]["Function"][name])
    }

    /// The events of a type that reach a function.
    fn events<'a>(function: &'a Value, kind: &str) -> Vec<&'a Value> {
        let events = function["Properties"]["Events"].as_object().into_iter().flatten();
        events.filter(|(_, event)| event["Type"] == kind).map(|(_, event)| &event["Properties"]).collect()
    }

    /// The routes of the HTTP API.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for (package, function) in self.functions() {
            for event in Self::events(function, "HttpApi") {
                let key = match event["Path"].as_str() {
                    Some(path) => format!("{} {path}", text(&event["Method"])),
                    None => "$default".to_owned(),
                };
                routes.push(Route { key, package: package.to_owned() });
            }
        }
        routes
    }

    /// The route that API Gateway takes: one that fits exactly before a greedy one, a longer one before a shorter one.
    pub(crate) fn route(&self, method: &str, path: &str) -> Route {
        let rank = |route: &Route| {
            let Some((takes, pattern)) = route.key.split_once(' ') else { return Some(0) };
            if takes != "ANY" && takes != method {
                return None;
            }
            match pattern.strip_suffix("{proxy+}") {
                Some(beginning) => {
                    (path.starts_with(beginning) && path.len() > beginning.len()).then_some(beginning.len())
                }
                None => (pattern == path).then_some(usize::MAX),
            }
        };
        let ranked = self.routes().into_iter().filter_map(|route| rank(&route).map(|rank| (rank, route)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, route)| route).unwrap()
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn to_json(yaml: &YamlOwned) -> Value {
    match yaml {
        YamlOwned::Value(ScalarOwned::Null) => Value::Null,
        YamlOwned::Value(ScalarOwned::Boolean(value)) => json!(value),
        YamlOwned::Value(ScalarOwned::Integer(value)) => json!(value),
        YamlOwned::Value(ScalarOwned::FloatingPoint(value)) => json!(value.into_inner()),
        YamlOwned::Value(ScalarOwned::String(value)) => json!(value),
        YamlOwned::Sequence(items) => items.iter().map(to_json).collect(),
        YamlOwned::Mapping(members) => {
            let member = |(name, value): (&YamlOwned, &YamlOwned)| (text(&to_json(name)).to_owned(), to_json(value));
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        YamlOwned::Tagged(tag, value) => {
            let name = if tag.suffix == "Ref" { "Ref".to_owned() } else { format!("Fn::{}", tag.suffix) };
            json!({name: to_json(value)})
        }
        other => panic!("the template has {other:?}"),
    }
}

/// The resource that `!Ref X`, `!GetAtt X.Arn` and the like mean.
fn target(reference: &Value) -> &str {
    let name = reference["Ref"].as_str().or_else(|| reference["Fn::GetAtt"].as_str());
    let name = name.unwrap_or_else(|| panic!("{reference} refers to nothing"));
    name.split('.').next().unwrap_or(name)
}

/// The packages of the workspace's functions.
fn packages() -> BTreeSet<String> {
    let folders = fs::read_dir(workspace_root().join("functions")).unwrap();
    folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_path_reaches_the_function_that_serves_it() {
    let template = Template::load();
    let mut findings = Findings::default();
    for (package, document) in local::shop::groups() {
        for path in document.paths.paths.keys() {
            let asked: Vec<&str> =
                path.split('/').map(|segment| if segment.starts_with('{') { "x" } else { segment }).collect();
            let route = template.route("GET", &asked.join("/"));
            findings.expect(route.package == package, || {
                format!("{package} serves {path}, but the template sends it to {} by {}", route.package, route.key)
            });
            let is_named = route.key != "$default";
            findings.expect(is_named, || format!("no route of the template names {path}"));
        }
    }
    let route = template.route("GET", "/v1/health");
    findings.expect(route.key == "ANY /v1/health", || format!("health is asked by {}", route.key));
    findings.assert_none();
}

#[test]
fn unknown_paths_are_refused_by_a_function_and_not_by_api_gateway() {
    let route = Template::load().route("GET", "/nonsense");
    assert_eq!((route.key.as_str(), route.package.as_str()), ("$default", "products"));
}

#[test]
fn the_groups_of_the_description_are_the_functions_behind_the_http_api() {
    let described: BTreeSet<String> = local::shop::groups().map(|(package, _)| package.to_owned()).into();
    let routed: BTreeSet<String> = Template::load().routes().into_iter().map(|route| route.package).collect();
    assert_eq!(described, routed);
    // Each operation is in exactly one of them, besides those that every function has.
    let groups = local::shop::groups();
    let paths = groups.iter().flat_map(|(_, group)| group.paths.paths.keys());
    let mut all: Vec<&String> = paths.collect();
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count, "two functions serve one path");
    let documented: BTreeSet<String> = Api::load().operations.into_iter().map(|operation| operation.path).collect();
    let extra: Vec<&String> = documented.iter().filter(|path| !all.contains(path)).collect();
    assert_eq!(extra, ["/v1/health"]);
}

#[test]
fn every_function_of_the_workspace_is_deployed_and_no_other() {
    let template = Template::load();
    let functions = template.functions();
    let deployed: BTreeSet<String> = functions.keys().map(|package| (*package).to_owned()).collect();
    assert_eq!(deployed, packages());
    assert_eq!(functions.len(), template.resources("AWS::Serverless::Function").len(), "two functions run one program");
    for (package, function) in functions {
        assert_eq!(function["Properties"]["CodeUri"], format!("functions/{package}/"));
        assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda", "{package}");
        assert_eq!(template.setting(function, "Runtime"), "provided.al2023", "{package}");
        let events = function["Properties"]["Events"].as_object();
        assert!(events.is_some_and(|events| !events.is_empty()), "nothing ever calls {package}");
    }
}

/// The logical name of a queue.
fn queue_name(queue: Queue) -> String {
    let (first, rest) = queue.as_str().split_at(1);
    format!("{}{rest}Queue", first.to_uppercase())
}

/// Who consumes what: the contract of `shared::domain::message::Queue`.
const fn consumer(queue: Queue) -> &'static str {
    match queue {
        Queue::Payments => "payment_processing",
        Queue::Fulfillment => "order_fulfillment",
        Queue::Notifications => "notifications",
    }
}

#[test]
fn every_queue_has_a_consumer_and_a_dead_letter_queue() {
    let template = Template::load();
    let functions = template.functions();
    let queues = template.resources("AWS::SQS::Queue");
    let mut left: BTreeSet<&str> = queues.keys().copied().collect();
    for queue in Queue::ALL {
        let name = queue_name(queue);
        let settings = &queues.get(name.as_str()).unwrap_or_else(|| panic!("there is no {name}"))["Properties"];
        left.remove(name.as_str());

        let redrive = &settings["RedrivePolicy"];
        assert_eq!(redrive["maxReceiveCount"], 5, "{name}");
        let dead_letters = target(&redrive["deadLetterTargetArn"]);
        let dead = &queues.get(dead_letters).unwrap_or_else(|| panic!("{name} has no dead-letter queue"))["Properties"];
        assert!(left.remove(dead_letters), "{dead_letters} serves two queues, or is {name} itself");
        let kept = |settings: &Value| settings["MessageRetentionPeriod"].as_i64().unwrap_or(345_600);
        assert!(kept(dead) > kept(settings), "{dead_letters} forgets before anybody has looked");

        let function = functions[consumer(queue)];
        let sources = Template::events(function, "SQS");
        assert_eq!(sources.len(), 1, "{} consumes one queue", consumer(queue));
        assert_eq!(target(&sources[0]["Queue"]), name);
        assert_eq!(sources[0]["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{name}");
        let timeout = template.setting(function, "Timeout").as_i64().unwrap();
        let visibility = settings["VisibilityTimeout"].as_i64().unwrap_or(30);
        assert!(visibility >= 6 * timeout, "{name}: {visibility} s are too few for a function of {timeout} s");
    }
    assert!(left.is_empty(), "unknown queues: {left:?}");
    let consumers: BTreeSet<&str> = functions
        .iter()
        .filter(|(_, function)| !Template::events(function, "SQS").is_empty())
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(consumers, Queue::ALL.map(consumer).into());
}

#[test]
fn a_function_may_send_to_exactly_the_queues_in_its_sends_to() {
    let template = Template::load();
    let functions = template.functions();
    let sends_to = BTreeMap::from(local::shop::sends_to());
    assert!(sends_to.keys().eq(functions.keys()), "each function says what it sends to");
    let mut findings = Findings::default();
    for (package, function) in functions {
        let variables = function["Properties"]["Environment"]["Variables"].as_object().into_iter().flatten();
        let told: BTreeSet<&str> =
            variables.filter(|(name, _)| name.ends_with("_QUEUE_URL")).map(|(_, queue)| target(queue)).collect();
        let policies = function["Properties"]["Policies"].as_array().into_iter().flatten();
        let may: BTreeSet<&str> = policies
            .filter_map(|policy| policy.get("SQSSendMessagePolicy"))
            .map(|policy| target(&policy["QueueName"]))
            .collect();
        let sends: Vec<String> = sends_to[package].iter().copied().map(queue_name).collect();
        let sends: BTreeSet<&str> = sends.iter().map(String::as_str).collect();
        findings.expect(told == sends, || format!("{package} sends to {sends:?} and knows {told:?}"));
        findings.expect(may == sends, || format!("{package} sends to {sends:?} and may send to {may:?}"));
        for queue in Queue::ALL {
            let variable = format!("{}_QUEUE_URL", queue.as_str().to_uppercase());
            let address = &function["Properties"]["Environment"]["Variables"][&variable];
            let is_right = address.is_null() || target(address) == queue_name(queue);
            findings.expect(is_right, || format!("{package}: {variable} is the address of {address}"));
        }
    }
    findings.assert_none();
}

#[test]
fn functions_that_may_read_a_secret_know_its_arn() {
    let template = Template::load();
    let mut findings = Findings::default();
    for (package, function) in template.functions() {
        let own = function["Properties"]["Environment"]["Variables"].as_object().into_iter().flatten();
        let everybodys =
            template.0["Globals"]["Function"]["Environment"]["Variables"].as_object().into_iter().flatten();
        let told: BTreeSet<&str> = own
            .chain(everybodys)
            .filter(|(name, _)| name.ends_with("_SECRET_ARN"))
            .map(|(_, secret)| target(secret))
            .collect();
        let policies = function["Properties"]["Policies"].as_array().into_iter().flatten();
        let may: BTreeSet<&str> = policies
            .filter_map(|policy| policy.get("AWSSecretsManagerGetSecretValuePolicy"))
            .map(|policy| target(&policy["SecretArn"]))
            .collect();
        findings.expect(told == may, || format!("{package} knows {told:?} and may read {may:?}"));
    }
    findings.assert_none();
}

/// The functions that seal or open fields.
const WITH_FIELD_KEYS: [&str; 2] = ["payment_processing", "payments"];

#[test]
fn exactly_the_functions_that_seal_or_open_fields_may_decrypt_the_data_keys() {
    let template = Template::load();
    let mut findings = Findings::default();
    for (package, function) in template.functions() {
        let uses = WITH_FIELD_KEYS.contains(&package);
        let source = workspace_root().join("functions").join(package).join("src/lib.rs");
        let reads = fs::read_to_string(source).unwrap().contains("field_keys::read(");
        findings.expect(reads == uses, || format!("{package} reads the field keys: {reads}"));
        let told = &function["Properties"]["Environment"]["Variables"]["FIELD_KEYS"];
        findings.expect(told.is_null() != uses, || format!("{package} is told FIELD_KEYS: {told}"));
        let policies = function["Properties"]["Policies"].as_array().into_iter().flatten();
        let statements = policies.flat_map(|policy| policy["Statement"].as_array().into_iter().flatten());
        let allowed: Vec<&Value> =
            statements.filter(|statement| statement["Action"].to_string().contains("kms:")).collect();
        findings.expect(allowed.len() == usize::from(uses), || format!("{package} may use KMS: {allowed:?}"));
        for statement in allowed {
            let condition = json!({"StringEquals": {"kms:EncryptionContext:purpose": field_keys::PURPOSE}});
            let is_narrow = statement["Action"] == "kms:Decrypt"
                && target(&statement["Resource"]) == "FieldKmsKeyArn"
                && statement["Condition"] == condition;
            findings.expect(is_narrow, || format!("{package} may do more than decrypt data keys: {statement}"));
        }
    }
    findings.assert_none();
}

#[test]
fn maintenance_runs_every_minute_and_every_night() {
    let template = Template::load();
    let schedules = Template::events(template.functions()["maintenance"], "Schedule")
        .into_iter()
        .chain(Template::events(template.functions()["maintenance"], "ScheduleV2"))
        .map(|event| {
            event["Schedule"]
                .clone()
                .as_str()
                .map(str::to_owned)
                .or(event["ScheduleExpression"].as_str().map(str::to_owned))
        })
        .collect::<Vec<_>>();
    let nightly = "cron(0 3 * * ? *)".to_owned();
    assert_eq!(schedules, [Some("rate(1 minute)".to_owned()), Some(nightly)]);
}
