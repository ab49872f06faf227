//! Rules of docs/ARCHITECTURE.md that Cargo cannot enforce: which crate may depend on which, and what a function needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use local::components::workspace_root;

/// The crates of `shared/`, and which of them each may depend on.
const SHARED_CRATES: [(&str, &[&str]); 8] = [
    ("domain", &[]),
    ("runtime", &["domain"]),
    ("store", &["domain", "runtime"]),
    ("gateway", &["domain", "runtime"]),
    ("validation", &["domain"]),
    ("app", &["domain", "store", "gateway"]),
    ("queue", &["domain", "runtime", "store"]),
    ("http", &["domain", "runtime", "store", "validation", "queue"]),
];

/// Dependencies that the domain must not have: it decides, and does no I/O.
const NOT_IN_THE_DOMAIN: [&str; 8] =
    ["mongodb", "axum", "reqwest", "tokio", "futures", "lambda_runtime", "aws-sdk-sqs", "lettre"];

/// Dependencies that a use case must not have: it takes domain values, and knows no request (docs/adr/0015-wire-types.md).
const NOT_IN_THE_APP: [&str; 3] = ["utoipa", "axum", "lambda_http"];

/// The collections whose documents are aggregates. Messages, idempotency records and throttles commit with any of them.
const AGGREGATES: &str = "users sessions mailed_tokens orders payments inventory products carts wishlists categories reviews coupons \
     saved_methods";

/// Beginnings of the store's methods that take part in a transaction and change nothing of the aggregate.
const READS: [&str; 5] = ["find_", "has_", "taken_", "count_of_", "lock_"];

/// The crates that may use the driver, and why.
const USE_THE_DRIVER: [(&str, &str); 5] = [
    ("shared/store", "this is the store"),
    ("tools/bench", "measures the store against the driver"),
    ("tools/local", "starts the database and waits for it"),
    ("tools/ops", "loads more rows at once than any request"),
    ("tests", "reads what is stored"),
];

/// The manifests of the workspace, by folder.
fn manifests() -> BTreeMap<String, String> {
    let root = workspace_root();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    let mut folders: BTreeSet<String> = members.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(folders.remove("functions/*"));
    folders.extend(functions().into_iter().map(|function| format!("functions/{function}")));
    folders
        .into_iter()
        .map(|folder| {
            let manifest = fs::read_to_string(root.join(&folder).join("Cargo.toml")).unwrap();
            (folder, manifest)
        })
        .collect()
}

