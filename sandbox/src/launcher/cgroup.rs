//! Control groups: hard limits on memory and processes of a whole run, and the true account of its CPU time and memory.
//!
//! Version 1 (Documentation/admin-guide/cgroup-v1) and version 2 (cgroup-v2.rst) behind one interface. Every run has a group
//! of its own, made before it starts and removed after: counters cannot be reset everywhere, and events are cumulative.
//!
//! Invariants: no program runs in a group before all its limits are set; the launcher's groups are below its
//! own, and it touches no other. Groups left by a launcher that was killed are removed by the next one: a living launcher
//! holds a lock (flock(2)) on its folder.

mod place;
mod v1;
mod v2;

use std::cell::{Cell, RefCell};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};

use crate::MemorySource;
pub use place::Place;

/// Folders of ours begin with this.
const PREFIX: &str = "herald-run-";
/// How often a launcher that begins tries to get groups of its own.
const BEGINNINGS: usize = 5;
/// How long the end waits for the kernel to let go of the last groups.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

/// What a group bounds by itself. CPU time it only counts.
#[derive(Clone, Copy, Debug)]
pub struct GroupLimits {
    pub memory_kb: u64,
    pub processes: u64,
}

/// What the processes of a group, living and dead, have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub cpu_us: u64,
    pub peak_kb: u64,
    /// The kernel has killed at least one process because the group had no memory left.
    pub out_of_memory: bool,
}

/// One run's group.
pub trait Group {
    /// The folders that a process enters by writing itself into their `cgroup.procs`.
    fn folders(&self) -> &[PathBuf];
    /// Sets every limit, or says which cannot be set. Before there is a program in it, and once.
    fn limit(&self, limits: &GroupLimits) -> Result<(), String>;
    fn used(&self) -> io::Result<Used>;
    /// Ends every process in it, where the version can; the end of the first process does the same.
    fn kill(&self) {}
    fn source(&self) -> MemorySource;

    /// `Ok` once nothing is left of it.
    fn remove(&self) -> io::Result<()> {
        self.folders().iter().try_for_each(|folder| removed(folder))
    }
}

/// Where runs' groups are made.
pub struct Tree {
    /// Of this launcher alone: one per hierarchy of version 1, in the order of its controllers, or the one of version 2.
    folders: Vec<PathBuf>,
    version: Version,
    next: Cell<u64>,
    /// Whose removal the kernel refused for the moment.
    busy: RefCell<Vec<Box<dyn Group>>>,
    _lock: OwnedFd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    One,
    Two,
}

impl Tree {
    /// Makes this launcher's own folders below `parents` ([`Place::folders`]).
    pub fn open(version: Version, parents: &[PathBuf]) -> Result<Self, String> {
        let Some(first) = parents.first() else { return Err("no hierarchy has the controllers".into()) };
        sweep(parents);
        if version == Version::Two {
            v2::delegate(first)?;
        }
        // Another launcher that begins just now may sweep away a folder whose lock is not yet held.
        let mut tree = Self::begin(version, parents);
        for _ in 1..BEGINNINGS {
            if tree.is_err() {
                tree = Self::begin(version, parents);
            }
        }
        tree
    }

    fn begin(version: Version, parents: &[PathBuf]) -> Result<Self, String> {
        // Process ids are unique on a machine only as long as nobody has a pid namespace of its own.
        let name = format!("{PREFIX}{}-{:016x}", std::process::id(), RandomState::new().hash_one(0));
        let folders: Vec<PathBuf> = parents.iter().map(|parent| parent.join(&name)).collect();
        let prepared = folders.iter().try_for_each(|folder| made(folder)).and_then(|()| match version {
            Version::One => Ok(()),
            Version::Two => v2::pass_on(&folders[0]),
        });
        let lock = prepared.and_then(|()| locked(&folders[0]).ok_or("another launcher has this one's groups".into()));
        // Locked may also be what has been removed since it was opened.
        let whole = lock.and_then(|lock| {
            let is_there = folders.iter().all(|folder| folder.is_dir());
            is_there.then_some(lock).ok_or("another launcher has removed this one's groups".into())
        });
        match whole {
            Ok(_lock) => Ok(Self { folders, version, next: Cell::new(1), busy: RefCell::default(), _lock }),
            // One hierarchy may allow what the next does not: half a group is none.
            Err(reason) => {
                folders.iter().for_each(|folder| drop(removed(folder)));
                Err(reason)
            }
        }
    }

