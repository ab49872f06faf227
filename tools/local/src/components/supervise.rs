//! Child processes that outlive the command that started them: found again, reused, and stopped exactly once.
//!
//! Each child leaves a record in the run folder: its id together with the moment it started, because an id alone is
//! recycled by the kernel and would one day name somebody else's process. Knows nothing of what the children are.

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

/// How often a child is looked at while we wait for it.
const POLL: Duration = Duration::from_millis(50);

/// One program to run, and what to know about it.
#[derive(Debug)]
pub struct Launch {
    /// Names the record, the log and the messages.
    pub name: &'static str,
    /// The program with its arguments; the same command again means that a running child can be reused.
    pub command: Vec<String>,
    /// Variables for this child alone, on top of those of the parent.
    pub environment: Vec<(String, String)>,
    /// The ports it will listen on, each with the variable that moves it.
    pub ports: Vec<(u16, String)>,
    /// Whether its output goes to this terminal instead of its log.
    pub inherit_output: bool,
    /// How long it may take until it answers.
    pub patience: Duration,
}

/// Where the records and the logs of one profile are.
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
    /// Keeps records and logs below `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// If the folders cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        let supervisor = Self { run: folder.join("run"), log: folder.join("log") };
        for folder in [&supervisor.run, &supervisor.log] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(supervisor)
    }

    /// Waits until nobody else holds the lock of this name; it ends with the returned file.
    ///
    /// # Errors
    /// If the lock file cannot be opened.
    pub async fn lock(&self, name: &str) -> Result<File> {
        let file = File::create(self.run.join(format!("{name}.lock")))?;
        // Waited for on a thread of its own: the holder may be another task of this very runtime.
        tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await?.context("cannot lock the run folder")
    }

    /// The file that the child writes its output to.
    #[must_use]
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.log.join(format!("{name}.log"))
    }

    /// Whether the child runs that this name was last started as.
    #[must_use]
    pub fn is_running(&self, name: &str) -> bool {
        self.read(name).is_some_and(|record| record.is_alive())
    }

    /// The ports that the running child of this name was given; none if it does not run.
    #[must_use]
    pub fn ports(&self, name: &str) -> Vec<u16> {
        self.read(name).filter(Record::is_alive).map_or_else(Vec::new, |record| record.ports)
    }

    /// Reuses the child if it runs with the same command and answers, else starts it; returns once it answers.
    /// The answer is `true` if it was started.
    ///
    /// # Errors
    /// If a port is taken by another program, or the child ends or stays silent; the message has the end of its log.
    pub async fn ensure(&self, launch: &Launch, is_ready: impl AsyncFn() -> bool) -> Result<bool> {
        if let Some(record) = self.read(launch.name) {
            if record.is_alive() && record.command == launch.command {
                // It may have been started a moment ago by a command that was then killed: it gets its time.
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

    /// Asks the child to end, kills it with all that it started if `patience` runs out, and forgets it.
    /// The answer is `false` if it did not run.
    ///
    /// # Errors
    /// If it cannot be ended or its record cannot be removed.
    pub async fn stop(&self, name: &str, patience: Duration) -> Result<bool> {
        let Some(record) = self.read(name) else {
            return Ok(false);
        };
        let was_running = record.is_alive();
        if was_running {
            record.signal(Signal::TERM);
            if !record.ends_within(patience).await {
                record.signal(Signal::KILL);
                if !record.ends_within(Duration::from_secs(5)).await {
                    bail!("{name} (process {}) does not end", record.pid);
                }
            }
        }
        match fs::remove_file(self.record_path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(was_running),
        }
    }

    /// Sends the child a signal, and leaves its record as it is. The answer is `false` if it does not run.
    #[must_use]
    pub fn signal(&self, name: &str, signal: Signal) -> bool {
        self.read(name).is_some_and(|record| record.signal(signal))
    }

    /// The end of what the child wrote, for a message.
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
        // A group of its own: Ctrl-C reaches only the supervisor, which then ends its children in order.
        command.stdin(Stdio::null()).process_group(0);
        if !launch.inherit_output {
            command.stdout(log.try_clone()?).stderr(log);
        }
        let child = command.spawn().with_context(|| format!("cannot start {} ({program})", launch.name))?;
        let pid = i32::try_from(child.id())?;
        let started = started_at(pid).unwrap_or_default();
        let ports = launch.ports.iter().map(|(port, _)| *port).collect();
        let record = Record { pid, started, command: launch.command.clone(), ports };
        write_whole(&self.record_path(launch.name), &serde_json::to_vec_pretty(&record)?)?;
        Ok(record)
    }

    async fn wait(&self, launch: &Launch, record: &Record, is_ready: &impl AsyncFn() -> bool) -> Result<()> {
        let end = Instant::now() + launch.patience;
        loop {
            if !record.is_alive() {
                bail!("{} ended as soon as it was started; {}", launch.name, self.log_tail(launch.name));
            }
            if is_ready().await {
                return Ok(());
            }
            if Instant::now() > end {
                let seconds = launch.patience.as_secs();
                bail!("{} did not answer within {seconds} s; {}", launch.name, self.log_tail(launch.name));
            }
            tokio::time::sleep(POLL).await;
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

    /// Whether it was there to hear it.
    fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) else { return false };
        // A process that ends at this very moment is what we wanted.
        let _ = kill_process_group(pid, signal);
        true
    }

    async fn ends_within(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() > end {
                return false;
            }
            tokio::time::sleep(POLL).await;
        }
        true
    }
}

/// Writes a file so that a reader sees all of it or the one before.
///
/// # Errors
/// If the file cannot be written or moved into its place.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// When the process started, in ticks since the boot; nothing if it has ended, also if nobody collected it yet.
fn started_at(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may itself hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18).map(str::to_owned) }
}

/// Names the variable that moves the port, if another program listens on it.
pub(crate) fn refuse_taken_port(port: u16, variable: &str, name: &str) -> Result<()> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program, so {name} cannot start: end that program, or choose another \
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
