//! Mutation tests: each mutant is the shop without one of its safeguards, and must be killed by a test.
//!
//! `tests/mutants` has a patch for each mutant. The lines above the diff describe the fault and name the tests that
//! must fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};

use crate::{RUN_LOCAL, root, tools};

struct Mutant {
    name: String,
    /// The description of the fault.
    fault: String,
    /// The names of tests, or their prefixes.
    tests: Vec<String>,
    patch: PathBuf,
}

/// Tests the mutants of these names, or all of them, and answers whether each was killed.
pub(crate) fn run(names: &[String]) -> Result<ExitCode> {
    let mutants: Vec<Mutant> =
        read_all()?.into_iter().filter(|mutant| names.is_empty() || names.contains(&mutant.name)).collect();
    if mutants.is_empty() {
        bail!("there is no mutant of this name: see tests/mutants");
    }
    let tree = Tree::copy()?;
    eprintln!("testing the shop without a mutant …");
    let all: Vec<String> = mutants.iter().flat_map(|mutant| mutant.tests.clone()).collect();
    let failed = tree.test(&all)?;
    if !failed.is_empty() {
        bail!("these tests fail without a mutant: {}", failed.join(", "));
    }
    let mut survivors = 0;
    let mut table = "| mutant | tests run | killed by |\n|---|---|---|\n".to_owned();
    for mutant in &mutants {
        eprintln!("{}: {} …", mutant.name, mutant.fault);
        let tree = Tree::copy()?;
        tree.apply(&mutant.patch)?;
        let failed = tree.test(&mutant.tests)?;
        survivors += usize::from(failed.is_empty());
        let killers = if failed.is_empty() { "no test: it SURVIVED".to_owned() } else { failed.join(", ") };
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

/// A copy of the work tree, which is not changed itself. The copy and its build are kept for the next run, so that only
/// changed files are built. It has its own target folder, because cargo would confuse the libraries of a mutant and the
/// shop.
struct Tree(PathBuf);

impl Tree {
    /// Updates the copy to the current work tree, and removes the data of its components.
    fn copy() -> Result<Self> {
        let tree = root().join("target/mutants");
        let listed = git(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output()?;
        if !listed.status.success() {
            bail!("git cannot list the work tree");
        }
        let names = String::from_utf8(listed.stdout)?;
        let files: Vec<&Path> = names.split_terminator('\0').map(Path::new).collect();
        // Some mutants change migrations, which are applied once per database.
        let _ = fs::remove_dir_all(tree.join(".local"));
        remove_others(&tree, Path::new(""), &files)?;
        for file in files.into_iter().filter(|file| root().join(file).is_file()) {
            let (from, to) = (root().join(file), tree.join(file));
            // An unchanged file keeps its modification time, so that it is not built again.
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
            bail!("{} does not apply to the code: update it", patch.display());
        }
        Ok(())
    }

    /// Runs these tests, and answers those that failed.
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
        // Its components have their own data, but share the fetched tools.
        command.env("SHOP_STATE", self.0.join(".local")).env("SHOP_LOCAL_CACHE", tools()?);
        Ok(command)
    }
}

/// Removes the files that the work tree does not have.
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

/// Git in a folder that does not belong to the repository above it.
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
        assert!(mutants.len() >= 5, "there are only {} mutants", mutants.len());
        for Mutant { name, tests, patch, .. } in mutants {
            let output = git(root()).args(["apply", "--check"]).arg(patch).output().unwrap();
            let refusal = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} does not apply to the code: update it\n{refusal}");
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
