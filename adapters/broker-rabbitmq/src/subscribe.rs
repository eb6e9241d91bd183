//! Live subscriptions: a queue of the broker's naming for each, exclusive to our connection, filled with the partitions that are
//! bound to it. A task of its own reads it at once and always, so that a slow subscriber fills a bounded buffer here (and is told)
//! instead of lapin's memory; after a reconnect it makes a new queue, binds as before, and says so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use herald_domain::broker::{BrokerError, LiveSignal, LiveSubscription, Result};
use herald_domain::event::LiveMessage;
use herald_domain::owner::Partition;
use lapin::Consumer;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, QueueBindOptions};
use lapin::types::{FieldTable, ShortString};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::backoff::Backoff;
use crate::intake::IntakeDeps;
use crate::session::{OwnChannel, Session};
use crate::topology::partition_key;
use crate::trouble::Trouble;

/// How long a new subscription waits for its queue while the connection is up.
const FIRST_ATTACH: Duration = Duration::from_secs(5);
/// Requests that may wait; the subscriber sends one at a time.
const REQUESTS: usize = 8;

/// Whether there is a queue now, and the how-manieth.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Attachment {
    number: u64,
    up: bool,
}

enum Change {
    Bind,
    Unbind,
}

struct Request {
    change: Change,
    partition: Partition,
    done: oneshot::Sender<std::result::Result<(), Trouble>>,
}

pub(crate) struct Subscription {
    requests: mpsc::Sender<Request>,
    messages: mpsc::Receiver<LiveMessage>,
    /// Messages were dropped and the subscriber has not been told yet.
    lagged: Arc<AtomicBool>,
    attachment: watch::Receiver<Attachment>,
    /// What the subscriber believes.
    told: Attachment,
    _stop_when_dropped: DropGuard,
}

impl Subscription {
    /// Waits for the queue if the connection is up; else returns at once, and the first signal is `Lost`.
    pub(crate) async fn start(deps: &IntakeDeps, buffer: usize, stop: CancellationToken) -> Self {
        let (requests, asked) = mpsc::channel(REQUESTS);
        let (sender, messages) = mpsc::channel(buffer.max(1));
        let (state, mut attachment) = watch::channel(Attachment::default());
        let lagged = Arc::new(AtomicBool::new(false));
        let feed = Feed {
            deps: deps.clone(),
            wanted: BTreeSet::new(),
            asked,
            messages: sender,
            lagged: lagged.clone(),
            state,
            stop: stop.clone(),
        };
        deps.tasks.spawn(feed.run());
        if deps.link.session().await.is_ok() {
            // If it does not come in time, it is announced when it comes.
            let _ = tokio::time::timeout(FIRST_ATTACH, attachment.wait_for(|now| now.up)).await;
        }
        let told = Attachment { up: true, ..*attachment.borrow() };
        Self { requests, messages, lagged, attachment, told, _stop_when_dropped: stop.drop_guard() }
    }

    async fn change(&self, change: Change, partition: Partition) -> Result<()> {
        let (done, answer) = oneshot::channel();
        self.requests.send(Request { change, partition, done }).await.map_err(|_| closed())?;
        Ok(answer.await.map_err(|_| closed())??)
    }

    /// What has happened to the queue that the subscriber does not know yet.
    fn news(&mut self) -> Option<LiveSignal> {
        let now = *self.attachment.borrow_and_update();
        if self.told.up && now != self.told {
            self.told.up = false;
            return Some(LiveSignal::Lost);
        }
        if !self.told.up && now.up {
            self.told = now;
            return Some(LiveSignal::Restored);
        }
        self.lagged.swap(false, Ordering::AcqRel).then_some(LiveSignal::Lagged)
    }
}

#[async_trait]
impl LiveSubscription for Subscription {
    async fn bind(&mut self, partition: Partition) -> Result<()> {
        self.change(Change::Bind, partition).await
    }

    async fn unbind(&mut self, partition: Partition) -> Result<()> {
        self.change(Change::Unbind, partition).await
    }

    async fn next(&mut self) -> Option<LiveSignal> {
        loop {
            if let Some(signal) = self.news() {
                return Some(signal);
            }
            tokio::select! {
                biased;
                changed = self.attachment.changed() => if changed.is_err() {
                    return self.messages.recv().await.map(LiveSignal::Message);
                },
                message = self.messages.recv() => return message.map(LiveSignal::Message),
            }
        }
    }
}

fn closed() -> BrokerError {
    Trouble::Closed.into()
}

/// The task behind a subscription.
struct Feed {
    deps: IntakeDeps,
    wanted: BTreeSet<Partition>,
    asked: mpsc::Receiver<Request>,
    messages: mpsc::Sender<LiveMessage>,
    lagged: Arc<AtomicBool>,
    state: watch::Sender<Attachment>,
    stop: CancellationToken,
}

