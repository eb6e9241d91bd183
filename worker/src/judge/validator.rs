//! The problem's own output validator, as the package format has it: `validator input answer feedback/ [args] < output`,
//! exit code 42 for accepted and 43 for wrong, whatever else for broken.
//!
//! Invariant: it runs in a box of its own, a fresh one for every case, never in the submission's: a program cannot see the
//! validator, its input or the answer, and nothing that a validator was made to do lives on in the next case. What a
//! validator does wrong is never the submission's verdict.

use std::sync::Arc;

use herald_domain::submission::SourceFile;
use herald_domain::text::printable;
use herald_sandbox::{BoxFile, Exit, Report, Run, SandboxError};

use super::Halt;
use super::outcome::compile_failure;
use crate::grading::Worth;
use crate::languages::Languages;
use crate::package::{Problem, TestCase, ValidationLimits, ValidatorSource};
use crate::program::{Program, RunLimits};
use crate::runner::{Runner, WorkFolder};

const INPUT: &str = "case/input.in";
const ANSWER: &str = "case/answer.ans";
const FEEDBACK: &str = "feedback/";
/// A validator that waits has so much longer than its CPU time.
const WALL_EXTRA_MS: u64 = 5_000;
const PROCESSES: u64 = 64;
/// Of a program that was compiled and of a feedback folder, at most.
const MAX_BOX_BYTES: u64 = 128 * 1_024 * 1_024;
/// A message is read up to this, and a number.
const MAX_MESSAGE_BYTES: u64 = 1_024 * 1_024;
const MAX_SCORE_BYTES: u64 = 1_024;
/// Of the path of a file that goes from one pass to the next.
const MAX_DEPTH: usize = 4;
/// What is logged of a message for the judges.
const LOGGED_BYTES: usize = 1_024;

/// A compiled validator.
#[derive(Debug)]
pub(crate) struct Validator {
    language: Arc<crate::languages::Language>,
    sources: Vec<SourceFile>,
    /// What the compiler left in its box, sources included.
    files: Vec<BoxFile>,
    limits: ValidationLimits,
    must_score: bool,
}

/// A box with the validator, a case and an empty feedback folder in it.
pub(super) struct Bench<'a> {
    validator: &'a Validator,
    folder: Box<dyn WorkFolder>,
}

/// What a validator has said of an output.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    pub accepted: bool,
    /// `teammessage.txt`.
    pub message: Option<String>,
    pub score: Option<f64>,
    pub multiplier: Option<f64>,
    /// `nextpass.in`.
    pub next_pass: Option<Vec<u8>>,
    /// What else lies in its feedback folder: for the next pass.
    pub feedback: Vec<BoxFile>,
}

/// A validator that did not do its work. For the log; users see `internal_error`.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Broken(pub String);

impl Validator {
    /// The inner error is the package's fault, and stays.
    pub(crate) async fn compile(
        runner: &dyn Runner,
        languages: &Languages,
        problem: &Problem,
        source: &ValidatorSource,
    ) -> Result<Result<Self, String>, Halt> {
        let language = languages.ready(runner, &source.language).await?;
        let program = Program::new(&language, &source.files);
        let _beside = runner.neighbours().beside().await;
        let folder = runner.open().await?;
        folder.write_files(&program.files()).await?;
        if let (Some(run), Some(spec)) = (program.compile(), &language.spec.compile) {
            let report = folder.run(run).await?;
            if let Some(reason) = compile_failure(&report, spec) {
                let said = printable(&[report.stdout, report.stderr].concat(), LOGGED_BYTES).0;
                return Ok(Err(format!("it does not compile ({reason}): {said}")));
            }
        }
        let Some(files) = folder.files(MAX_BOX_BYTES).await? else {
            return Ok(Err("what its compiler makes is too large or no plain file".into()));
        };
        let (sources, limits, must_score) = (source.files.clone(), problem.validation, source.must_score);
        Ok(Ok(Self { language, sources, files, limits, must_score }))
    }

