//! One question under way in its sandbox: watched from outside until it is answered (`telling`).

mod starting;
mod telling;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::cgroup::Used;
use super::child::monotonic_ns;
use super::output::Output;
use super::pool::Prepared;
use super::usage;
use crate::{Limits, MemorySource, StoppedBy};

/// How often memory and CPU time are looked at; near the CPU limit sooner.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOK_SOONEST: Duration = Duration::from_millis(2);
/// What a program that does next to nothing takes.
const YOUNG_FOR: Duration = Duration::from_millis(2);
/// Below this share of the wall limit a run that reached it was not computing but waiting.
const IDLE_SHARE_PERCENT: u64 = 10;
/// Files of this size together may be charged to the program that uses the sandbox next.
const SMALL_FILES_BYTES: u64 = 256 * 1024;

enum Kind {
    Program,
    Files,
    Listing,
    Probe,
}

/// The first process's last words.
struct Done {
    at_ns: u64,
    wait_status: i32,
    cpu_us: u64,
    max_rss_kb: u64,
}

pub struct Active {
    /// `None`: nobody wants to know any more.
    asked_by: Option<u64>,
    sandbox: Prepared,
    kind: Kind,
    limits: Limits,
    /// CPU time that the group had used when the program began, and how much of it is the second process's.
    setup_us: u64,
    second_us: u64,
    memory_source: MemorySource,
    said: Vec<u8>,
    stdout: Output,
    stderr: Output,
    started: bool,
    /// When the program began, once it has; until then when the run was asked for.
    began_ns: u64,
    began: Instant,
    asked: Instant,
    next_look: Instant,
    cpu_ms: u64,
    peak_kb: u64,
    out_of_memory: bool,
    stopped_by: Option<StoppedBy>,
    killed: bool,
    failed: Option<String>,
    /// The answer to an order about files: how long the listing is, if it was one.
    moved: Option<Option<u64>>,
    done: Option<Done>,
    /// Whether the sandbox can wait for another order.
    reusable: bool,
}

impl Active {
    pub fn asked_by(&self) -> Option<u64> {
        self.asked_by
    }

    pub fn box_id(&self) -> u64 {
        self.sandbox.place.box_id
    }

    /// When to look at it again, if nothing happens before.
    pub fn look_at(&self) -> Instant {
        if self.killed {
            self.began + Duration::from_secs(u64::from(u32::MAX))
        } else {
            self.next_look.min(self.deadline())
        }
    }

