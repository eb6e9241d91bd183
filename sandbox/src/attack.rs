//! The self-attack: what `herald doctor` lets loose in a sandbox to see that it holds. A short form of the attack suite
//! (`tests/it/hostile`) that needs no compiler and no interpreter: the attacker is this executable (`inside`), shown
//! read-only in the run and started there under every limit that a program has.
//!
//! Invariant: an attempt counts as held only if it was made and the kernel, or the launcher, said no; one that could not be
//! made has not been held.

mod inside;

use std::path::PathBuf;
use std::time::Duration;

use crate::{Exit, Limits, MemorySource, Mount, Report, Run, Sandbox, SandboxError, StoppedBy};

pub use inside::main;

/// First argument by which the executable becomes the attacker, the attempt's name after it.
pub const ATTACK_ARG: &str = "__sandbox-attack";
/// Where it is shown in the run.
const ATTACKER: &str = "/opt/herald-attack";

/// For attempts that the kernel refuses at once.
const LIMITS: Limits = Limits {
    // Enough for a machine that is emulated.
    cpu_ms: 20_000,
    wall_ms: 40_000,
    memory_kb: 64 * 1024,
    limit_address_space: false,
    stack_kb: 8 * 1024,
    processes: 16,
    file_kb: 1024 * 1024,
    stdout_bytes: 64 * 1024,
    stderr_bytes: 64 * 1024,
};

/// One attempt, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Attempt {
    pub name: &'static str,
    pub held: bool,
    pub detail: String,
}

#[derive(Clone, Debug)]
pub struct SelfAttack {
    pub attempts: Vec<Attempt>,
    /// By what runs are measured here.
    pub memory_source: MemorySource,
}

