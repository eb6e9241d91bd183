//! The limits of a run: the problem's (or the server's own), what the submission asks for within the server's maxima, and
//! the language's share.

use herald_domain::submission::{LIMIT_RANGES, Limits};

use crate::package::ProblemLimits;
use crate::program::{RUN_FILE_KB, RunLimits, STACK_KB};

/// Without a problem.
const DEFAULTS: ProblemLimits = ProblemLimits { cpu_ms: 5_000, memory_kb: 256 * 1_024, output_kb: 1_024 };
const EXTRA_MS: u64 = 0;
const PROCESSES: u64 = 64;
/// Wall-clock time is only a guard against waiting: this many times the CPU limit, and at least so much more.
const WALL_FACTOR: u64 = 3;
const WALL_EXTRA_MS: u64 = 2_000;

pub(super) fn run_limits(problem: Option<&ProblemLimits>, asked: &Limits, time_factor: f64) -> RunLimits {
    let base = problem.unwrap_or(&DEFAULTS);
    let [cpu, wall, extra, memory, stack, output, file, processes] = within_ranges(asked);
    let cpu_ms = scaled(cpu.unwrap_or(base.cpu_ms), time_factor);
    let extra_ms = extra.unwrap_or(EXTRA_MS);
    let guard = (cpu_ms * WALL_FACTOR).max(cpu_ms + WALL_EXTRA_MS) + extra_ms;
    RunLimits {
        cpu_ms,
        wall_ms: wall.unwrap_or(guard),
        extra_ms,
        memory_kb: memory.unwrap_or(base.memory_kb),
        stack_kb: stack.unwrap_or(STACK_KB),
        output_kb: output.unwrap_or(base.output_kb),
        file_kb: file.unwrap_or(RUN_FILE_KB),
        processes: processes.unwrap_or(PROCESSES),
    }
}

/// The api has checked the ranges already; a row from elsewhere is held to them all the same.
fn within_ranges(asked: &Limits) -> [Option<u64>; 8] {
    let mut values = asked.values();
    for (value, range) in values.iter_mut().zip(&LIMIT_RANGES) {
        *value = value.map(|value| value.clamp(range.least, range.most));
    }
    values
}

fn scaled(cpu_ms: u64, factor: f64) -> u64 {
    (cpu_ms as f64 * factor).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_may_ask_for_more_or_less_within_the_servers_maxima() {
        let problem = ProblemLimits { cpu_ms: 1_000, memory_kb: 65_536, output_kb: 8_192 };
        let plain = run_limits(Some(&problem), &Limits::default(), 1.0);
        let expected = RunLimits {
            cpu_ms: 1_000,
            wall_ms: 3_000,
            extra_ms: 0,
            memory_kb: 65_536,
            stack_kb: STACK_KB,
            output_kb: 8_192,
            file_kb: RUN_FILE_KB,
            processes: PROCESSES,
        };
        assert_eq!(plain, expected);
        let asked = Limits { cpu_ms: Some(2_000), memory_kb: Some(u64::MAX), processes: Some(0), ..Limits::default() };
        let changed = run_limits(Some(&problem), &asked, 1.5);
        let expected = RunLimits { cpu_ms: 3_000, wall_ms: 9_000, memory_kb: 2_097_152, processes: 1, ..expected };
        assert_eq!(changed, expected);
        let asked = Limits { extra_ms: Some(400), stack_kb: Some(1), file_kb: Some(0), ..Limits::default() };
        let changed = run_limits(Some(&problem), &asked, 1.0);
        let expected = RunLimits {
            wall_ms: 3_400,
            extra_ms: 400,
            stack_kb: 64,
            file_kb: 0,
            cpu_ms: 1_000,
            memory_kb: 65_536,
            processes: PROCESSES,
            ..expected
        };
        assert_eq!(changed, expected);
        let wall = Limits { wall_ms: Some(500), ..Limits::default() };
        assert_eq!(run_limits(None, &wall, 1.0).wall_ms, 500);
    }
}
