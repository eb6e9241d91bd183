//! The HTTP API: accepts work, moves money, tells how things stand, and says who may do what.
//!
//! Invariants:
//! * a 2xx to a POST of work or of a transfer means that it is committed; what is refused leaves nothing behind;
//! * every error, whoever finds it, leaves as problem+json with a code of [`error::Code`];
//! * a route wants a caller unless it stands in the open group of the router: forgetting to protect one is not possible;
//! * bodies, keys, tickets and query strings are never logged.
//!
//! Not here: `/` and its assets, `/ws`, `/events`, `/metrics` and the listening socket. Whoever serves those beside this
//! router can put them behind the same Host and Origin rules by [`Api::guard`].

mod accounts;
mod admin;
pub mod archive;
mod awaiting;
mod cache;
mod caller;
pub mod config;
mod docs;
pub mod error;
mod gate;
mod health;
mod http;
mod idempotency;
mod intake_limits;
mod languages;
mod links;
mod nearest;
mod observe;
mod openapi;
mod paging;
mod problems;
mod router;
mod status;
mod submissions;
mod submit;
mod table;
mod tickets;
mod transfers;
pub mod views;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use herald_domain::broker::Broker;
use herald_domain::clock::Clock;
use herald_domain::store::Store;
use herald_domain::ticket::SigningKey;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use admin::problems::{Flaw, PackageReader};
pub use config::Config;
pub use openapi::document as openapi_document;

/// What the API stands on.
pub struct Deps {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
    pub intake: herald_pipeline::Intake,
    pub bookings: herald_pipeline::Bookings,
    pub relay: herald_pipeline::Relay,
    pub hub: herald_push::Hub,
    /// Which payments are held until fraud has looked at them.
    pub fraud: Arc<herald_services::fraud::Rules>,
    /// Calls webhook endpoints when somebody asks for it.
    pub webhooks: herald_services::webhook::Sender,
    pub signing_key: SigningKey,
    /// What a package must be is the judge's matter.
    pub packages: PackageReader,
}

/// How the server is reached, which decides who needs a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Bound to loopback at this port: a request without a key is user `guest`, if it plainly comes from this machine.
    Loopback { port: u16 },
    /// Everybody needs a key.
    Keyed,
}

/// The API of one process.
#[derive(Clone)]
pub struct Api {
    app: Arc<App>,
}

pub(crate) struct App {
    deps: Deps,
    gate: gate::Gate,
    keys: caller::Keys,
    rates: Option<http::rate::RateLimiter>,
    queue: intake_limits::Queue,
    problems: submit::KnownProblems,
    accounts: accounts::KnownAccounts,
    languages: languages::Known,
    shutdown: CancellationToken,
}

impl Api {
    /// Cheap; no I/O. Background counts run on `tasks`; when `shutdown` fires, long-polls answer and `/readyz` says no.
    pub fn new(deps: Deps, config: &Config, mode: Mode, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        let app = App {
            gate: gate::Gate::new(mode, config.public_url.clone(), config.allowed_origins.clone()),
            keys: caller::Keys::default(),
            rates: config.rate_limit.map(http::rate::RateLimiter::new),
            queue: intake_limits::Queue::new(config.max_queued, tasks.clone()),
            problems: submit::KnownProblems::default(),
            accounts: accounts::KnownAccounts::default(),
            languages: languages::Known::default(),
            deps,
            shutdown,
        };
        Self { app: Arc::new(app) }
    }

    /// All routes of the API, with a problem+json 404 for every path that is none of them.
    pub fn router(&self) -> Router {
        router::build(&self.app)
    }

    /// Puts other routes (the page, its assets) behind the API's request ids, metrics, Host and Origin rules; no key is
    /// asked for.
    pub fn guard(&self, routes: Router) -> Router {
        router::guard(&self.app, routes)
    }
}