    pub(super) async fn bench(
        &self,
        runner: &dyn Runner,
        input: &[u8],
        case: &TestCase,
        feedback: Vec<BoxFile>,
    ) -> Result<Bench<'_>, SandboxError> {
        let folder = runner.open().await?;
        let mut files = self.files.clone();
        files.extend([
            BoxFile::new(INPUT, input),
            BoxFile::new(ANSWER, case.answer.as_slice()),
            BoxFile::new(FEEDBACK, Vec::new()),
        ]);
        files.extend(feedback);
        folder.write_files(&files).await?;
        Ok(Bench { validator: self, folder })
    }

    /// Whether it accepts this output of a case; the inner error is what it did wrong.
    pub(crate) async fn takes(
        &self,
        runner: &dyn Runner,
        case: &TestCase,
        args: &[String],
        output: &[u8],
    ) -> Result<Result<bool, String>, SandboxError> {
        let _beside = runner.neighbours().beside().await;
        let bench = self.bench(runner, &case.input, case, Vec::new()).await?;
        let report = bench.folder.run(bench.command(args, output.to_vec(), 0)).await?;
        let said = bench.read(&report, false, false).await?;
        Ok(said.map(|said| said.accepted).map_err(|broken| broken.to_string()))
    }

    pub(super) fn must_score(&self) -> bool {
        self.must_score
    }
}

impl Bench<'_> {
    /// The run; `more_wall_ms` is what the program that it talks with may take.
    pub(super) fn command(&self, args: &[String], output: Vec<u8>, more_wall_ms: u64) -> Run {
        let Validator { limits, language, sources, .. } = self.validator;
        let limits = RunLimits {
            cpu_ms: limits.cpu_ms,
            wall_ms: limits.cpu_ms + WALL_EXTRA_MS + more_wall_ms,
            memory_kb: limits.memory_kb,
            output_kb: limits.output_kb,
            processes: PROCESSES,
            ..RunLimits::PROBE
        };
        let mut run = Program::new(language, sources).run(output, &limits);
        run.argv.extend([INPUT, ANSWER, FEEDBACK].map(|path| format!("/box/{path}")));
        run.argv.extend_from_slice(args);
        run.writable = true;
        run
    }

    pub(super) fn folder(&self) -> &dyn WorkFolder {
        &*self.folder
    }

    /// What the run that has ended has said. `scoring`: look for a score; `passes`: for a next pass.
    pub(super) async fn read(
        &self,
        report: &Report,
        scoring: bool,
        passes: bool,
    ) -> Result<Result<Said, Broken>, SandboxError> {
        let accepted = match (report.stopped_by, report.exit) {
            (None, Exit::Code(42)) => true,
            (None, Exit::Code(43)) => false,
            (Some(limit), _) => return self.broken(format!("was stopped by the limit on {limit:?}"), report).await,
            (None, Exit::Code(code)) => return self.broken(format!("ended with exit code {code}"), report).await,
            (None, Exit::Signal(signal)) => return self.broken(format!("was ended by signal {signal}"), report).await,
        };
        let mut said = Said { accepted, message: self.text("teammessage.txt").await?, ..Said::default() };
        if scoring {
            for (name, number) in [("score.txt", &mut said.score), ("score_multiplier.txt", &mut said.multiplier)] {
                let Some(bytes) = self.file(name, MAX_SCORE_BYTES).await? else { continue };
                match parse_score(&bytes) {
                    Some(value) => *number = Some(value),
                    None => return Ok(Err(Broken(format!("wrote a {name} that is no number")))),
                }
            }
        }
        if !accepted {
            self.log_message(report).await?;
        }
        if passes && let Err(broken) = self.read_pass(&mut said).await? {
            return Ok(Err(broken));
        }
        Ok(Ok(said))
    }

    async fn read_pass(&self, said: &mut Said) -> Result<Result<(), Broken>, SandboxError> {
        let Some(files) = self.folder.files(MAX_BOX_BYTES).await? else {
            return Ok(Err(Broken("left more in its box than there is room for, or no plain files".into())));
        };
        for file in files.into_iter().filter(|file| file.path.starts_with(FEEDBACK)) {
            if file.path.split('/').count() > MAX_DEPTH {
                return Ok(Err(Broken("made folders in its feedback folder that are too deep".into())));
            }
            match file.path.strip_prefix(FEEDBACK) {
                Some("nextpass.in") => said.next_pass = Some(file.content),
                _ => said.feedback.push(file),
            }
        }
        match said.next_pass.is_some() && !said.accepted {
            true => Ok(Err(Broken("asked for a next pass, but did not accept this one".into()))),
            false => Ok(Ok(())),
        }
    }

    async fn broken(&self, what: String, report: &Report) -> Result<Result<Said, Broken>, SandboxError> {
        self.log_message(report).await?;
        Ok(Err(Broken(what)))
    }

    /// What it says to judges: it may hold the answer, so it is never shown, and logged only for who looks for it.
    async fn log_message(&self, report: &Report) -> Result<(), SandboxError> {
        let message = self.text("judgemessage.txt").await?.unwrap_or_default();
        let stderr = printable(&report.stderr, LOGGED_BYTES).0;
        tracing::debug!(validator.message = %message, validator.stderr = %stderr, "what the output validator says");
        Ok(())
    }

    async fn text(&self, name: &str) -> Result<Option<String>, SandboxError> {
        let bytes = self.file(name, MAX_MESSAGE_BYTES).await?;
        let text = bytes.map(|bytes| printable(&bytes, LOGGED_BYTES).0.trim_end().to_owned());
        Ok(text.filter(|text| !text.is_empty()))
    }

    async fn file(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, SandboxError> {
        self.folder.read_file(&format!("{FEEDBACK}{name}"), most).await
    }
}

