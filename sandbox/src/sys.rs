//! The system calls that neither the standard library nor `rustix` offers as safe functions. All `unsafe` of the
//! project is in this file; whoever calls it needs none.
//!
//! Everything here that creates a process is for the launcher alone, which has one thread: a child that it makes
//! therefore finds every lock of the process free, and may allocate and use the standard library before it executes
//! something else. Such a child must end by `exit_now` or by executing, never by returning.
#![expect(unsafe_code, reason = "the one place for it; see the module's documentation")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

pub const NEW_USER: libc::c_int = libc::CLONE_NEWUSER;
pub const NEW_MOUNT: libc::c_int = libc::CLONE_NEWNS;
/// Of a run, without the pid namespace, which is made with its first process, and without the cgroup namespace: that one's
/// root is the group that one is in when it is made.
pub const NEW_SURROUNDINGS: libc::c_int =
    libc::CLONE_NEWNS | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
pub const NEW_CGROUP: libc::c_int = libc::CLONE_NEWCGROUP;

/// The file descriptor on which a run's processes tell the launcher how it goes; see `launcher::child`.
pub const STATUS_FD: RawFd = 3;

pub const ATTR_RDONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub const ATTR_NOSUID: u64 = libc::MOUNT_ATTR_NOSUID;
pub const ATTR_NODEV: u64 = libc::MOUNT_ATTR_NODEV;

/// Which side of a `fork` one is on.
pub enum Forked {
    Child,
    Parent { pid: i32, pidfd: Option<OwnedFd> },
}

fn checked(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Makes a child that is pid 1 of a fresh pid namespace (and in a fresh user namespace, if asked). The others it makes for
/// itself, so that the launcher need not wait for the kernel to build them.
pub fn clone_into_pid_namespace(own_user: bool) -> io::Result<Forked> {
    let mut flags = libc::CLONE_NEWPID | libc::CLONE_PIDFD | libc::SIGCHLD;
    if own_user {
        flags |= libc::CLONE_NEWUSER;
    }
    let mut pidfd: libc::c_int = -1;
    // SAFETY: without CLONE_VM and with a null stack this is a fork: the child continues on its own copy of the stack.
    // The third argument points to a live integer, which the kernel fills in the parent (CLONE_PIDFD); the last two
    // are not read with these flags. The launcher has one thread, so no lock is held by a thread that is gone.
    let pid = checked(unsafe {
        libc::syscall(libc::SYS_clone, flags as libc::c_ulong, 0usize, &raw mut pidfd, 0usize, 0usize)
    })?;
    if pid == 0 {
        return Ok(Forked::Child);
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else owns it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Forked::Parent { pid: pid as i32, pidfd: Some(pidfd) })
}

/// A plain `fork`.
pub fn fork() -> io::Result<Forked> {
    // SAFETY: called by the single thread of a run's first process, which is a child of the single-threaded launcher.
    let pid = checked(libc::c_long::from(unsafe { libc::fork() }))?;
    Ok(if pid == 0 { Forked::Child } else { Forked::Parent { pid: pid as i32, pidfd: None } })
}

/// Ends the process at once: no destructors, no buffers written twice.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions and does not return.
    unsafe { libc::_exit(code) }
}

/// What a process and the children that it waited for have used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub cpu_us: u64,
    pub max_rss_kb: u64,
}

impl From<libc::rusage> for Usage {
    fn from(usage: libc::rusage) -> Self {
        let us = |t: libc::timeval| (t.tv_sec as u64).saturating_mul(1_000_000).saturating_add(t.tv_usec as u64);
        Self { cpu_us: us(usage.ru_utime) + us(usage.ru_stime), max_rss_kb: usage.ru_maxrss as u64 }
    }
}

/// Waits for a child (`-1`: any) and reaps it: its pid, its wait status and what it used. `None`: there is no child.
pub fn wait_for(pid: i32) -> io::Result<Option<(i32, i32, Usage)>> {
    reap(pid, 0)
}

/// Reaps a child that has ended already, if there is one.
pub fn reap_ended() -> io::Result<Option<(i32, i32, Usage)>> {
    reap(-1, libc::WNOHANG)
}

fn reap(pid: i32, options: libc::c_int) -> io::Result<Option<(i32, i32, Usage)>> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to live, writable memory of the right types.
        let got = unsafe { libc::wait4(pid, &raw mut status, options, usage.as_mut_ptr()) };
        if got > 0 {
            // SAFETY: zero is a valid value of every field, and the kernel has filled the structure.
            return Ok(Some((got, status, unsafe { usage.assume_init() }.into())));
        }
        if got == 0 {
            return Ok(None);
        }
        match io::Error::last_os_error() {
            e if e.raw_os_error() == Some(libc::EINTR) => {}
            e if e.raw_os_error() == Some(libc::ECHILD) => return Ok(None),
            e => return Err(e),
        }
    }
}

/// What all children waited for so far, and theirs, have used.
pub fn children_usage() -> Usage {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to live, writable memory of the right type; zero is a valid value of every field.
    unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    }
    .into()
}