/// What has to come of an attempt.
#[derive(Clone, Copy)]
enum Held {
    /// It says itself that everything it tried was refused.
    Refused,
    /// It is stopped by one of these, and has said this before.
    Stopped(&'static [StoppedBy], &'static str),
    /// Either of both.
    RefusedOr(&'static [StoppedBy]),
    /// It ends at once, and whatever it left with it.
    Ends,
}

/// What it does, as its user reads it; its name inside; its limits; what has to come of it.
type Row = (&'static str, &'static str, Limits, Held);

fn rows() -> [Row; 22] {
    use Held::*;
    let wall = |wall_ms| Limits { wall_ms, ..LIMITS };
    let cpu = |cpu_ms| Limits { cpu_ms, ..LIMITS };
    [
        ("reads /etc/shadow and other files of the machine", "read", LIMITS, Refused),
        ("reads them through a symbolic link in the box", "link", LIMITS, Refused),
        ("writes outside of the box", "write", LIMITS, Refused),
        ("sees other processes, or kernel settings in /proc", "proc", LIMITS, Refused),
        ("opens an internet socket", "internet", LIMITS, Refused),
        ("opens a netlink, packet, vsock or crypto socket", "sockets", LIMITS, Refused),
        ("traces or reads another process", "ptrace", LIMITS, Refused),
        ("makes namespaces", "unshare", LIMITS, Refused),
        ("mounts", "mount", LIMITS, Refused),
        ("uses the kernel's keyring", "keys", LIMITS, Refused),
        ("uses io_uring, bpf, perf or userfaultfd", "kernel", LIMITS, Refused),
        ("makes shared memory or a memory file", "memfd", LIMITS, Refused),
        ("locks a file of /usr", "lock", LIMITS, Refused),
        ("becomes root", "root", LIMITS, Refused),
        ("kills its first process", "kill", LIMITS, Refused),
        ("finds descriptors or settings of the worker", "leaks", LIMITS, Refused),
        (
            "forks without end",
            "forks",
            wall(1_000),
            Stopped(&[StoppedBy::Wall, StoppedBy::Idle, StoppedBy::Cpu], "refused"),
        ),
        ("takes all memory", "memory", LIMITS, Stopped(&[StoppedBy::Memory], "")),
        ("prints without end", "flood", LIMITS, Stopped(&[StoppedBy::Stdout], "")),
        ("computes without end", "spin", cpu(100), Stopped(&[StoppedBy::Cpu], "")),
        ("fills the disk", "disk", LIMITS, RefusedOr(&[StoppedBy::Memory])),
        ("leaves a daemon behind", "daemon", wall(20_000), Ends),
    ]
}

impl Sandbox {
    /// Lets the attacker loose, one attempt after the other; some two seconds.
    pub async fn attack_itself(&self) -> Result<SelfAttack, SandboxError> {
        let executable = std::env::current_exe().map_err(|e| SandboxError::Setup(format!("no attacker: {e}")))?;
        let work = self.open_box().await?;
        let (mut attempts, mut memory_source) = (Vec::new(), MemorySource::Rusage);
        for (name, word, limits, held) in rows() {
            match work.run(attack(&executable, word, limits)).await {
                Ok(report) => {
                    memory_source = report.memory_source;
                    let (held, detail) = judged(&report, held).map_or_else(|wrong| (false, wrong), |how| (true, how));
                    attempts.push(Attempt { name, held, detail });
                }
                Err(error) => attempts.push(Attempt { name, held: false, detail: error.to_string() }),
            }
        }
        Ok(SelfAttack { attempts, memory_source })
    }
}

fn attack(executable: &std::path::Path, word: &str, limits: Limits) -> Run {
    Run {
        argv: vec![ATTACKER.to_owned(), ATTACK_ARG.to_owned(), word.to_owned()],
        env: Vec::new(),
        stdin: Vec::new(),
        limits,
        writable: false,
        mounts: vec![Mount { from: executable.to_owned(), to: PathBuf::from(ATTACKER) }],
    }
}

/// How it was held, or what it got.
fn judged(report: &Report, held: Held) -> Result<String, String> {
    let said = String::from_utf8_lossy(&report.stdout).trim_end().to_owned();
    let clean = report.stopped_by.is_none() && report.exit == Exit::Code(0);
    let stopped = |by: &[StoppedBy]| report.stopped_by.filter(|stopped| by.contains(stopped)).map(told);
    let (Held::Refused | Held::Ends | Held::RefusedOr(_) | Held::Stopped(..)) = held;
    let how = match held {
        Held::Refused => (clean && said == inside::REFUSED).then(|| said.clone()),
        Held::Stopped(by, before) => stopped(by).filter(|_| said.contains(before)),
        Held::RefusedOr(by) => stopped(by).or_else(|| (clean && said == inside::REFUSED).then(|| said.clone())),
        Held::Ends => (clean && Duration::from_millis(report.wall_ms) < Duration::from_secs(15))
            .then(|| "ended with the run".to_owned()),
    };
    how.ok_or_else(|| match (said.is_empty(), report.stopped_by) {
        (_, Some(by)) => format!("{}, {said:.200}", told(by)),
        (false, None) => format!("{said:.200}"),
        (true, None) => format!("{:?} {:.200}", report.exit, String::from_utf8_lossy(&report.stderr)),
    })
}

fn told(by: StoppedBy) -> String {
    let limit = match by {
        StoppedBy::Cpu => "CPU time",
        StoppedBy::Wall | StoppedBy::Idle => "wall-clock time",
        StoppedBy::Memory => "memory",
        StoppedBy::Stdout | StoppedBy::Stderr => "output",
        StoppedBy::FileSize => "file size",
    };
    format!("stopped by the limit on {limit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(exit: Exit, stopped_by: Option<StoppedBy>, stdout: &str) -> Report {
        Report {
            exit,
            stopped_by,
            cpu_ms: 0,
            wall_ms: 0,
            memory_kb: 0,
            memory_source: MemorySource::Rusage,
            stdout: stdout.into(),
            stderr: b"not found".to_vec(),
        }
    }

    #[test]
    fn only_what_was_tried_and_refused_was_held() {
        let refused = report(Exit::Code(0), None, "refused\n");
        assert_eq!(judged(&refused, Held::Refused), Ok("refused".into()));
        for (wrong, told) in [
            (report(Exit::Code(9), None, "got /etc/shadow\n"), "got /etc/shadow"),
            (report(Exit::Code(127), None, ""), "not found"),
            (report(Exit::Signal(9), Some(StoppedBy::Cpu), ""), "CPU time"),
        ] {
            assert!(judged(&wrong, Held::Refused).unwrap_err().contains(told), "{told}");
        }
    }

    #[test]
    fn a_bomb_that_ends_by_itself_was_not_held() {
        let memory = Held::Stopped(&[StoppedBy::Memory], "");
        assert!(judged(&report(Exit::Code(0), None, "got 512 MiB"), memory).is_err());
        assert!(judged(&report(Exit::Signal(9), Some(StoppedBy::Memory), ""), memory).is_ok());
        // Forks that were never refused were not bounded, only ended.
        let forks = Held::Stopped(&[StoppedBy::Wall], "refused");
        assert!(judged(&report(Exit::Signal(9), Some(StoppedBy::Wall), ""), forks).is_err());
    }
}
