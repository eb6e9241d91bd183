//! Watching by WebSocket: `GET /ws?ticket=…[&after=cursor]`, text frames, nothing to send.

use std::time::Duration;

use futures::StreamExt;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::frame::Frame;
use super::http::refusal;
use super::wire::Wire;
use super::{Address, Client, Error, Result};

/// The server pings more often than this; silence means that the connection is dead.
pub const SILENCE: Duration = Duration::from_secs(90);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

pub struct Socket {
    stream: WebSocketStream<Wire>,
    address: Address,
}

impl Socket {
    /// Connects to the `ws_url` of an accepted submission, going on after a cursor.
    pub async fn connect(client: &Client, ws_url: &str, after: Option<&str>) -> Result<Self> {
        let (address, _) = Address::split(ws_url)?;
        let url = after.map_or_else(|| ws_url.to_owned(), |cursor| format!("{ws_url}&after={cursor}"));
        let request = url.into_client_request().map_err(|_| Error::Address(ws_url.to_owned()))?;
        let wire = Wire::connect(&address, client.meter().clone()).await?;
        client.meter().count_request();
        let shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, client_async(request, wire)).await;
        match shaken.map_err(|_| Error::Slow(address.to_string(), HANDSHAKE_TIMEOUT))? {
            Ok((stream, _)) => Ok(Self { stream, address }),
            Err(tungstenite::Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                Err(refusal(&address, answer.status(), answer.headers(), body))
            }
            Err(error) => Err(Error::Broken(address.to_string(), error.to_string())),
        }
    }

    /// The next frame; `None` when the server has closed. Frames that cannot be read are passed over.
    pub async fn next(&mut self) -> Result<Option<Frame>> {
        loop {
            let silent = |_| Error::Slow(self.address.to_string(), SILENCE);
            match tokio::time::timeout(SILENCE, self.stream.next()).await.map_err(silent)? {
                Some(Ok(Message::Text(text))) => {
                    if let Ok(frame) = serde_json::from_str(&text) {
                        return Ok(Some(frame));
                    }
                }
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Error::Broken(self.address.to_string(), error.to_string())),
            }
        }
    }
}
