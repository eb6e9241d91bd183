//! Requests over one kept connection. A `GET` (or a `POST` with an `Idempotency-Key`) whose kept connection turns out to
//! be dead is sent once more on a fresh one; nothing else is ever repeated.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use herald_domain::view::Page;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio_util::task::AbortOnDropHandle;

use super::wire::{Meter, Wire};
use super::{Address, Error, Result};

/// Longer than any long-poll that a server grants.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
pub const AGENT: &str = concat!("herald/", env!("CARGO_PKG_VERSION"));

/// A server as one user sees it.
pub struct Client {
    address: Address,
    token: Option<String>,
    meter: Arc<Meter>,
    kept: Mutex<Option<Link>>,
}

/// An open connection and the task that drives it.
pub struct Link {
    sender: SendRequest<Full<Bytes>>,
    _driver: AbortOnDropHandle<()>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What to send.
#[derive(Clone)]
pub struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl<'a> Call<'a> {
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, headers: Vec::new(), body: Bytes::new() }
    }

    pub fn post(path: &'a str, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { method: Method::POST, path, headers: Vec::new(), body }.header("content-type", "application/json")
    }

    pub fn post_nothing(path: &'a str) -> Self {
        Self { method: Method::POST, ..Self::get(path) }
    }

    pub fn delete(path: &'a str) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// May be sent twice without doing harm.
    fn repeatable(&self) -> bool {
        self.method == Method::GET || self.headers.iter().any(|(name, _)| *name == "idempotency-key")
    }
}

impl Client {
    pub fn new(address: Address, token: Option<String>) -> Self {
        Self { address, token, meter: Arc::default(), kept: Mutex::new(None) }
    }

    /// The same server and key over connections of its own, counted apart.
    pub fn apart(&self) -> Self {
        Self::new(self.address.clone(), self.token.clone())
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.read(&self.send(Call::get(path)).await?)
    }

    pub async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        self.read(&self.send(call).await?)
    }

    /// All items of a list, page by page; `path` without a query.
    pub async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut next = path.to_owned();
        loop {
            let page: Page<T> = self.get(&next).await?;
            items.extend(page.items);
            match page.next {
                Some(cursor) => next = format!("{path}?cursor={cursor}"),
                None => return Ok(items),
            }
        }
    }

    /// Sends, and waits for the whole answer; one that is not a success is an error.
    pub async fn send(&self, call: Call<'_>) -> Result<Reply> {
        let mut kept = self.kept.lock().await;
        if let Some(link) = kept.as_mut().filter(|link| !link.sender.is_closed()) {
            match self.exchange(link, &call).await {
                Err(Error::Broken(..)) if call.repeatable() => {}
                other => return self.checked(other?),
            }
        }
        *kept = None;
        let mut link = self.dial(&self.address).await?;
        let reply = self.exchange(&mut link, &call).await?;
        *kept = Some(link);
        self.checked(reply)
    }

    async fn exchange(&self, link: &mut Link, call: &Call<'_>) -> Result<Reply> {
        let whole = async {
            let (parts, body) = self.open(link, &self.address, call).await?.into_parts();
            let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|e| self.broken(&e))?.to_bytes();
            Ok(Reply { status: parts.status, headers: parts.headers, body })
        };
        let slow = |_| Error::Slow(self.address.to_string(), ANSWER_TIMEOUT);
        tokio::time::timeout(ANSWER_TIMEOUT, whole).await.map_err(slow)?
    }

    /// A connection of one's own, for an answer that streams.
    pub async fn dial(&self, address: &Address) -> Result<Link> {
        let wire = Wire::connect(address, self.meter.clone()).await?;
        let (sender, connection) = handshake(TokioIo::new(wire)).await.map_err(|e| self.broken(&e))?;
        let driver = tokio::spawn(async move {
            // Its error reaches whoever waits for an answer; here nobody does.
            let _ = connection.await;
        });
        Ok(Link { sender, _driver: AbortOnDropHandle::new(driver) })
    }

    /// Sends, and returns as soon as the head of the answer is there.
    pub async fn open(&self, link: &mut Link, address: &Address, call: &Call<'_>) -> Result<Response<Incoming>> {
        self.meter.count_request();
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(address.path(call.path))
            .header(HOST, address.authority())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json, application/problem+json, text/event-stream");
        if let Some(token) = self.token.as_ref().filter(|_| *address == self.address) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(call.body.clone())).map_err(|_| Error::Address(call.path.to_owned()))?;
        link.sender.send_request(request).await.map_err(|e| self.broken(&e))
    }

    fn broken(&self, cause: &dyn std::fmt::Display) -> Error {
        Error::Broken(self.address.to_string(), cause.to_string())
    }

    fn checked(&self, reply: Reply) -> Result<Reply> {
        if reply.status.is_success() {
            return Ok(reply);
        }
        Err(refusal(&self.address, reply.status, &reply.headers, &reply.body))
    }

    /// The JSON of an answer.
    pub fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        serde_json::from_slice(&reply.body)
            .map_err(|_| Error::Stranger(self.address.to_string(), reply.status.as_u16()))
    }
}

/// The error that an answer other than a success stands for.
pub fn refusal(address: &Address, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let is_problem = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem"));
    let after = headers.get(RETRY_AFTER).and_then(|text| text.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    match serde_json::from_slice(body) {
        Ok(problem) if is_problem => Error::Problem(Box::new(problem), after),
        _ => Error::Stranger(address.to_string(), status.as_u16()),
    }
}
