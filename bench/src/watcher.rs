//! A WebSocket client, with the small buffers that let ten thousand of them share a machine with what they measure.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use herald_domain::channel::Channel;
use herald_domain::id::{SubmissionId, TransferId};
use herald_domain::money::Service;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Longer than the hub needs to find in the store what never came live.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Watcher {
    stream: WebSocketStream<TcpStream>,
    /// What the snapshot said.
    is_finished: bool,
}

impl Watcher {
    /// Reads up to the end of a submission, which the snapshot may tell already.
    pub async fn until_finished(&mut self, submission: SubmissionId) -> anyhow::Result<()> {
        if self.is_finished {
            return Ok(());
        }
        self.until("submission.finished", submission).await
    }

    /// Connects and reads the snapshot.
    pub async fn connect(address: SocketAddr, ticket: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
        let url = format!("ws://{address}/ws?ticket={ticket}");
        let (stream, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
        let mut watcher = Self { stream, is_finished: false };
        let first = watcher.next().await?;
        if !first.starts_with(r#"{"v":1,"type":"snapshot""#) {
            bail!("the first frame is no snapshot: {first}");
        }
        watcher.is_finished = first.contains(r#""status":"finished""#);
        Ok(watcher)
    }

    /// Reads up to the frame of this event of this submission.
    pub async fn until(&mut self, event: &str, submission: SubmissionId) -> anyhow::Result<()> {
        let channel = format!(r#""channel":"{}""#, Channel::Submission(submission));
        let event = format!(r#""event":"{event}""#);
        loop {
            let frame = self.next().await?;
            if frame.contains(&channel) && frame.contains(&event) {
                return Ok(());
            }
        }
    }

    /// Reads until each of the five services has told what it made of the transfer; an error if one has failed.
    pub async fn until_served(&mut self, transfer: TransferId) -> anyhow::Result<()> {
        let channel = format!(r#""channel":"{}""#, Channel::Transfer(transfer));
        let mut left: Vec<_> = Service::ALL.iter().map(|service| format!(r#""event":"{service}."#)).collect();
        while !left.is_empty() {
            let frame = self.next().await?;
            if frame.contains(&channel) {
                left.retain(|service| !frame.contains(service));
                ensure!(!frame.contains(r#".failed""#), "a service failed: {frame}");
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> anyhow::Result<Utf8Bytes> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.context("no frame came")?;
            match message.context("the notifier hung up")?? {
                Message::Text(text) => return Ok(text),
                Message::Close(frame) => bail!("the notifier closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Answers pings until the connection ends.
    pub async fn idle(mut self) {
        while let Some(Ok(_)) = self.stream.next().await {}
    }
}
