//! One run under way: watched from outside until its first process is dead, then told as an answer (`telling`).

mod telling;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::boxes::Place;
use super::cgroup::{Group, GroupLimits, Used};
use super::child::{self, Launch, Payload, Started, monotonic_ns};
use super::ground::Ground;
use super::output::Output;
use super::usage;
use crate::listing::LINES_BYTES;
use crate::wire::{Ask, JobFds};
use crate::{Limits, MemorySource, StoppedBy};

/// How often memory and CPU time are looked at; near the CPU limit sooner.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOK_SOONEST: Duration = Duration::from_millis(2);
/// Below this share of the wall limit a run that reached it was not computing but waiting.
const IDLE_SHARE_PERCENT: u64 = 10;

/// For what the launcher runs on its own account.
const OWN_LIMITS: Limits = Limits {
    cpu_ms: 10_000,
    wall_ms: 20_000,
    memory_kb: 1024 * 1024,
    limit_address_space: false,
    stack_kb: 8 * 1024,
    processes: 16,
    file_kb: 4 * 1024 * 1024,
    stdout_bytes: 64 * 1024,
    stderr_bytes: 64 * 1024,
};

enum Kind {
    Program,
    Files,
    Listing,
    Probe,
}

/// What came along with a question.
struct Given {
    stdin: OwnedFd,
    stdout: Option<OwnedFd>,
    kept: [Option<File>; 2],
}

impl Given {
    fn sort(ask: &Ask, fds: &mut impl Iterator<Item = OwnedFd>) -> Result<Self, String> {
        let stdin = match fds.next() {
            Some(fd) => fd,
            None => rustix::fs::memfd_create("nothing", rustix::fs::MemfdFlags::CLOEXEC)
                .map_err(|e| format!("could not make an empty input: {e}"))?,
        };
        let expected = if let Ask::Run { job, .. } = ask { job.fds } else { JobFds::default() };
        let mut next = |is_there: bool| match is_there {
            true => fds.next().ok_or("a file descriptor did not arrive").map(Some),
            false => Ok(None),
        };
        let stdout = next(expected.stdout)?;
        let kept = [next(expected.kept)?.map(File::from), next(expected.kept)?.map(File::from)];
        Ok(Self { stdin, stdout, kept })
    }
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
    place: Place,
    kind: Kind,
    limits: Limits,
    group: Option<Box<dyn Group>>,
    /// CPU time that the group had used when the program began.
    setup_us: u64,
    memory_source: MemorySource,
    pid: i32,
    pidfd: OwnedFd,
    /// Closing it is how the first process learns that it must end.
    status: Option<OwnedFd>,
    said: Vec<u8>,
    stdout: Output,
    stderr: Output,
    /// When the program began, once it has; until then when the run was made.
    began_ns: u64,
    began: Instant,
    next_look: Instant,
    cpu_ms: u64,
    peak_kb: u64,
    out_of_memory: bool,
    stopped_by: Option<StoppedBy>,
    killed: bool,
    failed: Option<String>,
    done: Option<Done>,
}

impl Active {
    /// Starts what `ask` asks for, with what came along.
    pub fn start(id: u64, place: Place, ask: Ask, fds: Vec<OwnedFd>, ground: &Ground) -> Result<Self, String> {
        let mut fds = fds.into_iter();
        let (kind, limits, payload, writable, mounts) = match &ask {
            Ask::Run { job, .. } => {
                job.mounts.iter().try_for_each(|mount| ground.make_target(mount))?;
                let payload = Payload::Program { argv: &job.argv, env: &job.env };
                (Kind::Program, job.limits, payload, job.writable, job.mounts.as_slice())
            }
            Ask::Write { files, .. } => (Kind::Files, OWN_LIMITS, Payload::Files(files), true, [].as_slice()),
            Ask::Read { path, max_bytes, .. } => {
                let limits = Limits { stdout_bytes: max_bytes.saturating_add(LINES_BYTES), ..OWN_LIMITS };
                (Kind::Listing, limits, Payload::Listing(path.as_deref(), *max_bytes), false, [].as_slice())
            }
            _ => (Kind::Probe, OWN_LIMITS, Payload::Probe, false, [].as_slice()),
        };
        let given = Given::sort(&ask, &mut fds)?;
        let group = match &ground.cgroups {
            // Of our own code that moves files nothing needs to be limited.
            Ok(tree) if !matches!(kind, Kind::Files | Kind::Listing) => Some(tree.make(&group_limits(&limits))?),
            _ => None,
        };
        let folders = group.as_ref().map_or([].as_slice(), |group| group.folders());
        let launch = Launch { ground, place: &place, writable, mounts, limits: &limits, group: folders, payload };
        match child::start(&launch, given.stdin, given.stdout) {
            Ok(started) => Ok(Self::new(id, place, kind, limits, group, started, given.kept)),
            Err(reason) => {
                discard(group, ground);
                Err(reason)
            }
        }
    }