/// The folders of the functions.
fn functions() -> BTreeSet<String> {
    let folders = fs::read_dir(workspace_root().join("functions")).unwrap();
    folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Whether a manifest names this dependency.
fn needs(manifest: &str, name: &str) -> bool {
    manifest.lines().any(|line| {
        let rest = line.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('=') || rest.starts_with(".workspace"))
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn dependencies_of_the_shared_crates_point_down() {
    let manifests = manifests();
    let crates: BTreeSet<&str> = SHARED_CRATES.iter().map(|(name, _)| *name).collect();
    let found = manifests.keys().filter_map(|folder| folder.strip_prefix("shared/"));
    assert_eq!(found.collect::<BTreeSet<_>>(), crates, "a shared crate is missing in SHARED_CRATES");
    for (name, may_use) in SHARED_CRATES {
        let manifest = &manifests[&format!("shared/{name}")];
        for other in crates.iter().filter(|other| **other != name && !may_use.contains(other)) {
            assert!(!needs(manifest, &format!("shop-{other}")), "shop-{name} may not depend on shop-{other}");
        }
    }
    for name in NOT_IN_THE_DOMAIN {
        assert!(!needs(&manifests["shared/domain"], name), "the domain uses {name}");
    }
    for name in NOT_IN_THE_APP {
        assert!(!needs(&manifests["shared/app"], name), "the use cases use {name}");
    }
}

#[test]
fn only_the_store_depends_on_the_driver() {
    let known: BTreeSet<&str> = USE_THE_DRIVER.iter().map(|(folder, _)| *folder).collect();
    let manifests = manifests();
    let using = manifests.iter().filter(|(_, manifest)| needs(manifest, "mongodb")).map(|(folder, _)| folder.as_str());
    assert_eq!(using.collect::<BTreeSet<_>>(), known);
}

#[test]
fn functions_use_the_shared_crate_and_neither_tools_nor_each_other() {
    let functions = functions();
    for function in &functions {
        let manifest = &manifests()[&format!("functions/{function}")];
        assert!(needs(manifest, "shared"), "{function} does not depend on the shared crate");
        let others = functions.iter().map(String::as_str).chain(["bench", "local", "ops", "tests", "xtask"]);
        for other in others {
            assert!(!needs(manifest, other), "{function} depends on {other}");
        }
    }
}

/// The aggregates that a file changes within transactions. A lexical check: it sees `products.save_in(tx, …)`, also through a
/// variable named like the collection, and nothing behind the call of another file's function.
fn aggregates_changed_in(text: &str) -> BTreeSet<&'static str> {
    let dense: String = text.split_whitespace().collect();
    let is_changed = |collection: &str| {
        let calls = dense.match_indices(collection).filter(|(at, _)| !dense[..*at].ends_with(is_word));
        let behind = calls.filter_map(|(at, _)| dense[at + collection.len()..].strip_prefix('.'));
        let mut methods = behind.filter_map(|call| call.split_once("(tx,"));
        methods.any(|(method, _)| method.chars().all(is_word) && !READS.iter().any(|read| method.starts_with(read)))
    };
    AGGREGATES.split(' ').filter(|collection| is_changed(collection)).collect()
}

#[test]
fn changes_of_several_aggregates_are_use_cases_of_the_app() {
    let mut files = Vec::new();
    rust_files(&workspace_root().join("functions"), &mut files);
    for file in files {
        let changed = aggregates_changed_in(&fs::read_to_string(&file).unwrap());
        assert!(changed.len() < 2, "{} changes {changed:?}: move it to shared/app", file.display());
    }
    let shipping = fs::read_to_string(workspace_root().join("shared/app/src/ship_order.rs")).unwrap();
    assert_eq!(aggregates_changed_in(&shipping).into_iter().collect::<Vec<_>>(), ["inventory", "products"]);
}

#[test]
fn every_function_begins_the_same_way() {
    let root = workspace_root();
    for function in &functions() {
        let folder = root.join("functions").join(function).join("src");
        let main = fs::read_to_string(folder.join("main.rs")).unwrap_or_default();
        let main = main.replace("lambda_http::Error", "…::Error").replace("lambda_runtime::Error", "…::Error");
        let expected = format!(
            "//! The Lambda `{function}`; see the library.\n\n\
             #[tokio::main(flavor = \"current_thread\")]\n\
             async fn main() -> Result<(), …::Error> {{\n    \
                 shared::telemetry::init();\n    \
                 {function}::serve().await\n\
             }}\n"
        );
        assert_eq!(main, expected, "functions/{function}/src/main.rs differs from the others");
        assert!(folder.join("lib.rs").is_file(), "{function} has no src/lib.rs");
    }
}

#[test]
fn a_new_function_is_deployed_runs_locally_and_is_tested() {
    let root = workspace_root();
    let template = fs::read_to_string(root.join("template.yaml")).unwrap();
    let shop = fs::read_to_string(root.join("tools/local/src/shop.rs")).unwrap();
    let serve = fs::read_to_string(root.join("tools/local/src/serve.rs")).unwrap();
    let tests = root.join("tests/it");
    let mut forgotten = Vec::new();
    for function in &functions() {
        if !template.contains(&format!("Binary: {function}\n")) {
            forgotten.push(format!("{function} has no block in template.yaml"));
        }
        if !format!("{shop}{serve}").contains(&format!("{function}::")) {
            forgotten.push(format!("{function} is missing in tools/local/src/shop.rs"));
        }
        // A consumer is tested together with the functions that send to it.
        let suite = match function.as_str() {
            "payments" | "payment_processing" => "payments",
            "order_fulfillment" | "notifications" | "maintenance" => "workers",
            function => function,
        };
        if !tests.join(suite).is_dir() {
            forgotten.push(format!("{function} has no tests/it/{suite}"));
        }
    }
    assert!(forgotten.is_empty(), "{}", forgotten.join("\n"));
}

/// One endpoint, one file, which begins with its path so that a search finds it.
#[test]
fn every_endpoint_has_a_file_of_its_own_that_begins_with_its_path() {
    let root = workspace_root();
    let mut faults = Vec::new();
    for (function, group) in local::shop::groups() {
        let mut files = Vec::new();
        rust_files(&root.join("functions").join(function).join("src"), &mut files);
        let beginnings: Vec<String> = files
            .iter()
            .map(|file| fs::read_to_string(file).unwrap().lines().next().unwrap_or_default().to_owned())
            .collect();
        for (path, item) in &group.paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                let endpoint = format!("//! `{method} {path}`");
                let is_systems = operation.as_ref().is_some_and(|operation| {
                    operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "system"))
                });
                if operation.is_some() && !is_systems && !beginnings.iter().any(|line| line.starts_with(&endpoint)) {
                    faults.push(format!("no file of functions/{function} begins with {endpoint}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every citation of an invariant (`I7`) or a section of the rules (`domain rules §2`), with its file.
fn citations() -> Vec<(String, String)> {
    let root = workspace_root();
    let mut citations = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if ["rs", "md", "yaml", "toml", "patch"].iter().any(|kind| name.ends_with(&format!(".{kind}"))) {
                let text = fs::read_to_string(&path).unwrap();
                let file = path.strip_prefix(root).unwrap().display().to_string();
                citations.extend(cited(&text).into_iter().map(|what| (file.clone(), what)));
            }
        }
    }
    citations
}

/// The invariants and sections that a text cites.
fn cited(text: &str) -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    for (at, _) in text.match_indices('I') {
        let number = digits(&text[at + 1..]);
        let after = text[at + 1 + number.len()..].chars().next();
        if !number.is_empty() && !text[..at].ends_with(is_word) && !after.is_some_and(is_word) {
            cited.insert(format!("I{number}"));
        }
    }
    for before in ["domain rules §", "DOMAIN.md` §"] {
        let numbers = text.match_indices(before).map(|(at, _)| digits(&text[at + before.len()..]));
        cited.extend(numbers.filter(|number| !number.is_empty()).map(|number| format!("§{number}")));
    }
    cited
}

#[test]
fn every_cited_invariant_and_rule_is_in_the_domain_rules() {
    let rules = fs::read_to_string(workspace_root().join("docs/DOMAIN.md")).unwrap();
    let invariants = rules.lines().filter_map(|line| Some(line.strip_prefix("| I")?.split(' ').next()?.to_owned()));
    let invariants: Vec<String> = invariants.map(|number| format!("I{number}")).collect();
    let numbered: Vec<String> = (1..=invariants.len()).map(|number| format!("I{number}")).collect();
    assert_eq!(invariants, numbered, "each invariant has one row, in order");
    let sections = rules.lines().filter_map(|line| Some(line.strip_prefix("## ")?.split_once(". ")?.0.to_owned()));
    let defined: BTreeSet<String> = sections.map(|number| format!("§{number}")).chain(invariants).collect();

    let citations = citations();
    let unknown: Vec<_> = citations.iter().filter(|(_, what)| !defined.contains(what)).collect();
    assert!(unknown.is_empty(), "docs/DOMAIN.md has none of these: {unknown:?}");
    // These citations are known to exist, so the search works.
    for (file, what) in [("shared/http/src/idempotency.rs", "I2"), ("shared/domain/src/pricing.rs", "§2")] {
        assert!(citations.contains(&(file.to_owned(), what.to_owned())), "{what} was not seen in {file}");
    }
}

#[test]
fn citations_are_whole_words() {
    let text = "invariant I7, (I10); not I18n, AI3, _I4 or I; domain rules §6, `docs/DOMAIN.md` §2, RFC 9110 §13";
    assert_eq!(cited(text).into_iter().collect::<Vec<_>>(), ["I10", "I7", "§2", "§6"]);
}
