//! Supervises child processes that outlive the command that started them: they are found again, reused and stopped.
//!
//! Each child has a record in the run folder with its process id and start time, because the kernel reuses process ids.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process_group};
use serde::{Deserialize, Serialize};

/// How often the state of a child is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A program to start.
#[derive(Debug)]
pub struct Launch {
    /// The name of its record and log, and in messages.
    pub name: &'static str,
    /// The program with its arguments; a running child with the same command is reused.
    pub command: Vec<String>,
    /// Variables for this child alone, on top of those of the parent.
    pub environment: Vec<(String, String)>,
    /// The ports that it listens on, each with the variable that sets it.
    pub ports: Vec<(u16, String)>,
    /// Whether its output goes to this terminal instead of its log.
    pub inherit_output: bool,
    /// How long it may take until it is ready.
    pub start_timeout: Duration,
}

/// The records and logs of the children of one profile.
#[derive(Debug, Clone)]
pub struct Supervisor {
    run: PathBuf,
    log: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    pid: i32,
    started: String,
    command: Vec<String>,
    ports: Vec<u16>,
}

impl Supervisor {
    /// A supervisor with its records and logs below `folder`, which is created if it does not exist.
    ///
    /// # Errors
    /// If the folders cannot be created.
    pub fn new(folder: &Path) -> Result<Self> {
        let supervisor = Self { run: folder.join("run"), log: folder.join("log") };
        for folder in [&supervisor.run, &supervisor.log] {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(supervisor)
    }

    /// Waits for the lock of this name, which is released when the returned file is dropped.
    ///
    /// # Errors
    /// If the lock file cannot be opened.
    pub async fn lock(&self, name: &str) -> Result<File> {
        let file = File::create(self.run.join(format!("{name}.lock")))?;
        // On a blocking thread, because the lock may be held by another task of the same runtime.
        tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await?.context("cannot lock the run folder")
    }

    /// The log file of the child of this name.
    #[must_use]
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.log.join(format!("{name}.log"))
    }

    /// Whether the child of this name is running.
    #[must_use]
    pub fn is_running(&self, name: &str) -> bool {
        self.read(name).is_some_and(|record| record.is_alive())
    }

    /// The ports of the child of this name; none if it is not running.
    #[must_use]
    pub fn ports(&self, name: &str) -> Vec<u16> {
        self.read(name).filter(Record::is_alive).map_or_else(Vec::new, |record| record.ports)
    }

    /// Reuses the child if it runs with the same command, else starts it; returns when it is ready. Answers `true` if
    /// it was started.
    ///
    /// # Errors
    /// If a port is in use, or the child exits or is not ready in time; the message contains the end of its log.
    pub async fn ensure(&self, launch: &Launch, is_ready: impl AsyncFn() -> bool) -> Result<bool> {
        if let Some(record) = self.read(launch.name) {
            if record.is_alive() && record.command == launch.command {
                // A command that was killed may have started it a moment ago, so it may not be ready yet.
                if self.wait(launch, &record, &is_ready).await.is_ok() {
                    return Ok(false);
                }
            }
            self.stop(launch.name, Duration::from_secs(10)).await?;
        }
        for (port, variable) in &launch.ports {
            refuse_taken_port(*port, variable, launch.name)?;
        }
        let record = self.spawn(launch)?;
        if let Err(error) = self.wait(launch, &record, &is_ready).await {
            self.stop(launch.name, Duration::from_secs(2)).await?;
            return Err(error);
        }
        Ok(true)
    }

    /// Terminates the child, kills its process group after `timeout`, and removes its record. Answers `false` if it was
    /// not running.
    ///
    /// # Errors
    /// If it cannot be killed or its record cannot be removed.
    pub async fn stop(&self, name: &str, timeout: Duration) -> Result<bool> {
        let Some(record) = self.read(name) else {
            return Ok(false);
        };
        let was_running = record.is_alive();
        if was_running {
            record.signal(Signal::TERM);
            if !record.ends_within(timeout).await {
                record.signal(Signal::KILL);
                if !record.ends_within(Duration::from_secs(5)).await {
                    bail!("{name} (process {}) cannot be killed", record.pid);
                }
            }
        }
        match fs::remove_file(self.record_path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(was_running),
        }
    }

