//! One delivery: claim, judge under the lease, record, settle.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use herald_domain::broker::Delivery;
use herald_domain::id::LeaseToken;
use herald_domain::store::Claimed;
use herald_domain::submission::{Claim, Judgement, LEASE_MS, MAX_JUDGING_MS, Verdict};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::cancels::{Cancels, LISTEN_AFTER};
use super::{AttemptFailed, Judge, Steps, Stops};
use crate::patience::{insist, insist_for, pause, retry_delay_ms, retry_pauses};
use crate::{Deps, announce};

/// How long a verdict is held on to while the store is away; past it the lease runs out and another attempt is made.
const RECORD_WITHIN: Duration = Duration::from_secs(60);
/// How long giving back is tried; past it the lease runs out by itself.
const RELEASE_WITHIN: Duration = Duration::from_secs(5);

/// Works on whatever is best in the class; the delivery is only the licence.
pub(super) async fn work_on(
    deps: Deps,
    class: String,
    judge: Arc<dyn Judge>,
    delivery: Box<dyn Delivery>,
    stops: Stops,
) {
    let span = consume_span(&*delivery);
    span.in_scope(|| tracing::debug!("taken"));
    let token = LeaseToken(Uuid::new_v4());
    match claim(&deps, &class, token, &stops.shutdown).instrument(span).await {
        None => return,
        Some(Claimed::Nothing) => {}
        Some(Claimed::Exhausted(event)) => {
            tracing::error!(channel = %event.channel, "all attempts are used up: the submission ends as internal_error");
            metrics::counter!("herald_dead_letters_total").increment(1);
            announce(&*deps.broker, &event);
        }
        Some(Claimed::Work(claim, event)) => {
            announce(&*deps.broker, &event);
            let span = judge_span(&claim, delivery.redelivered());
            run(&deps, *claim, &*judge, &stops).instrument(span).await;
        }
    }
    if let Err(error) = delivery.ack().await {
        tracing::debug!(error = %error, "the delivery will come again, which is harmless");
    }
}

/// While the store is away the delivery is kept; `None` on shutdown: it is dropped unsettled, hence delivered again. A refusal
/// may be of one bad row, whose attempt is counted all the same, so that it does not stand in the way for ever.
async fn claim(deps: &Deps, class: &str, token: LeaseToken, shutdown: &CancellationToken) -> Option<Claimed> {
    let mut pauses = retry_pauses();
    loop {
        match insist(shutdown, || deps.store.claim(class, token, LEASE_MS)).await? {
            Ok(claimed) => return Some(claimed),
            Err(error) => tracing::error!(error = %error, "the store refuses a claim; trying again"),
        }
        pause(&mut pauses, shutdown).await?;
    }
}

/// Of the message: what it wakes for is decided by the claim.
fn consume_span(delivery: &dyn Delivery) -> tracing::Span {
    let message = delivery.message();
    tracing::debug_span!(
        "broker.consume",
        class = %message.class,
        submission.id = %message.submission,
        traceparent = message.traceparent.as_deref().unwrap_or(""),
        redelivered = delivery.redelivered(),
    )
}

fn judge_span(claim: &Claim, redelivered: bool) -> tracing::Span {
    let submission = &claim.submission;
    tracing::info_span!(
        "submission.judge",
        submission.id = %submission.id,
        attempt = submission.attempt,
        language = %submission.language,
        traceparent = submission.traceparent.as_deref().unwrap_or(""),
        redelivered,
    )
}

/// Judges under the lease and records what came of it.
async fn run(deps: &Deps, claim: Claim, judge: &dyn Judge, stops: &Stops) {
    tracing::info!("judging");
    let kill = &stops.kill;
    let stopped = kill.child_token();
    let steps = Steps::new(deps.clone(), claim.submission.clone(), claim.token, stopped.clone());
    let outcome = tokio::select! {
        outcome = judged(judge, &claim, &steps) => Some(outcome),
        () = keep_lease(deps, &claim, &stops.cancels, &stopped) => None,
        () = steps.tell() => None,
    };
    match outcome {
        Some(Ok(judgement)) if !stopped.is_cancelled() => record(deps, &claim, &judgement, kill).await,
        Some(Err(AttemptFailed(error))) if !stopped.is_cancelled() => {
            let error = steps.refusal().unwrap_or(error);
            give_back(deps, &claim, retry_delay_ms(claim.submission.attempt), &error).await;
        }
        _ if kill.is_cancelled() => give_back(deps, &claim, 0, "the worker was stopped").await,
        _ => {
            metrics::counter!("herald_attempts_total", "outcome" => "fenced").increment(1);
            tracing::info!("the lease is gone (cancelled, or taken by another attempt): the run was stopped");
        }
    }
}

