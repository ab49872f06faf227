//! Every operation is asked for by a test that means it. The walks in this folder do not count: they know how operations
//! refuse, not what they are for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use local::components::workspace_root;

use super::operations::{Api, Operation};

#[test]
fn every_operation_is_requested_by_a_test() {
    let root = workspace_root();
    let mut files = Vec::new();
    rust_files(&root.join("tests/it"), &mut files);
    rust_files(&root.join("tests/src"), &mut files);
    files.retain(|file| !file.starts_with(root.join("tests/it/contract")));
    let api = Api::load();
    let mut asked = BTreeSet::new();
    for file in files {
        for mention in mentions(&with_names_written_out(&fs::read_to_string(file).unwrap())) {
            asked.extend(meant(&api, &mention).into_iter().map(Operation::name));
        }
    }
    let forgotten: Vec<String> =
        api.operations.iter().map(Operation::name).filter(|name| !asked.contains(name)).collect();
    assert!(forgotten.is_empty(), "no test asks for these:\n{}", forgotten.join("\n"));
}

pub(super) fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// A path in a test, and the method that stands before it, if one does.
#[derive(Debug, PartialEq, Eq)]
struct Mention {
    method: Option<&'static str>,
    path: String,
}

/// How far before a path its method may stand: `.get(&format!("`, `.request("PUT", &format!("`.
const REACH: usize = 40;

/// `format!("{PATH}/{id}")` with what `PATH` is: a constant of the file, or a path that the same function gave this name.
fn with_names_written_out(source: &str) -> String {
    let mut constants = BTreeMap::new();
    for line in source.lines() {
        if let Some((name, rest)) = line.trim().strip_prefix("const ").and_then(|rest| rest.split_once(": &str = \"")) {
            constants.insert(name.to_owned(), rest.split('"').next().unwrap_or_default().to_owned());
        }
    }
    let mut names = constants.clone();
    let mut written_out = String::new();
    for line in source.lines() {
        let mut line = line.to_owned();
        for (name, path) in &names {
            line = line.replace(&format!("{{{name}}}"), path);
        }
        if let Some((name, rest)) = line.trim().strip_prefix("let ").and_then(|rest| rest.split_once(" = "))
            && let Some(path) = rest.strip_prefix("format!(").unwrap_or(rest).strip_prefix('"')
        {
            names.insert(name.to_owned(), path.split('"').next().unwrap_or_default().to_owned());
        } else if line == "}" {
            names.clone_from(&constants);
        }
        written_out += &line;
        written_out.push('\n');
    }
    written_out
}

fn mentions(source: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices("\"/v1/") {
        let rest = &source[at + 1..];
        let Some(end) = rest.find(['"', '?', '\n']) else { continue };
        let mut beginning = at.saturating_sub(REACH);
        while !source.is_char_boundary(beginning) {
            beginning += 1;
        }
        // A path that stands before this one has a method of its own.
        let before = source[beginning..at].rsplit(';').next().unwrap_or_default();
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let position = |method: &str| {
            let call = before.rfind(&format!("{}(", method.to_lowercase()));
            call.max(before.rfind(&format!("\"{method}\"")))
        };
        let nearest = methods.into_iter().filter_map(|method| position(method).map(|at| (at, method))).max();
        let method = nearest.map(|(_, method)| method);
        let path = &rest[..end];
        // What is put in right behind a name is a query.
        let path = path.strip_suffix("{}").filter(|path| !path.ends_with('/')).unwrap_or(path);
        found.push(Mention { method, path: path.to_owned() });
    }
    found
}

/// The operations that a path in a test means: those whose path fits it best.
fn meant<'a>(api: &'a Api, mention: &Mention) -> Vec<&'a Operation> {
    let fits = api.operations.iter().filter(|operation| mention.method.is_none_or(|method| method == operation.method));
    let fits: Vec<(usize, &Operation)> = fits
        .filter_map(|operation| likeness(&operation.path, &mention.path).map(|likeness| (likeness, operation)))
        .collect();
    let best = fits.iter().map(|(likeness, _)| *likeness).max();
    fits.into_iter().filter(|(likeness, _)| Some(*likeness) == best).map(|(_, operation)| operation).collect()
}

/// How much a path in a test is like that of an operation; `None` if it cannot mean it. A value that is put in stands for a
/// parameter rather than for a name: `orders/{order}` is no look-up, `returns/{id}/{verb}` is every verb.
fn likeness(operation: &str, mentioned: &str) -> Option<usize> {
    let (theirs, ours): (Vec<&str>, Vec<&str>) = (operation.split('/').collect(), mentioned.split('/').collect());
    let mut likeness = 0;
    for (their, our) in theirs.iter().zip(&ours) {
        likeness += match (their.starts_with('{'), our.starts_with('{')) {
            (false, false) if their == our => 2,
            (false, false) => return None,
            (true, true) => 1,
            (true, false) | (false, true) => 0,
        };
    }
    (theirs.len() == ours.len()).then_some(likeness)
}

#[test]
fn a_path_in_a_test_matches_the_most_specific_operation() {
    let source = r#"
        ada.get("/v1/reviews/moderation?limit=1").await;
        ada.request("PUT", &format!("/v1/reviews/{review}/helpful")).send().await;
        let path = format!("/v1/orders/{order}/ship");
        grace.delete("/v1/nonsense").await;
        const BOOK: &str = "/v1/auth/me/addresses";
        ada.put(&format!("{BOOK}/{id}"), body).await;
        let list = format!("/v1/wishlists/{id}");
        ada.delete(&format!("{list}/items/{tea}")).await;
        ada.get(&format!("/v1/reports/revenue{}", days)).await;
        ada.get(&format!("/v1/orders/{order}")).await;
        root.post(&format!("/v1/returns/{id}/{verb}")).await;
    "#;
    let found = mentions(&with_names_written_out(source));
    let api = Api::load();
    let meant: Vec<Vec<String>> =
        found.iter().map(|mention| meant(&api, mention).into_iter().map(Operation::name).collect()).collect();
    assert_eq!(
        meant,
        [
            vec!["GET /v1/reviews/moderation"],
            vec!["PUT /v1/reviews/{id}/helpful"],
            vec!["POST /v1/orders/{id}/ship"],
            vec![],
            vec!["GET /v1/auth/me/addresses", "POST /v1/auth/me/addresses"],
            vec!["PUT /v1/auth/me/addresses/{id}"],
            vec!["GET /v1/wishlists/{id}", "DELETE /v1/wishlists/{id}", "PATCH /v1/wishlists/{id}"],
            vec!["DELETE /v1/wishlists/{id}/items/{productId}"],
            vec!["GET /v1/reports/revenue"],
            vec!["GET /v1/orders/{idOrNumber}"],
            vec!["POST /v1/returns/{id}/approve", "POST /v1/returns/{id}/receive", "POST /v1/returns/{id}/reject"],
        ]
    );
}
