//! The ways of waiting that are compared, each as a plain client would do it.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::clock::{Clock, SystemClock};
use herald_domain::view::AcceptedView;
use time::OffsetDateTime;

use crate::client::frame::Frame;
use crate::client::socket::Socket;
use crate::client::sse::Events;
use crate::client::submission::Seen;
use crate::client::wire::Meter;
use crate::client::{Client, Error, Result, poll};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    Poll(Duration),
    LongPoll,
    Events,
    WebSocket,
}

impl Way {
    pub const ALL: [Self; 5] = [
        Self::Poll(Duration::from_secs(1)),
        Self::Poll(Duration::from_millis(200)),
        Self::LongPoll,
        Self::Events,
        Self::WebSocket,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Poll(interval) if interval.as_millis() == 1000 => "poll-1s",
            Self::Poll(_) => "poll-200ms",
            Self::LongPoll => "long-poll",
            Self::Events => "sse",
            Self::WebSocket => "websocket",
        }
    }
}

/// One way of waiting, over connections of its own.
pub struct Watcher {
    pub way: Way,
    /// From verdict committed to verdict seen, one for each round.
    pub delays_ms: Vec<f64>,
    client: Client,
}

impl Watcher {
    pub fn new(client: &Client, way: Way) -> Self {
        Self { way, delays_ms: Vec::new(), client: client.apart() }
    }

    pub fn meter(&self) -> &Arc<Meter> {
        self.client.meter()
    }

    /// When the end was seen.
    pub async fn watch(&self, accepted: &AcceptedView) -> Result<OffsetDateTime> {
        match self.way {
            Way::Poll(interval) => self.poll(accepted, interval).await,
            Way::LongPoll => self.long_poll(accepted).await,
            Way::Events => self.events(accepted).await,
            Way::WebSocket => self.socket(accepted).await,
        }
    }

    async fn poll(&self, accepted: &AcceptedView, interval: Duration) -> Result<OffsetDateTime> {
        let mut ticks = tokio::time::interval(interval);
        loop {
            ticks.tick().await;
            let status = poll::status(&self.client, accepted.id).await?;
            if status.status.is_final() {
                return Ok(SystemClock.now());
            }
        }
    }

    async fn long_poll(&self, accepted: &AcceptedView) -> Result<OffsetDateTime> {
        poll::ended(&self.client, accepted.id).await?;
        Ok(SystemClock.now())
    }

    async fn events(&self, accepted: &AcceptedView) -> Result<OffsetDateTime> {
        let mut events = Events::connect(&self.client, &accepted.events_url, None).await?;
        let mut seen = Seen::default();
        while let Some(frame) = events.next().await? {
            if is_end(&mut seen, frame) {
                return Ok(SystemClock.now());
            }
        }
        Err(self.cut())
    }

    async fn socket(&self, accepted: &AcceptedView) -> Result<OffsetDateTime> {
        let mut socket = Socket::connect(&self.client, &accepted.ws_url, None).await?;
        let mut seen = Seen::default();
        while let Some(frame) = socket.next().await? {
            if is_end(&mut seen, frame) {
                return Ok(SystemClock.now());
            }
        }
        Err(self.cut())
    }

    fn cut(&self) -> Error {
        Error::Broken(self.client.address().to_string(), format!("{} was closed before the verdict", self.way.name()))
    }
}

fn is_end(seen: &mut Seen, frame: Frame) -> bool {
    seen.take(frame).is_some_and(|update| update.status.is_final())
}
