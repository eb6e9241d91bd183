//! The loop of notices: claim what endpoints are owed about submissions → tell them under a lease → record.
//! What "tell" means comes from a [`Teller`]; leases, attempts and dead letters are the store's and this module's own.
//!
//! There is no message that wakes it. A notice is rare beside the work that led to it, so the loop asks the store itself once a
//! second, which costs one look at an index that holds nothing but what is due.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use herald_domain::id::LeaseToken;
use herald_domain::notice::{NoticeClaim, NoticeOutcome};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::Deps;
use crate::patience::{insist_for, retry_delay_ms};

/// Between two looks at what is due.
const EVERY: Duration = Duration::from_secs(1);
/// The most that one look takes.
const BATCH: usize = 64;
/// How long a lease lasts by the store's clock; renewed every third of it.
const LEASE_MS: u64 = 15_000;
/// The longest that one attempt may take; longer is a failed one.
const LIMIT: Duration = Duration::from_secs(60);
/// How long recording is tried while the store is away; past it the lease runs out and the notice is told again.
const RECORD_WITHIN: Duration = Duration::from_secs(60);

/// Tells whoever is owed a notice.
#[async_trait]
pub trait Teller: Send + Sync + 'static {
    /// One attempt. A panic is caught and counts as a failed one. What is sent bears the same id each time, for it is sent again
    /// if the process dies before the outcome is recorded.
    async fn tell(&self, claim: &NoticeClaim) -> NoticeOutcome;
}

/// Serves until `shutdown` fires and what was begun is recorded, at most `grace` longer. At most `at_once` notices are worked on
/// at once. Returns how many had to be left (they are told again when their leases have run out).
pub async fn serve_notices(
    deps: Deps,
    teller: Arc<dyn Teller>,
    at_once: usize,
    grace: Duration,
    shutdown: CancellationToken,
) -> usize {
    let permits = Arc::new(Semaphore::new(at_once));
    let running = TaskTracker::new();
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        while start_some(&deps, &teller, &permits, &running).await && !shutdown.is_cancelled() {}
    }
    running.close();
    match tokio::time::timeout(grace, running.wait()).await {
        Ok(()) => 0,
        Err(_) => running.len(),
    }
}

/// Claims as many as there is room for and starts on them; whether there may be more, and room for it.
async fn start_some(deps: &Deps, teller: &Arc<dyn Teller>, permits: &Arc<Semaphore>, running: &TaskTracker) -> bool {
    let room = permits.available_permits().min(BATCH);
    if room == 0 {
        return false;
    }
    let token = LeaseToken(Uuid::new_v4());
    let limit = u32::try_from(room).unwrap_or(u32::MAX);
    let claims = match deps.store.claim_notices(token, LEASE_MS, limit).await {
        Ok(claims) => claims,
        Err(error) => {
            tracing::warn!(error = %error, "a look for notices failed; it is taken again");
            return false;
        }
    };
    let full = claims.len() == room;
    for claim in claims {
        // Nobody else takes permits, so there is one for each.
        let permit = permits.clone().try_acquire_owned();
        let (deps, teller) = (deps.clone(), teller.clone());
        running.spawn(async move {
            work_on(&deps, &*teller, &claim, token).await;
            drop(permit);
        });
    }
    full
}

async fn work_on(deps: &Deps, teller: &dyn Teller, claim: &NoticeClaim, token: LeaseToken) {
    let outcome = tokio::select! {
        outcome = attempt(teller, claim) => outcome,
        never = keep_lease(deps, claim, token) => match never {},
    };
    let id = claim.submission.id;
    let record = || deps.store.record_notice(id, token, &outcome);
    let mut what = if outcome == NoticeOutcome::Told { "told" } else { "again" };
    match insist_for(RECORD_WITHIN, &CancellationToken::new(), record).await {
        Some(Ok(false)) => {}
        Some(Ok(true)) => {
            what = "given_up";
            tracing::error!(submission.id = %id, "endpoints could not be told of the submission; see `herald dlq`");
        }
        Some(Err(error)) => tracing::error!(submission.id = %id, error = %error, "a notice could not be recorded"),
        None => tracing::error!(submission.id = %id, "a notice could not be recorded: it will be told again"),
    }
    metrics::counter!("herald_notices_total", "outcome" => what).increment(1);
}

/// A lease that is lost stops no call that is under way: it is recorded as a call, though not as the notice's outcome.
async fn keep_lease(deps: &Deps, claim: &NoticeClaim, token: LeaseToken) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(Duration::from_millis(LEASE_MS / 3)).await;
        match deps.store.renew_notice(claim.submission.id, token, LEASE_MS).await {
            Ok(true) => {}
            Ok(false) => return std::future::pending().await,
            Err(error) => tracing::warn!(error = %error, "a lease could not be renewed; trying again"),
        }
    }
}

/// A panic, and too long a time, are failed attempts.
async fn attempt(teller: &dyn Teller, claim: &NoticeClaim) -> NoticeOutcome {
    let span = tracing::info_span!(
        "notice.tell",
        submission.id = %claim.submission.id,
        attempt = claim.attempt,
        traceparent = claim.submission.traceparent.as_deref().unwrap_or(""),
    );
    let telling = std::panic::AssertUnwindSafe(teller.tell(claim)).catch_unwind();
    let told = tracing::Instrument::instrument(tokio::time::timeout(LIMIT, telling), span).await;
    let again = |error: &str| NoticeOutcome::Again { error: error.to_owned(), delay_ms: retry_delay_ms(claim.attempt) };
    match told {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => again("the service panicked; its log has the reason"),
        Err(_) => again("it took longer than a minute"),
    }
}
