//! Publishing what must not be lost: persistent, mandatory, confirmed, in pipeline.
//!
//! Invariant: `Ok` means that the broker has confirmed the message and has not returned it. A lane (a channel in confirm mode) is
//! used by one call at a time, because lapin may hang a returned message on another message's confirm; so a call reads all its
//! confirms before it believes one, and a lane that was left in the middle is never used again. What is in flight is bounded by
//! lanes × window: lapin's own buffers are not.

mod outcomes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use herald_domain::broker::Result;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::letter::Letter;
use crate::link::Link;
use crate::session::{OwnChannel, Session};
use crate::tasks::Tasks;
use crate::topology::{BURIAL, Topology};
use crate::trouble::Trouble;

use outcomes::{Outcomes, all_unavailable, count};

/// Calls that may publish at once.
const LANES: usize = 4;
/// Messages of one call that may wait for their confirms.
const WINDOW: usize = 256;
/// For a whole call.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(30);
/// An alarm may be a blip; past this, what is in flight is given up (it may arrive yet: a duplicate, which is legal).
const BLOCKED_PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Publisher {
    link: Link,
    topology: Topology,
    turns: Semaphore,
    idle: Mutex<Vec<Lane>>,
    tasks: Tasks,
    stop: CancellationToken,
    /// One repair at a time.
    repairing: Arc<AtomicBool>,
}

struct Lane {
    session: Arc<Session>,
    channel: OwnChannel,
}

impl Publisher {
    pub(crate) fn new(link: Link, topology: Topology, tasks: Tasks, stop: CancellationToken) -> Self {
        Self {
            link,
            topology,
            turns: Semaphore::new(LANES),
            idle: Mutex::default(),
            tasks,
            stop,
            repairing: Arc::default(),
        }
    }

    /// One result for each, in order. What is `None` cannot be sent. `counter` counts them by outcome.
    pub(crate) async fn publish(&self, counter: &'static str, letters: &[Option<Letter>]) -> Vec<Result<()>> {
        if letters.is_empty() {
            return Vec::new();
        }
        let deadline = Instant::now() + CONFIRM_TIMEOUT;
        let results = match tokio::time::timeout_at(deadline, self.publish_by(deadline, letters)).await {
            Ok(Ok(results)) => results,
            Ok(Err(trouble)) => all_unavailable(letters.len(), &trouble),
            Err(_) => all_unavailable(letters.len(), &late()),
        };
        count(counter, &results);
        results
    }

    async fn publish_by(
        &self,
        deadline: Instant,
        letters: &[Option<Letter>],
    ) -> std::result::Result<Vec<Result<()>>, Trouble> {
        let _turn = self.turns.acquire().await.map_err(|_| Trouble::Closed)?;
        let session = self.link.session().await?;
        if let Some(reason) = session.blocked() {
            return Err(Trouble::Blocked(reason));
        }
        let lane = self.lane(session).await?;
        // A little earlier than the caller's own limit, so that what was confirmed by then is not forgotten.
        let outcomes = run(&lane, deadline - Duration::from_millis(500), letters).await;
        let lost_route = letters.iter().flatten().any(|letter| letter.ours && outcomes.came_back(letter));
        if lost_route || outcomes.exchange_gone {
            self.repair(lane.session.clone());
        }
        if outcomes.cut_short.is_none() && lane.channel.status().connected() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
        }
        Ok(outcomes.into_results(letters))
    }

    /// A lane of this session; those of sessions before are thrown away.
    async fn lane(&self, session: Arc<Session>) -> std::result::Result<Lane, Trouble> {
        let idle = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|lane| Arc::ptr_eq(&lane.session, &session) && lane.channel.status().connected());
            idle.pop()
        };
        if let Some(lane) = idle {
            return Ok(lane);
        }
        let channel = session.channel().await?;
        channel.answered("asking for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(Lane { session, channel })
    }

    /// Somebody deleted a queue, a binding or an exchange under us. The caller does not wait for the repair: it will publish again.
    fn repair(&self, session: Arc<Session>) {
        if self.repairing.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::warn!("messages could not be routed: declaring exchanges and queues again");
        let (topology, stop, repairing) = (self.topology.clone(), self.stop.clone(), self.repairing.clone());
        self.tasks.spawn(async move {
            let repaired = async {
                tokio::time::sleep(BURIAL).await;
                topology.declare_all(&session).await
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = session.lost() => {}
                outcome = repaired => if let Err(trouble) = outcome {
                    tracing::warn!(error = %trouble, "declaring again failed");
                },
            }
            repairing.store(false, Ordering::Release);
        });
    }
}

async fn run(lane: &Lane, deadline: Instant, letters: &[Option<Letter>]) -> Outcomes {
    let mut outcomes = Outcomes::new(letters.len());
    let mut waiting = letters.iter().enumerate();
    let mut in_flight = FuturesUnordered::new();
    let mut cut = std::pin::pin!(cut_short(&lane.session, deadline));
    loop {
        while in_flight.len() < WINDOW
            && let Some((index, letter)) = waiting.next()
        {
            match letter {
                Some(letter) => in_flight.push(send(&lane.channel, index, letter)),
                None => outcomes.refuse(index, "no queue can have such a name"),
            }
        }
        tokio::select! {
            biased;
            confirmed = in_flight.next() => match confirmed {
                Some((index, confirmation)) => outcomes.note(index, confirmation),
                None => return outcomes,
            },
            trouble = &mut cut => {
                outcomes.cut_short = Some(trouble);
                return outcomes;
            }
        }
    }
}

/// Publishes one message and waits for its confirm. Frames are queued in the first poll, so the order of polls is the order of tags.
async fn send(channel: &Channel, index: usize, letter: &Letter) -> (usize, lapin::Result<Confirmation>) {
    let Letter { exchange, key, mandatory, properties, body, .. } = letter;
    let options = BasicPublishOptions { mandatory: *mandatory, immediate: false };
    let published = channel.basic_publish(exchange.clone(), key.clone(), options, body, properties.clone());
    let confirmation = match published.await {
        Ok(confirm) => confirm.await,
        Err(error) => Err(error),
    };
    (index, confirmation)
}

/// Returns when waiting for confirms has become pointless.
async fn cut_short(session: &Session, deadline: Instant) -> Trouble {
    tokio::select! {
        () = session.lost() => Trouble::Unreachable("the connection was lost in mid-publish".to_owned()),
        blocked = session.blocked_for(BLOCKED_PATIENCE) => blocked,
        () = tokio::time::sleep_until(deadline) => late(),
    }
}

fn late() -> Trouble {
    Trouble::Unreachable(format!("no confirm within {CONFIRM_TIMEOUT:?}"))
}
