//! A mail server that sends nothing on: it keeps what it is given, in a [`Mailbox`]. It speaks SMTP (RFC 5321) line by line,
//! without TLS and without accounts, so it belongs into a network of its own.
//!
//! What is absent: delivery, and any judgement of senders or recipients but the mailbox's.

mod folder;
mod talk;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use folder::Folder;
use talk::Talk;

/// How many clients are served at once; more wait to be accepted.
const CONNECTIONS: usize = 64;

/// What becomes of a mail to somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    Take,
    /// `451` to the recipient.
    Later,
    /// `550` to the recipient.
    Never,
    /// No answer, ever.
    Hang,
    /// Takes the mail, and breaks the connection instead of saying so.
    TakeAndBreak,
}

/// A mail as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body, with `\r\n` ends.
    pub text: String,
}

impl Mail {
    /// A header that is not folded.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Where mails go.
pub trait Mailbox: Send + Sync + 'static {
    fn manner(&self, _recipient: &str) -> Manner {
        Manner::Take
    }

    /// Keeps a mail for good; on an error the client is told to come again (`451`). May block for as long as a disk takes.
    fn keep(&self, mail: Mail) -> io::Result<()>;
}

/// Serves clients; returns only when the listener is broken.
pub async fn serve(listener: TcpListener, mailbox: Arc<dyn Mailbox>) -> io::Error {
    let turns = Arc::new(Semaphore::new(CONNECTIONS));
    let mut talks = JoinSet::new();
    loop {
        while talks.try_join_next().is_some() {}
        let turn = turns.clone().acquire_owned().await.expect("the semaphore is never closed");
        let client = match listener.accept().await {
            Ok((client, _)) => client,
            Err(error) => return error,
        };
        let mailbox = mailbox.clone();
        talks.spawn(async move {
            // A client that breaks off is none of ours.
            let _ = Talk::new(client, mailbox).run().await;
            drop(turn);
        });
    }
}
