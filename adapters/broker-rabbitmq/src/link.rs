//! A supervised connection: opened, watched, lost, opened again, for ever. Whoever needs it asks for the session of the moment
//! and finds out by that session's errors that it is over. lapin's own recovery is not used: it replays what one channel once
//! declared, gives up after a while, and leaves settled deliveries in doubt.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use lapin::Event;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::session::{Dial, Session};
use crate::tasks::Tasks;
use crate::topology::Topology;
use crate::trouble::Trouble;

/// A session that lived this long shows that connecting works: the next loss starts with short waits again.
const STEADY: Duration = Duration::from_secs(5);
/// lapin tells of every loss but an orderly close by the broker; that one is found by looking.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How the connection stands.
#[derive(Clone)]
enum Phase {
    /// The first attempt is under way.
    Starting,
    Up(Arc<Session>),
    Down(Trouble),
    Closed,
}

/// A handle on a supervised connection.
#[derive(Clone)]
pub(crate) struct Link {
    phase: watch::Receiver<Phase>,
}

impl Link {
    /// Starts the supervisor; returns at once. `topology` is declared before anybody gets a session. Ends when `stop` fires.
    pub(crate) fn start(
        role: &'static str,
        dial: Dial,
        topology: Option<Topology>,
        tasks: &Tasks,
        stop: CancellationToken,
    ) -> Self {
        let (sender, phase) = watch::channel(Phase::Starting);
        let supervisor = Supervisor { role, dial, topology, phase: sender, stop, told: None };
        tasks.spawn(supervisor.run());
        Self { phase }
    }

    /// The session of the moment. Waits only for the outcome of the very first attempt; otherwise fails at once.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, Trouble> {
        let mut phase = self.phase.clone();
        let phase = phase.wait_for(|phase| !matches!(phase, Phase::Starting)).await.map_err(|_| Trouble::Closed)?;
        match &*phase {
            Phase::Up(session) => Ok(session.clone()),
            Phase::Down(trouble) => Err(trouble.clone()),
            Phase::Starting | Phase::Closed => Err(Trouble::Closed),
        }
    }

    /// Waits for a living session, for ever. `None` once the link is closed.
    pub(crate) async fn next_session(&self) -> Option<Arc<Session>> {
        let mut phase = self.phase.clone();
        let usable = |phase: &Phase| match phase {
            Phase::Up(session) => session.is_alive(),
            Phase::Closed => true,
            Phase::Starting | Phase::Down(_) => false,
        };
        match &*phase.wait_for(usable).await.ok()? {
            Phase::Up(session) => Some(session.clone()),
            _ => None,
        }
    }

    /// The session, if there is a living one now.
    pub(crate) fn current(&self) -> Option<Arc<Session>> {
        match &*self.phase.borrow() {
            Phase::Up(session) if session.is_alive() => Some(session.clone()),
            _ => None,
        }
    }

    /// What keeps it from being up.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        match &*self.phase.borrow() {
            Phase::Up(session) => session.blocked().map(Trouble::Blocked),
            Phase::Starting => None,
            Phase::Down(trouble) => Some(trouble.clone()),
            Phase::Closed => Some(Trouble::Closed),
        }
    }
}

struct Supervisor {
    role: &'static str,
    dial: Dial,
    topology: Option<Topology>,
    phase: watch::Sender<Phase>,
    stop: CancellationToken,
    /// The trouble that has been logged and is not over.
    told: Option<Trouble>,
}

impl Supervisor {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut first = true;
        let stop = self.stop.clone();
        loop {
            let opened = tokio::select! {
                () = stop.cancelled() => break,
                opened = self.open() => opened,
            };
            let trouble = match opened {
                Ok(session) => {
                    self.tell_of_success(first);
                    first = false;
                    let since = Instant::now();
                    let Some(trouble) = self.keep(session).await else { break };
                    if since.elapsed() >= STEADY {
                        backoff.reset();
                    }
                    trouble
                }
                Err(trouble) => trouble,
            };
            self.tell(&trouble);
            self.phase.send_replace(Phase::Down(trouble));
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(backoff.next()) => {}
            }
        }
        self.phase.send_replace(Phase::Closed);
    }

    async fn open(&self) -> Result<Arc<Session>, Trouble> {
        let session = self.dial.open().await?;
        if let Some(topology) = &self.topology
            && let Err(trouble) = topology.declare_all(&session).await
        {
            session.end().await;
            return Err(trouble);
        }
        Ok(Arc::new(session))
    }

    /// Hands the session out and watches it to its end. `None` if it was we who ended it.
    async fn keep(&self, session: Arc<Session>) -> Option<Trouble> {
        // From before anybody can cause an event.
        let watching = self.watch(&session, session.events());
        self.phase.send_replace(Phase::Up(session.clone()));
        let trouble = watching.await;
        self.phase.send_replace(trouble.clone().map_or(Phase::Closed, Phase::Down));
        session.end().await;
        trouble
    }

    async fn watch(&self, session: &Session, events: impl futures::Stream<Item = Event>) -> Option<Trouble> {
        let mut events = pin!(events.fuse());
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut cause = None;
        while session.is_alive() {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                Some(event) = events.next() => match event {
                    Event::ConnectionBlocked(reason) => {
                        tracing::warn!(connection = self.role, %reason, "the broker takes no messages now");
                        session.set_blocked(Some(reason));
                    }
                    Event::ConnectionUnblocked => {
                        tracing::info!(connection = self.role, "the broker takes messages again");
                        session.set_blocked(None);
                    }
                    // Also sent for the end of a channel, which is not the connection's.
                    Event::Error(error) if !session.is_alive() => cause = Some(error),
                    _ => {}
                },
                _ = look.tick() => {}
            }
        }
        while let Some(Some(event)) = events.next().now_or_never() {
            if let Event::Error(error) = event {
                cause = Some(error);
            }
        }
        let lost = Trouble::Unreachable("the broker closed the connection".to_owned());
        Some(cause.map_or(lost, |error| Trouble::from_lapin("the connection was lost", &error)))
    }

    fn tell_of_success(&mut self, first: bool) {
        self.told = None;
        if first {
            tracing::info!(connection = self.role, "connected to the broker");
        } else {
            metrics::counter!("herald_broker_reconnects_total", "connection" => self.role).increment(1);
            tracing::info!(connection = self.role, "connected to the broker again");
        }
    }

    /// Once for each state of affairs, not for each attempt.
    fn tell(&mut self, trouble: &Trouble) {
        if self.told.as_ref().is_some_and(|told| told.is_like(trouble)) {
            return;
        }
        if trouble.needs_somebody() {
            tracing::error!(connection = self.role, error = %trouble, "the broker cannot be used; trying on");
        } else {
            tracing::warn!(connection = self.role, error = %trouble, "no connection to the broker; trying on");
        }
        self.told = Some(trouble.clone());
    }
}
