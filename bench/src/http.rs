//! An HTTP/1.1 client that keeps its one connection, as light as can be: it shares the cores with what it measures.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Builder;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    _connection: AbortOnDropHandle<()>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = async move {
            // A connection that breaks shows in the request that was under way.
            let _ = connection.await;
        };
        let connection = AbortOnDropHandle::new(tokio::spawn(connection));
        Ok(Self { sender, host: HeaderValue::try_from(address.to_string())?, _connection: connection })
    }

    /// The body; an error unless it was there.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Bytes> {
        let request = Request::get(path).header(HOST, &self.host).body(Full::default())?;
        let (status, body) = self.send(request).await?;
        ensure!(status == StatusCode::OK, "GET {path} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    /// Submits; an error unless it was accepted.
    pub async fn submit(&mut self, key: &HeaderValue, body: Bytes) -> anyhow::Result<()> {
        let request = self.post("/submit", key).body(Full::new(body))?;
        let (status, body) = self.send(request).await?;
        ensure!(status == StatusCode::ACCEPTED, "POST /submit answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(())
    }

    /// Submits without a key, as to `herald up`; the answer, or an error unless it was accepted.
    pub async fn judge(&mut self, body: Bytes) -> anyhow::Result<Bytes> {
        let request = Request::post("/submit").header(HOST, &self.host).header(CONTENT_TYPE, "application/json");
        let (status, body) = self.send(request.body(Full::new(body))?).await?;
        ensure!(status == StatusCode::ACCEPTED, "POST /submit answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    /// Pays, under an idempotency key of its own; the answer, or an error unless it was booked.
    pub async fn pay(&mut self, key: &HeaderValue, body: Bytes) -> anyhow::Result<Bytes> {
        let idempotency = Uuid::new_v4().simple().to_string();
        let request = self.post("/transactions", key).header("idempotency-key", idempotency).body(Full::new(body))?;
        let (status, body) = self.send(request).await?;
        let said = || String::from_utf8_lossy(&body).into_owned();
        ensure!(status == StatusCode::CREATED, "POST /transactions answered {status}: {}", said());
        Ok(body)
    }

    fn post(&self, path: &str, key: &HeaderValue) -> Builder {
        Request::post(path).header(HOST, &self.host).header(AUTHORIZATION, key).header(CONTENT_TYPE, "application/json")
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        self.sender.ready().await.context("the server closed the connection")?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
