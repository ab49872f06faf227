//! A simulated network between the shop and its database: a relay on loopback that delays every chunk.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use mongodb::options::ClientOptions;

/// Larger than any answer, so that each is delayed once.
const CHUNK: usize = 256 * 1024;

/// Starts a relay to the first server of a connection string, which runs in its own threads until the process exits.
/// Answers the connection string of the relay.
pub(crate) async fn start(mongodb: &str, round_trip: Duration) -> String {
    let server = ClientOptions::parse(mongodb).await.unwrap().hosts.remove(0).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = listener.local_addr().unwrap();
    // Without a direct connection, the driver would discover the address of the server and bypass the relay.
    let through = format!("{}&directConnection=true", mongodb.replacen(&server, &relay.to_string(), 1));
    thread::spawn(move || {
        for client in listener.incoming() {
            connect(&client.unwrap(), &TcpStream::connect(&server).unwrap(), round_trip / 2).unwrap();
        }
    });
    through
}

fn connect(client: &TcpStream, server: &TcpStream, one_way: Duration) -> io::Result<()> {
    for (from, to) in [(client, server), (server, client)] {
        to.set_nodelay(true)?;
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        // Errors of closed connections are ignored. Threads, because Tokio's timer has a resolution of a millisecond.
        thread::spawn(move || carry(from, to, one_way));
    }
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream, one_way: Duration) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        thread::sleep(one_way);
        to.write_all(&chunk[..length])?;
    }
}