    /// Sends the child a signal, and keeps its record. Answers `false` if it is not running.
    #[must_use]
    pub fn signal(&self, name: &str, signal: Signal) -> bool {
        self.read(name).is_some_and(|record| record.signal(signal))
    }

    /// The end of the log of the child, for a message.
    #[must_use]
    pub fn log_tail(&self, name: &str) -> String {
        let path = self.log_path(name);
        let lines = read_end(&path).unwrap_or_default();
        let tail: Vec<_> = lines.lines().rev().take(15).map(|line| format!("    {line}")).collect();
        let tail: Vec<_> = tail.into_iter().rev().collect();
        format!("the end of {}:\n{}", path.display(), tail.join("\n"))
    }

    fn spawn(&self, launch: &Launch) -> Result<Record> {
        let path = self.log_path(launch.name);
        if path.exists() {
            fs::rename(&path, path.with_extension("log.1"))?;
        }
        let log = File::create(&path)?;
        let [program, arguments @ ..] = launch.command.as_slice() else { bail!("{} has no command", launch.name) };
        let mut command = Command::new(program);
        command.args(arguments).envs(launch.environment.iter().map(|(name, value)| (name, value)));
        // A process group of its own: Ctrl-C reaches only the supervisor, which then stops its children in order.
        command.stdin(Stdio::null()).process_group(0);
        if !launch.inherit_output {
            command.stdout(log.try_clone()?).stderr(log);
        }
        let child = command.spawn().with_context(|| format!("cannot start {} ({program})", launch.name))?;
        let pid = i32::try_from(child.id())?;
        let started = started_at(pid).unwrap_or_default();
        let ports = launch.ports.iter().map(|(port, _)| *port).collect();
        let record = Record { pid, started, command: launch.command.clone(), ports };
        write_atomically(&self.record_path(launch.name), &serde_json::to_vec_pretty(&record)?)?;
        Ok(record)
    }

    async fn wait(&self, launch: &Launch, record: &Record, is_ready: &impl AsyncFn() -> bool) -> Result<()> {
        let end = Instant::now() + launch.start_timeout;
        loop {
            if !record.is_alive() {
                bail!("{} exited during its start; {}", launch.name, self.log_tail(launch.name));
            }
            if is_ready().await {
                return Ok(());
            }
            if Instant::now() > end {
                let seconds = launch.start_timeout.as_secs();
                bail!("{} was not ready within {seconds} s; {}", launch.name, self.log_tail(launch.name));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn read(&self, name: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.record_path(name)).ok()?).ok()
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.run.join(format!("{name}.json"))
    }
}

impl Record {
    fn is_alive(&self) -> bool {
        started_at(self.pid).is_some_and(|started| started == self.started)
    }

    /// Whether the process was running.
    fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) else { return false };
        // Fails only if the process has just exited.
        let _ = kill_process_group(pid, signal);
        true
    }

    async fn ends_within(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        while self.is_alive() {
            if Instant::now() > end {
                return false;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        true
    }
}

/// Writes a file atomically.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The start time of the process, in ticks since the boot; `None` if it has exited, also as a zombie.
fn started_at(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program is in parentheses, and may contain spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18).map(str::to_owned) }
}

/// Fails if another program listens on the port. The message names the variable that sets the port.
pub(crate) fn refuse_taken_port(port: u16, variable: &str, name: &str) -> Result<()> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program, so {name} cannot start: stop that program, or choose another \
             port with {variable}=…"
        ),
        Err(error) => Err(error).with_context(|| format!("{name} cannot listen on 127.0.0.1:{port}")),
    }
}

fn read_end(path: &Path) -> std::io::Result<String> {
    const KEPT: u64 = 16 * 1024;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