    /// Until when it is likely to end any moment.
    pub fn young_until(&self) -> Instant {
        self.asked + YOUNG_FOR
    }

    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let status = self.sandbox.status.as_ref().map(AsFd::as_fd);
        let pidfd = self.sandbox.pidfd.as_fd();
        [Some(pidfd), status, self.stdout.descriptor(), self.stderr.descriptor()].into_iter().flatten()
    }

    /// Nobody waits for it any more: it dies.
    pub fn forget(&mut self) {
        self.asked_by = None;
        self.kill();
    }

    /// Takes what has come, applies the limits. Whether the question can be answered: no process of the program is left.
    pub fn watch(&mut self, early: bool) -> bool {
        let dead = self.sandbox.is_dead();
        self.listen();
        if let Err(error) = self.stdout.drain().and_then(|()| self.stderr.drain()) {
            self.failed.get_or_insert(format!("could not keep the output: {error}"));
            self.kill();
        }
        if dead || self.moved.is_some() || (early && self.done.is_some()) {
            return true;
        }
        if !self.killed && self.done.is_none() {
            self.apply_limits();
        }
        false
    }

    /// Reads the status pipe.
    fn listen(&mut self) {
        let mut chunk = [0; 1024];
        loop {
            match self.sandbox.status.as_ref().map(|status| rustix::io::read(status, &mut chunk)) {
                Some(Ok(got @ 1..)) => self.said.extend_from_slice(&chunk[..got]),
                // Its end is the first process's own, which the pidfd tells.
                Some(Ok(0)) => self.sandbox.status = None,
                _ => break,
            }
        }
        while let Some(end) = self.said.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.said.drain(..=end).collect();
            self.hear(String::from_utf8_lossy(&line).trim_end());
        }
    }

    fn hear(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let numbers: Vec<i64> = rest.split(' ').map_while(|n| n.parse().ok()).collect();
        match (word, numbers.as_slice()) {
            ("started", [at_ns, first_us, second_us]) => {
                self.started = true;
                self.second_us = *second_us as u64;
                self.setup_us = *first_us as u64 + self.second_us;
                self.began_ns = *at_ns as u64;
                let ago = Duration::from_nanos(monotonic_ns().saturating_sub(self.began_ns));
                self.began = Instant::now().checked_sub(ago).unwrap_or(self.began);
            }
            ("done", [at_ns, status, cpu_us, max_rss_kb]) => {
                self.done = Some(Done {
                    at_ns: *at_ns as u64,
                    wait_status: *status as i32,
                    cpu_us: (*cpu_us as u64).saturating_sub(self.second_us),
                    max_rss_kb: *max_rss_kb as u64,
                });
            }
            ("wrote" | "nothing", _) => self.moved = Some(None),
            ("listed", [length]) => self.moved = Some(Some(*length as u64)),
            ("failed", _) => {
                self.failed.get_or_insert(rest.to_owned());
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Instant {
        self.began + Duration::from_millis(self.limits.wall_ms.min(u64::from(u32::MAX)))
    }

    fn apply_limits(&mut self) {
        let now = Instant::now();
        if self.stdout.is_over() {
            self.stop(StoppedBy::Stdout);
        } else if self.stderr.is_over() {
            self.stop(StoppedBy::Stderr);
        } else if now >= self.next_look || now >= self.deadline() {
            self.look();
            if self.cpu_ms >= self.limits.cpu_ms {
                self.stop(StoppedBy::Cpu);
            } else if self.out_of_memory {
                self.stop(StoppedBy::Memory);
            } else if now >= self.deadline() {
                let idle = self.cpu_ms.saturating_mul(100) < self.limits.wall_ms.saturating_mul(IDLE_SHARE_PERCENT);
                self.stop(if idle { StoppedBy::Idle } else { StoppedBy::Wall });
            }
        }
    }

    /// Measures the processes of the run, and says when to do so again.
    fn look(&mut self) {
        match self.used_by_group() {
            Ok(Some(used)) => {
                self.cpu_ms = self.cpu_ms.max(self.cpu_us(&used) / 1000);
                self.out_of_memory |= used.out_of_memory;
            }
            Ok(None) => self.look_at_processes(),
            Err(reason) => {
                self.failed.get_or_insert(reason);
                self.kill();
            }
        }
        let left = Duration::from_millis(self.limits.cpu_ms.saturating_sub(self.cpu_ms));
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        self.next_look = Instant::now() + (left / cores).clamp(LOOK_SOONEST, LOOK_EVERY);
    }

    /// Without a cgroup: what their own accounts say.
    fn look_at_processes(&mut self) {
        let used = usage::of_tree(self.sandbox.pid);
        let mut resident_kb = used.resident_kb;
        if resident_kb > self.limits.memory_kb && used.processes > 1 {
            // Processes that share pages: count those once before saying that it is too much.
            resident_kb = usage::proportional_kb(self.sandbox.pid).unwrap_or(resident_kb);
        }
        self.cpu_ms = self.cpu_ms.max(used.cpu_ms);
        self.peak_kb = self.peak_kb.max(resident_kb);
        self.out_of_memory |= self.peak_kb > self.limits.memory_kb;
    }

    /// A group that cannot be read is a limit that is not watched.
    fn used_by_group(&self) -> Result<Option<Used>, String> {
        let used = self.sandbox.group.as_ref().map(|group| group.used()).transpose();
        used.map_err(|e| format!("could not read the cgroup: {e}"))
    }

    /// Without what it took to build the run's surroundings.
    fn cpu_us(&self, used: &Used) -> u64 {
        used.cpu_us.saturating_sub(self.setup_us)
    }

    fn stop(&mut self, by: StoppedBy) {
        self.look();
        self.stopped_by = Some(by);
        self.kill();
    }

    fn kill(&mut self) {
        self.listen();
        self.killed = true;
        self.sandbox.kill();
    }
}
