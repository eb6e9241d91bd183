//! Judging by a problem's cases: in order, each with its group, as long as the outcome is not settled.
//!
//! Invariant: a verdict of a case comes from the submission's run and from what is said of its output, the run first; a
//! validator that does not do its work ends in `internal_error`, never in a verdict on the submission.

mod again;

use herald_domain::submission::{Claim, Judgement, MAX_CASE_MESSAGE_BYTES, Verdict};
use herald_domain::text::cut;
use herald_pipeline::work::Steps;
use herald_sandbox::{BoxFile, Report, Run, SandboxError};

use super::limits::run_limits;
use super::outcome::{self, Outcome};
use super::talk::{Talk, talk};
use super::tally::Tally;
use super::validator::{Broken, Said, Validator};
use super::{Halt, SandboxJudge, ended, nothing_to_run, observe};
use crate::grading::Graded;
use crate::languages::Language;
use crate::package::{Problem, TestCase, Validation};
use crate::problems::Ready;
use crate::program::{Program, RunLimits};
use crate::runner::WorkFolder;
use again::Bout;

/// What a compiled submission may be, to be copied into a box for every case.
const MAX_BOX_BYTES: u64 = 256 * 1_024 * 1_024;
/// A broken pipe, which a submission may meet that goes on writing to a validator that has made up its mind.
const SIGPIPE: herald_sandbox::Exit = herald_sandbox::Exit::Signal(13);

/// A compiled program and where it runs.
enum Stage {
    /// In the box that it was compiled in, which no run can write to.
    Same(Box<dyn WorkFolder>),
    /// In a fresh copy for each case, since cases have files of their own or programs may write.
    Copies(Vec<BoxFile>),
}

pub(super) struct Cases<'a> {
    pub judge: &'a SandboxJudge,
    pub ready: &'a Ready,
    pub program: &'a Program<'a>,
    pub language: &'a Language,
    pub claim: &'a Claim,
}

/// One case being judged.
struct Attempt<'a> {
    cases: &'a Cases<'a>,
    case: &'a TestCase,
    folder: &'a dyn WorkFolder,
    limits: RunLimits,
    validator: Option<&'a Validator>,
}

/// What came of one run, or of several: time and memory are the largest.
struct Came {
    report: Report,
    outcome: Result<(Outcome, Said), Broken>,
}

