//! Starting a run: the clone, and what its first process does until the program runs.
//!
//! Three processes take part. The launcher clones the first process (pid 1 of the run's pid namespace), which builds its
//! jail, gives up every right, forks the second, and then only waits (`init`). The second applies the limits and becomes
//! the program. Both report on the status pipe, one line per message:
//! `failed <text>`: nothing ran; `started <ns> <cpu µs>`: the program is about to run, and what it took to get there;
//! `done <ns> <status> <cpu µs> <KiB>`.
//! The pipe closes on exec, so a program can neither write to it nor hold it.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use rustix::time::ClockId;

use super::boxes::Place;
use super::ground::Ground;
use super::{cgroup, identity, init, jail, landlocked, probe, reader, writer};
use crate::sys::{self, Forked, STATUS_FD};
use crate::wire::Entry;
use crate::{Limits, Mount};

/// Address space that a program needs beside its data: the C library, the stack, what `malloc` keeps in reserve.
const ADDRESS_SPACE_SLACK_KB: u64 = 64 * 1024;
const MAX_OPEN_FILES: u64 = 256;
/// Exit code of a listing that would be of nothing, of something that is not plain, or of too much.
pub const NOTHING_TO_LIST: i32 = 3;

/// What the second process does.
pub enum Payload<'a> {
    Program {
        argv: &'a [String],
        env: &'a [(String, String)],
    },
    Files(&'a [Entry]),
    /// One file of the box, or all; how many bytes at most.
    Listing(Option<&'a str>, u64),
    Probe,
}

pub struct Launch<'a> {
    pub ground: &'a Ground,
    pub place: &'a Place,
    pub writable: bool,
    pub mounts: &'a [Mount],
    pub limits: &'a Limits,
    /// The cgroup to join, if there is one.
    pub group: &'a [PathBuf],
    pub payload: Payload<'a>,
}

/// A run that has begun: its first process, and the launcher's ends of its pipes (which never block).
pub struct Started {
    pub pid: i32,
    pub pidfd: OwnedFd,
    pub status: OwnedFd,
    /// None where the program has an output of its own.
    pub stdout: Option<OwnedFd>,
    pub stderr: OwnedFd,
}

/// Starts a run with `stdin` as its input, and with an output of its own if there is one.
pub fn start(launch: &Launch<'_>, stdin: OwnedFd, own_stdout: Option<OwnedFd>) -> Result<Started, String> {
    let (status, status_in) = pipe()?;
    let (stdout, stdout_in) = match own_stdout {
        Some(own) => (None, own),
        None => pipe().map(|(stdout, stdout_in)| (Some(stdout), stdout_in))?,
    };
    let (stderr, stderr_in) = pipe()?;
    match sys::clone_into_namespaces(!launch.ground.privileged) {
        Ok(Forked::Parent { pid, pidfd: Some(pidfd) }) => Ok(Started { pid, pidfd, status, stdout, stderr }),
        Ok(Forked::Parent { pidfd: None, .. }) => Err("the kernel gave no pidfd".into()),
        Ok(Forked::Child) => {
            let placed = [(&stdin, 0), (&stdout_in, 1), (&stderr_in, 2), (&status_in, STATUS_FD)]
                .into_iter()
                .try_for_each(|(fd, number)| sys::place_fd(fd.as_fd(), number))
                .and_then(|()| sys::close_from(STATUS_FD + 1));
            if placed.is_err() {
                sys::exit_now(1);
            }
            first_process(launch)
        }
        Err(error) => Err(format!("could not make the namespaces of a run: {error}")),
    }
}

/// A pipe whose reading end never blocks; neither end survives an exec by itself.
fn pipe() -> Result<(OwnedFd, OwnedFd), String> {
    let complain = |e: rustix::io::Errno| format!("could not make a pipe: {e}");
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).map_err(complain)?;
    rustix::fs::fcntl_setfl(&read, rustix::fs::OFlags::NONBLOCK).map_err(complain)?;
    Ok((read, write))
}

/// Says one line on the status pipe. If that fails, the launcher is gone and so will this process be.
pub fn say(line: &str) {
    let _ = rustix::io::write(sys::inherited(STATUS_FD), format!("{line}\n").as_bytes());
}

/// Ends this process with the reason why nothing ran.
pub fn fail(reason: &str) -> ! {
    say(&format!("failed {}", reason.replace('\n', " ")));
    sys::exit_now(1)
}

/// Nanoseconds of the monotonic clock, which is the same in all namespaces.
pub fn monotonic_ns() -> u64 {
    clock_ns(ClockId::Monotonic)
}

