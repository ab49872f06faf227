//! Mutants: the shop with one of its safeguards taken out. A test has to notice each; else the safeguard could be lost, or
//! was never needed.
//!
//! `tests/mutants` has a patch for each, which says above the diff what is wrong with it, and which tests are to notice.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};

use crate::{RUN_LOCAL, root, tools};

struct Mutant {
    name: String,
    /// What is wrong with it.
    fault: String,
    /// Names of tests, or what they begin with.
    tests: Vec<String>,
    patch: PathBuf,
}

/// Makes the mutants of these names, or all, one by one, and answers whether the tests noticed each.
pub(crate) fn run(names: &[String]) -> Result<ExitCode> {
    let mutants: Vec<Mutant> =
        read_all()?.into_iter().filter(|mutant| names.is_empty() || names.contains(&mutant.name)).collect();
    if mutants.is_empty() {
        bail!("there is no mutant of this name");
    }
    let tree = Tree::copy()?;
    eprintln!("first the shop as it is …");
    let all: Vec<String> = mutants.iter().flat_map(|mutant| mutant.tests.clone()).collect();
    let failed = tree.test(&all)?;
    if !failed.is_empty() {
        bail!("these fail without any mutant: {}", failed.join(", "));
    }
    let mut survivors = 0;
    let mut table = "| mutant | tests run | killed by |\n|---|---|---|\n".to_owned();
    for mutant in &mutants {
        eprintln!("{}: {} …", mutant.name, mutant.fault);
        let tree = Tree::copy()?;
        tree.apply(&mutant.patch)?;
        let failed = tree.test(&mutant.tests)?;
        survivors += usize::from(failed.is_empty());
        let killers = if failed.is_empty() { "nobody: it SURVIVED".to_owned() } else { failed.join(", ") };
        eprintln!("  killed by {killers}");
        table += &format!("| {} | {} | {killers} |\n", mutant.name, mutant.tests.join(", "));
    }
    println!("{table}\n{} mutants, {survivors} survived", mutants.len());
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_all() -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    for entry in fs::read_dir(root().join("tests/mutants"))? {
        let patch = entry?.path();
        let text = fs::read_to_string(&patch)?;
        let (Some(fault), Some(name)) = (text.lines().next(), patch.file_stem()) else { bail!("{patch:?} is empty") };
        let tests = text.lines().find_map(|line| line.strip_prefix("Tests: "));
        let tests = tests.with_context(|| format!("{patch:?} names no tests"))?;
        mutants.push(Mutant {
            name: name.to_string_lossy().into_owned(),
            fault: fault.trim_end_matches('.').to_owned(),
            tests: tests.split_whitespace().map(str::to_owned).collect(),
            patch,
        });
    }
    mutants.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(mutants)
}

/// A copy of the work tree, which stays untouched. It stays in its place from one time to the next, with what was built from it,
/// so that only what differs is built. It shares nothing that is compiled: cargo would take a mutant's library for the shop's.
struct Tree(PathBuf);

impl Tree {
    /// Makes the copy what the work tree is now, with components of its own that know nothing yet.
    fn copy() -> Result<Self> {
        let tree = root().join("target/mutants");
        let listed = git(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output()?;
        if !listed.status.success() {
            bail!("git cannot list the work tree");
        }
        let names = String::from_utf8(listed.stdout)?;
        let files: Vec<&Path> = names.split_terminator('\0').map(Path::new).collect();
        // Half of the mutants are about what is only made once in a database.
        let _ = fs::remove_dir_all(tree.join(".local"));
        remove_others(&tree, Path::new(""), &files)?;
        for file in files.into_iter().filter(|file| root().join(file).is_file()) {
            let (from, to) = (root().join(file), tree.join(file));
            // What is as it was keeps its time, and is not built again.
            if fs::read(&to).ok() != Some(fs::read(&from)?) {
                fs::create_dir_all(to.parent().context("a file without folder")?)?;
                fs::copy(from, to)?;
            }
        }
        Ok(Self(tree))
    }

    fn apply(&self, patch: &Path) -> Result<()> {
        let status = git(&self.0).arg("apply").arg(patch).status()?;
        if !status.success() {
            bail!("{} no longer fits the code: make it anew", patch.display());
        }
        Ok(())
    }

    /// Runs these tests, and answers which failed.
    fn test(&self, tests: &[String]) -> Result<Vec<String>> {
        let addresses = self.components("up")?;
        let mut command = self.cargo()?;
        command.args(["test", "--workspace", "--test", "it", "--"]).args(tests);
        command.envs(addresses.lines().filter_map(|line| line.split_once('=')));
        let output = command.output().context("cannot run cargo")?;
        self.components("down")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let is_failed = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
        let failed: Vec<String> = text.lines().filter_map(is_failed).collect();
        let ran = text.lines().any(|line| line.starts_with("test ") && line.ends_with(" ... ok")) || !failed.is_empty();
        if !ran || output.status.success() != failed.is_empty() {
            bail!("the tests did not run to their end:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(failed)
    }

    fn components(&self, action: &str) -> Result<String> {
        let mut command = self.cargo()?;
        let output = command.args(RUN_LOCAL).args(["components", "--profile", "test", action]).output()?;
        if !output.status.success() {
            bail!("the components of the tests: {action} failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn cargo(&self) -> Result<Command> {
        let mut command = crate::cargo();
        command.current_dir(&self.0);
        command.env("CARGO_TARGET_DIR", root().join("target/mutants-target"));
        // Its components have data of their own, and are fetched once for all.
        command.env("SHOP_STATE", self.0.join(".local")).env("SHOP_LOCAL_CACHE", tools()?);
        Ok(command)
    }
}

/// Removes what the work tree does not have.
fn remove_others(tree: &Path, folder: &Path, files: &[&Path]) -> Result<()> {
    let Ok(entries) = fs::read_dir(tree.join(folder)) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            remove_others(tree, &path, files)?;
        } else if !files.contains(&path.as_path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Git in a folder that is taken for no part of a repository above it.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env_remove("GIT_DIR");
    command.envs(folder.parent().map(|above| ("GIT_CEILING_DIRECTORIES", above)));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_applies_and_names_existing_tests() {
        let mutants = read_all().unwrap();
        assert!(mutants.len() >= 5, "where are they?");
        for Mutant { name, tests, patch, .. } in mutants {
            let output = git(root()).args(["apply", "--check"]).arg(patch).output().unwrap();
            let refusal = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} no longer fits the code: make it anew\n{refusal}");
            for test in tests {
                let (module, function) = test.rsplit_once("::").unwrap();
                let file = root().join("tests/it").join(module.replace("::", "/"));
                let source = fs::read_to_string(file.with_extension("rs")).unwrap();
                let is_there = function.is_empty() || source.contains(&format!("fn {function}("));
                assert!(is_there, "{name}: there is no {test}");
            }
        }
    }
}
