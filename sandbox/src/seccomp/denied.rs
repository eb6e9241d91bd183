//! What a stranger's program may not ask of the kernel. Grouped by reason; the order does not matter.

use libc::c_long;

/// What happens to a system call whose number is in the list.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Refused with this errno.
    Refuse(i32),
    /// Allowed only if the low word of the argument is one of these, else EPERM.
    OnlyIf { argument: u32, values: &'static [u32] },
    /// EPERM if the low word of the argument is one of these.
    Unless { argument: u32, values: &'static [u32] },
    /// EPERM if the argument has any of these bits.
    UnlessBits { argument: u32, mask: u32 },
}

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

/// Every rule, unsorted.
pub fn rules() -> Vec<(u32, Check)> {
    let mut rules: Vec<(u32, Check)> =
        REFUSED.iter().chain(REFUSED_HERE).map(|&number| (number as u32, Check::Refuse(libc::EPERM))).collect();
    // The C library falls back to clone, whose flags can be looked at.
    rules.push((libc::SYS_clone3 as u32, Check::Refuse(libc::ENOSYS)));
    rules.push((libc::SYS_clone as u32, Check::UnlessBits { argument: 0, mask: NAMESPACE_FLAGS }));
    rules.push((libc::SYS_socket as u32, Check::OnlyIf { argument: 0, values: LOCAL }));
    rules.push((libc::SYS_socketpair as u32, Check::OnlyIf { argument: 0, values: LOCAL }));
    // Own limits only: those of the run's first process are not the program's to lower.
    rules.push((libc::SYS_prlimit64 as u32, Check::OnlyIf { argument: 0, values: &[0] }));
    // Asking for it (0xffffffff) and setting the usual one are harmless.
    rules.push((libc::SYS_personality as u32, Check::OnlyIf { argument: 0, values: &[0, 0xffff_ffff] }));
    let ordinary = &[libc::SCHED_OTHER as u32, libc::SCHED_BATCH as u32, libc::SCHED_IDLE as u32];
    rules.push((libc::SYS_sched_setscheduler as u32, Check::OnlyIf { argument: 1, values: ordinary }));
    let typing = &[libc::TIOCSTI as u32, TIOCLINUX];
    rules.push((libc::SYS_ioctl as u32, Check::Unless { argument: 1, values: typing }));
    rules
}

const TIOCLINUX: u32 = 0x541c;

const REFUSED: &[c_long] = &[
    // The file tree and the namespaces are what they are.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_mount_setattr,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mknodat,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_nfsservctl,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // Keys live outside the namespaces.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Large parts of the kernel that no solution of a problem needs.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_setup,
    libc::SYS_io_submit,
    libc::SYS_lookup_dcookie,
    // Watching files shows what neighbours do with /usr.
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // Memory that no limit of ours sees.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_mlockall,
    libc::SYS_remap_file_pages,
    libc::SYS_mbind,
    libc::SYS_set_mempolicy,
    libc::SYS_set_mempolicy_home_node,
    // The machine.
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_vhangup,
    libc::SYS_sched_setattr,
    libc::SYS_ioprio_set,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[c_long] = &[
    libc::SYS_mknod,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_inotify_init,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];

#[cfg(target_arch = "aarch64")]
const REFUSED_HERE: &[c_long] = &[];