impl Cases<'_> {
    pub(super) async fn run(
        &self,
        folder: Box<dyn WorkFolder>,
        steps: &Steps,
        mut tally: Tally,
    ) -> Result<Judgement, Halt> {
        let problem = self.problem();
        let validator = match &problem.validator {
            None => None,
            Some(source) => match self.ready.validator(&*self.judge.runner, &self.judge.languages, source).await? {
                Ok(validator) => Some(validator),
                Err(what) => return Ok(self.broken(tally, "-", &Broken(what.clone()))),
            },
        };
        let (base, factor) = problem.limits_for(&self.language.spec.id, self.language.spec.run.time_factor);
        let mut limits = run_limits(Some(&base), &self.claim.limits, factor);
        // What is stopped at its limit would not tell how close it was.
        limits.extra_ms = limits.extra_ms.max(outcome::close_ms(limits.cpu_ms));
        let Some(stage) = self.stage(folder).await? else { return Ok(nothing_to_run(tally)) };

        let mut results = vec![None; problem.cases.len()];
        let mut reasons = vec![String::new(); problem.cases.len()];
        let mut again = again::MOST;
        for (n, case) in problem.cases.iter().enumerate() {
            if !problem.grading.wants(n, &results) {
                continue;
            }
            let bout = Bout { cases: self, stage: &stage, case, limits, validator };
            let Some(Came { report, outcome }) = bout.judge(&mut again).await? else {
                return Ok(nothing_to_run(tally));
            };
            let judged = outcome.and_then(|(outcome, said)| Ok((self.score(n, &outcome, &said, validator)?, outcome)));
            let (score, outcome) = match judged {
                Ok(judged) => judged,
                Err(broken) => return Ok(self.broken(tally, &case.name, &broken)),
            };
            results[n] = Some(Graded { verdict: outcome.verdict, score });
            reasons[n].clone_from(&outcome.reason);
            let result = tally.case(&case.group, &report, outcome);
            steps.case(tally.tests(), result.clone());
            observe(&self.language.spec.id, result.verdict, &report);
        }
        Ok(self.finish(tally, &results, reasons))
    }

    fn problem(&self) -> &Problem {
        &self.ready.problem
    }

    fn finish(&self, mut tally: Tally, results: &[Option<Graded>], mut reasons: Vec<String>) -> Judgement {
        let total = self.problem().grading.total(results);
        tally.scored(total.score);
        let failed = total.failed.and_then(|n| Some((results[n]?.verdict, std::mem::take(&mut reasons[n]))));
        match failed {
            Some((verdict, reason)) => tally.finish(verdict, reason),
            None => tally.finish(Verdict::Accepted, if total.partial { "partial" } else { "ok" }.into()),
        }
    }

    /// The judge's own failure: for who keeps the problem, not for who handed something in.
    fn broken(&self, tally: Tally, case: &str, broken: &Broken) -> Judgement {
        let slug = self.claim.submission.problem.as_ref().map_or("", |problem| &problem.slug);
        tracing::error!(problem.slug = %slug, problem.case = %case, "the output validator {broken}");
        tally.finish(Verdict::InternalError, "validator".into())
    }

    fn score(&self, case: usize, outcome: &Outcome, said: &Said, validator: Option<&Validator>) -> Result<f64, Broken> {
        let grading = &self.problem().grading;
        let score = said.score(grading.worth(case), validator.is_some_and(Validator::must_score))?;
        Ok(if outcome.verdict == Verdict::Accepted { score } else { grading.rejected_score(case) })
    }

    /// None: what the compiler left cannot be copied.
    async fn stage(&self, folder: Box<dyn WorkFolder>) -> Result<Option<Stage>, SandboxError> {
        let problem = self.problem();
        if !problem.allow_file_writing && problem.cases.iter().all(|case| case.files.is_empty()) {
            return Ok(Some(Stage::Same(folder)));
        }
        // The box goes, so that its slot is free for the copies.
        Ok(folder.files(MAX_BOX_BYTES).await?.map(Stage::Copies))
    }

    async fn copy(&self, files: &[BoxFile], case: &TestCase) -> Result<Box<dyn WorkFolder>, SandboxError> {
        let folder = self.judge.runner.open().await?;
        let own = case.files.iter().map(|file| BoxFile::new(file.path.as_str(), file.content.as_slice()));
        folder.write_files(&files.iter().cloned().chain(own).collect::<Vec<_>>()).await?;
        Ok(folder)
    }
}

