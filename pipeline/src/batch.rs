//! Group commit: a batch is what arrived during the previous commit, at most [`MAX_BATCH`], and never waits for more.
//!
//! Under light load a batch is one item and costs nothing extra; under heavy load one commit (one fsync) serves many.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The most items in one commit.
pub const MAX_BATCH: usize = 64;
/// How many callers may wait; more are turned away at once.
const WAITING: usize = 4_096;
/// Who has waited this long for a commit to begin is turned away: while the store is away each commit takes seconds to
/// fail, and what comes in meanwhile would wait for minutes.
const PATIENCE: Duration = Duration::from_secs(5);

struct Waiting<T, R> {
    item: T,
    reply: oneshot::Sender<R>,
    since: Instant,
}

/// Hands items to one committing task and brings each its outcome.
pub(crate) struct Batcher<T, R> {
    queue: mpsc::Sender<Waiting<T, R>>,
}

impl<T, R> Clone for Batcher<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

/// The committing task is too far behind, or has stopped.
#[derive(Debug, thiserror::Error)]
#[error("too many requests are waiting to be committed")]
pub(crate) struct Overloaded;

impl<T: Send + 'static, R: Send + 'static> Batcher<T, R> {
    /// A batcher and the task that serves it. `commit` must return as many outcomes as it was given items, in order.
    pub(crate) fn new<C, F>(commit: C, stop: CancellationToken) -> (Self, impl Future<Output = ()>)
    where
        C: Fn(Vec<T>) -> F + Send,
        F: Future<Output = Vec<R>> + Send,
    {
        let (queue, waiting) = mpsc::channel(WAITING);
        (Self { queue }, serve(waiting, commit, stop))
    }

    /// Waits for the item's outcome.
    pub(crate) async fn submit(&self, item: T) -> Result<R, Overloaded> {
        let (reply, outcome) = oneshot::channel();
        self.queue.try_send(Waiting { item, reply, since: Instant::now() }).map_err(|_| Overloaded)?;
        outcome.await.map_err(|_| Overloaded)
    }
}

/// Commits until stopped, then what is still waiting.
async fn serve<T, R, C, F>(mut waiting: mpsc::Receiver<Waiting<T, R>>, commit: C, stop: CancellationToken)
where
    C: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<R>>,
{
    let _vital = stop.clone().drop_guard();
    let mut batch = Vec::with_capacity(MAX_BATCH);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if !waiting.is_closed() => { waiting.close(); continue }
            received = waiting.recv_many(&mut batch, MAX_BATCH) => if received == 0 { return },
        }
        // A reply that is dropped tells the caller that nothing was done.
        batch.retain(|waiting| waiting.since.elapsed() < PATIENCE);
        if batch.is_empty() {
            continue;
        }
        metrics::histogram!("herald_commit_batch_size").record(batch.len() as f64);
        let (items, replies): (Vec<_>, Vec<_>) = batch.drain(..).map(|waiting| (waiting.item, waiting.reply)).unzip();
        for (reply, outcome) in replies.into_iter().zip(commit(items).await) {
            // A caller that has gone away is no error: its item is committed all the same.
            let _ = reply.send(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn a_batch_is_what_arrived_during_the_previous_commit() {
        let gate = Arc::new(Semaphore::new(0));
        let commits = Arc::new(AtomicUsize::new(0));
        let (batcher, task) = {
            let (gate, commits) = (gate.clone(), commits.clone());
            let commit = move |items: Vec<u32>| {
                let (gate, commits) = (gate.clone(), commits.clone());
                async move {
                    gate.acquire().await.unwrap().forget();
                    commits.fetch_add(1, Ordering::SeqCst);
                    items.into_iter().map(|item| item * 10).collect()
                }
            };
            Batcher::new(commit, CancellationToken::new())
        };
        tokio::spawn(task);
        let first = tokio::spawn({
            let b = batcher.clone();
            async move { b.submit(1).await.unwrap() }
        });
        while gate.available_permits() == 0 && commits.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
            if batcher.queue.capacity() == WAITING {
                break;
            }
        }
        let rest: Vec<_> = (2..=41)
            .map(|n| {
                tokio::spawn({
                    let b = batcher.clone();
                    async move { b.submit(n).await.unwrap() }
                })
            })
            .collect();
        while batcher.queue.capacity() > WAITING - 40 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(2);
        assert_eq!(first.await.unwrap(), 10);
        for (n, outcome) in (2..).zip(rest) {
            assert_eq!(outcome.await.unwrap(), n * 10);
        }
        assert_eq!(commits.load(Ordering::SeqCst), 2, "one commit for the first, one for the forty behind it");
    }

    /// A store that is away fails each commit after three seconds: nobody waits until the queue before him has failed.
    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_long_behind_commits_that_fail_slowly() {
        let commit = |items: Vec<u32>| async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            items.iter().map(|_| false).collect()
        };
        let (batcher, task) = Batcher::new(commit, CancellationToken::new());
        tokio::spawn(task);
        let start = Instant::now();
        let outcomes = futures::future::join_all((0..2_000).map(|n| batcher.submit(n))).await;
        assert!(start.elapsed() < 2 * PATIENCE, "the last one waited for {:?}", start.elapsed());
        let tried = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!((tried, outcomes.len()), (2 * MAX_BATCH, 2_000), "the others are turned away");
    }

    #[tokio::test]
    async fn a_stop_commits_what_is_waiting_and_refuses_what_comes_later() {
        let stop = CancellationToken::new();
        let (batcher, task) = Batcher::new(|items: Vec<u32>| async move { items }, stop.clone());
        let waiting = tokio::spawn({
            let b = batcher.clone();
            async move { b.submit(7).await }
        });
        while batcher.queue.capacity() == WAITING {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        task.await;
        assert_eq!(waiting.await.unwrap().unwrap(), 7);
        assert!(batcher.submit(8).await.is_err());
    }
}
