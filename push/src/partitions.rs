//! Which partitions this hub is bound to, and who waits for a bind. Pure state; the caller fulfils the [`Wish`]es.
//!
//! Invariant: a request is handed out for reading only once its partition is bound, so that nothing falls between
//! snapshot and stream; or while the feed cannot bind, when the catch-up every second stands in for the feed.

use std::time::Duration;

use herald_domain::owner::{PARTITIONS, Partition};
use tokio::time::Instant;

use crate::feed::Wish;
use crate::reads::Request;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bond {
    Unbound,
    Asked { since: Instant },
    Bound,
}

struct Slot {
    bond: Bond,
    subscribers: usize,
    /// Since when it has had no subscriber.
    idle: Option<Instant>,
    waiting: Vec<Request>,
}

pub(crate) struct Partitions {
    slots: Vec<Slot>,
    /// The feed has no connection now.
    away: bool,
    /// How long a request waits for a bind.
    patience: Duration,
    /// How long a partition stays bound without subscribers.
    linger: Duration,
}

impl Partitions {
    pub(crate) fn new(patience: Duration, linger: Duration) -> Self {
        let slot = || Slot { bond: Bond::Unbound, subscribers: 0, idle: None, waiting: Vec::new() };
        Self { slots: (0..PARTITIONS).map(|_| slot()).collect(), away: false, patience, linger }
    }

    fn slot(&mut self, partition: Partition) -> &mut Slot {
        &mut self.slots[usize::from(partition.0)]
    }

    /// A subscriber came; its request is handed back if it can be read at once.
    pub(crate) fn enter(
        &mut self,
        partition: Partition,
        request: Request,
        now: Instant,
    ) -> (Option<Request>, Option<Wish>) {
        let away = self.away;
        let slot = self.slot(partition);
        slot.subscribers += 1;
        slot.idle = None;
        let wish = (slot.bond == Bond::Unbound).then(|| {
            slot.bond = Bond::Asked { since: now };
            Wish::Bind(partition)
        });
        if away || slot.bond == Bond::Bound {
            return (Some(request), wish);
        }
        slot.waiting.push(request);
        (None, wish)
    }

    pub(crate) fn leave(&mut self, partition: Partition, now: Instant) {
        let slot = self.slot(partition);
        slot.subscribers = slot.subscribers.saturating_sub(1);
        if slot.subscribers == 0 {
            slot.idle = Some(now);
        }
    }

    /// The feed has bound it: who waited may read now.
    pub(crate) fn bound(&mut self, partition: Partition) -> Vec<Request> {
        let slot = self.slot(partition);
        slot.bond = Bond::Bound;
        std::mem::take(&mut slot.waiting)
    }

    /// The feed could not bind it: who waited is served from the store meanwhile.
    pub(crate) fn refused(&mut self, partition: Partition) -> Vec<Request> {
        let slot = self.slot(partition);
        slot.bond = Bond::Unbound;
        std::mem::take(&mut slot.waiting)
    }

    pub(crate) fn set_away(&mut self, away: bool) -> Vec<Request> {
        self.away = away;
        if !away {
            return Vec::new();
        }
        self.slots.iter_mut().flat_map(|slot| std::mem::take(&mut slot.waiting)).collect()
    }

    /// Requests whose bind takes too long.
    pub(crate) fn overdue(&mut self, now: Instant) -> Vec<Request> {
        let patience = self.patience;
        let late = |slot: &&mut Slot| matches!(slot.bond, Bond::Asked { since } if now >= since + patience);
        self.slots.iter_mut().filter(late).flat_map(|slot| std::mem::take(&mut slot.waiting)).collect()
    }

    /// At each tick: what was refused is asked for again, what was idle for long enough is let go.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Wish> {
        let linger = self.linger;
        let mut wishes = Vec::new();
        for (slot, number) in self.slots.iter_mut().zip(0..=u8::MAX) {
            if slot.subscribers > 0 && slot.bond == Bond::Unbound {
                slot.bond = Bond::Asked { since: now };
                wishes.push(Wish::Bind(Partition(number)));
            } else if slot.bond == Bond::Bound && slot.idle.is_some_and(|since| now >= since + linger) {
                (slot.bond, slot.idle) = (Bond::Unbound, None);
                wishes.push(Wish::Unbind(Partition(number)));
            }
        }
        wishes
    }

    /// A wish that could not be passed on: as if the feed had refused it.
    pub(crate) fn unheard(&mut self, wish: Wish, now: Instant) {
        match wish {
            Wish::Bind(partition) => self.slot(partition).bond = Bond::Unbound,
            Wish::Unbind(partition) => {
                let slot = self.slot(partition);
                (slot.bond, slot.idle) = (Bond::Bound, Some(now));
            }
        }
    }

    /// Those that have subscribers.
    pub(crate) fn watched(&self) -> Vec<Partition> {
        (0..=u8::MAX).map(Partition).filter(|partition| self.slots[usize::from(partition.0)].subscribers > 0).collect()
    }

    /// Whether live messages of every watched partition are coming in.
    pub(crate) fn is_live(&self) -> bool {
        !self.away && self.slots.iter().all(|slot| slot.subscribers == 0 || slot.bond == Bond::Bound)
    }
}
