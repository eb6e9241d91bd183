//! Watching by Server-Sent Events: `GET /events?ticket=…`, `Last-Event-ID` to go on after a cursor.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::frame::Frame;
use super::http::{Call, Link, refusal};
use super::socket::SILENCE;
use super::{Address, Client, Error, Result};

pub struct Events {
    _link: Link,
    body: Incoming,
    lines: Lines,
    address: Address,
}

impl Events {
    /// Connects to the `events_url` of an accepted submission.
    pub async fn connect(client: &Client, events_url: &str, after: Option<&str>) -> Result<Self> {
        let (address, path) = Address::split(events_url)?;
        let mut link = client.dial(&address).await?;
        let mut call = Call::get(&path);
        if let Some(cursor) = after {
            call = call.header("last-event-id", cursor);
        }
        let answer = client.open(&mut link, &address, &call).await?;
        let (parts, body) = answer.into_parts();
        if !parts.status.is_success() {
            let body = body.collect().await.map(|whole| whole.to_bytes()).unwrap_or_default();
            return Err(refusal(&address, parts.status, &parts.headers, &body));
        }
        Ok(Self { _link: link, body, lines: Lines::default(), address })
    }

    /// The next frame; `None` when the server has ended the stream. Events that cannot be read are passed over.
    pub async fn next(&mut self) -> Result<Option<Frame>> {
        loop {
            while let Some(data) = self.lines.next_data() {
                if let Ok(frame) = serde_json::from_slice(&data) {
                    return Ok(Some(frame));
                }
            }
            let silent = |_| Error::Slow(self.address.to_string(), SILENCE);
            match tokio::time::timeout(SILENCE, self.body.frame()).await.map_err(silent)? {
                Some(Ok(frame)) => self.lines.push(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(Error::Broken(self.address.to_string(), error.to_string())),
                None => return Ok(None),
            }
        }
    }
}

/// Splits a `text/event-stream` into the data of its events (WHATWG HTML 9.2.6). The type and id of an event stand in
/// its data too, so its other fields are not needed.
#[derive(Default)]
struct Lines {
    unread: BytesMut,
    data: Vec<u8>,
}

impl Lines {
    fn push(&mut self, chunk: Bytes) {
        self.unread.extend_from_slice(&chunk);
    }

    /// The data of the next event that is complete.
    fn next_data(&mut self) -> Option<Vec<u8>> {
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line = self.unread.split_to(end + 1);
            let line = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
            if line.is_empty() {
                let data = std::mem::take(&mut self.data);
                if !data.is_empty() {
                    return Some(data);
                }
            } else if let Some(value) = line.strip_prefix(b"data:") {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let stream = b"retry: 1000\n\n: keep-alive\n\nid: c1\nevent: snapshot\ndata: {\"a\":1}\n\nid: c2\r\ndata:{\ndata: }\r\n\r\ndata: part";
        for size in 1..stream.len() {
            let mut lines = Lines::default();
            let mut got = Vec::new();
            for chunk in stream.chunks(size) {
                lines.push(Bytes::copy_from_slice(chunk));
                while let Some(data) = lines.next_data() {
                    got.push(String::from_utf8(data).unwrap());
                }
            }
            assert_eq!(got, [r#"{"a":1}"#, "{\n}"], "in chunks of {size}");
        }
    }
}
