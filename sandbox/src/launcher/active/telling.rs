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
            (Some(done), _) => (
                exit_of(done.wait_status),
                done.cpu_us.max(used.map_or(0, |used| self.cpu_us(&used))),
                done.at_ns.saturating_sub(self.began_ns),
                self.peak_kb.max(done.max_rss_kb),
            ),
            (None, true) => {
                let wall_ns = self.began.elapsed().as_nanos() as u64;
                (Exit::Signal(libc::SIGKILL), self.cpu_ms * 1000, wall_ns, self.peak_kb)
            }
            (None, false) => return (Answer::Lost("the run was killed from outside".into()), Vec::new()),
        };
        // What a group counts it also bounds, so that only its own word counts.
        let too_large = used.is_none() && memory_kb > self.limits.memory_kb;
        let stopped_by = self.stopped_by.or_else(|| {
            if self.stdout.is_over() {
                Some(StoppedBy::Stdout)
            } else if self.stderr.is_over() {
                Some(StoppedBy::Stderr)
            } else if exit == Exit::Signal(libc::SIGXFSZ) {
                Some(StoppedBy::FileSize)
            } else if exit == Exit::Signal(libc::SIGXCPU) {
                // The backstop: the kernel samples what it goes by, so that it may see more than was used.
                Some(StoppedBy::Cpu)
            } else if cpu_us > self.limits.cpu_ms.saturating_mul(1000) {
                Some(StoppedBy::Cpu)
            } else if self.out_of_memory || too_large {
                Some(StoppedBy::Memory)
            } else {
                None
            }
        });
        let (stdout_bytes, stdout) = self.stdout.take_kept();
        let (stderr_bytes, stderr) = self.stderr.take_kept();
        let (cpu_ms, wall_ms) = (cpu_us / 1000, wall_ns / 1_000_000);
        let memory_source = self.memory_source;
        let outcome =
            Outcome { exit, stopped_by, cpu_ms, wall_ms, memory_kb, memory_source, stdout_bytes, stderr_bytes };
        (Answer::Ran(outcome), stdout.into_iter().chain(stderr).collect())
    }
}

fn exit_of(wait_status: i32) -> Exit {
    if libc::WIFSIGNALED(wait_status) {
        Exit::Signal(libc::WTERMSIG(wait_status))
    } else {
        Exit::Code(libc::WEXITSTATUS(wait_status))
    }
}