/// One number, and nothing beside it but space.
fn parse_score(bytes: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|score: &f64| plain && score.is_finite())
}

impl Said {
    /// The score of a case that is worth so much, by the rules of the format (2025-09, "Scoring test cases").
    pub(super) fn score(&self, worth: Worth, must_score: bool) -> Result<f64, Broken> {
        let broken = |what: &str| Err(Broken(what.to_owned()));
        match (worth, self.score, self.multiplier) {
            (Worth::Ignored, _, _) | (Worth::Nothing, None, None) => Ok(0.0),
            (_, Some(_), Some(_)) => broken("wrote both a score.txt and a score_multiplier.txt"),
            (_, score, multiplier) if !self.accepted => match score.or(multiplier) {
                Some(_) => broken("gave a score to an output that it did not accept"),
                None => Ok(0.0),
            },
            (Worth::Nothing, _, _) => broken("gave a score in a group that is passed or failed as a whole"),
            (Worth::Default(_), Some(score), _) => Ok(score),
            (Worth::Default(_), None, _) if must_score => broken("accepted, but wrote no score.txt"),
            (Worth::Default(score), None, _) => Ok(score),
            (Worth::UpTo(most), None, None) => Ok(most),
            (Worth::UpTo(most), None, Some(part)) if (0.0..=1.0).contains(&part) => Ok(most * part),
            (Worth::UpTo(most), Some(score), None) if (0.0..=most * (1.0 + 1e-9)).contains(&score) => Ok(score),
            (Worth::UpTo(_), _, _) => broken("gave a score that is out of bounds"),
            (Worth::Unbounded, Some(score), None) if score >= 0.0 => Ok(score),
            (Worth::Unbounded, _, _) => broken("has to give a score from 0 on, as there is no bound to it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_what_the_format_makes_of_the_files() {
        let said = |accepted, score, multiplier| Said { accepted, score, multiplier, ..Said::default() };
        for (said, worth, must, expected) in [
            (said(true, None, None), Worth::UpTo(20.0), false, Ok(20.0)),
            (said(true, Some(7.5), None), Worth::UpTo(20.0), false, Ok(7.5)),
            (said(true, None, Some(0.25)), Worth::UpTo(20.0), false, Ok(5.0)),
            (said(true, Some(20.5), None), Worth::UpTo(20.0), false, Err(())),
            (said(true, Some(-1.0), None), Worth::UpTo(20.0), false, Err(())),
            (said(true, None, Some(1.5)), Worth::UpTo(20.0), false, Err(())),
            (said(true, Some(1.0), Some(1.0)), Worth::UpTo(20.0), false, Err(())),
            (said(false, None, None), Worth::UpTo(20.0), false, Ok(0.0)),
            (said(false, Some(1.0), None), Worth::UpTo(20.0), false, Err(())),
            (said(true, Some(1e6), None), Worth::Unbounded, false, Ok(1e6)),
            (said(true, None, None), Worth::Unbounded, false, Err(())),
            (said(true, None, Some(0.5)), Worth::Unbounded, false, Err(())),
            (said(true, Some(3.0), None), Worth::Nothing, false, Err(())),
            (said(true, None, None), Worth::Nothing, false, Ok(0.0)),
            (said(true, Some(3.0), None), Worth::Ignored, false, Ok(0.0)),
            (said(true, Some(-3.0), None), Worth::Default(1.0), false, Ok(-3.0)),
            (said(true, None, None), Worth::Default(1.0), false, Ok(1.0)),
            (said(true, None, None), Worth::Default(1.0), true, Err(())),
        ] {
            assert_eq!(said.score(worth, must).map_err(|_| ()), expected, "{said:?} for {worth:?}");
        }
    }

    #[test]
    fn only_a_plain_number_is_a_score() {
        for (text, expected) in [("1.5\n", Some(1.5)), (" 2e3 ", Some(2e3)), ("", None), ("nan", None), ("inf", None)] {
            assert_eq!(parse_score(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(parse_score(b"1e999"), None);
        assert_eq!(parse_score(b"1 2"), None);
        assert_eq!(parse_score(b"\xff"), None);
    }
}
