//! Following a submission to its end, through cuts: by WebSocket, and where something on the way does not let one through,
//! by Server-Sent Events, else by polling. Every way resumes where the one before was cut.

use std::time::Duration;

use herald_domain::id::SubmissionId;
use herald_domain::view::AcceptedView;
use tokio::time::Instant;

use super::frame::{Frame, Seen, Update};
use super::poll;
use super::socket::Socket;
use super::sse::Events;
use super::{Client, Error, Result};

/// With nothing heard for this long, through however many attempts, the watcher gives up.
const PATIENCE: Duration = Duration::from_secs(180);
const BACKOFF_START: Duration = Duration::from_millis(100);
const BACKOFF_MOST: Duration = Duration::from_secs(3);
/// So many failures in a row and the next transport has its turn.
const FAILURES_EACH: u32 = 4;
const POLL_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    WebSocket,
    Events,
    Poll,
}

impl Transport {
    /// What to try when this one does not get through.
    fn next(self) -> Self {
        match self {
            Self::WebSocket => Self::Events,
            Self::Events => Self::Poll,
            Self::Poll => Self::WebSocket,
        }
    }
}

/// A submission and where it can be watched.
#[derive(Clone, Debug)]
pub struct Watched {
    pub id: SubmissionId,
    pub ws_url: String,
    pub events_url: String,
}

impl From<&AcceptedView> for Watched {
    fn from(accepted: &AcceptedView) -> Self {
        Self { id: accepted.id, ws_url: accepted.ws_url.clone(), events_url: accepted.events_url.clone() }
    }
}

/// What a watcher is told.
#[derive(Debug)]
pub enum News<'a> {
    Update(&'a Update),
    /// The connection broke or was refused; this is tried next.
    Broke(Transport),
}

/// Follows until the end; `show` is told each thing once.
pub async fn follow(client: &Client, watched: &Watched, show: &mut (dyn FnMut(News<'_>) + Send)) -> Result<()> {
    let mut watch = Watch { client, watched, seen: Seen::default(), heard: Instant::now(), show };
    let (mut transport, mut failures) = (Transport::WebSocket, 0);
    loop {
        let heard_before = watch.heard;
        let error = match watch.run(transport).await {
            Ok(true) => return Ok(()),
            Ok(false) => Error::Broken(client.address().to_string(), "closed by the server".into()),
            Err(error) => error,
        };
        failures = if watch.heard > heard_before { 1 } else { failures + 1 };
        if !error.is_passing() && transport == Transport::Poll {
            return Err(error);
        }
        if watch.heard.elapsed() > PATIENCE {
            return Err(Error::Lost(error.to_string(), watched.id));
        }
        let refused = !error.is_passing();
        if refused || failures % FAILURES_EACH == 0 {
            transport = transport.next();
        }
        (watch.show)(News::Broke(transport));
        if !refused {
            tokio::time::sleep(pause(failures, error.retry_after())).await;
        }
    }
}

/// How long to wait after so many failures in a row: a little more than the server asked for, else longer each time, half
/// of it by chance.
fn pause(failures: u32, asked: Option<Duration>) -> Duration {
    match asked {
        Some(asked) => asked.mul_f64(rand::random_range(1.0..1.3)),
        None => (BACKOFF_START * 2u32.pow(failures.min(6))).min(BACKOFF_MOST).mul_f64(rand::random_range(0.5..1.0)),
    }
}

struct Watch<'a> {
    client: &'a Client,
    watched: &'a Watched,
    seen: Seen,
    heard: Instant,
    show: &'a mut (dyn FnMut(News<'_>) + Send),
}

impl Watch<'_> {
    /// `true`: the end was seen; `false`: the server closed before it.
    async fn run(&mut self, transport: Transport) -> Result<bool> {
        let after = self.seen.cursor.clone();
        match transport {
            Transport::WebSocket => {
                let mut socket = Socket::connect(self.client, &self.watched.ws_url, after.as_deref()).await?;
                while let Some(frame) = socket.next().await? {
                    if self.take(frame)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Transport::Events => {
                let mut events = Events::connect(self.client, &self.watched.events_url, after.as_deref()).await?;
                while let Some(frame) = events.next().await? {
                    if self.take(frame)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Transport::Poll => self.poll(self.watched.id).await,
        }
    }

    async fn poll(&mut self, id: SubmissionId) -> Result<bool> {
        loop {
            let status = poll::status(self.client, id).await?;
            let update = self.seen.take_status(&status);
            if self.tell(update) {
                return Ok(true);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn take(&mut self, frame: Frame) -> Result<bool> {
        if let Frame::Error { code } = &frame {
            return Err(Error::Broken(self.client.address().to_string(), code.clone()));
        }
        let update = self.seen.take(frame);
        Ok(self.tell(update))
    }

    /// Whether that was the end.
    fn tell(&mut self, update: Option<Update>) -> bool {
        self.heard = Instant::now();
        let Some(update) = update else { return false };
        (self.show)(News::Update(&update));
        update.status.is_final()
    }
}
