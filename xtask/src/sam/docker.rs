//! Docker, which is installed and started if necessary, and the image of the functions.

use std::env;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::bridge::Bridge;
use super::{Process, architecture, folder};
use crate::python::find;

/// The Debian release of the substitute for Lambda's image; its C library is newer than the one that the functions are
/// linked for.
const SUBSTITUTE_SUITE: &str = "bookworm";

/// A running Docker daemon; stopped on drop if it was started here.
pub(super) struct Docker {
    _daemon: Option<Process>,
}

impl Docker {
    /// Uses the running daemon, or starts one.
    pub(super) fn ensure() -> Result<Self> {
        if answers() {
            return Ok(Self { _daemon: None });
        }
        if find("dockerd", &env::var_os("PATH").unwrap_or_default()).is_none() {
            install("docker.io", "Docker, to run the functions in containers")?;
        }
        if !is_root() {
            bail!("the Docker daemon is not running: start it, for instance with `sudo systemctl start docker`");
        }
        println!("starting the Docker daemon …");
        let path = folder()?.join("dockerd.log");
        let log = File::create(&path)?;
        let daemon = Command::new("dockerd").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        let mut daemon = Process(daemon.context("cannot start dockerd")?);
        let end = Instant::now() + Duration::from_secs(30);
        while !answers() {
            if daemon.0.try_wait()?.is_some() || Instant::now() > end {
                bail!("the Docker daemon does not start: see {}", path.display());
            }
            thread::sleep(Duration::from_millis(300));
        }
        Ok(Self { _daemon: Some(daemon) })
    }

    /// A substitute for Amazon's image, if that cannot be fetched.
    pub(super) fn runtime_image(&self) -> Result<Option<String>> {
        let architecture = architecture()?;
        let amazons = format!("public.ecr.aws/lambda/provided:al2023-{architecture}");
        if docker(&["image", "inspect", &amazons]).is_ok() || docker(&["pull", "--quiet", &amazons]).is_ok() {
            return Ok(None);
        }
        let substitute = format!("shop-lambda-substitute:{SUBSTITUTE_SUITE}-{architecture}");
        if docker(&["image", "inspect", &substitute]).is_err() {
            println!("{amazons} cannot be fetched; building a substitute from Debian packages (once) …");
            make_substitute(&substitute)?;
        }
        println!("running the functions in {substitute} instead of {amazons}");
        Ok(Some(substitute))
    }

    /// The bridge from containers to this machine.
    pub(super) fn bridge(&self) -> Result<Bridge> {
        if !cfg!(target_os = "linux") {
            return Ok(Bridge::to("host.docker.internal"));
        }
        let format = "{{(index .IPAM.Config 0).Gateway}} {{(index .IPAM.Config 0).Subnet}}";
        let said = docker(&["network", "inspect", "bridge", "--format", format])?;
        let address =
            bridge_address(said.trim_end()).with_context(|| format!("Docker's bridge has no address: {said}"))?;
        Ok(Bridge::forwarding(address.into()))
    }
}

/// This machine's address on a bridge, from its gateway and its subnet. Docker prints only a configured gateway; the
/// default is the first address of the subnet.
fn bridge_address(gateway_and_subnet: &str) -> Option<Ipv4Addr> {
    let (gateway, subnet) = gateway_and_subnet.split_once(' ')?;
    gateway.parse().ok().or_else(|| {
        let network: Ipv4Addr = subnet.split('/').next()?.parse().ok()?;
        Some(Ipv4Addr::from_bits(network.to_bits().checked_add(1)?))
    })
}

fn answers() -> bool {
    docker(&["version", "--format", "{{.Server.Version}}"]).is_ok()
}

fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).output().context("cannot run docker")?;
    if !output.status.success() {
        bail!("docker {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn make_substitute(name: &str) -> Result<()> {
    if find("debootstrap", &env::var_os("PATH").unwrap_or_default()).is_none() {
        install("debootstrap", "debootstrap, to make an image that functions can run in")?;
    }
    if !is_root() {
        bail!("only root can build a substitute for Lambda's image");
    }
    let tree = folder()?.join("substitute");
    remove(&tree)?;
    let log_path = folder()?.join("debootstrap.log");
    let log = File::create(&log_path)?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", "--include=ca-certificates", SUBSTITUTE_SUITE]).arg(&tree).arg(mirror());
    if !debootstrap.stdout(log.try_clone()?).stderr(log).status()?.success() {
        bail!("debootstrap failed: see {}", log_path.display());
    }
    let mut tar = Command::new("tar").arg("-C").arg(&tree).args(["-c", "."]).stdout(Stdio::piped()).spawn()?;
    let archive = tar.stdout.take().context("tar has no output")?;
    let variables = "ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime PATH=/usr/local/bin:/usr/bin:/bin";
    let mut import = Command::new("docker");
    import.args(["import", "-c", "WORKDIR /var/task", "-c", variables, "-", name]).stdin(archive);
    let is_imported = import.stdout(Stdio::null()).status()?.success();
    if !tar.wait()?.success() || !is_imported {
        bail!("docker import failed");
    }
    remove(&tree)
}

/// The package mirror that this machine uses.
fn mirror() -> String {
    let output = Command::new("apt-get").args(["indextargets", "--format", "$(SITE)", "Codename: bookworm"]).output();
    let sites = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    sites.lines().next().unwrap_or("http://deb.debian.org/debian").to_owned()
}

fn install(package: &str, what: &str) -> Result<()> {
    let is_debian = find("apt-get", &env::var_os("PATH").unwrap_or_default()).is_some();
    if !is_debian || !is_root() {
        bail!("this machine lacks {what}: please install it (on Debian: {package})");
    }
    println!("installing {package} …");
    for arguments in [&["update", "-q"][..], &["install", "-q", "-y", "--no-install-recommends", package]] {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        if !command.status()?.success() {
            bail!("apt-get {} failed", arguments.join(" "));
        }
    }
    Ok(())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bridge_is_at_its_gateway_or_at_the_first_address() {
        assert_eq!(bridge_address("10.1.2.3 10.1.0.0/16"), Some(Ipv4Addr::new(10, 1, 2, 3)));
        assert_eq!(bridge_address(" 172.17.0.0/16"), Some(Ipv4Addr::new(172, 17, 0, 1)));
        assert_eq!(bridge_address(" "), None);
    }
}
