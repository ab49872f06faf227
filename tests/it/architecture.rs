//! The house of docs/ARCHITECTURE.md, held up: imports point down, each thing has its one place, and what a new function
//! needs is not forgotten.
//!
//! Sources are read as text, without comments and literals; that is enough to see what they name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use local::components::workspace_root;

/// The storeys of the shared crate, lowest first. A module imports from storeys below its own, and from itself.
const STOREYS: [&[&str]; 4] = [
    &["domain"],
    &["config", "password", "telemetry", "validation"],
    &["store", "gateway"],
    &["workflows", "http", "queue"],
];

/// What a module may import from beside it, and why.
const SIDEWAYS: [(&str, &str, &str); 1] =
    // A handler commits and then tells SQS: what it tells it with is part of what every handler can ask for.
    [("http", "queue", "Publisher")];

/// What the domain does without: it decides, and touches nothing.
const NOT_IN_THE_DOMAIN: [&str; 12] = [
    "mongodb",
    "axum",
    "reqwest",
    "tokio",
    "lambda_http",
    "lambda_runtime",
    "aws_config",
    "aws_sdk_sqs",
    "aws_lambda_events",
    "http",
    "lettre",
    "futures",
];

/// Who speaks to the database beside the store, and why.
const SPEAK_TO_THE_DATABASE: [(&str, &str); 5] = [
    ("shared/src/store/", "this is the store"),
    ("tools/bench/", "is what the store is measured against"),
    ("tools/local/", "starts the database and waits for it"),
    ("tools/ops/", "loads more rows at once than any request"),
    ("tests/", "looks at what is really stored"),
];

/// A source file of the project.
struct Source {
    /// From the root of the project, with slashes.
    path: String,
    /// Without comments and literals.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = workspace_root();
    let mut files = Vec::new();
    for folder in ["shared", "functions", "tests", "tools", "xtask"] {
        rust_files(&root.join(folder), &mut files);
    }
    let read = |file: PathBuf| {
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { path, code: without_comments_and_literals(&fs::read_to_string(file).unwrap()) }
    };
    files.into_iter().map(read).collect()
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The code itself: comments and what stands between quotes become spaces.
fn without_comments_and_literals(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = hashes + 2;
            rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len())
        } else if next == '"' {
            end_of_string(rest)
        } else if next == '\'' {
            length_of_character(rest)
        } else {
            0
        };
        if skip == 0 {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[skip..];
        }
    }
    code
}

