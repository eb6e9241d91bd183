//! Accepting submissions: group commit, then (never before) announcement and hand-over to the relay.
//!
//! Invariant: an outcome is returned only after the transaction that decided it is durable.

use async_trait::async_trait;
use herald_domain::id::MessageId;
use herald_domain::store::{self, Accepted, StoreError};
use herald_domain::submission::NewSubmission;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::batch::Batcher;
use crate::group_commit::{self, GroupCommit};
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
        let (batcher, task) = group_commit::batcher(committer.clone(), stop);
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
        self.committer.together(&batch).await
    }
}

fn with_message(submission: NewSubmission) -> store::Intake {
    store::Intake { submission, message: MessageId(Uuid::now_v7()) }
}

#[async_trait]
impl GroupCommit for Committer {
    type Item = store::Intake;
    type Outcome = Accepted;

    async fn together(&self, batch: &[store::Intake]) -> store::Result<Vec<Accepted>> {
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