/// A descriptor that is readable when a child has ended, from this call on.
pub fn children_ending() -> io::Result<OwnedFd> {
    let mut mask = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the set is live and initialised by `sigemptyset` before it is read; the descriptor is new and only ours.
    unsafe {
        libc::sigemptyset(mask.as_mut_ptr());
        libc::sigaddset(mask.as_mut_ptr(), libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_BLOCK, mask.as_ptr(), std::ptr::null_mut());
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        let fd = checked(libc::c_long::from(libc::signalfd(-1, mask.as_ptr(), flags)))?;
        Ok(OwnedFd::from_raw_fd(fd as RawFd))
    }
}

/// Kills every process that this one may kill, save itself: as pid 1, all others of the namespace.
pub fn kill_all_others() {
    // SAFETY: takes no pointers. Only ever called by pid 1 of a run's own pid namespace.
    unsafe { libc::kill(-1, libc::SIGKILL) };
}

/// Makes `fd` known under the number `target`; numbers up to 2 survive an exec, others do not.
pub fn place_fd(fd: BorrowedFd<'_>, target: RawFd) -> io::Result<()> {
    let close_on_exec = if target > 2 { libc::FD_CLOEXEC } else { 0 };
    // SAFETY: `dup2` and `fcntl` take no pointers; whatever `target` was is not used again by the child that calls this.
    unsafe {
        checked(libc::c_long::from(libc::dup2(fd.as_raw_fd(), target)))?;
        checked(libc::c_long::from(libc::fcntl(target, libc::F_SETFD, close_on_exec)))?;
    }
    Ok(())
}

/// Closes every descriptor from `first` on.
pub fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers. The callers own nothing that they use afterwards: a child that never returns, or the
    // launcher before it has opened anything.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, libc::c_uint::MAX, 0) })?;
    Ok(())
}

/// Closes the descriptors 0 to `last`.
pub fn close_up_to(last: RawFd) -> io::Result<()> {
    // SAFETY: as for `close_from`; called by a run's first process, which uses its status pipe only.
    checked(unsafe { libc::syscall(libc::SYS_close_range, 0, last as libc::c_uint, 0) })?;
    Ok(())
}

/// A descriptor that this process was started with, by number (0 to `STATUS_FD`).
pub fn inherited(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the callers name descriptors that stay open as long as the process lives.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// Leaves namespaces for fresh ones.
pub fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: takes no pointers; the launcher has one thread and shares no descriptor table.
    checked(libc::c_long::from(unsafe { libc::unshare(flags) }))?;
    Ok(())
}

/// Adds attributes (`ATTR_…`) to the mount that `mount` is the root of, or to all of its tree.
pub fn set_mount_attributes(mount: BorrowedFd<'_>, attributes: u64, whole_tree: bool) -> io::Result<()> {
    let attr = libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | if whole_tree { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a valid empty C string, and the structure lives and has the size that is passed.
    checked(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attr,
            size_of::<libc::mount_attr>(),
        )
    })?;
    Ok(())
}

/// Takes the pages of the executable and its libraries that only the start needed out of this process's memory; what is
/// needed again comes back from the page cache. Leaves alone every mapping of which anything was written.
pub fn forget_clean_file_pages(smaps: &str) -> io::Result<()> {
    let mut current = None;
    for line in std::fs::read_to_string(smaps)?.lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        match fields.as_slice() {
            [range, mode, _, _, inode, path] if *inode != "0" && path.starts_with('/') && !mode.contains('w') => {
                let bounds = range.split_once('-');
                current = bounds.and_then(|(from, to)| {
                    Some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?))
                });
            }
            [range, mode, ..] if range.contains('-') && mode.len() == 4 => current = None,
            // This field comes after the mapping's own line and says whether any of its pages differ from the file.
            ["Anonymous:", "0", "kB"] => {
                if let Some((from, to)) = current.take() {
                    // SAFETY: the range is one whole mapping of a file, not writable, and none of its pages differ
                    // from the file: what is dropped here is read from the file again at the next touch. The file
                    // cannot be written while it is executed, and there is no other thread to change the mapping.
                    unsafe { libc::madvise(from as *mut libc::c_void, to - from, libc::MADV_DONTNEED) };
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Default action for every signal, and none blocked: ignored ones would survive the exec.
pub fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is a valid disposition; for numbers that may not be changed the call fails and does nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the set is live and initialised by `sigemptyset` before it is read.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// One instruction of a seccomp program (classic BPF), laid out as the kernel wants it.
pub type Instruction = libc::sock_filter;

/// Puts a seccomp filter on this process and on all that it will start, for good. Needs no_new_privs.
pub fn install_seccomp(program: &[Instruction]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(io::Error::other)?;
    let prog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: the program lives through the call, has the length that is passed, and the kernel only reads it.
    checked(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0usize, &raw const prog) })?;
    Ok(())
}

/// `socket(2)` by raw family, for the self-test: the error if it is refused.
pub fn try_socket(family: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers.
    let fd = checked(libc::c_long::from(unsafe { libc::socket(family, libc::SOCK_STREAM, 0) }))?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}
