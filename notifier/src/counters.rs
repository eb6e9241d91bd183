//! The notifier's metrics; handles are taken once, since frames are counted by the hundred thousand.

use herald_push::{Frame, FrameKind};
use metrics::{Counter, Gauge, counter, gauge};

/// How a connection is carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    WebSocket,
    Sse,
}

impl Transport {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Sse => "sse",
        }
    }
}

pub(crate) struct Counters {
    frames: [Counter; FrameKind::ALL.len()],
    websockets: Gauge,
    streams: Gauge,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let connections = |transport: Transport| gauge!("herald_push_connections", "transport" => transport.as_str());
        Self {
            frames: FrameKind::ALL.map(|kind| counter!("herald_push_frames_total", "type" => kind.as_str())),
            websockets: connections(Transport::WebSocket),
            streams: connections(Transport::Sse),
        }
    }

    pub(crate) fn count(&self, frame: &Frame) {
        if let Some(index) = FrameKind::ALL.iter().position(|kind| *kind == frame.kind()) {
            self.frames[index].increment(1);
        }
    }

    pub(crate) fn opened(&self, transport: Transport) {
        self.gauge(transport).increment(1.0);
    }

    /// `code` is the close code, or a word for those that ended without one.
    pub(crate) fn closed(&self, transport: Transport, code: &'static str) {
        self.gauge(transport).decrement(1.0);
        counter!("herald_push_closed_total", "transport" => transport.as_str(), "code" => code).increment(1);
    }

    fn gauge(&self, transport: Transport) -> &Gauge {
        match transport {
            Transport::WebSocket => &self.websockets,
            Transport::Sse => &self.streams,
        }
    }
}
