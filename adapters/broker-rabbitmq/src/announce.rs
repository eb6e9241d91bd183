//! Publishing live messages: handed over without waiting, sent by a task of its own on a channel without confirms. Hints only
//! (rule R3): what finds no room, or no broker, is dropped and counted.

use herald_domain::event::LiveMessage;
use herald_domain::owner::Partition;
use lapin::options::BasicPublishOptions;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::link::Link;
use crate::session::{OwnChannel, Session};
use crate::tasks::Tasks;
use crate::topology::{Topology, partition_key};
use crate::wire;

/// Messages that may wait for the sender; at 16 KiB each at most 64 MiB, usually 2.
const WAITING: usize = 4_096;
/// Messages handed to lapin at once.
const BATCH: usize = 64;

struct Announcement {
    first: Partition,
    others: Vec<Partition>,
    body: Vec<u8>,
}

pub(crate) struct Announcer {
    link: Link,
    waiting: mpsc::Sender<Announcement>,
}

impl Announcer {
    pub(crate) fn start(link: Link, topology: Topology, tasks: &Tasks, stop: CancellationToken) -> Self {
        let (waiting, announcements) = mpsc::channel(WAITING);
        tasks.spawn(Sender { link: link.clone(), topology, announcements, batch: Vec::with_capacity(BATCH) }.run(stop));
        Self { link, waiting }
    }

    pub(crate) fn announce(&self, message: &LiveMessage) -> bool {
        let partitions = message.partitions();
        let Some((&first, others)) = partitions.split_first() else { return true };
        let usable = self.link.current().is_some_and(|session| session.blocked().is_none());
        let taken = usable && {
            let announcement = Announcement { first, others: others.to_vec(), body: message.to_json() };
            self.waiting.try_send(announcement).is_ok()
        };
        if !taken {
            metrics::counter!("herald_live_dropped_total").increment(1);
        }
        taken
    }
}

struct Sender {
    link: Link,
    topology: Topology,
    announcements: mpsc::Receiver<Announcement>,
    batch: Vec<Announcement>,
}

impl Sender {
    async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                session = self.link.next_session() => match session {
                    Some(session) => self.serve(&session, &mut backoff, &stop).await,
                    None => return,
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(backoff.next()) => {}
            }
        }
    }

    /// Sends until the session, the channel or the broker handle is done.
    async fn serve(&mut self, session: &Session, backoff: &mut Backoff, stop: &CancellationToken) {
        // A failure shows in the link's own state, or is over with the next attempt.
        let Ok(channel) = session.channel().await else { return };
        while channel.status().connected() {
            self.batch.clear();
            tokio::select! {
                () = stop.cancelled() => return,
                () = session.lost() => return,
                received = self.announcements.recv_many(&mut self.batch, BATCH) => if received == 0 { return },
            }
            backoff.reset();
            tokio::select! {
                () = stop.cancelled() => return,
                () = session.lost() => return,
                () = send(&channel, &self.topology, &self.batch) => {}
            }
        }
        if session.is_alive() {
            // The exchange was deleted under us: that ends the channel.
            let _ = self.topology.declare_all(session).await;
        }
    }
}

/// Queues the frames of all, in order, and returns when they are written.
async fn send(channel: &OwnChannel, topology: &Topology, batch: &[Announcement]) {
    let publishes = batch.iter().map(|announcement| {
        let key = partition_key(announcement.first);
        let properties = wire::live_properties(&announcement.others);
        channel.basic_publish(
            topology.push_exchange(),
            key,
            BasicPublishOptions::default(),
            &announcement.body,
            properties,
        )
    });
    // One that fails is a hint that nobody gets.
    futures::future::join_all(publishes).await;
}
