//! A case that was just over its CPU time: run once more, alone on the worker, since what ran beside it may have made the
//! difference. A case of a problem goes on for that much longer than its limit, so that it is known how close it was; what
//! goes on for ever is stopped then, and is not run again. The worker has to fall quiet soon, or the first run counts: those
//! who wait meanwhile have done nothing.

use std::time::Duration;

use herald_sandbox::SandboxError;

use super::super::outcome;
use super::{Attempt, Came, Cases, Stage, Validator};
use crate::package::TestCase;
use crate::program::RunLimits;

/// Of one submission: whoever makes every case take just over its time has the worker to himself no more often.
pub(super) const MOST: u32 = 8;

/// How long a run that is close waits for its neighbours to end, while nothing new begins.
const QUIET_WITHIN: Duration = Duration::from_secs(5);

/// One case, for as often as it is run.
pub(super) struct Bout<'a> {
    pub cases: &'a Cases<'a>,
    pub stage: &'a Stage,
    pub case: &'a TestCase,
    pub limits: RunLimits,
    pub validator: Option<&'a Validator>,
}

impl Bout<'_> {
    /// Once, or a second time with the worker to itself if the first was over its time so closely that its neighbours may
    /// have made the difference: then the second counts, whatever it comes to.
    pub(super) async fn judge(&self, again: &mut u32) -> Result<Option<Came>, SandboxError> {
        let neighbours = self.cases.judge.runner.neighbours();
        let first = {
            let _beside = neighbours.beside().await;
            self.run().await?
        };
        let Some(came) = first.as_ref().filter(|came| came.is_close(&self.limits)) else { return Ok(first) };
        let Some(left) = again.checked_sub(1) else { return Ok(first) };
        *again = left;
        let second = {
            let Ok(_alone) = tokio::time::timeout(QUIET_WITHIN, neighbours.alone()).await else { return Ok(first) };
            self.run().await?
        };
        let language = &self.cases.language.spec.id;
        metrics::counter!("herald_cases_run_again_total", "language" => language.clone()).increment(1);
        tracing::info!(
            submission.id = %self.cases.claim.submission.id,
            case = %self.case.name,
            first_cpu_ms = came.report.cpu_ms,
            first_wall_ms = came.report.wall_ms,
            second_cpu_ms = second.as_ref().map(|came| came.report.cpu_ms),
            second_wall_ms = second.as_ref().map(|came| came.report.wall_ms),
            "just over its time: run again alone, which counts"
        );
        Ok(second)
    }

    async fn run(&self) -> Result<Option<Came>, SandboxError> {
        let Self { cases, case, limits, validator, .. } = *self;
        let copy;
        let folder = match self.stage {
            Stage::Same(folder) => &**folder,
            Stage::Copies(files) => {
                copy = cases.copy(files, case).await?;
                &*copy
            }
        };
        Attempt { cases, case, folder, limits, validator }.judge().await
    }
}

impl Came {
    fn is_close(&self, limits: &RunLimits) -> bool {
        self.outcome.as_ref().is_ok_and(|(outcome, _)| outcome::is_close(&self.report, limits, outcome))
    }
}
