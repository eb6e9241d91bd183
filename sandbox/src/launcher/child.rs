//! Making a sandbox: the clone, and what its processes do until they are needed.
//!
//! Three processes take part. The launcher clones the first process (pid 1 of the run's pid namespace), which builds its
//! jail, gives up every right, forks the second, and then only waits (`init`). The second follows orders (`orders`), the
//! last of which makes it the program. Both report on the status pipe, one line per message:
//! `failed <text>`: nothing ran; `wrote`, `listed <bytes>`, `nothing`: files were moved, or there are none;
//! `started <ns> <cpu µs> <cpu µs>`: the program is about to run, and what the first and the second process took to get there;
//! `done <ns> <status> <cpu µs> <KiB>`: every process is dead but the first.
//! The pipe closes on exec, so a program can neither write to it nor hold it.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{DumpableBehavior, Signal};
use rustix::time::ClockId;

use super::boxes::Place;
use super::ground::Ground;
use super::{cgroup, identity, init, jail, landlocked, orders};
use crate::Mount;
use crate::sys::{self, Forked, STATUS_FD};

/// By this name a process can be told from one that runs a program.
const NAME: &std::ffi::CStr = c"sandbox-ready";

/// What a sandbox is made for.
pub struct Launch<'a> {
    pub ground: &'a Ground,
    pub place: &'a Place,
    pub writable: bool,
    pub mounts: &'a [Mount],
    /// The cgroup to join, if there is one.
    pub group: &'a [PathBuf],
}

/// What its second process knows of it.
pub struct Setup<'a> {
    pub ground: &'a Ground,
    pub place: &'a Place,
    pub group: &'a [PathBuf],
    pub landlocked: bool,
}

/// The first process of a sandbox, and the launcher's ends of its pipes (which never block) and of its socket.
pub struct Started {
    pub pid: i32,
    pub pidfd: OwnedFd,
    pub status: OwnedFd,
    pub orders: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

pub fn start(launch: &Launch<'_>) -> Result<Started, String> {
    let (status, status_in) = pipe()?;
    let (stdout, stdout_in) = pipe()?;
    let (stderr, stderr_in) = pipe()?;
    let (orders, orders_in) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(|e| format!("could not make a socket: {e}"))?;
    launch.place.network.enter()?;
    match sys::clone_into_pid_namespace(!launch.ground.privileged) {
        Ok(Forked::Parent { pid, pidfd: Some(pidfd) }) => Ok(Started { pid, pidfd, status, orders, stdout, stderr }),
        Ok(Forked::Parent { pidfd: None, .. }) => Err("the kernel gave no pidfd".into()),
        Ok(Forked::Child) => {
            let placed = [(&orders_in, 0), (&stdout_in, 1), (&stderr_in, 2), (&status_in, STATUS_FD)]
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

/// What this process has used.
pub fn process_cpu_us() -> u64 {
    clock_ns(ClockId::ProcessCPUTime) / 1000
}

fn clock_ns(clock: ClockId) -> u64 {
    let now = rustix::time::clock_gettime(clock);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn first_process(launch: &Launch<'_>) -> ! {
    let (landlocked, joined_us) = confine(launch).unwrap_or_else(|reason| fail(&reason));
    init::rehearse();
    let setup_us = process_cpu_us().saturating_sub(joined_us);
    match sys::fork() {
        Ok(Forked::Child) => second_process(launch, landlocked, setup_us),
        Ok(Forked::Parent { pid, .. }) => init::wait_for(pid),
        Err(error) => fail(&format!("could not start a second process: {error}")),
    }
}

/// Puts this process, and so all that will come of it, into every layer; whether Landlock is one of them, and what the process
/// had used when its group began to count.
fn confine(launch: &Launch<'_>) -> Result<(bool, u64), String> {
    let ground = launch.ground;
    die_with_launcher()?;
    rustix::thread::set_name(NAME).map_err(|e| format!("could not take a name: {e}"))?;
    sys::unshare(sys::NEW_SURROUNDINGS).map_err(|e| format!("could not make the namespaces of a run: {e}"))?;
    // Only now: what the kernel needs for namespaces is not the program's.
    let joined_us = process_cpu_us();
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
    Ok((landlocked, joined_us))
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

fn second_process(launch: &Launch<'_>, landlocked: bool, setup_us: u64) -> ! {
    if let Err(error) = rustix::process::setsid() {
        fail(&format!("could not start a session: {error}"));
    }
    sys::reset_signals();
    let Launch { ground, place, group, .. } = *launch;
    orders::follow(&Setup { ground, place, group, landlocked }, setup_us)
}