    /// A fresh group, still without limits.
    pub fn make(&self) -> Result<Box<dyn Group>, String> {
        self.retry();
        let name = self.next.replace(self.next.get() + 1).to_string();
        let folders: Vec<PathBuf> = self.folders.iter().map(|folder| folder.join(&name)).collect();
        let complete = folders.iter().try_for_each(|folder| made(folder)).and_then(|()| match self.version {
            Version::One => v1::counts(&folders),
            Version::Two => Ok(()),
        });
        let group: Box<dyn Group> = match self.version {
            Version::One => Box::new(v1::GroupV1::new(folders)),
            Version::Two => Box::new(v2::GroupV2::new(folders)),
        };
        match complete {
            Ok(()) => Ok(group),
            Err(reason) => {
                self.discard(group);
                Err(reason)
            }
        }
    }

    /// Removes a group whose processes are dead: now, or when the kernel has let go of it.
    pub fn discard(&self, group: Box<dyn Group>) {
        if group.remove().is_err() {
            self.busy.borrow_mut().push(group);
        }
    }

    /// Removes all that is left, at the launcher's end.
    pub fn close(&self) {
        let patience = Instant::now() + LAST_PATIENCE;
        while !self.busy.borrow().is_empty() && Instant::now() < patience {
            self.retry();
            let _ = rustix::event::poll(&mut [], Some(&super::timespec(Duration::from_millis(2))));
        }
        for folder in &self.folders {
            if let Err(error) = removed(folder) {
                eprintln!("sandbox launcher: could not remove {}: {error}", folder.display());
            }
        }
        // Also what an earlier launcher left whose processes were still dying when this one began.
        let parents: Vec<PathBuf> = self.folders.iter().filter_map(|folder| folder.parent()).map(Into::into).collect();
        sweep(&parents);
    }

    fn retry(&self) {
        self.busy.borrow_mut().retain(|group| group.remove().is_err());
    }
}

/// Lets the calling process join a group; all that it starts afterwards is in it too.
pub fn join(folders: &[PathBuf]) -> Result<(), String> {
    folders.iter().try_for_each(|folder| set(folder, "cgroup.procs", "0"))
}

/// Writes a value into a file of the kernel's. Never makes the file: in a place that is no cgroup this fails.
fn set(folder: &Path, file: &str, value: &str) -> Result<(), String> {
    let path = folder.join(file);
    let written = fs::OpenOptions::new().write(true).open(&path).and_then(|mut file| file.write_all(value.as_bytes()));
    written.map_err(|e| format!("could not write {value} to {}: {e}", path.display()))
}

fn number(folder: &Path, file: &str) -> io::Result<u64> {
    fs::read_to_string(folder.join(file))?.trim().parse().map_err(io::Error::other)
}

/// The value of a line `key value`, as in `memory.events` and `cpu.stat`.
fn keyed(folder: &Path, file: &str, key: &str) -> io::Result<u64> {
    let text = fs::read_to_string(folder.join(file))?;
    let value = text.lines().find_map(|line| line.split_once(' ').filter(|(name, _)| *name == key));
    let (_, value) = value.ok_or_else(|| io::Error::other(format!("{file} has no {key}")))?;
    value.trim().parse().map_err(io::Error::other)
}

fn made(folder: &Path) -> Result<(), String> {
    fs::create_dir(folder).map_err(|e| format!("could not make the cgroup {}: {e}", folder.display()))
}

fn removed(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn locked(folder: &Path) -> Option<OwnedFd> {
    let fd = rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(fd)
}

/// Removes what launchers that were killed have left. A folder with a living process in it stays: the kernel sees to that.
fn sweep(parents: &[PathBuf]) {
    let Some(first) = parents.first() else { return };
    let ours = fs::read_dir(first).into_iter().flatten().flatten().map(|entry| entry.file_name());
    for name in ours.filter(|name| name.to_string_lossy().starts_with(PREFIX)) {
        let Some(_lock) = locked(&first.join(&name)) else { continue };
        for folder in parents.iter().map(|parent| parent.join(&name)) {
            let inside = fs::read_dir(&folder).into_iter().flatten().flatten();
            inside.filter(|entry| entry.path().is_dir()).for_each(|entry| drop(fs::remove_dir(entry.path())));
            let _ = fs::remove_dir(&folder);
        }
    }
}

#[cfg(test)]
mod tests;
