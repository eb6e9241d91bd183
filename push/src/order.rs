//! One channel's events put in order: whatever way they come (live, caught up, fetched; late, twice, out of turn), they go
//! on by offset, without a gap, each once.

use std::collections::BTreeMap;

use herald_domain::event::StoredEvent;

/// Events beyond a gap that are kept; more are left for the fetch that closes the gap.
const MAX_AHEAD: usize = 256;

#[derive(Default)]
pub(crate) struct Order {
    /// The last offset that went on; `None`: not known yet where this hub joins in.
    head: Option<u64>,
    ahead: BTreeMap<u64, StoredEvent>,
}

impl Order {
    pub(crate) fn starting_at(head: Option<u64>) -> Self {
        Self { head, ahead: BTreeMap::new() }
    }

    pub(crate) fn head(&self) -> Option<u64> {
        self.head
    }

    /// Takes an event in; `false` if it went on before.
    pub(crate) fn offer(&mut self, event: StoredEvent) -> bool {
        if self.head.is_some_and(|head| event.offset <= head) {
            return false;
        }
        let new = self.ahead.insert(event.offset, event).is_none();
        if self.ahead.len() > MAX_AHEAD {
            self.ahead.pop_last();
        }
        new
    }

    /// Joins in behind `head`: what is not newer is forgotten.
    pub(crate) fn join(&mut self, head: u64) {
        self.head = Some(head);
        self.ahead = self.ahead.split_off(&(head + 1));
    }

    /// The next event in turn.
    pub(crate) fn next(&mut self) -> Option<StoredEvent> {
        let turn = self.head? + 1;
        let event = self.ahead.remove(&turn)?;
        self.head = Some(turn);
        Some(event)
    }

    /// The first offset that waits for others to come before it.
    pub(crate) fn waiting(&self) -> Option<u64> {
        self.ahead.keys().next().copied()
    }
}
