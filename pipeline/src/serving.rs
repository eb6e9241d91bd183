//! The loop of one service: take what waits → claim the effects → make them under a lease → record → settle.
//! What "make" means comes from a [`Servant`]; leases, attempts, events and dead letters are the store's and this module's own.
//!
//! Invariants: a batch is acked only after what it led to is recorded (or there was nothing to do); an effect whose lease is
//! gone is not recorded. One that fails is tried again later by its row, so it never holds up those behind it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use herald_domain::broker::TransferBatch;
use herald_domain::id::{LeaseToken, TransferId};
use herald_domain::money::{EffectClaim, EffectOutcome, MAX_EFFECT_BATCH, Service};
use herald_domain::store::{Recorded, StoreError};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::booking::message;
use crate::patience::{insist, insist_for, pause, retry_delay_ms, retry_pauses};
use crate::{Deps, Relay, announce};

/// How long a lease lasts by the store's clock; renewed every third of it.
const LEASE_MS: u64 = 15_000;
/// The longest that one effect may take; longer is a failed attempt.
const LIMIT: Duration = Duration::from_secs(60);
/// How long recording is tried while the store is away; past it the leases run out and the effects are made again.
const RECORD_WITHIN: Duration = Duration::from_secs(60);

/// Makes the effects of one service.
#[async_trait]
pub trait Servant: Send + Sync + 'static {
    fn service(&self) -> Service;

    /// Makes one effect. A panic is caught and counts as a failed attempt. What leaves Herald is given the transfer's id each
    /// time, for it is done again if the process dies before the outcome is recorded.
    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome;
}

/// Serves until `shutdown` fires and what was begun is recorded, at most `grace` longer. At most `batches` batches of 64 are
/// worked on at once. Returns how many had to be left (they are done again when their leases have run out).
pub async fn serve(
    deps: Deps,
    relay: Relay,
    servant: Arc<dyn Servant>,
    batches: u16,
    grace: Duration,
    shutdown: CancellationToken,
) -> usize {
    let service = servant.service();
    let Some(mut consumer) = consume(&deps, service, batches, &shutdown).await else { return 0 };
    let permits = Arc::new(Semaphore::new(batches.into()));
    let turn = Arc::new(Mutex::new(()));
    let running = TaskTracker::new();
    loop {
        let taken = async {
            let permit = permits.clone().acquire_owned().await.ok()?;
            Some((permit, consumer.next(MAX_EFFECT_BATCH).await?))
        };
        let taken = tokio::select! {
            biased;
            () = shutdown.cancelled() => None,
            taken = taken => taken,
        };
        let Some((permit, batch)) = taken else { break };
        let job = Job {
            deps: deps.clone(),
            relay: relay.clone(),
            servant: servant.clone(),
            turn: turn.clone(),
            stop: shutdown.clone(),
        };
        running.spawn(async move {
            job.work_on(batch).await;
            drop(permit);
        });
    }
    consumer.close().await;
    running.close();
    match tokio::time::timeout(grace, running.wait()).await {
        Ok(()) => 0,
        Err(_) => running.len(),
    }
}

/// Starts consuming; the broker may be away for a while.
async fn consume(
    deps: &Deps,
    service: Service,
    batches: u16,
    shutdown: &CancellationToken,
) -> Option<Box<dyn herald_domain::broker::ServiceConsumer>> {
    let mut pauses = retry_pauses();
    let prefetch = batches.saturating_mul(MAX_EFFECT_BATCH as u16);
    loop {
        match deps.broker.consume_service(service, prefetch).await {
            Ok(consumer) => return Some(consumer),
            Err(error) => tracing::warn!(%service, error = %error, "cannot consume yet; trying again"),
        }
        pause(&mut pauses, shutdown).await?;
    }
}

/// One batch on its way.
struct Job {
    deps: Deps,
    relay: Relay,
    servant: Arc<dyn Servant>,
    /// Batches are recorded one after the other: they would wait for the book of receipts or the budget of rewards anyway, but
    /// in the store, with transfers and accounts locked that other services and new payments need.
    turn: Arc<Mutex<()>>,
    stop: CancellationToken,
}

impl Job {
    async fn work_on(&self, batch: Box<dyn TransferBatch>) {
        let mut transfers: Vec<_> = batch.messages().iter().map(|message| message.step.transfer).collect();
        transfers.sort_unstable();
        transfers.dedup();
        let token = LeaseToken(Uuid::new_v4());
        // Dropped unsettled on shutdown, hence delivered again.
        let Some(claims) = self.claim(&transfers, token).await else { return };
        if !claims.is_empty() {
            let outcomes = self.make(&claims, token).await;
            self.record(token, &outcomes).await;
        }
        if let Err(error) = batch.ack().await {
            tracing::debug!(error = %error, "the batch will come again, which is harmless");
        }
    }

