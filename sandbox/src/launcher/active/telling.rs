//! What is told of a run that is over: its answer, and the outputs that go with it.

use std::fs::File;

use super::super::cgroup::Used;
use super::super::pool::Prepared;
use super::{Active, Kind, SMALL_FILES_BYTES};
use crate::wire::{Answer, Outcome};
use crate::{Exit, Layer, StoppedBy};

impl Active {
    /// The answer, the outputs that go with it, and the sandbox with whether it can be used again.
    pub fn finish(mut self) -> (Answer, Vec<File>, Prepared, bool) {
        let used = self.used_by_group();
        let small = self.moved.is_some_and(|listed| listed.unwrap_or(0) <= SMALL_FILES_BYTES);
        let reusable = self.reusable && small && !self.killed && self.failed.is_none();
        let (answer, files) = match (self.failed.take(), used, &self.kind) {
            (Some(reason), ..) | (None, Err(reason), _) => (Answer::Failed(reason), Vec::new()),
            (None, Ok(_), Kind::Files | Kind::Listing) => (self.tell_moved(), Vec::new()),
            (None, Ok(_), Kind::Probe) => (self.tell_layers(), Vec::new()),
            (None, Ok(used), Kind::Program) => self.tell_outcome(used),
        };
        (answer, files, self.sandbox, reusable)
    }

    fn tell_moved(&self) -> Answer {
        match (&self.kind, self.moved) {
            (Kind::Files, Some(_)) => Answer::Written,
            (_, Some(length)) => Answer::Read(length),
            (Kind::Files, None) => Answer::Failed("the files were not written in time".into()),
            (_, None) => Answer::Failed("the box was not read in time".into()),
        }
    }

    fn tell_layers(&mut self) -> Answer {
        use std::os::unix::fs::FileExt;
        let succeeded = self.done.as_ref().is_some_and(|done| done.wait_status == 0);
        let (length, file) = self.stdout.take_kept();
        let mut report = vec![0; length as usize];
        let read = file.is_some_and(|file| file.read_exact_at(&mut report, 0).is_ok());
        match serde_json::from_slice::<Vec<Layer>>(&report) {
            Ok(layers) if read && succeeded => Answer::Probed(layers),
            _ => Answer::Failed("the self-test could not run a program".into()),
        }
    }

    fn tell_outcome(&mut self, used: Option<Used>) -> (Answer, Vec<File>) {
        if let Some(used) = &used {
            self.cpu_ms = self.cpu_ms.max(self.cpu_us(used) / 1000);
            // What stopped it is told as used up: the kernel may count a page less.
            let least = if used.out_of_memory { self.limits.memory_kb } else { 0 };
            self.peak_kb = self.peak_kb.max(used.peak_kb).max(least);
            self.out_of_memory |= used.out_of_memory;
        }
        let (exit, cpu_us, wall_ns, memory_kb) = match (&self.done, self.killed || self.out_of_memory) {
            // Before its program has begun, a sandbox's end says nothing of it.
            (Some(done), _) if self.started => (
                exit_of(done.wait_status),
                done.cpu_us.max(used.map_or(0, |used| self.cpu_us(&used))),
                done.at_ns.saturating_sub(self.began_ns),
                self.peak_kb.max(done.max_rss_kb),
            ),
            (_, true) => {
                let wall_ns = self.began.elapsed().as_nanos() as u64;
                (Exit::Signal(libc::SIGKILL), self.cpu_ms * 1000, wall_ns, self.peak_kb)
            }
            (_, false) => return (Answer::Lost("the run was killed from outside".into()), Vec::new()),
        };
        let seen = Seen {
            stopped_by: self.stopped_by,
            too_long: cpu_us > self.limits.cpu_ms.saturating_mul(1000),
            // What a group counts it also bounds, so that only its own word counts.
            too_large: self.out_of_memory || (used.is_none() && memory_kb > self.limits.memory_kb),
            stdout_over: self.stdout.is_over(),
            stderr_over: self.stderr.is_over(),
            exit,
        };
        let stopped_by = seen.cause();
        let (stdout_bytes, stdout) = self.stdout.take_kept();
        let (stderr_bytes, stderr) = self.stderr.take_kept();
        let (cpu_ms, wall_ms) = (cpu_us / 1000, wall_ns / 1_000_000);
        let memory_source = self.memory_source;
        let outcome =
            Outcome { exit, stopped_by, cpu_ms, wall_ms, memory_kb, memory_source, stdout_bytes, stderr_bytes };
        (Answer::Ran(outcome), stdout.into_iter().chain(stderr).collect())
    }
}