fn clock_ns(clock: ClockId) -> u64 {
    let now = rustix::time::clock_gettime(clock);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn first_process(launch: &Launch<'_>) -> ! {
    let landlocked = match confine(launch) {
        Ok(landlocked) => landlocked,
        Err(reason) => fail(&reason),
    };
    let used_us = clock_ns(ClockId::ProcessCPUTime) / 1000;
    match sys::fork() {
        Ok(Forked::Child) => second_process(launch, landlocked, used_us),
        Ok(Forked::Parent { pid, .. }) => init::wait_for(pid),
        Err(error) => fail(&format!("could not start a second process: {error}")),
    }
}

/// Puts this process, and so all that will come of it, into every layer; whether Landlock is one of them.
fn confine(launch: &Launch<'_>) -> Result<bool, String> {
    let ground = launch.ground;
    die_with_launcher()?;
    cgroup::join(launch.group)?;
    sys::unshare(sys::NEW_CGROUP).map_err(|e| format!("could not make a cgroup namespace: {e}"))?;
    if !ground.privileged {
        identity::map_user(ground.inner_uid(launch.place.slot))?;
    }
    jail::build(launch)?;
    identity::drop_rights(ground, launch.place.slot)?;
    // Only now: root without the right to pass by modes cannot enter another user's folder.
    std::env::set_current_dir("/box").map_err(|e| format!("could not enter the box: {e}"))?;
    // The change of user has cleared this one.
    die_with_launcher()?;
    let complain = |what: &str, e: std::io::Error| format!("could not {what}: {e}");
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|e| complain("hide the first process", e.into()))?;
    rustix::thread::set_no_new_privs(true).map_err(|e| complain("set no_new_privs", e.into()))?;
    let landlocked = landlocked::restrict(launch.writable);
    sys::install_seccomp(ground.filter(launch.writable)).map_err(|e| complain("install the seccomp filter", e))?;
    Ok(landlocked)
}

/// If the launcher is gone already, the signal never comes: then the status pipe has no reader.
fn die_with_launcher() -> Result<(), String> {
    use rustix::event::{PollFd, PollFlags, poll};
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| format!("could not tie the run to the launcher: {e}"))?;
    let status = sys::inherited(STATUS_FD);
    let mut fds = [PollFd::new(&status, PollFlags::empty())];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut fds, Some(&now)).is_ok() && fds[0].revents().contains(PollFlags::ERR) {
        sys::exit_now(1);
    }
    Ok(())
}

fn second_process(launch: &Launch<'_>, landlocked: bool, used_us: u64) -> ! {
    if let Err(error) = rustix::process::setsid() {
        fail(&format!("could not start a session: {error}"));
    }
    sys::reset_signals();
    match &launch.payload {
        Payload::Files(files) => match writer::write(files) {
            Ok(()) => sys::exit_now(0),
            Err(reason) => fail(&reason),
        },
        Payload::Listing(path, max_bytes) => {
            let mut into = std::io::BufWriter::new(std::io::stdout());
            match reader::read(rustix::fs::CWD, *path, *max_bytes, &mut into)
                .and_then(|plain| into.flush().map(|()| plain))
            {
                Ok(plain) => sys::exit_now(if plain { 0 } else { NOTHING_TO_LIST }),
                Err(error) => fail(&format!("could not read the box: {error}")),
            }
        }
        Payload::Probe => {
            set_limits(launch).unwrap_or_else(|reason| fail(&reason));
            let layers = probe::layers(launch.ground, launch.place.slot, landlocked);
            let report = serde_json::to_vec(&layers).unwrap_or_default();
            if std::io::stdout().write_all(&report).and_then(|()| std::io::stdout().flush()).is_err() {
                fail("the self-test could not report");
            }
            // Not only our own code: something must be able to execute in there.
            become_program(&["/bin/true".to_owned()], &[], used_us)
        }
        Payload::Program { argv, env } => {
            set_limits(launch).unwrap_or_else(|reason| fail(&reason));
            become_program(argv, env, used_us)
        }
    }
}

fn become_program(argv: &[String], env: &[(String, String)], used_us: u64) -> ! {
    let Some((executable, arguments)) = argv.split_first().filter(|(first, _)| first.starts_with('/')) else {
        fail("could not execute: the executable must be an absolute path")
    };
    let mut command = Command::new(executable);
    command.args(arguments).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    say(&format!("started {} {used_us}", monotonic_ns()));
    let error = command.exec();
    fail(&format!("could not execute {executable}: {error}"))
}

fn set_limits(launch: &Launch<'_>) -> Result<(), String> {
    let limits = launch.limits;
    let kb = |kb: u64| kb.saturating_mul(1024);
    // A backstop only: whole seconds, and it has been seen to fire early. The launcher's polling decides.
    let cpu_s = limits.cpu_ms.div_ceil(1000).saturating_add(2);
    set_limit(Resource::Cpu, cpu_s, cpu_s + 1)?;
    set_limit(Resource::Fsize, kb(limits.file_kb), kb(limits.file_kb))?;
    set_limit(Resource::Stack, kb(limits.stack_kb), kb(limits.stack_kb))?;
    // Counts all processes of the uid: those of the program, and the first one.
    let processes = limits.processes.saturating_add(1);
    set_limit(Resource::Nproc, processes, processes)?;
    set_limit(Resource::Nofile, MAX_OPEN_FILES, MAX_OPEN_FILES)?;
    for none in [Resource::Core, Resource::Memlock, Resource::Msgqueue, Resource::Rtprio] {
        set_limit(none, 0, 0)?;
    }
    // A cgroup counts what is used, not what is reserved.
    if limits.limit_address_space && launch.group.is_empty() {
        let space = kb(limits.memory_kb.saturating_add(limits.stack_kb).saturating_add(ADDRESS_SPACE_SLACK_KB));
        set_limit(Resource::As, space, space)?;
    }
    Ok(())
}

/// Never raises: a limit that is lower already, as in some containers, is kept.
fn set_limit(resource: Resource, soft: u64, hard: u64) -> Result<(), String> {
    let allowed = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let new = Rlimit { current: Some(soft.min(allowed)), maximum: Some(hard.min(allowed)) };
    rustix::process::setrlimit(resource, new).map_err(|e| format!("could not limit {resource:?}: {e}"))
}
