//! The notifier: WebSocket and Server-Sent Events from the hub. Stateless: a client resumes at any notifier of the fleet.
//!
//! Routes: `/ws` and `/events` with a `ticket` and perhaps `after`; the same below `/ws/p/{partition}` and
//! `/events/p/{partition}`, where the partition is a hint for a balancer and changes nothing here; `/asyncapi.yaml`,
//! which describes every frame and is served as it stands in docs/.
//!
//! A socket is closed with a code that says what the client is to do:
//!
//! | code | when | what to do |
//! |---|---|---|
//! | 1000 | the client closed | nothing |
//! | 1001 | this server stops; the reason is `{"reconnect_in_ms":n}` | after n ms reconnect with `after` = the last cursor |
//! | 1002 | no WebSocket frame as RFC 6455 has it | mend the client |
//! | 1003 | a binary message | send text |
//! | 1007 | text that is not UTF-8 | mend the client |
//! | 1008 | too many messages in error | read the error frames |
//! | 1009 | a message over 16 KiB | mend the client |
//! | 4000 | resume; the reason is `{"reason":"slow","reconnect_in_ms":n}` (or `lifetime`, `no_pong`, `gap`, `epoch`) | reconnect with `after` = the last cursor |
//! | 4001 | the ticket's key was revoked | ask for a new ticket with another key |
//!
//! Before the upgrade a refusal is a problem+json with a stable `code`: 400 `bad_cursor`, 401
//! `bad_ticket`, `expired_ticket`, `revoked_ticket`, 403 `origin_not_allowed`, 404 `unknown_channel`, 426
//! `upgrade_required`, 429 `too_many_connections`, 503 `unavailable`, `overloaded`, `too_many_connections`,
//! `shutting_down` (with `Retry-After`).
//!
//! What is absent: decisions about messages (`herald_push::session` makes them), state that outlives a connection, and
//! anything of the store but revoked keys.

mod config;
mod connections;
mod counters;
mod entrance;
mod origins;
mod refusal;
mod sse;
mod ticket_book;
mod ws;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use herald_domain::clock::Clock;
use herald_domain::store::Store;
use herald_domain::ticket::SigningKey;
use herald_push::Hub;
use herald_push::close::Close;
use rand::RngExt;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use config::Config;
pub use origins::Origins;

use config::Times;
use connections::Connections;
use counters::Counters;
use ticket_book::TicketBook;

/// docs/asyncapi.yaml: every frame and message, for those who write a client or a consumer.
pub const ASYNCAPI: &str = include_str!("../../docs/asyncapi.yaml");

/// Connections closed at once in a drain, at least.
const SMALLEST_BATCH: usize = 100;
/// Batches of a drain, at most.
const BATCHES: usize = 20;

pub struct Deps {
    pub hub: Hub,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    /// From the store ([`herald_domain::store::Identity::signing_key`]).
    pub signing_key: SigningKey,
    pub origins: Origins,
}

/// What the handlers share.
struct App {
    config: Config,
    times: Times,
    hub: Hub,
    origins: Origins,
    tickets: Arc<TicketBook>,
    connections: Arc<Connections>,
    /// Connects being set up.
    connecting: Semaphore,
    counters: Counters,
    /// Of the sockets; axum's own graceful shutdown does not wait for them.
    tasks: TaskTracker,
}

/// A handle on the process's notifier; cheap to clone.
#[derive(Clone)]
pub struct Notifier {
    app: Arc<App>,
}

impl Notifier {
    /// `shutdown` ends what runs in the background; sockets are ended by [`Notifier::drain`].
    pub fn new(deps: Deps, config: Config, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        let times = config.times();
        Self::with_times(deps, config, times, tasks, shutdown)
    }

    fn with_times(deps: Deps, config: Config, times: Times, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        let tickets = Arc::new(TicketBook::new(deps.signing_key, deps.clock));
        let connections = Arc::new(Connections::default());
        tasks.spawn(Arc::clone(&tickets).watch(deps.store, Arc::clone(&connections), shutdown));
        let app = App {
            connecting: Semaphore::new(config.max_connecting),
            config,
            times,
            hub: deps.hub,
            origins: deps.origins,
            tickets,
            connections,
            counters: Counters::new(),
            tasks: tasks.clone(),
        };
        Self { app: Arc::new(app) }
    }

    pub fn router(&self) -> Router {
        let events = get(sse::events).options(sse::preflight);
        Router::new()
            .route("/ws", get(ws::upgrade))
            .route("/ws/p/{partition}", get(ws::upgrade))
            .route("/events", events.clone())
            .route("/events/p/{partition}", events)
            .with_state(Arc::clone(&self.app))
            .route("/asyncapi.yaml", get(|| async { ([(header::CONTENT_TYPE, "application/yaml")], ASYNCAPI) }))
    }

    /// WebSockets and event streams that are open.
    pub fn connections(&self) -> usize {
        self.app.connections.len()
    }

    /// Whether new connections are let in.
    pub fn is_admitting(&self) -> bool {
        !self.app.connections.is_leaving()
    }

    /// Lets nobody in any more, and closes all connections in batches, each client told when to come back. Returns when
    /// all are closed, or after twice the spread and a little; how many were left then.
    pub async fn drain(&self) -> usize {
        self.app.connections.leave();
        let handles = self.app.connections.handles();
        let spread = self.app.config.drain_spread();
        let batch = handles.len().div_ceil(BATCHES).max(SMALLEST_BATCH);
        let pause = spread / u32::try_from(BATCHES).unwrap_or(u32::MAX);
        if !handles.is_empty() {
            tracing::info!(connections = handles.len(), "closing connections");
        }
        for (index, handles) in handles.chunks(batch).enumerate() {
            if index > 0 {
                tokio::time::sleep(pause).await;
            }
            for handle in handles {
                let reconnect_in_ms = random_up_to(spread);
                handle.close(Close::GoingAway { reconnect_in_ms });
            }
        }
        self.wait_until_gone(spread + self.app.times.patience * 2).await
    }

    async fn wait_until_gone(&self, at_most: Duration) -> usize {
        let gone = async {
            while self.connections() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // What is left is told by the count.
        let _ = tokio::time::timeout(at_most, gone).await;
        self.connections()
    }
}

/// Milliseconds, evenly between none and so many.
fn random_up_to(most: Duration) -> u64 {
    rand::rng().random_range(0..=u64::try_from(most.as_millis()).unwrap_or(u64::MAX))
}

/// A little less than so long, so that what began together does not end together.
fn jittered(time: Duration) -> Duration {
    time.mul_f64(rand::rng().random_range(0.9..=1.0))
}
