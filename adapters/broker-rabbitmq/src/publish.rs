//! Publishing work: persistent, mandatory, confirmed, in pipeline.
//!
//! Invariant: `Ok` means that the broker has confirmed the message and has not returned it. A lane (a channel in confirm mode) is
//! used by one call at a time, because lapin may hang a returned message on another message's confirm; so a call reads all its
//! confirms before it believes one, and a lane that was left in the middle is never used again. What is in flight is bounded by
//! lanes × window: lapin's own buffers are not.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use herald_domain::broker::{BrokerError, Result, WorkMessage};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Confirmation};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::is_name;
use crate::link::Link;
use crate::session::{OwnChannel, Session};
use crate::tasks::Tasks;
use crate::topology::{BURIAL, Topology};
use crate::trouble::Trouble;
use crate::wire;

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

/// What came of one window of publishes.
struct Outcomes {
    each: Vec<Option<Result<()>>>,
    /// Classes of messages that came back.
    unroutable: BTreeSet<String>,
    exchange_gone: bool,
    /// Why the rest is unknown.
    cut_short: Option<Trouble>,
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

    pub(crate) async fn publish(&self, messages: &[WorkMessage]) -> Vec<Result<()>> {
        if messages.is_empty() {
            return Vec::new();
        }
        let deadline = Instant::now() + CONFIRM_TIMEOUT;
        let results = match tokio::time::timeout_at(deadline, self.publish_by(deadline, messages)).await {
            Ok(Ok(results)) => results,
            Ok(Err(trouble)) => all_unavailable(messages, &trouble),
            Err(_) => all_unavailable(messages, &late()),
        };
        count(&results);
        results
    }

    async fn publish_by(
        &self,
        deadline: Instant,
        messages: &[WorkMessage],
    ) -> std::result::Result<Vec<Result<()>>, Trouble> {
        let _turn = self.turns.acquire().await.map_err(|_| Trouble::Closed)?;
        let session = self.link.session().await?;
        if let Some(reason) = session.blocked() {
            return Err(Trouble::Blocked(reason));
        }
        let lane = self.lane(session).await?;
        // A little earlier than the caller's own limit, so that what was confirmed by then is not forgotten.
        let outcomes = self.run(&lane, deadline - Duration::from_millis(500), messages).await;
        let lost_route =
            messages.iter().any(|message| self.topology.knows(&message.class) && outcomes.came_back(message));
        if lost_route || outcomes.exchange_gone {
            self.repair(lane.session.clone());
        }
        if outcomes.cut_short.is_none() && lane.channel.status().connected() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
        }
        Ok(outcomes.into_results(messages))
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

    async fn run(&self, lane: &Lane, deadline: Instant, messages: &[WorkMessage]) -> Outcomes {
        let mut outcomes = Outcomes::new(messages.len());
        let mut waiting = messages.iter().enumerate();
        let mut in_flight = FuturesUnordered::new();
        let mut cut = std::pin::pin!(cut_short(&lane.session, deadline));
        loop {
            while in_flight.len() < WINDOW
                && let Some((index, message)) = waiting.next()
            {
                if is_name(&message.class) {
                    in_flight.push(send(&lane.channel, &self.topology, index, message));
                } else {
                    outcomes.each[index] = Some(Err(BrokerError::Refused("not a class's name".to_owned())));
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

impl Outcomes {
    fn new(count: usize) -> Self {
        Self {
            each: std::iter::repeat_with(|| None).take(count).collect(),
            unroutable: BTreeSet::new(),
            exchange_gone: false,
            cut_short: None,
        }
    }

    fn note(&mut self, index: usize, confirmation: lapin::Result<Confirmation>) {
        let outcome = match confirmation {
            Ok(Confirmation::Ack(returned)) => {
                if let Some(returned) = returned {
                    let key = returned.routing_key.as_str();
                    self.unroutable.insert(Topology::class_of(key).to_owned());
                }
                Ok(())
            }
            Ok(Confirmation::Nack(_)) => {
                Err(BrokerError::Refused("queue full, or the broker could not store it".to_owned()))
            }
            Ok(Confirmation::NotRequested) => Err(BrokerError::Refused("the broker does not confirm".to_owned())),
            Err(error) => {
                let trouble = Trouble::from_lapin("publishing", &error);
                self.exchange_gone |= matches!(trouble, Trouble::Missing(_));
                Err(trouble.into())
            }
        };
        self.each[index] = Some(outcome);
    }

    fn came_back(&self, message: &WorkMessage) -> bool {
        self.unroutable.contains(&message.class)
    }

    /// Routes are the class's, not the message's: if one came back, all of its class in this call count as refused. Some may have
    /// arrived; publishing them again is legal.
    fn into_results(self, messages: &[WorkMessage]) -> Vec<Result<()>> {
        let Self { each, unroutable, cut_short, .. } = self;
        let unknown = cut_short.unwrap_or_else(late);
        let results = each.into_iter().zip(messages).map(|(outcome, message)| match outcome {
            Some(Ok(())) if unroutable.contains(&message.class) => {
                Err(BrokerError::Refused(format!("no queue for class '{}'", message.class)))
            }
            Some(outcome) => outcome,
            None => Err(unknown.clone().into()),
        });
        results.collect()
    }
}

/// Publishes one message and waits for its confirm. Frames are queued in the first poll, so the order of polls is the order of tags.
async fn send(
    channel: &Channel,
    topology: &Topology,
    index: usize,
    message: &WorkMessage,
) -> (usize, lapin::Result<Confirmation>) {
    let (properties, body) = wire::encode_work(message);
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    let key = Topology::work_key(&message.class);
    let confirmation = match channel.basic_publish(topology.work_exchange(), key, options, &body, properties).await {
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

fn all_unavailable(messages: &[WorkMessage], trouble: &Trouble) -> Vec<Result<()>> {
    messages.iter().map(|_| Err(trouble.clone().into())).collect()
}

fn count(results: &[Result<()>]) {
    let (mut confirmed, mut refused, mut unavailable) = (0, 0, 0);
    for result in results {
        match result {
            Ok(()) => confirmed += 1,
            Err(BrokerError::Refused(_)) => refused += 1,
            Err(BrokerError::Unavailable(_) | BrokerError::Stale) => unavailable += 1,
        }
    }
    for (outcome, count) in [("confirmed", confirmed), ("refused", refused), ("unavailable", unavailable)] {
        if count > 0 {
            metrics::counter!("herald_work_published_total", "outcome" => outcome).increment(count);
        }
    }
}
