//! From what the sandbox reports to a verdict. The one place where a run's verdict is decided.

use herald_domain::submission::Verdict;
use herald_sandbox::{Exit, Report, StoppedBy};

use crate::languages::{CompileSpec, LanguageSpec, Symptoms};
use crate::program::RunLimits;

/// A case's verdict, its machine-readable reason, and what the submitter may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub verdict: Verdict,
    pub reason: String,
    pub message: Option<String>,
}

/// Of a limit on time, what over it may be the machine's doing as well as the program's.
const CLOSE_PERCENT: u64 = 10;

/// So long over the limit on CPU time is close: a run that goes on for longer need not be watched to its end.
pub(super) fn close_ms(limit_ms: u64) -> u64 {
    limit_ms * CLOSE_PERCENT / 100
}

/// Whether a run was over its CPU time so closely that it would perhaps not be on a machine with nothing else to do. The wall
/// clock stops a run right at its limit, so that nothing is known of how close that one was.
pub(super) fn is_close(report: &Report, limits: &RunLimits, outcome: &Outcome) -> bool {
    outcome.verdict == Verdict::TimeLimitExceeded
        && outcome.reason == "cpu"
        && report.cpu_ms < limits.cpu_ms + close_ms(limits.cpu_ms)
}

/// Why a run failed, or `None` if it ended with exit code 0 within its limits. What counts most comes first: CPU time,
/// memory, output, file size, wall clock, and last how it ended.
pub(super) fn of_run(report: &Report, limits: &RunLimits, language: &LanguageSpec) -> Option<(Verdict, String)> {
    if report.cpu_ms > limits.cpu_ms {
        // Also where something else stopped it, or nothing did before the sandbox looked.
        return Some((Verdict::TimeLimitExceeded, "cpu".to_owned()));
    }
    let written = report.stdout.len() as u64 + report.stderr.len() as u64;
    let larger = if report.stdout.len() >= report.stderr.len() { StoppedBy::Stdout } else { StoppedBy::Stderr };
    let stopped_by = match report.stopped_by {
        // What the sandbox holds each output to, both together are held to as well.
        None | Some(StoppedBy::FileSize | StoppedBy::Wall | StoppedBy::Idle) if written > limits.output_kb * 1_024 => {
            Some(larger)
        }
        stopped_by => stopped_by,
    };
    if let Some(limit) = stopped_by {
        let (verdict, reason) = of_limit(limit);
        return Some((verdict, reason.to_owned()));
    }
    let reason = failed_exit(report.exit)?;
    let gave_up = language.out_of_memory.found(&report.stderr) || language.out_of_memory_stdout.found(&report.stdout);
    Some(match gave_up {
        true => (Verdict::MemoryLimitExceeded, "oom".to_owned()),
        false => (Verdict::RunTimeError, reason),
    })
}

fn of_limit(limit: StoppedBy) -> (Verdict, &'static str) {
    match limit {
        StoppedBy::Memory => (Verdict::MemoryLimitExceeded, "oom"),
        StoppedBy::Cpu => (Verdict::TimeLimitExceeded, "cpu"),
        StoppedBy::Wall => (Verdict::TimeLimitExceeded, "wall"),
        StoppedBy::Idle => (Verdict::TimeLimitExceeded, "idle"),
        StoppedBy::Stdout => (Verdict::OutputLimitExceeded, "stdout_cap"),
        StoppedBy::Stderr => (Verdict::OutputLimitExceeded, "stderr_cap"),
        StoppedBy::FileSize => (Verdict::OutputLimitExceeded, "file_size"),
    }
}

/// Why compiling failed, or `None` if it did not. A driver may outlive what the limits stop, and only tell of it.
pub(super) fn compile_failure(report: &Report, compile: &CompileSpec) -> Option<String> {
    match report.stopped_by {
        Some(StoppedBy::Memory) => Some("compile_memory".into()),
        Some(StoppedBy::Cpu | StoppedBy::Wall | StoppedBy::Idle) => Some("compile_time".into()),
        Some(StoppedBy::Stdout | StoppedBy::Stderr | StoppedBy::FileSize) => Some("compile_output".into()),
        None => failed_exit(report.exit).map(|reason| {
            let told = |symptoms: &Symptoms| symptoms.found(&report.stderr) || symptoms.found(&report.stdout);
            match (told(&compile.out_of_memory), told(&compile.too_large)) {
                (true, _) => "compile_memory".into(),
                (false, true) => "compile_output".into(),
                (false, false) => reason,
            }
        }),
    }
}

fn failed_exit(exit: Exit) -> Option<String> {
    match exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(format!("exit:{code}")),
        Exit::Signal(signal) => Some(format!("signal:{signal}")),
    }
}