impl Attempt<'_> {
    /// `None`: what the compiler made is not a program.
    async fn judge(&self) -> Result<Option<Came>, SandboxError> {
        ended(self.passes().await)
    }

    /// Pass after pass until one says the verdict; most problems have one pass.
    async fn passes(&self) -> Result<Came, SandboxError> {
        let problem = self.cases.problem();
        let mut input = self.case.input.clone();
        let mut feedback = Vec::new();
        let mut so_far: Option<Report> = None;
        for _ in 0..if problem.kind.multi_pass { problem.validation.passes } else { 1 } {
            let Came { report, outcome } = self.pass(input, feedback).await?;
            let report = largest(so_far.take(), report);
            match outcome {
                Ok((_, said)) if said.next_pass.is_some() => {
                    input = said.next_pass.unwrap_or_default();
                    feedback = said.feedback;
                    so_far = Some(report);
                }
                outcome => return Ok(Came { report, outcome }),
            }
        }
        let report = match so_far {
            Some(report) => report,
            None => return Err(SandboxError::Setup("a problem without a pass".into())),
        };
        Ok(Came { report, outcome: Err(Broken("asked for more passes than limits.validation_passes".into())) })
    }

    async fn pass(&self, input: Vec<u8>, feedback: Vec<BoxFile>) -> Result<Came, SandboxError> {
        match (&self.case.validation, self.validator) {
            (Validation::Custom(args), Some(validator)) if self.cases.problem().kind.interactive => {
                self.interactive(validator, args, &input, feedback).await
            }
            (Validation::Custom(args), Some(validator)) => self.validated(validator, args, input, feedback).await,
            (Validation::Default(checker), _) => {
                let report = self.folder.run(self.command(input)).await?;
                let outcome = match self.failure(&report) {
                    Some(outcome) => outcome,
                    None => match checker.check(&report.stdout, &self.case.answer) {
                        Ok(()) => self.outcome(Verdict::Accepted, "ok".into(), None),
                        // A message quotes the answer: it is told only where the answer is public.
                        Err(mismatch) => {
                            let message = self.case.full_feedback.then_some(mismatch.message);
                            self.outcome(Verdict::WrongAnswer, mismatch.reason.into(), message)
                        }
                    },
                };
                let accepted = outcome.verdict == Verdict::Accepted;
                Ok(Came { report, outcome: Ok((outcome, Said { accepted, ..Said::default() })) })
            }
            (Validation::Custom(_), None) => Err(SandboxError::Setup("a case without its validator".into())),
        }
    }

    /// The submission first, then the validator on its output.
    async fn validated(
        &self,
        validator: &Validator,
        args: &[String],
        input: Vec<u8>,
        feedback: Vec<BoxFile>,
    ) -> Result<Came, SandboxError> {
        let mut report = self.folder.run(self.command(input.clone())).await?;
        if let Some(outcome) = self.failure(&report) {
            return Ok(Came { report, outcome: Ok((outcome, Said::default())) });
        }
        let bench = validator.bench(&*self.cases.judge.runner, &input, self.case, feedback).await?;
        let command = bench.command(args, std::mem::take(&mut report.stdout), 0);
        let Some(validated) = ended(bench.folder().run(command).await)? else {
            return Ok(Came { report, outcome: Err(Broken("compiles to no program".into())) });
        };
        let kind = self.cases.problem().kind;
        let said = bench.read(&validated, kind.scoring, kind.multi_pass).await?;
        Ok(Came { report, outcome: said.map(|said| self.said(said)) })
    }

    /// Both at once, joined by pipes.
    async fn interactive(
        &self,
        validator: &Validator,
        args: &[String],
        input: &[u8],
        feedback: Vec<BoxFile>,
    ) -> Result<Came, SandboxError> {
        let bench = validator.bench(&*self.cases.judge.runner, input, self.case, feedback).await?;
        let command = bench.command(args, Vec::new(), self.limits.wall_ms);
        let failed = |report: &Report| self.failure(report).is_some();
        let submission = (self.folder, self.command(Vec::new()));
        let Talk { submission, validator, validator_first } =
            talk(submission, (bench.folder(), command), failed).await?;
        let failure = self.failure(&submission);
        // A submission that failed before the validator was done has failed, whatever a validator makes of half an output.
        if let (Some(failure), true) = (&failure, !validator_first || validator.is_none()) {
            return Ok(Came { report: submission, outcome: Ok((failure.clone(), Said::default())) });
        }
        let Some(validated) = validator else { return Err(SandboxError::Gone("a validator without a report".into())) };
        let kind = self.cases.problem().kind;
        let said = bench.read(&validated, kind.scoring, kind.multi_pass).await?;
        let outcome = said.map(|said| match failure {
            Some(failure) if said.accepted && (submission.stopped_by.is_some() || submission.exit != SIGPIPE) => {
                (failure, Said::default())
            }
            _ => self.said(said),
        });
        Ok(Came { report: submission, outcome })
    }

    fn command(&self, input: Vec<u8>) -> Run {
        let mut run = self.cases.program.run(input, &self.limits);
        run.argv.extend_from_slice(&self.case.args);
        run.writable = self.cases.problem().allow_file_writing;
        run
    }

    /// What the submission itself did wrong, if anything.
    fn failure(&self, report: &Report) -> Option<Outcome> {
        let failure = outcome::of_run(report, &self.limits, &self.cases.language.spec);
        failure.map(|(verdict, reason)| self.outcome(verdict, reason, None))
    }

    fn said(&self, mut said: Said) -> (Outcome, Said) {
        let (verdict, reason) =
            if said.accepted { (Verdict::Accepted, "ok") } else { (Verdict::WrongAnswer, "rejected") };
        let message = said.message.take();
        (self.outcome(verdict, reason.into(), message), said)
    }

    fn outcome(&self, verdict: Verdict, reason: String, message: Option<String>) -> Outcome {
        let hint = self.case.hint.clone().filter(|_| verdict != Verdict::Accepted);
        let both = [message, hint].into_iter().flatten().collect::<Vec<_>>().join("\n");
        let message = (!both.is_empty()).then(|| cut(&both, MAX_CASE_MESSAGE_BYTES).0.to_owned());
        Outcome { verdict, reason, message }
    }
}

/// The last report, with the most time and memory that any took.
fn largest(earlier: Option<Report>, last: Report) -> Report {
    let Some(earlier) = earlier else { return last };
    Report {
        cpu_ms: last.cpu_ms.max(earlier.cpu_ms),
        wall_ms: last.wall_ms.max(earlier.wall_ms),
        memory_kb: last.memory_kb.max(earlier.memory_kb),
        ..last
    }
}
