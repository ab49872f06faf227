//! One attempt to fetch tools: under a lock, with progress, and with a folder for incomplete files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::progress::Step;

/// Holds the lock of the tools folder until it is dropped.
#[derive(Debug)]
pub(crate) struct Attempt {
    lock: File,
    /// The folder for incomplete files: empty at the start and removed at the end.
    pub(crate) partial: PathBuf,
    log: PathBuf,
    step: Option<Step>,
}

impl Attempt {
    /// Waits until no other process fetches into `tools`.
    pub(crate) fn begin(tools: &Path) -> Result<Self> {
        fs::create_dir_all(tools).with_context(|| format!("cannot create {}", tools.display()))?;
        let path = tools.join("fetch.lock");
        let lock = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        if lock.try_lock().is_err() {
            eprintln!("waiting for another process that fetches tools …");
            lock.lock()?;
        }
        Ok(Self { lock, partial: tools.join("partial"), log: tools.join("fetch.log"), step: None })
    }

    /// Starts to show the progress of fetching `label`.
    pub(crate) fn show(&mut self, label: &str) -> Result<()> {
        remove(&self.partial)?;
        fs::create_dir_all(&self.partial)?;
        self.step = Some(Step::begin(label));
        Ok(())
    }

    /// Completes the attempt.
    pub(crate) fn done(self) -> Result<()> {
        remove(&self.partial)?;
        if let Some(step) = self.step {
            step.done();
        }
        Ok(())
    }

    /// The pip of this Python, with its temporary files in the folder for incomplete files.
    pub(crate) fn pip(&self, python: &Path) -> Command {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "--no-input", "--disable-pip-version-check"]);
        command.env("TMPDIR", &self.partial);
        command
    }

    /// Runs a command to its end. If it fails, the message contains the end of its output.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let log = &self.log;
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdout(output.try_clone()?).stderr(output);
        // The child shares the lock: if this process is killed, the next attempt waits for the child instead of using
        // the same folder at the same time.
        command.stdin(Stdio::from(self.lock.try_clone()?));
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if let Some(step) = &self.step {
                let bytes: u64 = files_below(&self.partial).iter().map(|file| size_of(file)).sum();
                step.update(&format!("{} MB", bytes / 1_000_000));
            }
            thread::sleep(Duration::from_millis(100));
        };
        if !status.success() {
            let said = fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<_> = said.lines().collect();
            let end = lines[lines.len().saturating_sub(15)..].join("\n    ");
            bail!("this command failed ({status}): {command:?}\n    {end}");
        }
        Ok(())
    }
}

/// Removes a folder, if it exists.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Every file below the folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

fn size_of(file: &Path) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}
