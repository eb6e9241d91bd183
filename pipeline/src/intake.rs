//! Accepting submissions: group commit, then (never before) announcement and hand-over to the relay.
//!
//! Invariant: an outcome is returned only after the transaction that decided it is durable.

use herald_domain::id::MessageId;
use herald_domain::store::{self, Accepted, StoreError};
use herald_domain::submission::NewSubmission;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::batch::Batcher;
use crate::{Deps, Relay, announce};

/// A handle on the process's one intake; cheap to clone.
#[derive(Clone)]
pub struct Intake {
    batcher: Batcher<store::Intake, store::Result<Accepted>>,
    committer: Committer,
}

#[derive(Clone)]
struct Committer {
    deps: Deps,
    relay: Relay,
    user_limit: u64,
}

impl Intake {
    /// Starts the committing task; it ends, having committed what waits, when `stop` fires. `user_limit` is the most
    /// unfinished submissions of one user.
    pub fn start(deps: Deps, relay: Relay, user_limit: u64, tasks: &TaskTracker, stop: CancellationToken) -> Self {
        let committer = Committer { deps, relay, user_limit };
        let commit = {
            let committer = committer.clone();
            move |items| {
                let committer = committer.clone();
                async move { committer.commit(items).await }
            }
        };
        let (batcher, task) = Batcher::new(commit, stop);
        tasks.spawn(task);
        Self { batcher, committer }
    }

    /// Accepts one submission, in a commit shared with whatever else is waiting.
    pub async fn accept(&self, submission: NewSubmission) -> store::Result<Accepted> {
        match self.batcher.submit(with_message(submission)).await {
            Ok(outcome) => outcome,
            Err(overloaded) => Err(StoreError::Unavailable(Box::new(overloaded))),
        }
    }

    /// Accepts several in one transaction of their own: all or, on an error, none.
    pub async fn accept_all(&self, submissions: Vec<NewSubmission>) -> store::Result<Vec<Accepted>> {
        let batch: Vec<_> = submissions.into_iter().map(with_message).collect();
        self.committer.commit_together(&batch).await
    }
}

fn with_message(submission: NewSubmission) -> store::Intake {
    store::Intake { submission, message: MessageId(Uuid::now_v7()) }
}

impl Committer {
    /// One transaction; if it fails for a reason that may be one item's own, each item by itself.
    async fn commit(&self, batch: Vec<store::Intake>) -> Vec<store::Result<Accepted>> {
        match self.commit_together(&batch).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(StoreError::Unavailable(cause)) => unavailable(batch.len(), &*cause),
            Err(cause) if batch.len() == 1 => vec![Err(cause)],
            Err(_) => self.commit_one_by_one(&batch).await,
        }
    }

    /// Once the store is away, the rest is not tried: each would wait for it in vain, and those behind them too.
    async fn commit_one_by_one(&self, batch: &[store::Intake]) -> Vec<store::Result<Accepted>> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for item in batch {
            match self.commit_together(std::slice::from_ref(item)).await {
                Ok(mut one) => outcomes.push(Ok(one.remove(0))),
                Err(StoreError::Unavailable(cause)) => {
                    outcomes.extend(unavailable(batch.len() - outcomes.len(), &*cause));
                    break;
                }
                Err(cause) => outcomes.push(Err(cause)),
            }
        }
        outcomes
    }

    async fn commit_together(&self, batch: &[store::Intake]) -> store::Result<Vec<Accepted>> {
        let outcomes = self.deps.store.accept_submissions(batch, self.user_limit).await?;
        debug_assert_eq!(outcomes.len(), batch.len());
        for outcome in &outcomes {
            if let Accepted::Created(created) = outcome {
                self.relay.hand_over(created.outbox.clone());
                announce(&*self.deps.broker, &created.event.0);
            }
        }
        Ok(outcomes)
    }
}

/// One failure, told to so many.
fn unavailable(count: usize, cause: &(dyn std::error::Error + Send + Sync)) -> Vec<store::Result<Accepted>> {
    let text = cause.to_string();
    std::iter::repeat_with(|| Err(StoreError::Unavailable(text.clone().into()))).take(count).collect()
}
