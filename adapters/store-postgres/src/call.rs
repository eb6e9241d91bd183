//! One call: take a connection, try under a time-out, try again where that is right, close what went wrong.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use herald_domain::store::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

use crate::PostgresStore;
use crate::fault::{Fault, Kind};

/// How often a transaction that the server undid is done again.
const MAX_TRIES: u32 = 5;
/// An idle connection is trusted for this long without asking.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// A connection that breaks this soon was cut; later, the server is silent, and asking another would only wait as long again.
const EARLY: Duration = Duration::from_secs(2);
/// A call that moves many megabytes may take this many times as long as others.
const BULK_FACTOR: u32 = 8;

/// When a connection last broke: those that have been idle since before are asked before they are used.
#[derive(Clone, Default)]
pub(crate) struct Breaks(Arc<Mutex<Option<Instant>>>);

impl Breaks {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection that has been idle for so long should be asked first.
    pub(crate) fn make_suspect(&self, idle_for: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle_for >= TRUSTED_IDLE || last.is_some_and(|at| at.elapsed() <= idle_for)
    }
}

/// A pooled connection that goes back to the pool only if its call came to a good end. A call that is dropped half-way
/// leaves it not knowing what the server is at.
pub(crate) struct Lent<'s> {
    connection: PoolConnection<Postgres>,
    breaks: &'s Breaks,
    good: bool,
}

impl Lent<'_> {
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// To the pool, unless the connection itself is what failed. Any other refusal leaves the session in order; an open
    /// transaction is rolled back on the way.
    pub(crate) fn give_back<T>(mut self, outcome: &Result<T, Fault>) {
        match outcome {
            Err(fault) if fault.kind() == Kind::Connection => self.breaks.note(),
            _ => self.good = true,
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.good {
            self.connection.close_on_drop();
        }
    }
}

/// What a call may take, and what it does about a failure.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    bulk: bool,
    on_lock: OnLock,
    /// Done again, once, on another connection if the first one breaks early: doing it twice does no harm, and after a
    /// restart of the server the pool is full of broken ones.
    repeatable: bool,
}

/// What it means when a lock is not to be had.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnLock {
    Unavailable,
    Busy,
    Again,
}

impl Terms {
    pub(crate) const USUAL: Self = Self { bulk: false, on_lock: OnLock::Unavailable, repeatable: false };
    pub(crate) const READ: Self = Self { repeatable: true, ..Self::USUAL };
    /// A row that is locked is the twin of this request, which is still being worked on. What was accepted by a commit whose
    /// answer was lost is found by its id.
    pub(crate) const ACCEPT: Self = Self { on_lock: OnLock::Busy, repeatable: true, ..Self::USUAL };
    /// Waits for a lock that everybody else needs too: briefly, again and again.
    pub(crate) const UPKEEP: Self = Self { on_lock: OnLock::Again, ..Self::USUAL };
    /// Moves many megabytes.
    pub(crate) const BULK: Self = Self { bulk: true, ..Self::USUAL };
    pub(crate) const BULK_READ: Self = Self { bulk: true, ..Self::READ };
}

/// Runs a block of type `Result<T, Fault>` on a connection, again where the server undid it, and gives the port's result:
/// `call!(self, "method", connection => { … })`. `?` and `return` in the block leave the attempt. (A macro, for a future
/// that holds an async closure over borrowed arguments cannot be shown to be `Send`.)
macro_rules! call {
    ($store:expr, $method:literal, $connection:ident => $work:block) => {
        call!($store, $method, $crate::call::Terms::USUAL, $connection => $work)
    };
    ($store:expr, $method:literal, $terms:expr, $connection:ident => $work:block) => {{
        let mut call = $crate::call::Call::new($store, $method, $terms);
        loop {
            let outcome = match call.lend().await {
                Err(fault) => Err(fault),
                Ok(mut lent) => {
                    let $connection: &mut sqlx::PgConnection = lent.connection();
                    let attempt = async {
                        let outcome: std::result::Result<_, $crate::fault::Fault> = $work;
                        outcome
                    };
                    let outcome = $crate::call::within(call.limit(), attempt).await;
                    lent.give_back(&outcome);
                    outcome
                }
            };
            match outcome {
                Ok(value) => break Ok(value),
                Err(fault) => match call.failed(fault).await {
                    std::ops::ControlFlow::Continue(()) => {}
                    std::ops::ControlFlow::Break(error) => break Err(error),
                },
            }
        }
    }};
}
pub(crate) use call;

/// The state of one call over its attempts.
pub(crate) struct Call<'s> {
    store: &'s PostgresStore,
    method: &'static str,
    terms: Terms,
    tries: u32,
    began: Instant,
}

impl<'s> Call<'s> {
    /// `method` names the call in metrics and logs.
    pub(crate) fn new(store: &'s PostgresStore, method: &'static str, terms: Terms) -> Self {
        Self { store, method, terms, tries: 0, began: Instant::now() }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.store.call_timeout * if self.terms.bulk { BULK_FACTOR } else { 1 }
    }

    pub(crate) async fn lend(&mut self) -> Result<Lent<'s>, Fault> {
        self.tries += 1;
        Ok(Lent { connection: self.store.pool.acquire().await?, breaks: &self.store.breaks, good: false })
    }

    /// Whether to try again, after a jittered wait, or what to tell the caller.
    pub(crate) async fn failed(&self, fault: Fault) -> ControlFlow<StoreError> {
        let kind = fault.kind();
        metrics::counter!("herald_store_faults_total", "method" => self.method, "kind" => label(kind)).increment(1);
        let again = kind == Kind::Retry || (kind == Kind::Locked && self.terms.on_lock == OnLock::Again);
        match kind {
            _ if again && self.tries < MAX_TRIES => {
                let most = 10u64 << self.tries;
                tokio::time::sleep(Duration::from_millis(rand::random_range(1..=most))).await;
                ControlFlow::Continue(())
            }
            Kind::Connection if self.terms.repeatable && self.tries == 1 && self.began.elapsed() < EARLY => {
                ControlFlow::Continue(())
            }
            Kind::Locked if self.terms.on_lock == OnLock::Busy => ControlFlow::Break(StoreError::Busy),
            _ => {
                tracing::debug!(method = self.method, tries = self.tries, error = %fault, "store call failed");
                ControlFlow::Break(fault.into_store_error())
            }
        }
    }
}

/// The attempt's outcome, or a broken connection once `limit` has passed.
pub(crate) async fn within<T>(limit: Duration, attempt: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let silent = || Fault::Sql(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(limit, attempt).await.unwrap_or_else(|_| Err(silent()))
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Retry => "retry",
        Kind::Locked => "locked",
        Kind::Connection => "connection",
        Kind::Unavailable => "unavailable",
        Kind::Broken => "broken",
    }
}