/// How many hashes a raw string begins with, if one begins here.
fn raw_string(code: &str) -> Option<usize> {
    let after = code.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn end_of_string(code: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in code.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// How long the character is that begins here; 0 if it is the name of a lifetime.
fn length_of_character(code: &str) -> usize {
    let inside = &code[1..];
    if let Some(escape) = inside.strip_prefix('\\') {
        // What is escaped may be a quote itself.
        return escape.char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 3);
    }
    let Some(character) = inside.chars().next() else { return 0 };
    let length = character.len_utf8();
    if inside[length..].starts_with('\'') { length + 2 } else { 0 }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// What a source names below a root: of `use crate::{store::{Store, Tx}, domain::Id}` below `crate` it is `store::Store`,
/// `store::Tx` and `domain::Id`.
fn names_below(code: &str, root: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(root) {
        let before = code[..at].trim_end();
        let is_part_of_a_word = code[..at].ends_with(is_word);
        let Some(rest) = code[at + root.len()..].strip_prefix("::") else { continue };
        // `$crate` is the same crate, seen from a macro.
        if !is_part_of_a_word && !before.ends_with("::") {
            expand(rest, "", &mut names);
        }
    }
    names
}

/// Adds the paths that a tree of imports stands for; answers how much of the code the tree takes.
fn expand(code: &str, above: &str, names: &mut BTreeSet<String>) -> usize {
    let start = code.len() - code.trim_start().len();
    let rest = &code[start..];
    if rest.starts_with('{') {
        let mut at = start + 1;
        loop {
            at += expand(&code[at..], above, names);
            let tail = code[at..].trim_start();
            at = code.len() - tail.len();
            match tail.chars().next() {
                Some(',') => at += 1,
                Some('}') => return at + 1,
                _ => return at,
            }
        }
    }
    let end = rest.find(|character| !is_word(character) && character != '*').unwrap_or(rest.len());
    let name = format!("{above}{}", &rest[..end]);
    match rest[end..].strip_prefix("::") {
        // What follows a generic's turbofish is none of ours.
        Some(below) if !below.starts_with('<') => start + end + 2 + expand(below, &format!("{name}::"), names),
        _ => {
            if !rest[..end].is_empty() {
                names.insert(name);
            }
            let alias = rest[end..].find([',', '}', ';']).filter(|_| rest[end..].starts_with(" as "));
            start + end + alias.unwrap_or(0)
        }
    }
}

/// What a source names of this crate, from the crate's root; `super` is followed up.
fn names_of_own_crate(source: &Source) -> BTreeSet<String> {
    // In a module of tests `super` is the module itself, and tests may look anywhere.
    let code = source.code.split("mod tests {").next().unwrap_or_default();
    let mut names = names_below(code, "crate");
    let inside = source.path.split_once("/src/").map_or("", |(_, inside)| inside).trim_end_matches(".rs");
    let mut module: Vec<&str> = inside.split('/').filter(|part| !matches!(*part, "lib" | "main" | "mod")).collect();
    let mut root = "super".to_owned();
    while module.pop().is_some() {
        let above: String = module.iter().map(|part| format!("{part}::")).collect();
        let here = names_below(code, &root).into_iter().filter(|name| !name.starts_with("super"));
        names.extend(here.map(|name| format!("{above}{name}")));
        root = format!("{root}::super");
    }
    names
}

/// The module of the shared crate that a source or a name belongs to.
fn module(name: &str) -> &str {
    let first = name.split(['/', ':', '.']).next().unwrap_or(name);
    // The macro lives at the root of the crate, as macros do.
    if first == "transaction" { "store" } else { first }
}

fn storey(module: &str) -> Option<usize> {
    STOREYS.iter().position(|modules| modules.contains(&module))
}

#[test]
fn imports_of_the_shared_crate_point_down() {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources().iter().filter(|source| source.path.starts_with("shared/src/")) {
        let own = module(source.path.trim_start_matches("shared/src/"));
        if own == "lib" {
            continue;
        }
        let here = storey(own).unwrap_or_else(|| panic!("on which storey does {own} live? Say it in STOREYS"));
        for name in names_of_own_crate(source) {
            let other = module(&name);
            let is_allowed = other == own
                || storey(other).is_some_and(|there| there < here)
                || SIDEWAYS.iter().any(|(from, to, what)| (*from, *to) == (own, other) && name.ends_with(what));
            if !is_allowed {
                faults.push(format!("{} imports {name}", source.path));
            }
            seen.insert((own.to_owned(), other.to_owned()));
        }
    }
    assert!(faults.is_empty(), "imports that do not point down:\n{}", faults.join("\n"));
    // The reading itself works: these are known to be there.
    for (from, to) in [("http", "domain"), ("workflows", "store"), ("store", "domain"), ("http", "queue")] {
        assert!(seen.contains(&(from.to_owned(), to.to_owned())), "{from} → {to} was not seen");
    }
}

#[test]
fn the_domain_does_no_io() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("shared/src/domain/")) {
        for name in NOT_IN_THE_DOMAIN {
            if !names_below(&source.code, name).is_empty() {
                faults.push(format!("{} uses {name}", source.path));
            }
        }
        for name in ["std::fs", "std::net", "std::env", "std::process", "std::thread"] {
            let below = names_below(&source.code, "std");
            if below.iter().any(|used| format!("std::{used}").starts_with(name)) {
                faults.push(format!("{} uses {name}", source.path));
            }
        }
        for word in ["async fn", ".await"] {
            if source.code.contains(word) {
                faults.push(format!("{} has {word}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_the_store_speaks_to_the_database() {
    let mut faults = Vec::new();
    let mut speakers = BTreeSet::new();
    for source in sources() {
        if names_below(&source.code, "mongodb").is_empty() {
            continue;
        }
        match SPEAK_TO_THE_DATABASE.iter().find(|(place, _)| source.path.starts_with(place)) {
            Some((place, _)) => drop(speakers.insert(*place)),
            None => faults.push(source.path),
        }
    }
    assert!(faults.is_empty(), "these speak to the database past the store: {faults:?}");
    let stale: Vec<&str> =
        SPEAK_TO_THE_DATABASE.iter().map(|(place, _)| *place).filter(|place| !speakers.contains(place)).collect();
    assert!(stale.is_empty(), "nobody in {stale:?} speaks to the database any more");
}

/// The functions: folder and what their `Cargo.toml` says.
fn functions() -> BTreeMap<String, String> {
    let folders = fs::read_dir(workspace_root().join("functions")).unwrap();
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let folder = entry.unwrap();
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
        (folder.file_name().into_string().unwrap(), manifest)
    };
    folders.map(read).collect()
}

/// Whether a `Cargo.toml` names a dependency.
fn needs(manifest: &str, name: &str) -> bool {
    manifest.lines().any(|line| {
        let rest = line.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('=') || rest.starts_with(".workspace"))
    })
}

#[test]
fn no_function_knows_another() {
    let functions = functions();
    let mut faults = Vec::new();
    for (function, manifest) in &functions {
        for other in functions.keys() {
            if needs(manifest, other) {
                faults.push(format!("{function} depends on {other}"));
            }
        }
    }
    assert!(faults.is_empty(), "what two functions need belongs into the shared crate: {faults:?}");
}

#[test]
fn tools_and_tests_are_needed_by_no_function() {
    for (function, manifest) in functions() {
        for tool in ["bench", "local", "ops", "tests", "xtask"] {
            assert!(!needs(&manifest, tool), "{function} depends on {tool}");
        }
        assert!(needs(&manifest, "shared"), "{function} does without the shared crate");
        assert!(!needs(&manifest, "mongodb"), "{function} speaks to the database past the store");
    }
}

#[test]
fn every_function_begins_the_same_way() {
    let root = workspace_root();
    for function in functions().keys() {
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
        assert_eq!(main, expected, "functions/{function}/src/main.rs begins otherwise than the others");
        assert!(folder.join("lib.rs").is_file(), "{function} has no table of contents");
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
    for function in functions().keys() {
        if !template.contains(&format!("Binary: {function}\n")) {
            forgotten.push(format!("{function} has no block in template.yaml"));
        }
        if !format!("{shop}{serve}").contains(&format!("{function}::")) {
            forgotten.push(format!("{function} has no place in tools/local/src/shop.rs"));
        }
        // What moves money is tried as a whole: requests, gateway and messages together.
        let suite = match function.as_str() {
            "payments" | "payment_processing" | "order_fulfillment" | "notifications" | "maintenance" => "workers",
            function => function,
        };
        if !tests.join(suite).is_dir() {
            forgotten.push(format!("{function} has no tests/it/{suite}"));
        }
    }
    assert!(forgotten.is_empty(), "{}", forgotten.join("\n"));
}

/// One endpoint, one file: whoever looks for an endpoint finds it by its path at the top of a file.
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

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let code = without_comments_and_literals(
        r##"
        //! crate::comment
        use crate::{
            domain::{Id, order::{Order, LinesOf as Lines}},
            store::Store, // crate::other
        };
        fn f<'a>(x: &'a str) -> char { let _ = "crate::literal"; let _ = r#"crate::raw"#; crate::queue::send::<u8>('"', '\'') }
        impl From<super::problem::Problem> for mycrate::Thing {}
        "##,
    );
    let expected = ["domain::Id", "domain::order::LinesOf", "domain::order::Order", "queue::send", "store::Store"];
    assert_eq!(names_below(&code, "crate").into_iter().collect::<Vec<_>>(), expected);
    let source = Source { path: "shared/src/http/body/mod.rs".to_owned(), code };
    assert!(names_of_own_crate(&source).contains("http::problem::Problem"), "{:?}", names_of_own_crate(&source));
}
