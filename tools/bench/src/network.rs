//! A network between the shop and its database, which have two machines where they matter: a relay on loopback that lets
//! every chunk wait.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _},
    thread,
    time::Duration,
};

use async_io::{Async, Timer};
use futures::{AsyncReadExt as _, AsyncWriteExt as _, FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use mongodb::options::ClientOptions;

/// More than an answer has that is read here, so that it waits once.
const CHUNK: usize = 256 * 1024;

/// Puts a network between us and the first server of a connection string, in a thread of its own, for as long as this
/// process runs. Answers the connection string that leads through it.
pub(crate) async fn start(mongodb: &str, round_trip: Duration) -> String {
    let host = ClientOptions::parse(mongodb).await.unwrap().hosts.remove(0).to_string();
    let server = host.to_socket_addrs().unwrap().next().unwrap();
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
    let relay = listener.get_ref().local_addr().unwrap();
    // Not Tokio's timer, which counts in whole milliseconds.
    thread::spawn(move || async_io::block_on(serve(&listener, server, round_trip / 2)));
    // Otherwise the driver asks the server for its address, and goes there.
    format!("{}&directConnection=true", mongodb.replacen(&host, &relay.to_string(), 1))
}

async fn serve(listener: &Async<TcpListener>, server: SocketAddr, one_way: Duration) {
    let mut open = FuturesUnordered::new();
    loop {
        futures::select! {
            accepted = listener.accept().fuse() => open.push(connect(accepted.unwrap().0, server, one_way)),
            // Whoever went away is not missed.
            _ = open.select_next_some() => {}
        }
    }
}

async fn connect(client: Async<TcpStream>, server: SocketAddr, one_way: Duration) -> io::Result<()> {
    let server = Async::<TcpStream>::connect(server).await?;
    for stream in [&client, &server] {
        stream.get_ref().set_nodelay(true)?;
    }
    futures::try_join!(carry(&client, &server, one_way), carry(&server, &client, one_way))?;
    Ok(())
}

async fn carry(mut from: &Async<TcpStream>, mut to: &Async<TcpStream>, one_way: Duration) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return to.close().await;
        }
        Timer::after(one_way).await;
        to.write_all(&chunk[..length]).await?;
    }
}