/// The judge's outcome; a panic is a failed attempt, too long a run is a verdict.
async fn judged(judge: &dyn Judge, claim: &Claim, steps: &Steps) -> Result<Judgement, AttemptFailed> {
    let limit = Duration::from_millis(MAX_JUDGING_MS);
    match tokio::time::timeout(limit, AssertUnwindSafe(judge.judge(claim, steps)).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(AttemptFailed(format!("the judge panicked: {}", panic_text(&*panic)))),
        Err(_) => Ok(Judgement::bare(Verdict::InternalError, "judging_time")),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Renews the lease every third of it, and when a cancel is heard of. Returns when the judge has to be dropped: the lease is
/// gone or could not be renewed in time. The token is cancelled first, so that a judge that is mid-way through killing a run
/// may see it.
async fn keep_lease(deps: &Deps, claim: &Claim, cancels: &Cancels, stopped: &CancellationToken) {
    let lease = Duration::from_millis(LEASE_MS);
    let mut until = Instant::now() + lease;
    if stopped.run_until_cancelled(tokio::time::sleep(LISTEN_AFTER)).await.is_none() {
        return;
    }
    let listening = cancels.listen(claim);
    loop {
        if stopped.run_until_cancelled(listening.next()).await.is_none() {
            return;
        }
        let asked = Instant::now();
        let renewal = deps.store.renew(claim.submission.id, claim.token, LEASE_MS);
        match tokio::time::timeout(lease / 3, renewal).await {
            Ok(Ok(true)) => until = asked + lease,
            Ok(Ok(false)) => stopped.cancel(),
            Ok(Err(_)) | Err(_) if Instant::now() + lease / 3 < until => {
                tracing::warn!("the lease could not be renewed; trying again");
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the lease runs out before it can be renewed: stopping the run");
                stopped.cancel();
            }
        }
    }
}

async fn record(deps: &Deps, claim: &Claim, judgement: &Judgement, kill: &CancellationToken) {
    let submission = &claim.submission;
    let store = || deps.store.record_verdict(submission.id, claim.token, judgement);
    match insist_for(RECORD_WITHIN, kill, store).await {
        Some(Ok(Some(event))) => {
            announce(&*deps.broker, &event);
            metrics::counter!("herald_verdicts_total", "verdict" => judgement.verdict.as_str()).increment(1);
            metrics::counter!("herald_attempts_total", "outcome" => "judged").increment(1);
            tracing::info!(
                verdict = %judgement.verdict,
                reason = judgement.reason.as_deref().unwrap_or(""),
                time_ms = judgement.time_ms.unwrap_or(0),
                memory_kb = judgement.memory_kb.unwrap_or(0),
                "judged"
            );
        }
        Some(Ok(None)) => {
            metrics::counter!("herald_attempts_total", "outcome" => "fenced").increment(1);
            tracing::info!("the verdict came too late: cancelled, or another attempt has the lease");
        }
        Some(Err(error)) => {
            let error = format!("the store refused the verdict: {error}");
            give_back(deps, claim, retry_delay_ms(submission.attempt), &error).await;
        }
        None => tracing::error!("the verdict could not be stored: the submission will be judged again"),
    }
}

async fn give_back(deps: &Deps, claim: &Claim, delay_ms: u64, error: &str) {
    metrics::counter!("herald_attempts_total", "outcome" => "failed").increment(1);
    tracing::warn!(error, delay_ms, "the attempt came to nothing; the submission will be tried again");
    let store = || deps.store.release(claim.submission.id, claim.token, delay_ms, error);
    match insist_for(RELEASE_WITHIN, &CancellationToken::new(), store).await {
        Some(Ok(Some(event))) => announce(&*deps.broker, &event),
        Some(Ok(None)) => tracing::info!("there was nothing to give back: cancelled, or another attempt has the lease"),
        Some(Err(_)) | None => tracing::warn!("the work could not be given back: its lease has to run out"),
    }
}