    fn new(
        id: u64,
        place: Place,
        kind: Kind,
        limits: Limits,
        group: Option<Box<dyn Group>>,
        started: Started,
        [keep_stdout, keep_stderr]: [Option<File>; 2],
    ) -> Self {
        let now = Instant::now();
        let memory_source = group.as_ref().map_or(MemorySource::Rusage, |group| group.source());
        Self {
            asked_by: Some(id),
            place,
            kind,
            limits,
            group,
            setup_us: 0,
            memory_source,
            pid: started.pid,
            pidfd: started.pidfd,
            status: Some(started.status),
            said: Vec::new(),
            stdout: Output::new(started.stdout, keep_stdout, limits.stdout_bytes),
            stderr: Output::new(Some(started.stderr), keep_stderr, limits.stderr_bytes),
            began_ns: monotonic_ns(),
            began: now,
            next_look: now + LOOK_EVERY.min(Duration::from_millis(limits.cpu_ms)),
            cpu_ms: 0,
            peak_kb: 0,
            out_of_memory: false,
            stopped_by: None,
            killed: false,
            failed: None,
            done: None,
        }
    }

    pub fn asked_by(&self) -> Option<u64> {
        self.asked_by
    }

    pub fn box_id(&self) -> u64 {
        self.place.box_id
    }

    /// When to look at it again, if nothing happens before.
    pub fn look_at(&self) -> Instant {
        if self.killed {
            self.began + Duration::from_secs(u64::from(u32::MAX))
        } else {
            self.next_look.min(self.deadline())
        }
    }

    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        // The status pipe needs no watching: whatever is said there is followed by the end, or can wait for a look.
        [Some(self.pidfd.as_fd()), self.stdout.descriptor(), self.stderr.descriptor()].into_iter().flatten()
    }

    /// Nobody waits for it any more: it dies.
    pub fn forget(&mut self) {
        self.asked_by = None;
        self.kill();
    }

    /// Takes what has come, applies the limits. Whether the run is over and its pid namespace dead.
    pub fn watch(&mut self) -> bool {
        let dead = self.is_dead();
        self.listen();
        if let Err(error) = self.stdout.drain().and_then(|()| self.stderr.drain()) {
            self.failed.get_or_insert(format!("could not keep the output: {error}"));
            self.kill();
        }
        if dead {
            // Reaped here, and only here. The kernel has ended everything else in the namespace before.
            let _ = crate::sys::wait_for(self.pid);
            return true;
        }
        if !self.killed {
            self.apply_limits();
        }
        false
    }

    fn is_dead(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// Reads the status pipe.
    fn listen(&mut self) {
        let mut chunk = [0; 1024];
        while let Some(Ok(got @ 1..)) = self.status.as_ref().map(|status| rustix::io::read(status, &mut chunk)) {
            self.said.extend_from_slice(&chunk[..got]);
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
            ("started", [at_ns, setup_us]) => {
                self.setup_us = *setup_us as u64;
                self.began_ns = *at_ns as u64;
                let ago = Duration::from_nanos(monotonic_ns().saturating_sub(self.began_ns));
                self.began = Instant::now().checked_sub(ago).unwrap_or(self.began);
            }
            ("done", [at_ns, status, cpu_us, max_rss_kb]) => {
                self.done = Some(Done {
                    at_ns: *at_ns as u64,
                    wait_status: *status as i32,
                    cpu_us: *cpu_us as u64,
                    max_rss_kb: *max_rss_kb as u64,
                });
            }
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
        let used = usage::of_tree(self.pid);
        let mut resident_kb = used.resident_kb;
        if resident_kb > self.limits.memory_kb && used.processes > 1 {
            // Processes that share pages: count those once before saying that it is too much.
            resident_kb = usage::proportional_kb(self.pid).unwrap_or(resident_kb);
        }
        self.cpu_ms = self.cpu_ms.max(used.cpu_ms);
        self.peak_kb = self.peak_kb.max(resident_kb);
        self.out_of_memory |= self.peak_kb > self.limits.memory_kb;
    }

    /// A group that cannot be read is a limit that is not watched.
    fn used_by_group(&self) -> Result<Option<Used>, String> {
        let used = self.group.as_ref().map(|group| group.used()).transpose();
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

    /// Ends the first process, and with it all that is in its namespace: by a signal, and where the right to send that
    /// is missing by no longer listening to it.
    fn kill(&mut self) {
        self.listen();
        self.status = None;
        self.killed = true;
        if let Some(group) = &self.group {
            group.kill();
        }
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL);
    }
}

fn group_limits(limits: &Limits) -> GroupLimits {
    // One more for the first process.
    GroupLimits { memory_kb: limits.memory_kb, processes: limits.processes.saturating_add(1) }
}

fn discard(group: Option<Box<dyn Group>>, ground: &Ground) {
    if let (Some(group), Ok(tree)) = (group, &ground.cgroups) {
        tree.discard(group);
    }
}
