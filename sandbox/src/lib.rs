//! Runs one untrusted program under limits and reports what happened. (The launcher process holds the only `unsafe`.)

use std::path::PathBuf;

/// First argument by which a binary that links this crate becomes the launcher; see [`launcher_main_if_asked`].
pub const LAUNCHER_ARG: &str = "__sandbox-launcher";

/// To be called first in `main`, before any thread exists: if the process was started as launcher it never returns.
pub fn launcher_main_if_asked() {}

#[derive(Clone, Debug)]
pub struct Config {
    /// Runs at once; each has a uid (as root) and a network namespace of its own.
    pub slots: u32,
    /// Start although a layer is missing (never without namespaces, seccomp and no_new_privs).
    pub allow_weak: bool,
    /// First uid of the slots when root.
    pub first_uid: u32,
    /// Size of a box (work folder of one submission), in KiB.
    pub box_kb: u64,
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

/// The client of the launcher; cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    _private: (),
}

impl Sandbox {
    /// Starts the launcher (a re-exec of this binary) and its self-test; call it before the runtime is busy.
    pub async fn start(_config: Config) -> Result<Self, SandboxError> {
        Err(SandboxError::Setup("not there yet".into()))
    }

    pub fn layers(&self) -> Vec<Layer> {
        Vec::new()
    }

    /// A fresh, empty work folder for one submission, a size-capped tmpfs, removed when dropped.
    pub async fn open_box(&self) -> Result<WorkBox, SandboxError> {
        Err(SandboxError::Setup("not there yet".into()))
    }
}

/// The work folder of one submission: `/box` of every run in it.
pub struct WorkBox {
    _private: (),
}

impl WorkBox {
    /// Writes plain files into the box (names without `/`), as the box's own user.
    pub async fn write_files(&self, _files: &[(String, Vec<u8>)]) -> Result<(), SandboxError> {
        Ok(())
    }

    /// Runs a program to its end or a limit. Dropping the future kills it.
    pub async fn run(&self, _run: Run) -> Result<Report, SandboxError> {
        Err(SandboxError::Setup("not there yet".into()))
    }
}
