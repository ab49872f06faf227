//! The description of the API: complete, consistent, and the one that is committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use local::components::workspace_root;
use serde_json::Value;

use super::{
    findings::Findings,
    operations::{Api, Who, contract},
};

#[test]
fn the_committed_description_is_that_of_the_code() {
    let committed = fs::read_to_string(workspace_root().join("docs/openapi.json")).unwrap();
    let committed: Value = serde_json::from_str(&committed).unwrap();
    let api = Api::load();
    let mut findings = Findings::default();
    // Part by part, so that a failure shows where the documents differ.
    for part in ["paths", "components"] {
        let (written, actual) = (members(&committed[part]), members(&api.document[part]));
        let names: BTreeSet<&String> = written.keys().chain(actual.keys()).collect();
        for name in names {
            let is_same = written.get(name) == actual.get(name);
            findings.expect(is_same, || format!("{part} {name} changed: run `cargo xtask openapi`"));
        }
    }
    findings.expect(committed == api.document, || "docs/openapi.json is old: run `cargo xtask openapi`".to_owned());
    findings.assert_none();
}

fn members(object: &Value) -> BTreeMap<String, &Value> {
    object.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value)).collect()
}

#[test]
fn every_operation_of_the_contract_exists() {
    let api = Api::load();
    let paths = api.document["paths"].as_object().unwrap();
    let there: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let missing: Vec<String> = contract().into_keys().filter(|name| !there.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new(), "operations of the contract that no function serves");
}

#[test]
fn every_operation_is_described_with_its_answers() {
    let api = Api::load();
    let mut findings = Findings::default();
    let mut ids = BTreeSet::new();
    for operation in &api.operations {
        let name = operation.name();
        let id = operation.details["operationId"].as_str().unwrap_or_default();
        let is_snake_case = id.split('_').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        findings.expect(is_snake_case, || format!("{name}: its operationId {id:?} is not snake_case"));
        findings.expect(ids.insert(id.to_owned()), || format!("{name}: there is another {id}"));

        let summary = operation.details["summary"].as_str().unwrap_or_default();
        findings.expect(!summary.trim().is_empty(), || format!("{name}: no summary"));
        findings.expect(summary.len() <= 80, || format!("{name}: a summary of {} characters", summary.len()));
        let is_tagged = operation.details["tags"].as_array().is_some_and(|tags| tags.len() == 1);
        findings.expect(is_tagged, || format!("{name}: it needs one tag"));

        let responses = operation.details["responses"].as_object().unwrap();
        let succeeds = responses.keys().any(|status| status.starts_with('2') || status == "302");
        findings.expect(succeeds, || format!("{name}: it never succeeds"));
        let refusal = &responses["default"]["$ref"];
        findings.expect(refusal == "#/components/responses/Problem", || format!("{name}: how does it refuse?"));
        for (status, response) in responses {
            let says_what = status == "204" || status == "304" || status == "default" || status == "302";
            let has_content = response["content"].as_object().is_some_and(|content| !content.is_empty());
            let is_acknowledgement =
                ["POST /v1/payments/webhooks/stripe", "POST /v1/reviews/{id}/report"].contains(&name.as_str());
            findings
                .expect(says_what || has_content || is_acknowledgement, || format!("{name}: what is in its {status}?"));
        }
    }
    findings.assert_none();
}

#[test]
fn the_description_states_who_may_call() {
    let api = Api::load();
    let mut findings = Findings::default();
    for operation in &api.operations {
        let ways = operation.security();
        let allows_nobody = !ways.is_empty() && !ways.contains(&None);
        let expected = match operation.rule.who {
            Who::Anybody => !allows_nobody,
            Who::Buyer => ways == [Some("bearer"), Some("cartToken")],
            Who::Customer | Who::Seller | Who::Admin => ways == [Some("bearer")],
        };
        findings.expect(expected, || format!("{}: {:?}, but {ways:?}", operation.name(), operation.rule.who));
        for way in ways.into_iter().flatten() {
            let is_declared = api.document["components"]["securitySchemes"].get(way).is_some();
            findings.expect(is_declared, || format!("{}: {way} is not declared", operation.name()));
        }
    }
    findings.assert_none();
}

#[test]
fn exactly_the_operations_of_the_contract_require_a_key() {
    let api = Api::load();
    let mut findings = Findings::default();
    for operation in &api.operations {
        let parameters = operation.details["parameters"].as_array().into_iter().flatten();
        let key = parameters.into_iter().find(|parameter| parameter["name"] == "Idempotency-Key");
        let is_required = key.is_some_and(|key| key["required"] == true && key["in"] == "header");
        findings.expect(is_required == operation.rule.needs_key, || {
            format!("{}: the contract says {}", operation.name(), operation.rule.needs_key)
        });
    }
    findings.assert_none();
}

#[test]
fn every_parameter_of_a_path_is_described() {
    let api = Api::load();
    let mut findings = Findings::default();
    for operation in &api.operations {
        let in_path: BTreeSet<&str> = operation.path.split(['{', '}']).skip(1).step_by(2).collect();
        let parameters = operation.details["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<&str> = parameters
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        findings.expect(in_path == described, || format!("{}: {described:?} are described", operation.name()));
    }
    findings.assert_none();
}

#[test]
fn no_body_accepts_unknown_fields() {
    let api = Api::load();
    let mut findings = Findings::default();
    for operation in &api.operations {
        if let Some(body) = operation.body() {
            look_for_open_objects(&api, body, &operation.name(), &mut findings);
        }
    }
    findings.assert_none();
}

fn look_for_open_objects(api: &Api, schema: &Value, at: &str, findings: &mut Findings) {
    let (schema, _) = api.resolve(schema);
    if let Some(properties) = schema["properties"].as_object() {
        findings.expect(schema["additionalProperties"] == false, || format!("{at} takes any field"));
        for (name, property) in properties {
            look_for_open_objects(api, property, &format!("{at} /{name}"), findings);
        }
    }
    if let Some(items) = schema.get("items") {
        look_for_open_objects(api, items, &format!("{at} /0"), findings);
    }
}

#[test]
fn every_reference_resolves() {
    let api = Api::load();
    let mut references = Vec::new();
    collect_references(&api.document, &mut references);
    let dangling: Vec<&String> =
        references.iter().filter(|reference| api.document.pointer(&reference[1..]).is_none()).collect();
    assert!(!references.is_empty() && dangling.is_empty(), "{dangling:?} lead nowhere");
}

fn collect_references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect_references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}
