//! Judging one submission: compile once, run each test case in order, compare, stop at the first that fails; without a
//! problem, run once on `stdin`.
//!
//! Invariant: whatever the submitted program does ends in a verdict. An attempt fails only through the sandbox, the store
//! or a language that this worker lacks, and may then go better elsewhere or later.

mod limits;
mod outcome;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use herald_domain::store;
use herald_domain::submission::{Claim, Judgement, MAX_OUTPUT_BYTES, Output, ProblemRef, Verdict};
use herald_domain::text::printable;
use herald_pipeline::work::{AttemptFailed, Judge, Steps, Stopped};
use herald_sandbox::{Report, SandboxError};

use crate::languages::{CompileSpec, Language, Languages, Unusable};
use crate::package::Problem;
use crate::problems::{Missing, Problems};
use crate::program::{BINARY, Program, RunLimits};
use crate::runner::{Runner, WorkFolder};
use limits::run_limits;
use tally::Tally;

pub(crate) struct SandboxJudge {
    runner: Arc<dyn Runner>,
    languages: Arc<Languages>,
    problems: Problems,
    busy: AtomicUsize,
}

#[async_trait]
impl Judge for SandboxJudge {
    async fn judge(&self, claim: &Claim, steps: &Steps) -> Result<Judgement, AttemptFailed> {
        let _busy = Busy::new(&self.busy);
        tokio::select! {
            biased;
            // Dropping the other branch kills its run.
            () = steps.stopped().cancelled() => Err(AttemptFailed(Stopped.to_string())),
            outcome = self.work(claim, steps) => outcome.or_else(Halt::into_outcome),
        }
    }
}

impl SandboxJudge {
    pub(crate) fn new(
        store: Arc<dyn store::Problems + Send + Sync>,
        runner: Arc<dyn Runner>,
        languages: Arc<Languages>,
    ) -> Self {
        Self { runner, languages, problems: Problems::new(store), busy: AtomicUsize::new(0) }
    }

    /// Submissions being judged now.
    pub(crate) fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    async fn work(&self, claim: &Claim, steps: &Steps) -> Result<Judgement, Halt> {
        let problem = match &claim.submission.problem {
            Some(reference) => Some(self.problem(reference).await?),
            None => None,
        };
        let language = self.languages.ready(&*self.runner, &claim.submission.language).await?;
        let program = Program::new(&language, &claim.files);
        let folder = self.runner.open().await?;
        folder.write_files(&program.files()).await?;

        let total = problem.as_ref().map(|problem| u32::try_from(problem.cases.len()).unwrap_or(u32::MAX));
        let mut tally = Tally::new(language.version.clone(), total);
        if let Some((report, spec)) = compile(&*folder, &program, &language).await? {
            tally.compiled(compile_output(&report));
            if let Some(reason) = outcome::compile_failure(&report, spec) {
                return Ok(tally.finish(Verdict::CompileError, reason));
            }
        }
        steps.running(total).await?;
        let job = Job { folder: &*folder, program: &program, language: &language, claim };
        match &problem {
            Some(problem) => job.judge_cases(problem, steps, tally).await,
            None => job.run_once(tally).await,
        }
    }

    async fn problem(&self, reference: &ProblemRef) -> Result<Arc<Problem>, Halt> {
        self.problems.get(&reference.version).await.map_err(|missing| match missing {
            Missing::Store(error) => Halt::Failed(format!("the problem could not be read: {error}")),
            Missing::Unknown => {
                tracing::error!(problem.slug = %reference.slug, problem.version = %reference.version, "no such problem");
                Halt::Verdict(Box::new(Judgement::bare(Verdict::InternalError, "problem_missing")))
            }
            Missing::Broken(error) => {
                tracing::error!(problem.slug = %reference.slug, problem.version = %reference.version, "{error}");
                Halt::Verdict(Box::new(Judgement::bare(Verdict::InternalError, "problem_broken")))
            }
        })
    }
}

/// A compiled program in its folder.
struct Job<'a> {
    folder: &'a dyn WorkFolder,
    program: &'a Program<'a>,
    language: &'a Language,
    claim: &'a Claim,
}

