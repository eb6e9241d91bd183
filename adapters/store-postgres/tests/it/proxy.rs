//! A wire between the store and its server that a test can cut, and on which it can let everything go silent.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub struct Proxy {
    address: SocketAddr,
    server: String,
    silent: watch::Sender<bool>,
    wires: JoinSet<()>,
}

impl Proxy {
    /// To the server of `url`, which is given back with the proxy's address in it.
    pub async fn before(url: &str) -> (Self, String) {
        let (credentials, rest) = url.split_once('@').unwrap();
        let (server, path) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (silent, _) = watch::channel(false);
        let mut proxy = Self { address, server: server.to_owned(), silent, wires: JoinSet::new() };
        proxy.serve(listener);
        (proxy, format!("{credentials}@{address}/{path}"))
    }

    fn serve(&mut self, listener: TcpListener) {
        let (server, silent) = (self.server.clone(), self.silent.subscribe());
        self.wires.spawn(async move {
            let mut wires = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                wires.spawn(join(client, server, silent.clone()));
            }
        });
    }

    /// As a server that has been stopped: every connection breaks and new ones are refused.
    pub async fn cut(&mut self) {
        self.wires.shutdown().await;
    }

    /// The server is back.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serve(listener);
    }

    /// As a network that drops every packet: nothing breaks and nothing arrives.
    pub fn silence(&self, silent: bool) {
        self.silent.send_replace(silent);
    }
}

async fn join(client: TcpStream, server: TcpStream, silent: watch::Receiver<bool>) {
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    tokio::select! {
        () = carry(client_in, server_out, silent.clone()) => {}
        () = carry(server_in, client_out, silent) => {}
    }
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut silent: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if silent.wait_for(|silent| !silent).await.is_err() || to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

/// Longer than any time-out that a test sets.
pub const PATIENCE: Duration = Duration::from_secs(30);
