//! Judging one submission: compile once, with what the problem includes, or find it compiled (`artefacts`); then run its test
//! cases (`cases`), or without a problem run once on `stdin`.
//!
//! Invariant: whatever the submitted program does ends in a verdict. An attempt fails only through the sandbox, the store
//! or a language that this worker lacks, and may then go better elsewhere or later.

mod cases;
mod limits;
mod live;
mod outcome;
mod talk;
mod tally;
mod validator;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use herald_domain::store;
use herald_domain::submission::{Claim, Judgement, MAX_OUTPUT_BYTES, Output, ProblemRef, Verdict};
use herald_domain::text::printable;
use herald_pipeline::work::{AttemptFailed, Judge, Steps, Stopped};
use herald_sandbox::{BoxFile, Exit, Report, Run, SandboxError};

use crate::artefacts::{Artefact, Artefacts, Key};
use crate::languages::{Language, Languages, Unusable};
use crate::package::{Assembled, Problem, ToolLimits};
use crate::problems::{Missing, Problems, Ready};
use crate::program::{BINARY, Program};
use crate::runner::{Runner, WorkFolder};
use cases::Cases;
use limits::run_limits;
use tally::Tally;
pub(crate) use validator::Validator;

/// Where a problem says how long compiling may take: the guard on wall-clock time.
const COMPILE_WALL_FACTOR: u64 = 2;

pub(crate) struct SandboxJudge {
    runner: Arc<dyn Runner>,
    languages: Arc<Languages>,
    problems: Problems,
    artefacts: Artefacts,
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
        compile_cache_bytes: u64,
    ) -> Self {
        let (problems, artefacts) = (Problems::new(store), Artefacts::new(compile_cache_bytes));
        Self { runner, languages, problems, artefacts, busy: AtomicUsize::new(0) }
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
        let ready = problem.as_deref();
        let total = ready.map(|ready| u32::try_from(ready.problem.cases.len()).unwrap_or(u32::MAX));
        let mut tally = Tally::new(language.version.clone(), total);
        if let Some(reason) = ready.and_then(|ready| not_taken(&ready.problem, claim)) {
            return Ok(tally.finish(Verdict::CompileError, reason.into()));
        }
        let spec = &language.spec;
        let Assembled { sources, driver, others } = match ready {
            Some(ready) => ready.problem.assemble(&spec.id, &claim.files, &spec.source_name),
            None => Assembled { sources: claim.files.clone(), driver: false, others: Vec::new() },
        };
        let program = Program::driven(&language, &sources, driver).flagged(&claim.flags);
        if let Some(flag) = program.refused_flag() {
            tracing::debug!(language = %spec.id, flag, "a flag that is not allowed");
            return Ok(tally.finish(Verdict::CompileError, "flags".into()));
        }
        if program.wants_prepared() {
            crate::languages::begin(&self.runner, &language);
        }
        let others = others.into_iter().map(|file| BoxFile::new(file.path, file.content));
        let files: Vec<_> = program.files().into_iter().chain(others).collect();
        let folder = self.runner.open().await?;
        let Built { said, failure } = self.build(&*folder, files, &program, &language, ready).await?;
        tally.compiled(said);
        if let Some(reason) = failure {
            return Ok(tally.finish(Verdict::CompileError, reason));
        }
        steps.running(total).await?;
        let (program, language) = (&program, &*language);
        match ready {
            Some(ready) => Cases { judge: self, ready, program, language, claim }.run(folder, steps, tally).await,
            None => {
                let _beside = self.runner.neighbours().beside().await;
                Job { folder: &*folder, program, language, claim }.run_once(steps, tally).await
            }
        }
    }

    /// Puts the program into its folder: compiled now, or before.
    async fn build(
        &self,
        folder: &dyn WorkFolder,
        files: Vec<BoxFile>,
        program: &Program<'_>,
        language: &Language,
        ready: Option<&Ready>,
    ) -> Result<Built, SandboxError> {
        let run = program.compile().map(|run| within_limits(run, ready));
        let (Some(run), Some(spec)) = (run, &language.spec.compile) else {
            folder.write_files(&files).await?;
            return Ok(Built { said: None, failure: None });
        };
        let key = Key::of(language.version.as_deref(), &run, &files);
        // One that cannot be put into a folder, for whatever reason, is as good as none.
        if let Some(artefact) = self.artefacts.find(&key)
            && folder.write_files(&artefact.files).await.is_ok()
        {
            return Ok(Built { said: artefact.said.clone(), failure: None });
        }
        folder.write_files(&files).await?;
        let report = {
            let _beside = self.runner.neighbours().beside().await;
            compile(folder, run, program, language, ready).await?
        };
        let (said, failure) = (compile_output(&report), outcome::compile_failure(&report, spec));
        // Now, before anything of the program has run.
        let most_bytes = self.artefacts.most_bytes();
        if failure.is_none() && most_bytes > 0 {
            match folder.files(most_bytes).await {
                Ok(Some(files)) => self.artefacts.keep(key, Artefact { files, said: said.clone() }),
                Ok(None) => {}
                // What is judged needs no cache.
                Err(error) => tracing::debug!(%error, "what was compiled cannot be kept"),
            }
        }
        Ok(Built { said, failure })
    }

    async fn problem(&self, reference: &ProblemRef) -> Result<Arc<Ready>, Halt> {
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

/// What came of building a program.
struct Built {
    /// What the compiler printed.
    said: Option<Output>,
    /// Why there is no program.
    failure: Option<String>,
}

/// A compiled program in its folder.
struct Job<'a> {
    folder: &'a dyn WorkFolder,
    program: &'a Program<'a>,
    language: &'a Language,
    claim: &'a Claim,
}

