//! A release: the operator's command line as a program for machines without a toolchain, packaged with its licence, its
//! changelog and a checksum.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{cargo, root};

const PROGRAM: &str = "ops";
/// All packages of the workspace have the same version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The options of a release.
#[derive(Args)]
pub(crate) struct Dist {
    /// The profile of Cargo; `bench` builds faster, to try this command
    #[arg(long, default_value = "release")]
    profile: String,
}

impl Dist {
    /// Builds and packages the program, and prints the path of the archive.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let target = target_folder()?;
        eprintln!("building {PROGRAM} …");
        // The package alone: built with the workspace, it would carry features that only the tests need.
        let mut build = cargo();
        build.args(["build", "--locked", "--package", PROGRAM, "--profile", &self.profile]);
        build.env("CARGO_TARGET_DIR", &target);
        succeed(&mut build)?;
        let program = target.join(folder_of(&self.profile)).join(PROGRAM);
        let version = output(Command::new(&program).arg("--version"))?;
        if version.trim() != format!("{PROGRAM} {VERSION}") {
            bail!("{} has the version {}", program.display(), version.trim());
        }
        let archive = pack(&program, &target.join("dist"))?;
        println!("{}", archive.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// Creates the archive and its checksum. The archive is reproducible: it depends on the program only.
fn pack(program: &Path, dist: &Path) -> Result<PathBuf> {
    let name = format!("{PROGRAM}-{VERSION}-{}", host()?);
    let folder = dist.join(&name);
    fs::create_dir_all(&folder)?;
    fs::copy(program, folder.join(PROGRAM)).with_context(|| format!("cannot copy {}", program.display()))?;
    for file in ["LICENSE", "CHANGELOG.md"] {
        fs::copy(root().join(file), folder.join(file)).with_context(|| format!("cannot copy {file}"))?;
    }
    let archive = format!("{name}.tar.gz");
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--mode=u+rw,go=rX"]);
    succeed(tar.args(["-czf", &archive, &name]).current_dir(dist))?;
    fs::remove_dir_all(&folder)?;
    let checksum = output(Command::new("sha256sum").arg(&archive).current_dir(dist))?;
    fs::write(dist.join(format!("{archive}.sha256")), checksum)?;
    Ok(dist.join(archive))
}

/// The target folder of this command.
fn target_folder() -> Result<PathBuf> {
    let xtask = env::current_exe()?;
    xtask.ancestors().nth(2).map(Path::to_owned).context("xtask was not built by cargo")
}

/// The folder of a profile in the target folder.
fn folder_of(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}

/// The platform that this machine's compiler builds for.
fn host() -> Result<String> {
    let said = output(Command::new("rustc").arg("-vV").current_dir(root()))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc prints no host platform")
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("this command failed ({status}): {command:?}");
    }
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("this command failed: {command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
