//! What a batch comes to: one transaction; if that fails for a reason that may be one item's own, each item by itself.

use async_trait::async_trait;
use herald_domain::store::{Result, StoreError};
use tokio_util::sync::CancellationToken;

use crate::batch::Batcher;

/// Decides a batch in one transaction, and tells of what was decided.
#[async_trait]
pub(crate) trait GroupCommit: Clone + Send + Sync + 'static {
    type Item: Send + Sync + 'static;
    type Outcome: Send + 'static;

    /// As many outcomes as items, in order; an error means that nothing was done, or that it is not known whether it was.
    async fn together(&self, batch: &[Self::Item]) -> Result<Vec<Self::Outcome>>;
}

/// A batcher over the committer, and the task that serves it.
pub(crate) fn batcher<C: GroupCommit>(
    committer: C,
    stop: CancellationToken,
) -> (Batcher<C::Item, Result<C::Outcome>>, impl Future<Output = ()>) {
    let commit = move |items: Vec<C::Item>| {
        let committer = committer.clone();
        async move { commit(&committer, &items).await }
    };
    Batcher::new(commit, stop)
}

async fn commit<C: GroupCommit>(committer: &C, batch: &[C::Item]) -> Vec<Result<C::Outcome>> {
    match committer.together(batch).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(StoreError::Unavailable(cause)) => unavailable(batch.len(), &*cause),
        Err(cause) if batch.len() == 1 => vec![Err(cause)],
        Err(_) => one_by_one(committer, batch).await,
    }
}

/// Once the store is away, the rest is not tried: each would wait for it in vain, and those behind them too.
async fn one_by_one<C: GroupCommit>(committer: &C, batch: &[C::Item]) -> Vec<Result<C::Outcome>> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for item in batch {
        match committer.together(std::slice::from_ref(item)).await {
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

/// One failure, told to so many.
fn unavailable<T>(count: usize, cause: &(dyn std::error::Error + Send + Sync)) -> Vec<Result<T>> {
    let text = cause.to_string();
    std::iter::repeat_with(|| Err(StoreError::Unavailable(text.clone().into()))).take(count).collect()
}
