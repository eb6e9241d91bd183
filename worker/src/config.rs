//! The worker's settings.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use clap::Args;

/// Sandboxed programs run as uids from here on, above those that distributions give to people.
const UIDS: std::ops::Range<u32> = 60_000..65_000;
/// The work folder of one submission: sources and what the compiler makes of them.
const BOX_KB: u64 = 256 * 1_024;
pub(crate) const MIB: u64 = 1_024 * 1_024;
/// Room for some thousands of small C programs, or for a dozen large Rust ones.
pub(crate) const COMPILE_CACHE_MIB: u64 = 64;

#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(next_help_heading = "Worker")]
pub struct Config {
    /// The pool of workers that this one belongs to
    #[arg(long = "worker-class", env = "HERALD_WORKER_CLASS", default_value = "any", value_name = "NAME")]
    pub class: String,
    /// Submissions judged at once (default: the number of cores)
    #[arg(
        long = "worker-slots",
        env = "HERALD_WORKER_SLOTS",
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1024)
    )]
    pub slots: Option<u16>,
    /// Languages file (default: the one that is built in)
    #[arg(long = "languages", env = "HERALD_LANGUAGES", value_name = "FILE")]
    pub languages: Option<PathBuf>,
    /// Memory for programs that were compiled, so that the same program is not compiled twice, in MiB; 0: none
    #[arg(
        long = "compile-cache",
        env = "HERALD_COMPILE_CACHE",
        default_value_t = COMPILE_CACHE_MIB,
        value_name = "MIB",
        value_parser = clap::value_parser!(u64).range(..=1024 * 1024)
    )]
    pub compile_cache_mib: u64,
    /// Start although a layer of the sandbox is missing, cgroups among them (never without namespaces, seccomp and
    /// no_new_privs)
    #[arg(long = "allow-weak-sandbox", env = "HERALD_ALLOW_WEAK_SANDBOX")]
    pub allow_weak_sandbox: bool,
    /// First of the user ids that programs run as, where the worker runs as root (default: drawn from 60000 to 65000; the
    /// kernel counts processes per user id, so two workers of a machine should have their own)
    #[arg(long = "sandbox-first-uid", env = "HERALD_SANDBOX_FIRST_UID", value_name = "UID")]
    pub sandbox_first_uid: Option<u32>,
    /// A cgroup for every run: where one can be made, always (also where a weak sandbox is allowed), or never
    #[arg(long = "sandbox-cgroups", env = "HERALD_SANDBOX_CGROUPS", default_value = "auto", value_name = "WHEN")]
    pub sandbox_cgroups: Cgroups,
    /// The cgroup to make those of runs in, as /proc/self/cgroup names it or by its folder: one that was delegated to the
    /// worker's user (default: the worker's own)
    #[arg(long = "sandbox-cgroup-parent", env = "HERALD_SANDBOX_CGROUP_PARENT", value_name = "CGROUP")]
    pub sandbox_cgroup_parent: Option<PathBuf>,
}

/// Whose programs a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    /// Anybody's: nothing starts with a layer missing unless told so.
    OfStrangers,
    /// Of whoever started it, on a machine that nobody else can reach: what a person could run without a sandbox as well
    /// may run in a weak one.
    OfItsUser,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Cgroups {
    #[default]
    Auto,
    Require,
    Off,
}

impl From<Cgroups> for herald_sandbox::Cgroups {
    fn from(when: Cgroups) -> Self {
        match when {
            Cgroups::Auto => Self::Auto,
            Cgroups::Require => Self::Require,
            Cgroups::Off => Self::Off,
        }
    }
}

impl Config {
    pub fn slots(&self) -> u16 {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(64));
        self.slots.unwrap_or_else(cores)
    }

    pub(crate) fn compile_cache_bytes(&self) -> u64 {
        self.compile_cache_mib * MIB
    }

    /// What to start the sandbox with: two slots for each submission, since one to an interactive problem talks with a program
    /// that has a box of its own, and one for trying languages out meanwhile.
    pub fn sandbox(&self, programs: Programs) -> herald_sandbox::Config {
        let slots = u32::from(self.slots()) * 2 + 1;
        herald_sandbox::Config {
            slots,
            allow_weak: self.allow_weak_sandbox || programs == Programs::OfItsUser,
            first_uid: self.sandbox_first_uid.unwrap_or_else(|| drawn_uid(slots)),
            box_kb: BOX_KB,
            cgroups: self.sandbox_cgroups.into(),
            cgroup_parent: self.sandbox_cgroup_parent.clone(),
        }
    }
}

/// The start of one of the ranges of `slots` uids, any of them.
fn drawn_uid(slots: u32) -> u32 {
    let ranges = u64::from(((UIDS.end - UIDS.start) / slots).max(1));
    let drawn = RandomState::new().hash_one(std::process::id()) % ranges;
    UIDS.start + u32::try_from(drawn).unwrap_or(0) * slots
}
