//! From what the sandbox reports to a verdict. The one place where a run's verdict is decided.

use herald_domain::submission::Verdict;
use herald_sandbox::{Exit, Report, StoppedBy};

use crate::program::RunLimits;

/// A case's verdict, its machine-readable reason, and what the submitter may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub verdict: Verdict,
    pub reason: String,
    pub message: Option<String>,
}

/// Why a run failed, or `None` if it ended with exit code 0 within its limits.
pub(super) fn of_run(report: &Report, limits: &RunLimits, out_of_memory: &[String]) -> Option<(Verdict, String)> {
    if let Some(limit) = report.stopped_by {
        let (verdict, reason) = of_limit(limit);
        return Some((verdict, reason.to_owned()));
    }
    if report.cpu_ms > limits.cpu_ms {
        // It ended by itself, but after the limit and before the sandbox looked.
        return Some((Verdict::TimeLimitExceeded, "cpu".to_owned()));
    }
    if let Some(reason) = failed_exit(report.exit) {
        let gave_up = out_of_memory.iter().any(|text| contains(&report.stderr, text.as_bytes()));
        return Some(match gave_up {
            true => (Verdict::MemoryLimitExceeded, "memory".to_owned()),
            false => (Verdict::RunTimeError, reason),
        });
    }
    let written = report.stdout.len() as u64 + report.stderr.len() as u64;
    if written > limits.output_kb * 1_024 {
        let reason = if report.stdout.len() >= report.stderr.len() { "stdout_cap" } else { "stderr_cap" };
        return Some((Verdict::OutputLimitExceeded, reason.to_owned()));
    }
    None
}

fn of_limit(limit: StoppedBy) -> (Verdict, &'static str) {
    match limit {
        StoppedBy::Memory => (Verdict::MemoryLimitExceeded, "memory"),
        StoppedBy::Cpu => (Verdict::TimeLimitExceeded, "cpu"),
        StoppedBy::Wall => (Verdict::TimeLimitExceeded, "wall"),
        StoppedBy::Idle => (Verdict::TimeLimitExceeded, "idle"),
        StoppedBy::Stdout => (Verdict::OutputLimitExceeded, "stdout_cap"),
        StoppedBy::Stderr => (Verdict::OutputLimitExceeded, "stderr_cap"),
        StoppedBy::FileSize => (Verdict::OutputLimitExceeded, "file_size"),
    }
}

/// Why compiling failed, or `None` if it did not.
pub(super) fn compile_failure(report: &Report) -> Option<String> {
    match report.stopped_by {
        Some(StoppedBy::Memory) => Some("compile_memory".into()),
        Some(StoppedBy::Cpu | StoppedBy::Wall | StoppedBy::Idle) => Some("compile_time".into()),
        Some(StoppedBy::Stdout | StoppedBy::Stderr | StoppedBy::FileSize) => Some("compile_output".into()),
        None => failed_exit(report.exit),
    }
}

fn failed_exit(exit: Exit) -> Option<String> {
    match exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(format!("exit:{code}")),
        Exit::Signal(signal) => Some(format!("signal:{signal}")),
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text)
}
