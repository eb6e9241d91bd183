//! An HTTP server that takes webhooks, and answers as it is told. It checks signatures by its own arithmetic, so that it shares
//! no mistake with whoever signed.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How a call is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Status(u16),
    /// A status with `Retry-After`.
    Later(u16, String),
    /// `302` to there.
    Redirect(String),
    /// A status after a while.
    Slowly(Duration, u16),
    /// No answer, ever.
    Hang,
    /// `200` and a body without end.
    Endless,
    /// `200`, and a body that never comes. The call is seen only once this much of the answer is on its way.
    Stall,
    /// The connection is closed instead.
    Cut,
}

/// A call as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// By name in small letters.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Whether one of its signatures was made with the secret (`whsec_…`).
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("a secret is base64");
        let mut signed = format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).into_bytes();
        signed.extend_from_slice(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

/// RFC 2104 with SHA-256, for keys of at most a block.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// The server; gone when it is dropped.
pub struct WebhookReceiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    calls: watch::Sender<Vec<Call>>,
    connections: AtomicUsize,
    answers: Mutex<Answers>,
}

struct Answers {
    next: VecDeque<Answer>,
    then: Answer,
}

impl WebhookReceiver {
    /// Answers 200 until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let answers = Mutex::new(Answers { next: VecDeque::new(), then: Answer::Status(200) });
        let shared =
            Arc::new(Shared { calls: watch::channel(Vec::new()).0, connections: AtomicUsize::new(0), answers });
        let mut server = JoinSet::new();
        server.spawn(serve(listener, shared.clone()));
        Self { address, shared, _server: server }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on.
    pub fn answer(&self, answer: Answer) {
        let mut answers = self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.next.clear();
        answers.then = answer;
    }

    /// Each once, before what it answers otherwise.
    pub fn answer_once(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).next.extend(answers);
    }

    /// What has come so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.borrow().clone()
    }

    /// Waits until so many have come.
    pub async fn wait_for(&self, count: usize) -> Vec<Call> {
        let mut seen = self.shared.calls.subscribe();
        let calls = seen.wait_for(|calls| calls.len() >= count).await;
        calls.map(|calls| calls.clone()).unwrap_or_default()
    }

    /// How often somebody has knocked, with or without a call.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn next_answer(&self) -> Answer {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.next.pop_front().unwrap_or_else(|| answers.then.clone())
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut talks = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = shared.clone();
        talks.spawn(async move {
            // A client that breaks off is none of ours.
            let _ = take(BufReader::new(client), &shared).await;
        });
    }
}

async fn take(mut client: BufReader<TcpStream>, shared: &Shared) -> std::io::Result<()> {
    while let Some(call) = read(&mut client).await? {
        let answer = shared.next_answer();
        if answer == Answer::Stall {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await?;
        }
        shared.calls.send_modify(|calls| calls.push(call));
        match answer {
            Answer::Status(status) => say(&mut client, status, "", "thank you").await?,
            Answer::Later(status, when) => say(&mut client, status, &format!("Retry-After: {when}\r\n"), "").await?,
            Answer::Slowly(after, status) => {
                tokio::time::sleep(after).await;
                say(&mut client, status, "", "thank you").await?;
            }
            Answer::Redirect(to) => say(&mut client, 302, &format!("Location: {to}\r\n"), "").await?,
            Answer::Hang | Answer::Stall => std::future::pending().await,
            Answer::Endless => {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    client.write_all(&[b'x'; 16 * 1024]).await?;
                }
            }
            Answer::Cut => return Ok(()),
        }
    }
    Ok(())
}

/// `None` when the client is gone.
async fn read(client: &mut BufReader<TcpStream>) -> std::io::Result<Option<Call>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if client.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let mut lines = head.lines();
    let mut request = lines.next().unwrap_or_default().split(' ');
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body).await?;
    let mut word = || request.next().unwrap_or_default().to_owned();
    Ok(Some(Call { method: word(), path: word(), headers, body }))
}

async fn say(client: &mut BufReader<TcpStream>, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} So\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    client.write_all(text.as_bytes()).await
}
