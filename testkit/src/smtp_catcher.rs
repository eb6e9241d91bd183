//! A mail server that keeps what it is given in memory, and can be told to refuse, to be slow or to break.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use herald_mail_catcher::{Mailbox, serve};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use herald_mail_catcher::{Mail, Manner};

/// The server, on a port of its own; gone when it is dropped.
pub struct SmtpCatcher {
    address: SocketAddr,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    mails: watch::Sender<Vec<Mail>>,
    manners: Mutex<HashMap<String, Manner>>,
}

impl Shared {
    fn manners(&self) -> MutexGuard<'_, HashMap<String, Manner>> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox for Shared {
    fn manner(&self, recipient: &str) -> Manner {
        self.manners().get(recipient).copied().unwrap_or(Manner::Take)
    }

    fn keep(&self, mail: Mail) -> io::Result<()> {
        self.mails.send_modify(|mails| mails.push(mail));
        Ok(())
    }
}

impl SmtpCatcher {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared { mails: watch::channel(Vec::new()).0, manners: Mutex::default() });
        let mut server = JoinSet::new();
        let mailbox: Arc<dyn Mailbox> = shared.clone();
        server.spawn(async move { drop(serve(listener, mailbox).await) });
        Self { address, shared, _server: server }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on, for mails to this address.
    pub fn be(&self, recipient: &str, manner: Manner) {
        self.shared.manners().insert(recipient.to_owned(), manner);
    }

    /// What has been taken so far, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.borrow().clone()
    }

    /// Waits until so many have been taken.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        let mut seen = self.shared.mails.subscribe();
        let mails = seen.wait_for(|mails| mails.len() >= count).await;
        mails.map(|mails| mails.clone()).unwrap_or_default()
    }
}
