//! A MongoDB for one test, which may stop and kill it: one server, or a set of three.

use std::{
    fs::{self, File},
    iter,
    net::TcpListener,
    ops::Range,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use ::mongodb::Client;
use bson::{Bson, Document, doc};
use local::components::{
    Config, Profile, mongodb,
    supervise::{Signal, Supervisor},
    workspace_root,
};

use crate::place::{Place, components};

/// A replica set, empty, that ends with the test.
#[derive(Debug)]
pub struct OwnMongodb {
    config: Config,
    supervisor: Supervisor,
    folder: PathBuf,
    ports: Vec<u16>,
    uri: String,
    _lock: File,
}

impl OwnMongodb {
    /// Starts a set of one that goes by this name.
    pub async fn start(name: &str) -> Self {
        Self::start_set(name, 1).await
    }

    /// Starts a set of one or three members that goes by this name.
    pub async fn start_set(name: &str, members: usize) -> Self {
        let folder = workspace_root().join(".local/test/own").join(name);
        let supervisor = Supervisor::new(&folder).unwrap();
        let lock = supervisor.lock("own").await.unwrap();
        // A killed test may have left it running.
        mongodb::stop_set(&supervisor, Duration::ZERO).await.unwrap();
        let _ = fs::remove_dir_all(folder.join("data"));
        let mut config = Config::from_env(Profile::Test, &workspace_root().join(".local")).unwrap();
        config.folder.clone_from(&folder);
        let ports = free_ports(members);
        let uri = mongodb::ensure_set(&config, &supervisor, &ports).await.unwrap();
        Self { config, supervisor, folder, ports, uri, _lock: lock }
    }

    /// A place with this database.
    pub async fn place(&self) -> Place {
        let mut components = components().await;
        components.mongodb_uri.clone_from(&self.uri);
        Place::take_with(components).await
    }

    /// Stops it cleanly.
    pub async fn stop(&self) {
        assert!(mongodb::stop_set(&self.supervisor, Duration::from_secs(20)).await.unwrap());
    }

    /// `kill -9` of every member.
    pub fn kill(&self) {
        assert!(self.signal(Signal::KILL), "no member is running");
    }

    /// `kill -9` of the primary; the others elect another.
    pub async fn kill_primary(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(primary) = mongodb::primary(&self.ports).await.unwrap() {
                assert!(self.supervisor.signal(primary, Signal::KILL), "no member is running");
                return;
            }
            assert!(Instant::now() < end, "the set has no primary");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The primary steps down, as before its maintenance.
    pub async fn step_down(&self) {
        let client = Client::with_uri_str(&self.uri).await.unwrap();
        client.database("admin").run_command(doc! {"replSetStepDown": 10}).await.unwrap();
    }

    /// Delays or fails its commands: `mode` and `data` are those of the server's fail point `failCommand`.
    pub async fn fail(&self, mode: impl Into<Bson>, data: Document) {
        let fail = doc! {"configureFailPoint": "failCommand", "mode": mode.into(), "data": data};
        let client = Client::with_uri_str(&self.uri).await.unwrap();
        client.database("admin").run_command(fail).await.unwrap();
    }

    /// Starts the members that do not run, with their data.
    pub async fn start_again(&self) {
        mongodb::ensure_set(&self.config, &self.supervisor, &self.ports).await.unwrap();
    }

    /// Suspends the processes: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        assert!(self.signal(Signal::STOP), "no member is running");
    }

    /// Resumes the processes.
    pub fn thaw(&self) {
        assert!(self.signal(Signal::CONT), "no member is running");
    }

    /// Whether a member received the signal.
    fn signal(&self, signal: Signal) -> bool {
        let received = |(name, _)| self.supervisor.signal(name, signal);
        mongodb::members(&self.ports).map(received).fold(false, std::ops::BitOr::bitor)
    }
}

impl Drop for OwnMongodb {
    fn drop(&mut self) {
        let _ = self.signal(Signal::KILL);
        let _ = fs::remove_dir_all(self.folder.join("data"));
    }
}

/// Free ports below the ephemeral range, so that no connection takes the port of a member that is down. Never the same
/// twice, because a server binds its port only some time after it was started.
fn free_ports(count: usize) -> Vec<u16> {
    const CANDIDATES: Range<u16> = 20_000..32_000;
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    let first = usize::try_from(process::id()).unwrap() * 7;
    let next = || CANDIDATES.clone().nth((first + TRIED.fetch_add(1, Ordering::Relaxed)) % CANDIDATES.len()).unwrap();
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let ports: Vec<u16> = iter::repeat_with(next).take(CANDIDATES.len()).filter(is_free).take(count).collect();
    assert_eq!(ports.len(), count, "there are no free ports");
    ports
}
