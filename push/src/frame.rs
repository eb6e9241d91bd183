//! Frames: what a subscriber receives, encoded once and shared between all who get it.
//!
//! A frame is JSON with a WebSocket text header (RFC 6455, 5.2) in front. A server's frames are not masked, so the same
//! bytes serve every socket, and Server-Sent Events take the JSON behind the header.
//! Invariant: no frame's JSON is larger than [`MAX_FRAME_BYTES`]; it is checked in `encode`, where each is built.

use std::sync::Arc;

use bytes::Bytes;
use herald_domain::channel::Channel;
use herald_domain::event::MAX_FRAME_BYTES;
use serde::Serialize;

pub(crate) mod build;
pub use build::NotRecovered;

/// Room for the longest header that a frame of at most 64 KiB needs.
const HEADER_ROOM: usize = 4;

/// What kind of frame it is: the `type` field, and the label of `herald_push_frames_total`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameKind {
    Snapshot,
    Event,
    Progress,
    Resumed,
    Unsubscribed,
    Pong,
    Error,
}

impl FrameKind {
    pub const ALL: [Self; 7] =
        [Self::Snapshot, Self::Event, Self::Progress, Self::Resumed, Self::Unsubscribed, Self::Pong, Self::Error];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Event => "event",
            Self::Progress => "progress",
            Self::Resumed => "resumed",
            Self::Unsubscribed => "unsubscribed",
            Self::Pong => "pong",
            Self::Error => "error",
        }
    }
}

/// One frame; cheap to clone.
#[derive(Clone, Debug)]
pub struct Frame(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: FrameKind,
    channel: Option<Channel>,
    offset: u64,
    /// `submission.finished` and the like; empty for all but events.
    event: String,
    cursor: Option<String>,
    wire: Bytes,
    header: usize,
}

impl Frame {
    pub fn kind(&self) -> FrameKind {
        self.0.kind
    }

    /// The channel that it speaks of; some errors speak of none.
    pub fn channel(&self) -> Option<&Channel> {
        self.0.channel.as_ref()
    }

    /// The offset on its channel; 0 for frames that have none.
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// The name under which Server-Sent Events carry it: that of the event, else the frame's type.
    pub fn name(&self) -> &str {
        if self.0.event.is_empty() { self.0.kind.as_str() } else { &self.0.event }
    }

    /// Where a client that has seen this frame resumes.
    pub fn cursor(&self) -> Option<&str> {
        self.0.cursor.as_deref()
    }

    pub fn json(&self) -> &[u8] {
        &self.0.wire[self.0.header..]
    }

    /// A whole WebSocket text frame, header included.
    pub fn wire(&self) -> &Bytes {
        &self.0.wire
    }
}

/// The frame would be larger than [`MAX_FRAME_BYTES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooLarge;

/// What a frame is beside its JSON.
struct Label<'a> {
    kind: FrameKind,
    channel: Option<&'a Channel>,
    offset: u64,
    event: &'a str,
    cursor: Option<String>,
}

fn encode<T: Serialize>(label: Label<'_>, body: &T) -> Result<Frame, TooLarge> {
    let mut buffer = vec![0; HEADER_ROOM];
    serde_json::to_writer(&mut buffer, body).map_err(|_| TooLarge)?;
    let length = buffer.len() - HEADER_ROOM;
    if length > MAX_FRAME_BYTES {
        return Err(TooLarge);
    }
    let unused = write_header(&mut buffer, length);
    buffer.shrink_to_fit();
    Ok(Frame(Arc::new(Inner {
        kind: label.kind,
        channel: label.channel.cloned(),
        offset: label.offset,
        event: label.event.to_owned(),
        cursor: label.cursor,
        wire: Bytes::from(buffer).slice(unused..),
        header: HEADER_ROOM - unused,
    })))
}

/// Writes FIN + text opcode and the length right before the payload; returns how many bytes in front stay unused.
fn write_header(buffer: &mut [u8], length: usize) -> usize {
    const FINAL_TEXT: u8 = 0x81;
    match u8::try_from(length) {
        Ok(short) if short < 126 => {
            buffer[2..4].copy_from_slice(&[FINAL_TEXT, short]);
            2
        }
        _ => {
            // `MAX_FRAME_BYTES` is 16 KiB, so two bytes hold the length.
            let [high, low] = [(length >> 8) as u8, (length & 0xFF) as u8];
            buffer[0..4].copy_from_slice(&[FINAL_TEXT, 126, high, low]);
            0
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
