//! Lets containers reach servers on 127.0.0.1 of this machine: each port is forwarded from Docker's bridge, so that no
//! server has to listen on the network.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result, anyhow};

/// The address of this machine for containers.
pub(super) struct Bridge {
    host: String,
    /// The address to forward from, if Docker does not forward itself, and the forwarded ports.
    forwards: Option<(IpAddr, Mutex<BTreeSet<u16>>)>,
}

impl Bridge {
    /// A host name by which containers reach 127.0.0.1 of this machine.
    pub(super) fn to(host: &str) -> Self {
        Self { host: host.to_owned(), forwards: None }
    }

    /// This machine's address on Docker's bridge, from which ports are forwarded.
    pub(super) fn forwarding(address: IpAddr) -> Self {
        Self { host: address.to_string(), forwards: Some((address, Mutex::default())) }
    }

    /// The URL for containers of a URL of this machine. URLs of other machines are not changed.
    pub(super) fn reach(&self, url: &str) -> Result<String> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(anyhow!("{url} is not a URL"));
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = authority.rsplit_once(':').with_context(|| format!("{url} has no port"))?;
        if !["127.0.0.1", "localhost"].contains(&host) {
            return Ok(url.to_owned());
        }
        self.forward(port.parse().with_context(|| format!("{url} has no port"))?)?;
        Ok(format!("{scheme}://{}:{port}{path}", self.host))
    }

    fn forward(&self, port: u16) -> Result<()> {
        let Some((address, forwarded)) = &self.forwards else {
            return Ok(());
        };
        let mut forwarded = forwarded.lock().map_err(|_| anyhow!("another thread panicked"))?;
        if forwarded.insert(port) {
            let listener =
                TcpListener::bind((*address, port)).with_context(|| format!("cannot listen on {address}:{port}"))?;
            thread::spawn(move || {
                for inside in listener.incoming().flatten() {
                    if let Ok(outside) = TcpStream::connect(("127.0.0.1", port)) {
                        let _ = join(&inside, &outside);
                    }
                }
            });
        }
        Ok(())
    }
}

/// Copies the data in both directions until both ends close.
fn join(one: &TcpStream, other: &TcpStream) -> io::Result<()> {
    for (from, to) in [(one, other), (other, one)] {
        from.set_nodelay(true)?;
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_rewritten() {
        let bridge = Bridge::to("host.docker.internal");
        assert_eq!(bridge.reach("mongodb://127.0.0.1:27217/").unwrap(), "mongodb://host.docker.internal:27217/");
        assert_eq!(bridge.reach("http://localhost:5255").unwrap(), "http://host.docker.internal:5255");
        assert_eq!(bridge.reach("http://sqs.example:5255/a").unwrap(), "http://sqs.example:5255/a");
        assert!(bridge.reach("127.0.0.1:1").is_err());
    }

    #[test]
    fn what_one_end_sends_the_other_receives() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let bridge = Bridge::forwarding("127.0.0.2".parse().unwrap());
        let Ok(url) = bridge.reach(&format!("http://127.0.0.1:{port}/x")) else {
            return; // Not every system has more than one loopback address.
        };
        assert_eq!(url, format!("http://127.0.0.2:{port}/x"));
        let mut client = TcpStream::connect(("127.0.0.2", port)).unwrap();
        let (mut accepted, _) = server.accept().unwrap();
        client.write_all(b"ping").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = String::new();
        accepted.read_to_string(&mut received).unwrap();
        assert_eq!(received, "ping");
        accepted.write_all(b"pong").unwrap();
        drop(accepted);
        received.clear();
        client.read_to_string(&mut received).unwrap();
        assert_eq!(received, "pong");
    }
}