/// What has come of a run, several of which may be true at once: one that is stopped for its output goes on for a moment.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// For what the launcher ended it.
    stopped_by: Option<StoppedBy>,
    too_long: bool,
    too_large: bool,
    stdout_over: bool,
    stderr_over: bool,
    exit: Exit,
}

impl Seen {
    /// The first that is true: CPU time, memory, output, file size, wall clock, and last how it ended.
    fn cause(&self) -> Option<StoppedBy> {
        let Self { stopped_by, too_long, too_large, stdout_over, stderr_over, exit } = *self;
        let causes = [
            (too_long || stopped_by == Some(StoppedBy::Cpu), StoppedBy::Cpu),
            (too_large || stopped_by == Some(StoppedBy::Memory), StoppedBy::Memory),
            (stdout_over, StoppedBy::Stdout),
            (stderr_over, StoppedBy::Stderr),
            (exit == Exit::Signal(libc::SIGXFSZ), StoppedBy::FileSize),
            (stopped_by == Some(StoppedBy::Wall), StoppedBy::Wall),
            (stopped_by == Some(StoppedBy::Idle), StoppedBy::Idle),
            // The backstop: the kernel samples what it goes by, so that it may see more than was used.
            (exit == Exit::Signal(libc::SIGXCPU), StoppedBy::Cpu),
        ];
        causes.into_iter().find_map(|(is_so, cause)| is_so.then_some(cause))
    }
}

fn exit_of(wait_status: i32) -> Exit {
    if libc::WIFSIGNALED(wait_status) {
        Exit::Signal(libc::WTERMSIG(wait_status))
    } else {
        Exit::Code(libc::WEXITSTATUS(wait_status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Seen = Seen {
        stopped_by: None,
        too_long: false,
        too_large: false,
        stdout_over: false,
        stderr_over: false,
        exit: Exit::Code(0),
    };

    #[test]
    fn of_several_causes_the_one_that_counts_most_is_told() {
        let [too_large_file, out_of_cpu, killed] =
            [libc::SIGXFSZ, libc::SIGXCPU, libc::SIGKILL].map(|signal| Seen { exit: Exit::Signal(signal), ..NOTHING });
        let stopped = |by, seen: Seen| Seen { stopped_by: Some(by), ..seen };
        for (seen, cause) in [
            (NOTHING, None),
            (Seen { exit: Exit::Code(137), ..NOTHING }, None),
            (killed, None),
            // Everything at once, then without what counts most, one by one.
            (
                Seen { too_long: true, too_large: true, stdout_over: true, stderr_over: true, ..too_large_file },
                Some(StoppedBy::Cpu),
            ),
            (Seen { too_large: true, stdout_over: true, stderr_over: true, ..too_large_file }, Some(StoppedBy::Memory)),
            (Seen { stdout_over: true, stderr_over: true, ..too_large_file }, Some(StoppedBy::Stdout)),
            (Seen { stderr_over: true, ..too_large_file }, Some(StoppedBy::Stderr)),
            (stopped(StoppedBy::Wall, too_large_file), Some(StoppedBy::FileSize)),
            (stopped(StoppedBy::Wall, out_of_cpu), Some(StoppedBy::Wall)),
            (stopped(StoppedBy::Idle, out_of_cpu), Some(StoppedBy::Idle)),
            (out_of_cpu, Some(StoppedBy::Cpu)),
            // Whatever it was stopped for, what it had done by then.
            (stopped(StoppedBy::Stdout, Seen { too_long: true, stdout_over: true, ..killed }), Some(StoppedBy::Cpu)),
            (
                stopped(StoppedBy::Stderr, Seen { too_large: true, stderr_over: true, ..killed }),
                Some(StoppedBy::Memory),
            ),
            (stopped(StoppedBy::Wall, Seen { too_long: true, ..killed }), Some(StoppedBy::Cpu)),
            (stopped(StoppedBy::Wall, Seen { too_large: true, ..killed }), Some(StoppedBy::Memory)),
            (stopped(StoppedBy::Wall, Seen { stdout_over: true, ..killed }), Some(StoppedBy::Stdout)),
            (stopped(StoppedBy::Cpu, Seen { too_large: true, stdout_over: true, ..killed }), Some(StoppedBy::Cpu)),
            (stopped(StoppedBy::Memory, Seen { stdout_over: true, ..killed }), Some(StoppedBy::Memory)),
        ] {
            assert_eq!(seen.cause(), cause, "{seen:?}");
        }
    }
}
