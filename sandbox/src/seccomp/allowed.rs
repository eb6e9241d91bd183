//! What a stranger's program may ask of the kernel; whatever is not in here is refused. Grouped by purpose; the order does
//! not matter. A call is in the list because a compiler, a run-time or a plain program needs it and because it reaches
//! nothing but the run's own processes, files and memory.
//!
//! Left out on purpose, although ordinary users may call them: namespaces and mounts; other processes (ptrace and kin);
//! keys, which no namespace divides; bpf, perf, userfaultfd, io_uring and native AIO, large parts of the kernel that no
//! solution needs; inotify and fanotify, which show what neighbours do with `/usr`; System V and POSIX queues and memory
//! files, which no polling of ours sees; locked memory; file leases and handles; the machine's clock, names and power.

use libc::c_long;

/// What happens to a system call whose number is in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Allow,
    /// Refused with this errno.
    Refuse(i32),
    /// Allowed only if the low word of the argument is one of these, else EPERM.
    OnlyIf {
        argument: u32,
        values: &'static [u32],
    },
    /// EPERM if the low word of the argument is one of these.
    Unless {
        argument: u32,
        values: &'static [u32],
    },
    /// EPERM if the argument has any of these bits.
    UnlessBits {
        argument: u32,
        mask: u32,
    },
}

/// What a filter is for. A lock on a file of `/usr` is seen by every neighbour: only compilers, some of which lock what they
/// make, may set any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Compile,
    Run,
}

/// The newest number that the list was written against: mseal(2), Linux 6.10. What came later does not exist here, so that
/// a C library falls back (seccomp(2): EPERM would be taken for an answer).
pub const NEWEST_KNOWN: u32 = 462;

const NAMESPACE_FLAGS: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | 0x80) as u32; // CLONE_NEWTIME

/// Only stable, local conversations: no address family reaches out of the run.
const LOCAL: &[u32] = &[libc::AF_UNIX as u32];
const TIOCLINUX: u32 = 0x541c;
/// prctl(2) options that open more than they close: a stranger as tracer, the process's own memory map, a speculation
/// left open, and a filter (it could only narrow, but a listener of it is another way to stop a process).
const PRCTL_REFUSED: &[u32] =
    &[libc::PR_SET_PTRACER as u32, libc::PR_SET_MM as u32, libc::PR_SET_SECCOMP as u32, PR_SET_SPECULATION_CTRL];
/// fcntl(2) commands that tell of what others do with a file.
const FCNTL_REFUSED: &[u32] = &[libc::F_SETLEASE as u32, libc::F_NOTIFY as u32];
/// The same and all locks.
const FCNTL_LOCKS: &[u32] = &[
    libc::F_SETLEASE as u32,
    libc::F_NOTIFY as u32,
    libc::F_GETLK as u32,
    libc::F_SETLK as u32,
    libc::F_SETLKW as u32,
    libc::F_OFD_GETLK as u32,
    libc::F_OFD_SETLK as u32,
    libc::F_OFD_SETLKW as u32,
];
const PR_SET_SPECULATION_CTRL: u32 = 53;

/// Every rule, unsorted.
pub fn rules(purpose: Purpose) -> Vec<(u32, Check)> {
    let lists = [FILES, CONVERSATIONS, MEMORY, PROCESSES, TIME, IDENTITY, HERE];
    let mut rules: Vec<(u32, Check)> =
        lists.into_iter().flatten().map(|&number| (number as u32, Check::Allow)).collect();
    let mut add = |number: c_long, check| rules.push((number as u32, check));
    // The C library falls back to clone, whose flags can be looked at.
    add(libc::SYS_clone3, Check::Refuse(libc::ENOSYS));
    add(libc::SYS_clone, Check::UnlessBits { argument: 0, mask: NAMESPACE_FLAGS });
    add(libc::SYS_socket, Check::OnlyIf { argument: 0, values: LOCAL });
    add(libc::SYS_socketpair, Check::OnlyIf { argument: 0, values: LOCAL });
    // Own limits only: those of the run's first process are not the program's to lower.
    add(libc::SYS_prlimit64, Check::OnlyIf { argument: 0, values: &[0] });
    // Asking for it (0xffffffff) and setting the usual one are harmless.
    add(libc::SYS_personality, Check::OnlyIf { argument: 0, values: &[0, 0xffff_ffff] });
    let ordinary = &[libc::SCHED_OTHER as u32, libc::SCHED_BATCH as u32, libc::SCHED_IDLE as u32];
    add(libc::SYS_sched_setscheduler, Check::OnlyIf { argument: 1, values: ordinary });
    add(libc::SYS_ioctl, Check::Unless { argument: 1, values: &[libc::TIOCSTI as u32, TIOCLINUX] });
    add(libc::SYS_prctl, Check::Unless { argument: 0, values: PRCTL_REFUSED });
    let commands = match purpose {
        Purpose::Compile => {
            add(libc::SYS_flock, Check::Allow);
            FCNTL_REFUSED
        }
        Purpose::Run => FCNTL_LOCKS,
    };
    add(libc::SYS_fcntl, Check::Unless { argument: 1, values: commands });
    rules
}

/// Files and folders, as far as the mounts let one.
const FILES: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_renameat2,
    libc::SYS_truncate,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync,
    libc::SYS_syncfs,
    libc::SYS_fadvise64,
    libc::SYS_readahead,
    libc::SYS_sendfile,
    libc::SYS_copy_file_range,
    libc::SYS_splice,
    libc::SYS_tee,
    libc::SYS_vmsplice,
    libc::SYS_umask,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    452, // fchmodat2
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_flistxattr,
];

/// Pipes, events and unix sockets.
const CONVERSATIONS: &[c_long] = &[
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_signalfd4,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
];

const MEMORY: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_msync,
    libc::SYS_membarrier,
    libc::SYS_munlock,
    libc::SYS_munlockall,
    libc::SYS_pkey_alloc,
    libc::SYS_pkey_free,
    libc::SYS_pkey_mprotect,
    libc::SYS_get_mempolicy,
    453, // map_shadow_stack
    libc::SYS_mseal,
];

/// A program's own processes, threads and signals. The pid namespace and the uid bound whom they can reach.
const PROCESSES: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    454, // futex_wake
    455, // futex_wait
    456, // futex_requeue
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getpgid,
    libc::SYS_setpgid,
    libc::SYS_getsid,
    libc::SYS_setsid,
    libc::SYS_getpriority,
    libc::SYS_setpriority,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_getattr,
    libc::SYS_sched_getparam,
    libc::SYS_sched_setparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_sched_rr_get_interval,
    libc::SYS_getcpu,
];

/// Reading clocks, and timers of one's own.
const TIME: &[c_long] = &[
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_timer_create,
    libc::SYS_timer_delete,
    libc::SYS_timer_getoverrun,
    libc::SYS_timer_gettime,
    libc::SYS_timer_settime,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime,
];

/// Who one is and how much there is. Changing the former fails for want of a capability; run-times try it all the same.
const IDENTITY: &[c_long] = &[
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capget,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
];

/// What only this architecture has: mostly older forms of the above.
#[cfg(target_arch = "x86_64")]
const HERE: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_creat,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_getdents,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_sync_file_range,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_signalfd,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_pause,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_setrlimit,
    libc::SYS_arch_prctl,
    libc::SYS_time,
    libc::SYS_alarm,
];

#[cfg(target_arch = "aarch64")]
const HERE: &[c_long] = &[38, 84]; // renameat, sync_file_range
