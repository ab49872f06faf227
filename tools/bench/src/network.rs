//! A network between the shop and its database, which have two machines where they matter: a relay on loopback that lets
//! every chunk wait.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use mongodb::options::ClientOptions;

/// More than an answer has that is read here, so that it waits once.
const CHUNK: usize = 256 * 1024;

/// Puts a network between us and the first server of a connection string, in threads of its own, for as long as this
/// process runs. Answers the connection string that leads through it.
pub(crate) async fn start(mongodb: &str, round_trip: Duration) -> String {
    let server = ClientOptions::parse(mongodb).await.unwrap().hosts.remove(0).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = listener.local_addr().unwrap();
    // Otherwise the driver asks the server for its address, and goes there.
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
        // Whoever went away is not missed. Threads, because Tokio's timer counts in whole milliseconds.
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
