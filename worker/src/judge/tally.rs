//! What has come out so far: counts, cases, the slowest and the largest.

use herald_domain::submission::{CaseResult, Judgement, MemorySource, Output, Outputs, Tests, Verdict};
use herald_sandbox::{Exit, Report};

use super::outcome::Outcome;

pub(super) struct Tally {
    judgement: Judgement,
}

impl Tally {
    pub(super) fn new(language_version: Option<String>, total: Option<u32>) -> Self {
        let mut judgement = Judgement::bare(Verdict::InternalError, "");
        judgement.language_version = language_version;
        judgement.tests.total = total;
        Self { judgement }
    }

    pub(super) fn tests(&self) -> Tests {
        self.judgement.tests
    }

    pub(super) fn compiled(&mut self, output: Option<Output>) {
        self.judgement.outputs.compile_output = output;
    }

    pub(super) fn outputs(&mut self, stdout: Output, stderr: Output) {
        let outputs = &mut self.judgement.outputs;
        *outputs =
            Outputs { stdout: Some(stdout), stderr: Some(stderr), compile_output: outputs.compile_output.take() };
    }

    pub(super) fn scored(&mut self, score: Option<f64>) {
        self.judgement.score = score;
    }

    /// Adds a case that has been run.
    pub(super) fn case(&mut self, group: &str, report: &Report, outcome: Outcome, score: Option<f64>) -> CaseResult {
        self.measured(report);
        let tests = &mut self.judgement.tests;
        tests.run += 1;
        tests.passed += u32::from(outcome.verdict == Verdict::Accepted);
        let case = CaseResult {
            n: tests.run,
            group: group.to_owned(),
            verdict: outcome.verdict,
            reason: Some(outcome.reason),
            time_ms: report.cpu_ms,
            wall_ms: report.wall_ms,
            memory_kb: report.memory_kb,
            message: outcome.message,
            score,
        };
        self.judgement.cases.push(case.clone());
        case
    }

    /// Time and memory are the largest of all runs, exit code and signal those of the last.
    pub(super) fn measured(&mut self, report: &Report) {
        let judgement = &mut self.judgement;
        judgement.time_ms = judgement.time_ms.max(Some(report.cpu_ms));
        judgement.wall_ms = judgement.wall_ms.max(Some(report.wall_ms));
        judgement.memory_kb = judgement.memory_kb.max(Some(report.memory_kb));
        judgement.memory_source = Some(memory_source(report.memory_source));
        (judgement.exit_code, judgement.signal) = match report.exit {
            Exit::Code(code) => (Some(code), None),
            Exit::Signal(signal) => (None, Some(signal)),
        };
    }

    pub(super) fn finish(self, verdict: Verdict, reason: String) -> Judgement {
        Judgement { verdict, reason: Some(reason), ..self.judgement }
    }
}

pub(super) fn memory_source(source: herald_sandbox::MemorySource) -> MemorySource {
    match source {
        herald_sandbox::MemorySource::CgroupV2 => MemorySource::CgroupV2,
        herald_sandbox::MemorySource::CgroupV1 => MemorySource::CgroupV1,
        herald_sandbox::MemorySource::Rusage => MemorySource::Rusage,
    }
}