struct Attached {
    channel: OwnChannel,
    queue: ShortString,
    consumer: Consumer,
}

impl Feed {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let stop = self.stop.clone();
        while let Some(session) = self.next_session().await {
            match self.attach(&session).await {
                Ok(attached) => {
                    backoff.reset();
                    self.state.send_modify(|now| *now = Attachment { number: now.number + 1, up: true });
                    self.feed(attached).await;
                    self.state.send_modify(|now| now.up = false);
                }
                Err(trouble) => tracing::debug!(error = %trouble, "no queue for a live subscription; trying on"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(backoff.next()) => {}
            }
        }
    }

    /// Waits for a session; meanwhile wishes are noted, and said to be not fulfilled yet.
    async fn next_session(&mut self) -> Option<Arc<Session>> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                session = self.deps.link.next_session() => return session,
                request = self.asked.recv() => {
                    let request = request?;
                    let answer = match self.note(&request) {
                        Change::Bind => Err(self.deps.link.trouble().unwrap_or_else(not_yet)),
                        // Nothing is bound.
                        Change::Unbind => Ok(()),
                    };
                    // The asker may have given up waiting.
                    let _ = request.done.send(answer);
                }
            }
        }
    }

    fn note<'a>(&mut self, request: &'a Request) -> &'a Change {
        match request.change {
            Change::Bind => self.wanted.insert(request.partition),
            Change::Unbind => self.wanted.remove(&request.partition),
        };
        &request.change
    }

    async fn attach(&self, session: &Session) -> std::result::Result<Attached, Trouble> {
        let channel = session.channel().await?;
        self.deps.topology.declare_push(&channel).await?;
        let queue = self.deps.topology.declare_live(&channel).await?;
        // All binds are under way at once: 256 of them take one round trip, not 256.
        let binds = self.wanted.iter().map(|&partition| self.bind(&channel, &queue, partition));
        futures::future::try_join_all(binds).await?;
        let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
        let consumer = channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default());
        let consumer = channel.answered("consuming live messages", consumer).await?;
        Ok(Attached { channel, queue, consumer })
    }

    /// Reads until the connection breaks or the subscription ends.
    async fn feed(&mut self, mut attached: Attached) {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return attached.cancel().await,
                () = attached.channel.lost() => return,
                request = self.asked.recv() => {
                    let Some(request) = request else { return attached.cancel().await };
                    if !self.fulfil(&attached, request).await {
                        return;
                    }
                }
                delivery = attached.consumer.next() => match delivery {
                    Some(Ok(delivery)) => self.pass_on(&delivery.data),
                    Some(Err(_)) | None => return,
                },
            }
        }
    }

    /// Whether the channel is still good.
    async fn fulfil(&mut self, attached: &Attached, request: Request) -> bool {
        let answer = match self.note(&request) {
            Change::Bind => self.bind(&attached.channel, &attached.queue, request.partition).await,
            Change::Unbind => self.unbind(&attached.channel, &attached.queue, request.partition).await,
        };
        let good = answer.is_ok();
        // The asker may have given up waiting.
        let _ = request.done.send(answer);
        good
    }

    async fn bind(
        &self,
        channel: &OwnChannel,
        queue: &ShortString,
        partition: Partition,
    ) -> std::result::Result<(), Trouble> {
        let (exchange, key) = (self.deps.topology.push_exchange(), partition_key(partition));
        let bind = channel.queue_bind(queue.clone(), exchange, key, QueueBindOptions::default(), FieldTable::default());
        channel.answered("binding a partition", bind).await
    }

    async fn unbind(
        &self,
        channel: &OwnChannel,
        queue: &ShortString,
        partition: Partition,
    ) -> std::result::Result<(), Trouble> {
        let (exchange, key) = (self.deps.topology.push_exchange(), partition_key(partition));
        let unbind = channel.queue_unbind(queue.clone(), exchange, key, FieldTable::default());
        channel.answered("unbinding a partition", unbind).await
    }

    fn pass_on(&self, body: &[u8]) {
        match LiveMessage::from_json(body) {
            Ok(message) => {
                if self.messages.try_send(message).is_err() {
                    self.lagged.store(true, Ordering::Release);
                }
            }
            Err(error) => tracing::warn!(error = %error, "a live message cannot be read: ignored"),
        }
    }
}

impl Attached {
    /// In so many words; the queue goes with its consumer.
    async fn cancel(self) {
        let cancel = self.channel.basic_cancel(self.consumer.tag(), BasicCancelOptions::default());
        // If it fails, the connection is lost, and the queue with it.
        let _ = self.channel.answered("cancelling a subscription", cancel).await;
    }
}

fn not_yet() -> Trouble {
    Trouble::Unreachable("the connection is being made".to_owned())
}
