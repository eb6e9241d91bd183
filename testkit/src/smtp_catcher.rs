//! A mail server that keeps what it is given, and can be told to refuse, to be slow or to break. It speaks SMTP (RFC 5321) line
//! by line on a port of its own, without TLS.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

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

/// The server; gone when it is dropped.
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

    fn manner(&self, recipient: &str) -> Manner {
        self.manners().get(recipient).copied().unwrap_or(Manner::Take)
    }
}

impl SmtpCatcher {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared { mails: watch::channel(Vec::new()).0, manners: Mutex::default() });
        let mut server = JoinSet::new();
        server.spawn(serve(listener, shared.clone()));
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

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut talks = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        talks.spawn(async move {
            // A client that breaks off is none of ours.
            let _ = Talk::new(client, shared).run().await;
        });
    }
}

/// One connection.
struct Talk {
    client: BufReader<TcpStream>,
    shared: Arc<Shared>,
    from: Option<String>,
    to: Vec<String>,
}

impl Talk {
    fn new(client: TcpStream, shared: Arc<Shared>) -> Self {
        Self { client: BufReader::new(client), shared, from: None, to: Vec::new() }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 catcher.test ESMTP").await?;
        while let Some(line) = self.line().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.say("250-catcher.test\r\n250 8BITMIME").await?,
                "HELO" => self.say("250 catcher.test").await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" if self.to.is_empty() => self.say("503 5.5.1 nobody to send it to").await?,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                "RSET" => {
                    self.forget();
                    self.say("250 2.0.0 forgotten").await?;
                }
                "NOOP" => self.say("250 2.0.0 nothing done").await?,
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("502 5.5.1 not that").await?,
            }
        }
        Ok(())
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.client.write_all(format!("{line}\r\n").as_bytes()).await
    }

    /// Without its end; `None` when the client is gone.
    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.client).take(1 << 20).read_until(b'\n', &mut line).await?;
        let text = String::from_utf8_lossy(&line);
        Ok(text.strip_suffix("\r\n").map(str::to_owned))
    }

    async fn mail(&mut self, rest: &str) -> std::io::Result<()> {
        match (address(rest, "FROM:"), &self.from) {
            (Some(from), None) => {
                self.from = Some(from);
                self.say("250 2.1.0 from there").await
            }
            (_, Some(_)) => self.say("503 5.5.1 one at a time").await,
            (None, None) => self.say("501 5.5.4 from whom?").await,
        }
    }

    async fn recipient(&mut self, rest: &str) -> std::io::Result<()> {
        let (Some(to), Some(_)) = (address(rest, "TO:"), &self.from) else {
            return self.say("503 5.5.1 to whom, from whom?").await;
        };
        match self.shared.manner(&to) {
            Manner::Later => self.say("451 4.3.0 try again later").await,
            Manner::Never => self.say("550 5.1.1 nobody here by that name").await,
            Manner::Hang => std::future::pending().await,
            Manner::Take | Manner::TakeAndBreak => {
                self.to.push(to);
                self.say("250 2.1.5 to there").await
            }
        }
    }

    /// Takes the mail; `false`: and breaks off.
    async fn data(&mut self) -> std::io::Result<bool> {
        self.say("354 go on").await?;
        let mut text = String::new();
        loop {
            let Some(line) = self.line().await? else { return Ok(false) };
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        let breaks = self.to.iter().any(|to| self.shared.manner(to) == Manner::TakeAndBreak);
        let mail = Mail { from: self.from.clone().unwrap_or_default(), to: self.to.clone(), text };
        self.shared.mails.send_modify(|mails| mails.push(mail));
        self.forget();
        if breaks {
            return Ok(false);
        }
        self.say("250 2.0.0 taken").await?;
        Ok(true)
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// `FROM:<a@b> SIZE=…` → `a@b`.
fn address(rest: &str, before: &str) -> Option<String> {
    let start = rest.get(..before.len()).filter(|start| start.eq_ignore_ascii_case(before))?;
    let path = rest[start.len()..].trim_start().strip_prefix('<')?;
    path.split_once('>').map(|(address, _)| address.to_owned())
}
