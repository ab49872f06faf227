//! One attempt to fetch something: alone, shown as it goes on, and with a folder for what is not whole yet.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::progress::Step;

/// Holds the lock of the folder that is fetched into until it is dropped.
#[derive(Debug)]
pub(crate) struct Attempt {
    lock: File,
    /// Empty at the start and gone at the end.
    pub(crate) partial: PathBuf,
    log: PathBuf,
    step: Option<Step>,
}

impl Attempt {
    /// Waits until nobody else fetches into `tools`.
    pub(crate) fn begin(tools: &Path) -> Result<Self> {
        fs::create_dir_all(tools).with_context(|| format!("cannot make {}", tools.display()))?;
        let path = tools.join("fetch.lock");
        let lock = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        if lock.try_lock().is_err() {
            eprintln!("waiting for another fetch to end …");
            lock.lock()?;
        }
        Ok(Self { lock, partial: tools.join("partial"), log: tools.join("fetch.log"), step: None })
    }

    /// Begins to show what is fetched, once it is known to be missing.
    pub(crate) fn show(&mut self, label: &str) -> Result<()> {
        remove(&self.partial)?;
        fs::create_dir_all(&self.partial)?;
        self.step = Some(Step::begin(label));
        Ok(())
    }

    /// Ends it well.
    pub(crate) fn done(self) -> Result<()> {
        remove(&self.partial)?;
        if let Some(step) = self.step {
            step.done();
        }
        Ok(())
    }

    /// The pip of this Python, with its temporary files in the folder that is watched and removed.
    pub(crate) fn pip(&self, python: &Path) -> Command {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "--no-input", "--disable-pip-version-check"]);
        command.env("TMPDIR", &self.partial);
        command
    }

    /// Runs a command to its end; if it fails, the message has what it said last.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let log = &self.log;
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdout(output.try_clone()?).stderr(output);
        // The child shares the lock: if we are killed and it goes on, the next attempt waits for it instead of
        // working in the same folder.
        command.stdin(Stdio::from(self.lock.try_clone()?));
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if let Some(step) = &self.step {
                let bytes: u64 = files_below(&self.partial).iter().map(|file| size_of(file)).sum();
                step.note(&format!("{} MB", bytes / 1_000_000));
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

/// Removes a folder that may not be there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Every file in the folder and the folders in it.
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