impl Job<'_> {
    /// Without a problem: the program's own end is the verdict, and its output comes back.
    async fn run_once(&self, steps: &Steps, mut tally: Tally) -> Result<Judgement, Halt> {
        let limits = run_limits(None, &self.claim.limits, self.language.spec.run.time_factor);
        let stdin = self.claim.stdin.clone().unwrap_or_default().into_bytes();
        let run = self.program.run(stdin, &limits);
        let Some(report) = ended(live::run(self.folder, run, steps).await)? else { return Ok(nothing_to_run(tally)) };
        let (verdict, reason) =
            outcome::of_run(&report, &limits, &self.language.spec).unwrap_or((Verdict::Accepted, "ok".into()));
        tally.measured(&report);
        tally.outputs(output(&report.stdout), output(&report.stderr));
        observe(&self.language.spec.id, verdict, &report);
        Ok(tally.finish(verdict, reason))
    }
}

/// `None`: what the compiler made is not a program. Some sources ask for a library, and compilers oblige.
fn ended<T>(outcome: Result<T, SandboxError>) -> Result<Option<T>, SandboxError> {
    match outcome {
        // The sandbox names what it could not execute.
        Err(SandboxError::Setup(reason)) if reason.contains(BINARY) => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn nothing_to_run(tally: Tally) -> Judgement {
    tally.finish(Verdict::CompileError, "not_executable".into())
}

/// Why a submission is not even compiled: it is in a language that the problem does not take, or too long for it.
fn not_taken(problem: &Problem, claim: &Claim) -> Option<&'static str> {
    if !problem.allows(&claim.submission.language) {
        return Some("language");
    }
    let bytes: usize = claim.files.iter().map(|file| file.content.len()).sum();
    problem.code_kb.filter(|most| bytes as u64 > most * 1_024).map(|_| "code_size")
}

async fn compile(
    folder: &dyn WorkFolder,
    run: Run,
    program: &Program<'_>,
    language: &Language,
    ready: Option<&Ready>,
) -> Result<Report, SandboxError> {
    let mut report = folder.run(run).await?;
    let silent = report.stdout.is_empty() && report.stderr.is_empty() && report.exit == Exit::Code(0);
    // Whatever there is to be said, a compiler says of the whole source as it was handed in.
    let plainly = || program.to_be_heard()?.compile();
    if let Some(run) = (!silent || report.stopped_by.is_some()).then(plainly).flatten() {
        report = folder.run(within_limits(run, ready)).await?;
    }
    let seconds = report.wall_ms as f64 / 1_000.0;
    metrics::histogram!("herald_compile_seconds", "language" => language.spec.id.clone()).record(seconds);
    Ok(report)
}

/// What the problem has to say of the limits of compiling.
fn within_limits(mut run: Run, ready: Option<&Ready>) -> Run {
    if let Some(ToolLimits { cpu_ms, memory_kb }) = ready.map(|ready| ready.problem.compilation) {
        // A longer time moves the guard on wall-clock time with it.
        let cpu_ms = cpu_ms.unwrap_or(run.limits.cpu_ms);
        run.limits.wall_ms = run.limits.wall_ms.max(cpu_ms * COMPILE_WALL_FACTOR);
        run.limits.cpu_ms = cpu_ms;
        run.limits.memory_kb = memory_kb.unwrap_or(run.limits.memory_kb);
    }
    run
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
pub(crate) enum Halt {
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
