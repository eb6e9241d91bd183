//! Following something to its end, through cuts: by WebSocket, and where something on the way does not let one through, by
//! Server-Sent Events, else by polling. Every way resumes where the one before was cut.

use std::time::Duration;

use herald_domain::money::view::BookedView;
use herald_domain::view::AcceptedView;
use tokio::time::Instant;

use super::frame::Frame;
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

/// What is followed.
pub trait Story {
    /// How it stands, as far as the watcher knows.
    type Update;

    /// What the frame adds; `None`: nothing new.
    fn take(&mut self, frame: Frame) -> Option<Self::Update>;

    /// Asks how it stands; what that adds.
    fn ask(&mut self, client: &Client) -> impl Future<Output = Result<Option<Self::Update>>>;

    /// Where to resume.
    fn cursor(&self) -> Option<&str>;

    fn is_end(&self, update: &Self::Update) -> bool;

    /// The error of a watcher that gave up.
    fn lost(&self, cause: String) -> Error;
}

/// Where something can be watched.
#[derive(Clone, Debug)]
pub struct Watched {
    pub ws_url: String,
    pub events_url: String,
}

impl From<&AcceptedView> for Watched {
    fn from(accepted: &AcceptedView) -> Self {
        Self { ws_url: accepted.ws_url.clone(), events_url: accepted.events_url.clone() }
    }
}

impl From<&BookedView> for Watched {
    fn from(booked: &BookedView) -> Self {
        Self { ws_url: booked.ws_url.clone(), events_url: booked.events_url.clone() }
    }
}

/// What a watcher is told.
#[derive(Debug)]
pub enum News<'a, U> {
    Update(&'a U),
    /// The connection broke or was refused; this is tried next.
    Broke(Transport),
}

/// Follows until the end; `show` is told each thing once.
pub async fn follow<S: Story>(
    client: &Client,
    watched: &Watched,
    story: S,
    show: &mut (dyn FnMut(News<'_, S::Update>) + Send),
) -> Result<()> {
    let mut watch = Watch { client, watched, story, heard: Instant::now(), show };
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
            return Err(watch.story.lost(error.to_string()));
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

struct Watch<'a, S: Story> {
    client: &'a Client,
    watched: &'a Watched,
    story: S,
    heard: Instant,
    show: &'a mut (dyn FnMut(News<'_, S::Update>) + Send),
}

impl<S: Story> Watch<'_, S> {
    /// `true`: the end was seen; `false`: the server closed before it.
    async fn run(&mut self, transport: Transport) -> Result<bool> {
        let after = self.story.cursor().map(str::to_owned);
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
            Transport::Poll => self.poll().await,
        }
    }

    async fn poll(&mut self) -> Result<bool> {
        loop {
            let update = self.story.ask(self.client).await?;
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
        let update = self.story.take(frame);
        Ok(self.tell(update))
    }

    /// Whether that was the end.
    fn tell(&mut self, update: Option<S::Update>) -> bool {
        self.heard = Instant::now();
        let Some(update) = update else { return false };
        (self.show)(News::Update(&update));
        self.story.is_end(&update)
    }
}
