//! One submission, watched in all ways at once.

use futures::future::try_join_all;
use herald_domain::submission::Verdict;
use herald_domain::view::{AcceptedView, StatusView};

use super::program::Submission;
use super::way::Watcher;
use crate::cli::{Error, Result};
use crate::client::http::Call;
use crate::client::{Client, poll};

pub struct Round<'a> {
    pub client: &'a Client,
    pub program: &'a Submission,
}

impl Round<'_> {
    pub async fn run(&self, watchers: &mut [Watcher]) -> Result<()> {
        let accepted = submit(self.client, self.program).await?;
        let seen = try_join_all(watchers.iter().map(|watcher| watcher.watch(&accepted))).await?;
        // Asked afterwards and not counted: some ways see the verdict without the time of its commit.
        let finished = finished(poll::status(self.client, accepted.id).await?)?;
        for (watcher, seen) in watchers.iter_mut().zip(seen) {
            watcher.delays_ms.push(((seen - finished).as_seconds_f64() * 1000.0).max(0.0));
        }
        Ok(())
    }
}

async fn submit(client: &Client, program: &Submission) -> Result<AcceptedView> {
    Ok(client.call(Call::post("/submit", &program.drawn())).await?)
}

/// Submits once and waits, to see that it can be done.
pub async fn submit_and_wait(client: &Client, program: &Submission) -> Result<()> {
    let accepted = submit(client, program).await?;
    finished(poll::ended(client, accepted.id).await?)?;
    Ok(())
}

fn finished(status: StatusView) -> Result<time::OffsetDateTime> {
    match (status.verdict, status.finished_at) {
        (Some(Verdict::Accepted), Some(at)) => Ok(at),
        (verdict, _) => {
            let verdict = verdict.map_or("none", Verdict::as_str);
            let reason = status.reason.unwrap_or_default();
            Err(Error::Use(format!(
                "the sample program did not run: verdict {verdict} {reason} (submission {})",
                status.id
            )))
        }
    }
}