    /// While the store is away the batch is kept; `None` on shutdown.
    async fn claim(&self, transfers: &[TransferId], token: LeaseToken) -> Option<Vec<EffectClaim>> {
        let service = self.servant.service();
        let mut pauses = retry_pauses();
        loop {
            let claim = || self.deps.store.claim_effects(service, transfers, token, LEASE_MS);
            match insist(&self.stop, claim).await? {
                Ok((claims, events)) => {
                    for event in events {
                        tracing::error!(%service, channel = %event.channel, "all attempts are used up; see `herald dlq`");
                        announce(&*self.deps.broker, &event);
                    }
                    return Some(claims);
                }
                Err(error) => tracing::error!(%service, error = %error, "the store refuses a claim; trying again"),
            }
            pause(&mut pauses, &self.stop).await?;
        }
    }

    /// All of a batch at once, while their leases are renewed.
    async fn make(&self, claims: &[EffectClaim], token: LeaseToken) -> Vec<(TransferId, EffectOutcome)> {
        let each = claims.iter().map(|claim| async {
            let outcome = attempt(&*self.servant, claim).await;
            (claim.transfer.id, outcome)
        });
        tokio::select! {
            outcomes = futures::future::join_all(each) => outcomes,
            never = self.keep_leases(claims, token) => match never {},
        }
    }

    async fn keep_leases(&self, claims: &[EffectClaim], token: LeaseToken) -> std::convert::Infallible {
        let transfers: Vec<_> = claims.iter().map(|claim| claim.transfer.id).collect();
        loop {
            tokio::time::sleep(Duration::from_millis(LEASE_MS / 3)).await;
            let service = self.servant.service();
            if let Err(error) = self.deps.store.renew_effects(service, &transfers, token, LEASE_MS).await {
                tracing::warn!(%service, error = %error, "leases could not be renewed; trying again");
            }
        }
    }

    /// Together; if that is refused, one by one, so that one bad outcome spoils no other.
    async fn record(&self, token: LeaseToken, outcomes: &[(TransferId, EffectOutcome)]) {
        if self.record_all(token, outcomes).await.is_ok() {
            return;
        }
        for one in outcomes {
            if let Err(error) = self.record_all(token, std::slice::from_ref(one)).await {
                let (service, transfer) = (self.servant.service(), one.0);
                tracing::error!(%service, transfer.id = %transfer, error = %error, "an effect could not be recorded");
            }
        }
    }

    async fn record_all(&self, token: LeaseToken, outcomes: &[(TransferId, EffectOutcome)]) -> Result<(), StoreError> {
        let service = self.servant.service();
        let call = || async {
            let _turn = self.turn.lock().await;
            self.deps.store.record_effects(service, token, outcomes, message).await
        };
        match insist_for(RECORD_WITHIN, &CancellationToken::new(), call).await {
            Some(Ok(recorded)) => {
                self.tell(recorded);
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => {
                tracing::error!(%service, "effects could not be recorded: they will be made again");
                Ok(())
            }
        }
    }

    fn tell(&self, recorded: Recorded) {
        let service = self.servant.service().as_str();
        metrics::counter!("herald_effects_total", "service" => service).increment(recorded.transfers.len() as u64);
        for row in recorded.outbox {
            self.relay.hand_over(row);
        }
        for event in &recorded.events {
            announce(&*self.deps.broker, event);
        }
    }
}

/// A panic, and too long a time, are failed attempts.
async fn attempt(servant: &dyn Servant, claim: &EffectClaim) -> EffectOutcome {
    use futures::FutureExt;
    let span = tracing::info_span!(
        "effect.make",
        service = %servant.service(),
        transfer.id = %claim.transfer.id,
        attempt = claim.attempt,
        traceparent = claim.transfer.traceparent.as_deref().unwrap_or(""),
    );
    let making = std::panic::AssertUnwindSafe(servant.serve(claim)).catch_unwind();
    let made = tracing::Instrument::instrument(tokio::time::timeout(LIMIT, making), span).await;
    let again = |error: &str| EffectOutcome::Again { error: error.to_owned(), delay_ms: retry_delay_ms(claim.attempt) };
    match made {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => again("the service panicked; its log has the reason"),
        Err(_) => again("it took longer than a minute"),
    }
}
