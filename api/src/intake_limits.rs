//! `HERALD_MAX_QUEUED`: how many unfinished submissions there may be before POSTs are turned away.
//!
//! Counting costs the store a query, so it is done in the background, at most once a second, and only while there are
//! POSTs; between two counts this process adds what it has let in. The bound is therefore soft by about a second's worth of
//! what other processes accept.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use herald_domain::store::Store;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::error::{ApiError, Code, Result};

const COUNT_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Queue {
    most: u64,
    tasks: TaskTracker,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    open: AtomicU64,
    counting: AtomicBool,
    last: Mutex<Option<Instant>>,
}

impl Queue {
    pub(crate) fn new(most: u64, tasks: TaskTracker) -> Self {
        Self { most, tasks, counted: Arc::default() }
    }

    /// Whether `more` may come. The very first request waits for a count, so that a restart does not open the gates.
    pub(crate) async fn has_room(&self, store: &Arc<dyn Store>, more: u64) -> Result<()> {
        match self.counted.age() {
            None => self.counted.count(store).await,
            Some(age) if age >= COUNT_EVERY => self.count_in_background(store.clone()),
            Some(_) => {}
        }
        let open = self.counted.open.load(Ordering::Relaxed);
        if open + more > self.most { Err(ApiError::plain(Code::QueueFull)) } else { Ok(()) }
    }

    /// So many were accepted just now.
    pub(crate) fn accepted(&self, more: u64) {
        self.counted.open.fetch_add(more, Ordering::Relaxed);
    }

    fn count_in_background(&self, store: Arc<dyn Store>) {
        if !self.counted.counting.swap(true, Ordering::AcqRel) {
            let counted = self.counted.clone();
            self.tasks.spawn(async move {
                counted.count(&store).await;
                counted.counting.store(false, Ordering::Release);
            });
        }
    }
}

impl Counted {
    fn age(&self) -> Option<Duration> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).map(|last| last.elapsed())
    }

    async fn count(&self, store: &Arc<dyn Store>) {
        match store.count_open().await {
            Ok(open) => {
                self.open.store(open, Ordering::Relaxed);
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            }
            // The accept that follows will find the store away and say so.
            Err(error) => tracing::debug!(error = %error, "open submissions could not be counted"),
        }
    }
}