impl Job<'_> {
    async fn judge_cases(&self, problem: &Problem, steps: &Steps, mut tally: Tally) -> Result<Judgement, Halt> {
        let limits = run_limits(Some(&problem.limits), &self.claim.limits, self.language.spec.run.time_factor);
        for case in &problem.cases {
            let Some(report) = self.run(case.input.clone(), &limits).await? else { return Ok(nothing_to_run(tally)) };
            let outcome = outcome::of_case(&report, &limits, &self.language.spec, case);
            let result = tally.case(&case.group, &report, outcome);
            steps.case(tally.tests(), result.clone());
            observe(&self.language.spec.id, result.verdict, &report);
            if result.verdict != Verdict::Accepted {
                return Ok(tally.finish(result.verdict, result.reason.unwrap_or_default()));
            }
        }
        Ok(tally.finish(Verdict::Accepted, "ok".into()))
    }

    /// Without a problem: the program's own end is the verdict, and its output comes back.
    async fn run_once(&self, mut tally: Tally) -> Result<Judgement, Halt> {
        let limits = run_limits(None, &self.claim.limits, self.language.spec.run.time_factor);
        let stdin = self.claim.stdin.clone().unwrap_or_default().into_bytes();
        let Some(report) = self.run(stdin, &limits).await? else { return Ok(nothing_to_run(tally)) };
        let (verdict, reason) =
            outcome::of_run(&report, &limits, &self.language.spec).unwrap_or((Verdict::Accepted, "ok".into()));
        tally.measured(&report);
        tally.outputs(output(&report.stdout), output(&report.stderr));
        observe(&self.language.spec.id, verdict, &report);
        Ok(tally.finish(verdict, reason))
    }

    /// `None`: what the compiler made is not a program. Some sources ask for a library, and compilers oblige.
    async fn run(&self, stdin: Vec<u8>, limits: &RunLimits) -> Result<Option<Report>, SandboxError> {
        match self.folder.run(self.program.run(stdin, limits)).await {
            // The sandbox names what it could not execute.
            Err(SandboxError::Setup(reason)) if reason.contains(BINARY) => Ok(None),
            outcome => outcome.map(Some),
        }
    }
}

fn nothing_to_run(tally: Tally) -> Judgement {
    tally.finish(Verdict::CompileError, "not_executable".into())
}

async fn compile<'a>(
    folder: &dyn WorkFolder,
    program: &Program<'_>,
    language: &'a Language,
) -> Result<Option<(Report, &'a CompileSpec)>, SandboxError> {
    let (Some(run), Some(spec)) = (program.compile(), &language.spec.compile) else { return Ok(None) };
    let report = folder.run(run).await?;
    let seconds = report.wall_ms as f64 / 1_000.0;
    metrics::histogram!("herald_compile_seconds", "language" => language.spec.id.clone()).record(seconds);
    Ok(Some((report, spec)))
}

fn observe(language: &str, verdict: Verdict, report: &Report) {
    let seconds = report.wall_ms as f64 / 1_000.0;
    let labels = [("language", language.to_owned()), ("verdict", verdict.as_str().to_owned())];
    metrics::histogram!("herald_case_seconds", &labels).record(seconds);
}

/// What the compiler printed, stdout first; nothing if it was silent.
fn compile_output(report: &Report) -> Option<Output> {
    let both = [report.stdout.as_slice(), report.stderr.as_slice()].concat();
    (!both.is_empty()).then(|| output(&both))
}

fn output(bytes: &[u8]) -> Output {
    let (text, truncated) = printable(bytes, MAX_OUTPUT_BYTES);
    Output { text, truncated }
}

/// Why judging does not go on.
enum Halt {
    Failed(String),
    Verdict(Box<Judgement>),
}

impl Halt {
    fn into_outcome(self) -> Result<Judgement, AttemptFailed> {
        match self {
            Self::Failed(reason) => Err(AttemptFailed(reason)),
            Self::Verdict(judgement) => Ok(*judgement),
        }
    }
}

impl From<SandboxError> for Halt {
    fn from(error: SandboxError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Unusable> for Halt {
    fn from(error: Unusable) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Stopped> for Halt {
    fn from(error: Stopped) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Counts a submission as being judged until dropped.
struct Busy<'a>(&'a AtomicUsize);

impl<'a> Busy<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
