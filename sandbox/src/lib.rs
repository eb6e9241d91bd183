//! Runs untrusted programs under limits and reports what happened.
//!
//! The worker (`client`) asks a small process of its own, the launcher (`launcher`), over a socket (`wire`). For each run
//! the launcher makes fresh pid, mount, network, ipc, uts and cgroup namespaces (and a user namespace where there is no
//! root), shows a small read-only root in them, takes every right away, puts a seccomp filter and, where the kernel has
//! it, Landlock around it, sets the resource limits, and only then executes the program. What no resource limit can say
//! (CPU time and memory of all processes together, wall time, output) it watches from outside.
//!
//! Invariants: nothing runs with a layer or limit missing that was asked for; no process outlives its run's report;
//! nothing privileged touches a path inside a box by name; the worker never forks for a run. Linux 5.12 or newer, on
//! x86_64 or aarch64. All `unsafe` of the project is in `sys`.
//!
//! With a cgroup (version 1 or 2) the kernel itself holds the limits on memory and processes and counts all CPU time.
//! Without a cgroup, two things are known to slip through: memory that a program has made its parent's by mapping it
//! shared, filling it in a child and ending the child; and CPU time of children whose parent ignores `SIGCHLD`, save
//! what is seen of them while they live.

mod client;
mod launcher;
mod listing;
mod seccomp;
mod sys;
mod wire;

use std::os::fd::OwnedFd;
use std::path::PathBuf;

pub use client::{Sandbox, WorkBox};

/// First argument by which a binary that links this crate becomes the launcher; see [`launcher_main_if_asked`].
pub const LAUNCHER_ARG: &str = "__sandbox-launcher";

/// To be called first in `main`, before any thread exists: if the process was started as launcher it never returns.
pub fn launcher_main_if_asked() {
    if std::env::args_os().nth(1).is_some_and(|first| first == LAUNCHER_ARG) {
        launcher::main()
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    /// Runs at once; each has a uid (as root) and a network namespace of its own.
    pub slots: u32,
    /// Start although a layer is missing (never without namespaces, seccomp and no_new_privs).
    pub allow_weak: bool,
    /// First uid of the slots when root. Two workers on one machine need ranges of their own: the kernel counts
    /// processes per uid.
    pub first_uid: u32,
    /// Size of a box (work folder of one submission), in KiB.
    pub box_kb: u64,
    pub cgroups: Cgroups,
}

/// Whether every run gets a cgroup of its own. Where it does, a limit that cannot be set is an error of that run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Cgroups {
    /// Where they can be made; else resource limits and polling bound a run, and the layer says why.
    #[default]
    Auto,
    /// Does not start where they cannot be made.
    Require,
    Off,
}

/// One host path shown read-only inside, at `to`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mount {
    pub from: PathBuf,
    pub to: PathBuf,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Executable by absolute path (inside), then arguments. Never a shell string.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    pub stdin: Vec<u8>,
    pub limits: Limits,
    /// Whether the box (`/box`, the working folder) can be written: for compiling.
    pub writable: bool,
    /// Beside the standard read-only root (`/usr`, `/bin`, `/lib*`, stub `/etc`).
    pub mounts: Vec<Mount>,
}

/// A plain file of a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxFile {
    /// Within the box: up to four plain names with `/` between them. One that ends in `/` is an empty folder.
    pub path: String,
    pub executable: bool,
    pub content: Vec<u8>,
}

impl BoxFile {
    /// One that is only read.
    pub fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), executable: false, content: content.into() }
    }
}

/// Where a run's input comes from and its output goes to, if not from and to memory.
#[derive(Debug, Default)]
pub struct Streams {
    /// Instead of `Run::stdin`: a pipe, say from another run. Nothing of the sandbox holds it once the program has begun.
    pub stdin: Option<OwnedFd>,
    /// The report's `stdout` is then empty, and no cap applies to it.
    pub stdout: Option<OwnedFd>,
    /// Gets the first 64 KiB of each output while it is written. It never holds the run up: what finds no room is sent
    /// later, or, at the run's end, not at all (room for 32 is always enough at the end).
    pub live: Option<tokio::sync::mpsc::Sender<Chunk>>,
}

/// A piece of an output, at most 4 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub stream: Stream,
    /// How many bytes of the stream came before it.
    pub at: u64,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub memory_kb: u64,
    /// Whether address space may be limited too (not for JVM, Go, Node: they reserve far more than they use).
    pub limit_address_space: bool,
    pub stack_kb: u64,
    pub processes: u64,
    pub file_kb: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
}

/// What stopped a run before its own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StoppedBy {
    Cpu,
    /// Wall clock, with CPU use near the limit's share.
    Wall,
    /// Wall clock, hardly any CPU used: it slept or waited.
    Idle,
    Memory,
    Stdout,
    Stderr,
    FileSize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum MemorySource {
    CgroupV2,
    CgroupV1,
    Rusage,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub exit: Exit,
    pub stopped_by: Option<StoppedBy>,
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub memory_kb: u64,
    pub memory_source: MemorySource,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A layer or limit could not be set up: nothing ran.
    #[error("the sandbox could not be set up: {0}")]
    Setup(String),
    /// The launcher died or does not answer; it is being restarted.
    #[error("the sandbox launcher is gone: {0}")]
    Gone(String),
}

/// A layer of isolation, for `herald doctor` and the log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layer {
    pub name: String,
    pub live: bool,
    /// What is missing, and what to do about it.
    pub note: Option<String>,
}
