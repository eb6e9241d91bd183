use super::*;

/// Runs the program as the kernel would, on one system call.
fn verdict(arch: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let code = program(Purpose::Run);
    let mut accumulator = 0;
    let mut at = 0;
    loop {
        let Instruction { code: op, jt, jf, k } = code[at];
        at += 1;
        let jump = |taken: bool| if taken { usize::from(jt) } else { usize::from(jf) };
        match op {
            LOAD_WORD if k == AT_NUMBER => accumulator = number,
            LOAD_WORD if k == AT_ARCH => accumulator = arch,
            LOAD_WORD => accumulator = arguments[((k - AT_ARGUMENTS) / 8) as usize] as u32,
            IF_EQUAL => at += jump(accumulator == k),
            IF_AT_LEAST => at += jump(accumulator >= k),
            IF_ANY_BIT => at += jump(accumulator & k != 0),
            JUMP => at += k as usize,
            RETURN => return k,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}

fn first_argument(number: libc::c_long, argument: u64) -> u32 {
    verdict(ARCH, number as u32, [argument, 0, 0, 0, 0, 0])
}

const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

#[test]
fn every_number_gets_the_verdict_of_its_rule_and_all_others_are_refused() {
    let rules = rules(Purpose::Run);
    for number in 0..2000 {
        let got = verdict(ARCH, number, [0; 6]);
        match rules.iter().find(|(n, _)| *n == number) {
            Some((_, Check::Allow)) => assert_eq!(got, libc::SECCOMP_RET_ALLOW, "system call {number}"),
            Some((_, Check::Refuse(errno))) => {
                assert_eq!(got, libc::SECCOMP_RET_ERRNO | *errno as u32, "system call {number}")
            }
            Some(_) => {}
            None if number > NEWEST_KNOWN => assert_eq!(got, ENOSYS, "system call {number}"),
            None => assert_eq!(got, EPERM, "system call {number}"),
        }
    }
}

#[test]
fn what_reaches_out_of_a_run_is_not_in_the_list() {
    for number in [
        libc::SYS_ptrace,
        libc::SYS_bpf,
        libc::SYS_keyctl,
        libc::SYS_io_uring_setup,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_mknodat,
        libc::SYS_memfd_create,
        libc::SYS_perf_event_open,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_open_by_handle_at,
        libc::SYS_inotify_init1,
        libc::SYS_shmget,
        libc::SYS_kcmp,
    ] {
        assert_eq!(first_argument(number, 0), EPERM, "system call {number}");
    }
}

#[test]
fn no_number_has_two_rules() {
    let mut numbers: Vec<u32> = rules(Purpose::Run).into_iter().map(|(number, _)| number).collect();
    numbers.sort_unstable();
    let before = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), before);
}

#[test]
fn only_unix_sockets_can_be_made() {
    assert_eq!(first_argument(libc::SYS_socket, libc::AF_UNIX as u64), libc::SECCOMP_RET_ALLOW);
    for family in [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_PACKET, libc::AF_VSOCK, libc::AF_ALG] {
        assert_eq!(first_argument(libc::SYS_socket, family as u64), EPERM, "family {family}");
        assert_eq!(first_argument(libc::SYS_socketpair, family as u64), EPERM, "family {family}");
    }
}

#[test]
fn threads_and_forks_pass_and_namespaces_do_not() {
    let thread = libc::CLONE_VM | libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
    assert_eq!(first_argument(libc::SYS_clone, thread as u64), libc::SECCOMP_RET_ALLOW);
    assert_eq!(first_argument(libc::SYS_clone, libc::SIGCHLD as u64), libc::SECCOMP_RET_ALLOW);
    for flag in [libc::CLONE_NEWUSER, libc::CLONE_NEWNS, libc::CLONE_NEWNET, libc::CLONE_NEWPID] {
        assert_eq!(first_argument(libc::SYS_clone, (flag | libc::SIGCHLD) as u64), EPERM);
    }
    assert_eq!(first_argument(libc::SYS_clone3, 0), ENOSYS);
}

#[test]
fn arguments_decide_where_a_call_has_a_harmless_form() {
    assert_eq!(first_argument(libc::SYS_prlimit64, 0), libc::SECCOMP_RET_ALLOW);
    assert_eq!(first_argument(libc::SYS_prlimit64, 1), EPERM);
    assert_eq!(first_argument(libc::SYS_personality, 0xffff_ffff), libc::SECCOMP_RET_ALLOW);
    assert_eq!(first_argument(libc::SYS_personality, 0x0040_0000), EPERM);
    assert_eq!(first_argument(libc::SYS_prctl, libc::PR_SET_NAME as u64), libc::SECCOMP_RET_ALLOW);
    assert_eq!(first_argument(libc::SYS_prctl, libc::PR_SET_MM as u64), EPERM);
    let second = |number: libc::c_long, value: u64| verdict(ARCH, number as u32, [0, value, 0, 0, 0, 0]);
    assert_eq!(second(libc::SYS_sched_setscheduler, libc::SCHED_OTHER as u64), libc::SECCOMP_RET_ALLOW);
    assert_eq!(second(libc::SYS_sched_setscheduler, libc::SCHED_FIFO as u64), EPERM);
    assert_eq!(second(libc::SYS_ioctl, libc::TIOCSTI), EPERM);
    assert_eq!(second(libc::SYS_ioctl, libc::TCGETS), libc::SECCOMP_RET_ALLOW);
}

#[test]
fn foreign_entry_points_never_pass() {
    const I386: u32 = 0x4000_0003;
    assert_eq!(verdict(I386, 4, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
    assert_eq!(verdict(ARCH, X32_BIT | 1, [0; 6]), EPERM);
}

#[test]
fn a_call_passes_few_instructions() {
    let segments = segments(rules(Purpose::Run)).len();
    let longest_search = segments.ilog2() + 1;
    assert!(longest_search <= 8, "{segments} segments");
    assert!(program(Purpose::Run).len() < 400, "{} instructions", program(Purpose::Run).len());
}

#[test]
fn only_compilers_may_lock_files() {
    let allows = |purpose, number: libc::c_long| {
        rules(purpose).iter().any(|(n, check)| *n == number as u32 && *check == Check::Allow)
    };
    assert!(allows(Purpose::Compile, libc::SYS_flock) && !allows(Purpose::Run, libc::SYS_flock));
    let second = |number: libc::c_long, value: i32| verdict(ARCH, number as u32, [0, value as u64, 0, 0, 0, 0]);
    assert_eq!(second(libc::SYS_fcntl, libc::F_SETLK), EPERM);
    assert_eq!(second(libc::SYS_fcntl, libc::F_SETLEASE), EPERM);
    assert_eq!(second(libc::SYS_fcntl, libc::F_DUPFD_CLOEXEC), libc::SECCOMP_RET_ALLOW);
}
