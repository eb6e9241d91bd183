//! From a question to a sandbox that works on it.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use super::super::boxes::{Boxes, Wanted};
use super::super::cgroup::GroupLimits;
use super::super::child::monotonic_ns;
use super::super::ground::Ground;
use super::super::orders::Order;
use super::super::output::Output;
use super::super::pool::{Pool, Prepared};
use super::{Active, Kind, LOOK_EVERY, SMALL_FILES_BYTES};
use crate::wire::{Ask, Job, JobFds};
use crate::{Limits, MemorySource, Mount};

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

/// A question about a box, as an order and what it takes.
struct Errand {
    kind: Kind,
    order: Order,
    limits: Limits,
    writable: bool,
    mounts: Vec<Mount>,
    fds: JobFds,
    /// Whether another program may find the sandbox as if this had never been.
    reusable: bool,
}

impl Errand {
    fn of(ask: Ask) -> Result<Self, String> {
        let own = |kind, order, writable, reusable| Self {
            kind,
            order,
            limits: OWN_LIMITS,
            writable,
            mounts: Vec::new(),
            fds: JobFds::default(),
            reusable,
        };
        Ok(match ask {
            Ask::Run { job: Job { argv, env, limits, writable, mounts, fds }, .. } => {
                let order = Order::Program { argv, env, limits };
                Self { kind: Kind::Program, order, limits, writable, mounts, fds, reusable: false }
            }
            Ask::Write { files, .. } => {
                let small = files.iter().map(|file| file.length).sum::<u64>() <= SMALL_FILES_BYTES;
                own(Kind::Files, Order::Write(files), true, small)
            }
            Ask::Read { path, max_bytes, .. } => own(Kind::Listing, Order::Read(path, max_bytes), false, true),
            Ask::Probe { .. } => own(Kind::Probe, Order::Probe(OWN_LIMITS), false, false),
            Ask::Begin(_) | Ask::Open | Ask::Close { .. } | Ask::Forget { .. } => {
                return Err("this takes place in no box".into());
            }
        })
    }

    fn takes_limits(&self) -> bool {
        matches!(self.kind, Kind::Program | Kind::Probe)
    }

    /// Orders this from a sandbox that waits. One may have been killed from outside without a trace yet: then the order has
    /// reached nobody, and goes to one that is made now.
    fn send(
        &self,
        wanted: &Wanted<'_>,
        fds: &[BorrowedFd<'_>],
        pool: &mut Pool,
        ground: &Ground,
    ) -> Result<Prepared, String> {
        let order = |sandbox: &Prepared| set_limits(self, sandbox).and_then(|()| sandbox.order(&self.order, fds));
        if let Some(waited) = pool.take(wanted) {
            if order(&waited).is_ok() {
                return Ok(waited);
            }
            pool.bury(waited);
        }
        let fresh = Prepared::make(ground, wanted)?;
        match order(&fresh) {
            Ok(()) => Ok(fresh),
            Err(reason) => {
                pool.bury(fresh);
                Err(reason)
            }
        }
    }
}

impl Active {
    /// Starts what `ask` asks for, with what came along.
    pub fn start(
        id: u64,
        ask: Ask,
        fds: Vec<OwnedFd>,
        (boxes, pool, ground): (&mut Boxes, &mut Pool, &Ground),
    ) -> Result<Self, String> {
        let place = boxes.enter(&ask)?;
        let errand = Errand::of(ask)?;
        let mut fds = fds.into_iter();
        let mut next = || fds.next().ok_or("a file descriptor did not arrive");
        let input = next()?;
        let own_stdout = errand.fds.stdout.then(&mut next).transpose()?;
        let kept = match errand.fds.kept {
            true => [Some(next()?.into()), Some(next()?.into())],
            false => [None, None],
        };
        let box_id = place.box_id;
        let wanted = Wanted { place, writable: errand.writable, mounts: &errand.mounts };
        let sent: Vec<_> = std::iter::once(&input).chain(&own_stdout).map(AsFd::as_fd).collect();
        let sandbox = errand.send(&wanted, &sent, pool, ground)?;
        if errand.takes_limits() {
            boxes.expect_after(box_id, errand.writable, &errand.mounts);
        }
        Ok(Self::new(id, sandbox, errand, own_stdout.is_some(), kept))
    }

    fn new(
        id: u64,
        mut sandbox: Prepared,
        errand: Errand,
        own_stdout: bool,
        [keep_stdout, keep_stderr]: [Option<File>; 2],
    ) -> Self {
        let now = Instant::now();
        let Errand { kind, limits, reusable, .. } = errand;
        // One that only moves files keeps its outputs for the program to come.
        let mut output = |pipe: fn(&mut Prepared) -> &mut Option<OwnedFd>| match kind {
            Kind::Program | Kind::Probe => pipe(&mut sandbox).take(),
            Kind::Files | Kind::Listing => None,
        };
        let (stdout, stderr) = (output(|sandbox| &mut sandbox.stdout), output(|sandbox| &mut sandbox.stderr));
        let stdout = stdout.filter(|_| !own_stdout);
        Self {
            asked_by: Some(id),
            memory_source: sandbox.group.as_ref().map_or(MemorySource::Rusage, |group| group.source()),
            sandbox,
            kind,
            limits,
            setup_us: 0,
            second_us: 0,
            said: Vec::new(),
            stdout: Output::new(stdout, keep_stdout, limits.stdout_bytes),
            stderr: Output::new(stderr, keep_stderr, limits.stderr_bytes),
            started: false,
            began_ns: monotonic_ns(),
            began: now,
            asked: now,
            next_look: now + LOOK_EVERY.min(Duration::from_millis(limits.cpu_ms)),
            cpu_ms: 0,
            peak_kb: 0,
            out_of_memory: false,
            stopped_by: None,
            killed: false,
            failed: None,
            moved: None,
            done: None,
            reusable,
        }
    }
}

/// Of our own code that moves files nothing needs to be limited.
fn set_limits(errand: &Errand, sandbox: &Prepared) -> Result<(), String> {
    match &sandbox.group {
        Some(group) if errand.takes_limits() => {
            // One more for the first process.
            let processes = errand.limits.processes.saturating_add(1);
            group.limit(&GroupLimits { memory_kb: errand.limits.memory_kb, processes })
        }
        _ => Ok(()),
    }
}
