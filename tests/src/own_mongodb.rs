//! A MongoDB server of a test's own, to be stopped and killed without disturbing anybody.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use local::components::{Config, Profile, mongodb, supervise::Supervisor, workspace_root};
use serde_json::Value;

use crate::place::{Place, components};

/// A replica set of one, empty, that ends with the test.
#[derive(Debug)]
pub struct OwnMongodb {
    config: Config,
    supervisor: Supervisor,
    folder: PathBuf,
    uri: String,
    _held: File,
}

impl OwnMongodb {
    /// Starts a server that goes by this name.
    pub async fn start(name: &str) -> Self {
        let folder = workspace_root().join(".local/test/own").join(name);
        let supervisor = Supervisor::new(&folder).unwrap();
        let held = supervisor.lock("own").await.unwrap();
        // What a killed test left behind.
        supervisor.stop(mongodb::NAME, Duration::ZERO).await.unwrap();
        let _ = fs::remove_dir_all(folder.join("data"));
        let mut config = Config::from_env(Profile::Test).unwrap();
        config.folder.clone_from(&folder);
        config.given.mongodb_uri = None;
        config.ports.mongodb = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let uri = mongodb::ensure(&config, &supervisor).await.unwrap();
        Self { config, supervisor, folder, uri, _held: held }
    }

    /// Where a test works, with this database.
    pub async fn place(&self) -> Place {
        let mut components = components().await;
        components.mongodb_uri.clone_from(&self.uri);
        Place::take_with(components).await
    }

    /// Ends it as an operator would.
    pub async fn stop(&self) {
        assert!(self.supervisor.stop(mongodb::NAME, Duration::from_secs(20)).await.unwrap());
    }

    /// `kill -9`.
    pub fn kill(&self) {
        assert!(self.signal("-KILL"), "there is nothing to kill");
    }

    /// Starts it again, with the data that it had.
    pub async fn start_again(&self) {
        mongodb::ensure(&self.config, &self.supervisor).await.unwrap();
    }

    /// Stops it between two instructions: its connections stay open, and nothing answers.
    pub fn freeze(&self) {
        assert!(self.signal("-STOP"), "there is nothing to freeze");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        assert!(self.signal("-CONT"), "there is nothing to thaw");
    }

    fn signal(&self, signal: &str) -> bool {
        let record = fs::read(self.folder.join("run").join(format!("{}.json", mongodb::NAME)));
        let Some(record) = record.ok().and_then(|record| serde_json::from_slice::<Value>(&record).ok()) else {
            return false;
        };
        let pid = record["pid"].as_i64().unwrap().to_string();
        Command::new("kill").args([signal, pid.as_str()]).status().unwrap().success()
    }
}

impl Drop for OwnMongodb {
    fn drop(&mut self) {
        self.signal("-KILL");
        let _ = fs::remove_dir_all(self.folder.join("data"));
    }
}
