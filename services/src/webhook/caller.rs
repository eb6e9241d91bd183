//! One HTTP call of an endpoint: over a connection of its own, to an address that the guard has passed.
//!
//! What is absent: a pool (a connection that the receiver has just closed could make a call doubtful), redirects, proxies and
//! cookies. Nothing of an answer is trusted but its status; its body is read up to a bound and kept in part.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use herald_domain::text::printable;
use herald_domain::webhook::MAX_RESPONSE_BYTES;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use url::{Host, Position, Url};

use super::guard::{Guard, Refused};

/// A whole call, from the name to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// No more of an answer is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What an endpoint answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    /// The start of the body.
    pub response: String,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("no connection: {0}")]
    Connect(#[source] std::io::Error),
    #[error("no secure connection: {0}")]
    Tls(#[source] std::io::Error),
    #[error("no answer that can be read: {0}")]
    Http(#[from] hyper::Error),
    #[error("the call cannot be made: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Timeout,
}

/// Calls endpoints.
#[derive(Clone)]
pub struct Caller {
    guard: Guard,
    tls: TlsConnector,
}

impl Caller {
    /// Trusts whom the machine trusts.
    pub fn new(guard: Guard) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (good, _) = roots.add_parsable_certificates(found.certs);
        if good == 0 {
            tracing::error!(errors = ?found.errors, "no root certificates on this machine: https webhooks will fail");
        }
        Self::trusting(guard, roots)
    }

    fn trusting(guard: Guard, roots: RootCertStore) -> Self {
        let provider = Arc::new(ring::default_provider());
        #[expect(clippy::expect_used, reason = "ring's provider has the suites of both versions")]
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { guard, tls: TlsConnector::from(Arc::new(config)) }
    }

    /// Posts JSON.
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: Bytes) -> Result<Answer, CallError> {
        let deadline = Instant::now() + TIMEOUT;
        let opened = timeout_at(deadline, self.connect(url)).await.map_err(|_| CallError::Timeout)?;
        let (url, stream) = opened?;
        let request = request(&url, headers, body)?;
        exchange(stream, request, deadline).await
    }

    async fn connect(&self, url: &str) -> Result<(Url, Box<dyn Stream>), CallError> {
        let (url, addresses) = self.guard.resolve(url).await?;
        let tcp = TcpStream::connect(&addresses[..]).await.map_err(CallError::Connect)?;
        if url.scheme() != "https" {
            return Ok((url, Box::new(tcp)));
        }
        let name = server_name(&url)?;
        let tls = self.tls.connect(name, tcp).await.map_err(CallError::Tls)?;
        Ok((url, Box::new(tls)))
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

fn server_name(url: &Url) -> Result<ServerName<'static>, CallError> {
    let bad = |_| CallError::Tls(std::io::Error::other("no certificate can be for such a name"));
    match url.host() {
        Some(Host::Ipv4(ip)) => Ok(ServerName::IpAddress(ip.into())),
        Some(Host::Ipv6(ip)) => Ok(ServerName::IpAddress(ip.into())),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(bad),
        None => ServerName::try_from(String::new()).map_err(bad),
    }
}

fn request(url: &Url, headers: &[(&str, String)], body: Bytes) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(USER_AGENT, concat!("Herald/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header(CONNECTION, "close");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(body))
}

async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    deadline: Instant,
) -> Result<Answer, CallError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The connection is moved on for as long as the answer is awaited; its own end is not the answer's.
    let driven = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    let answered = async {
        let response = timeout_at(deadline, sender.send_request(request)).await.map_err(|_| CallError::Timeout)??;
        Ok(read(response, deadline).await)
    };
    tokio::select! {
        // First, so that an answer that has come is seen before the time is up.
        biased;
        never = driven => match never {},
        answer = answered => answer,
    }
}

/// The status has decided by now: a body that is broken, slow or endless changes nothing.
async fn read(response: Response<Incoming>, deadline: Instant) -> Answer {
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = response.status().as_u16();
    let (mut body, mut start, mut seen) = (response.into_body(), Vec::new(), 0);
    while let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await {
        let Some(data) = frame.data_ref() else { continue };
        let wanted = data.len().min(MAX_RESPONSE_BYTES + 1 - start.len());
        start.extend_from_slice(&data[..wanted]);
        seen += data.len();
        if seen > MAX_ANSWER_BYTES {
            break;
        }
    }
    Answer { status, retry_after, response: printable(&start, MAX_RESPONSE_BYTES).0 }
}

#[cfg(test)]
mod tests;
