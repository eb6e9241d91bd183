//! The open connections of this process: how many there may be, and how to tell them to close.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use herald_domain::id::KeyId;
use herald_domain::owner::Owner;
use herald_push::close::Close;

/// Why there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoRoom {
    /// The process is going away.
    Leaving,
    Full,
    /// This user has too many.
    UserFull,
}

#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    next: AtomicU64,
    leaving: AtomicBool,
}

#[derive(Default)]
struct Open {
    orders: HashMap<u64, Arc<Order>>,
    of_user: HashMap<Owner, usize>,
}

/// What a connection is told from outside, and by which keys it came in.
#[derive(Default)]
struct Order {
    state: Mutex<OrderState>,
    waker: AtomicWaker,
}

#[derive(Default)]
struct OrderState {
    close: Option<Close>,
    keys: Vec<KeyId>,
}

impl Order {
    fn state(&self) -> MutexGuard<'_, OrderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, close: Close) {
        self.state().close.get_or_insert(close);
        self.waker.wake();
    }
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, given back when the [`Place`] is dropped.
    pub(crate) fn enter(
        self: &Arc<Self>,
        owner: &Owner,
        key: Option<KeyId>,
        most: usize,
        most_of_user: usize,
    ) -> Result<Place, NoRoom> {
        let mut open = self.open();
        // Read under the lock: whoever comes in after the drain has looked around would never be told.
        if self.leaving.load(Ordering::Acquire) {
            return Err(NoRoom::Leaving);
        }
        if open.orders.len() >= most {
            return Err(NoRoom::Full);
        }
        let of_user = open.of_user.entry(owner.clone()).or_default();
        if *of_user >= most_of_user {
            return Err(NoRoom::UserFull);
        }
        *of_user += 1;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let order = Arc::new(Order::default());
        order.state().keys.extend(key);
        open.orders.insert(id, Arc::clone(&order));
        Ok(Place { connections: Arc::clone(self), id, owner: owner.clone(), order })
    }

    pub(crate) fn len(&self) -> usize {
        self.open().orders.len()
    }

    /// Lets nobody in any more.
    pub(crate) fn leave(&self) {
        let _open = self.open();
        self.leaving.store(true, Ordering::Release);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Whom to tell: handles on all that are open now.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        self.open().orders.values().map(|order| Handle(Arc::clone(order))).collect()
    }

    /// Closes what came in by one of the keys.
    pub(crate) fn revoke(&self, keys: &[KeyId]) {
        if keys.is_empty() {
            return;
        }
        for order in self.open().orders.values() {
            let concerned = order.state().keys.iter().any(|key| keys.contains(key));
            if concerned {
                order.give(Close::TicketRevoked);
            }
        }
    }
}

/// Something to tell a connection to close with.
pub(crate) struct Handle(Arc<Order>);

impl Handle {
    pub(crate) fn close(&self, close: Close) {
        self.0.give(close);
    }
}

/// A connection's own place.
pub(crate) struct Place {
    connections: Arc<Connections>,
    id: u64,
    owner: Owner,
    order: Arc<Order>,
}

impl Place {
    /// The connection came to depend on one more key.
    pub(crate) fn add_key(&self, key: Option<KeyId>) {
        let mut state = self.order.state();
        if let Some(key) = key
            && !state.keys.contains(&key)
        {
            state.keys.push(key);
        }
    }

    /// Ready once the connection was told to close.
    pub(crate) fn poll_order(&self, cx: &mut Context<'_>) -> Poll<Close> {
        self.order.waker.register(cx.waker());
        self.order.state().close.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.orders.remove(&self.id);
        if let Some(of_user) = open.of_user.get_mut(&self.owner) {
            *of_user -= 1;
            if *of_user == 0 {
                open.of_user.remove(&self.owner);
            }
        }
    }
}
