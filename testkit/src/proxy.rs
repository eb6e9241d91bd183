//! A wire between a client and its server that a test can cut, and on which it can let everything go silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::own_server::free_port;

pub struct Proxy {
    address: SocketAddr,
    server: String,
    silent: watch::Sender<bool>,
    wires: JoinSet<()>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    /// To the server of `url`, which is given back with the proxy's address in it.
    pub async fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let (authority, path) = rest.split_once('/').expect("the URL of a server has a path");
        let (credentials, server) = match authority.rsplit_once('@') {
            Some((credentials, server)) => (format!("{credentials}@"), server),
            None => (String::new(), authority),
        };
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (silent, _) = watch::channel(false);
        let (wires, connections) = (JoinSet::new(), Arc::default());
        let mut proxy = Self { address, server: server.to_owned(), silent, wires, connections };
        proxy.mend().await;
        (proxy, format!("{scheme}://{credentials}{address}/{path}"))
    }

    /// How many connections have been made through it in all.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn serve(&mut self, listener: TcpListener) {
        let (server, silent, connections) = (self.server.clone(), self.silent.subscribe(), self.connections.clone());
        self.wires.spawn(async move {
            let mut wires = JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                // A server that is away refuses: so does the wire.
                if let Ok(server) = TcpStream::connect(&server).await {
                    connections.fetch_add(1, Ordering::Relaxed);
                    wires.spawn(join(client, server, silent.clone()));
                }
            }
        });
    }

    /// As a server that has been stopped: every connection breaks and new ones are refused.
    pub async fn cut(&mut self) {
        self.wires.shutdown().await;
    }

    /// The server is back.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port of the wire is free");
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
