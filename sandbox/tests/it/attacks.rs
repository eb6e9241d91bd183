//! What hostile programs try. Every layer stays on throughout, and nothing but this machine's own loopback address is
//! ever named.

use herald_sandbox::{BoxFile, Exit, Limits, Run};

use crate::bench::*;

crate::tests![
    no_forbidden_system_call_succeeds,
    there_is_no_network,
    the_32_bit_entry_kills,
    the_machines_files_are_not_there,
    nothing_but_the_box_and_tmp_can_be_written,
    a_read_only_box_cannot_be_written,
    only_the_runs_own_processes_are_in_proc,
    the_first_process_cannot_be_harmed,
    links_left_in_the_box_lead_nowhere,
    set_user_id_programs_give_nothing,
];

/// Prints the name of every attempt that the kernel let through.
const ATTEMPTS: &str = r#"
    #define _GNU_SOURCE
    #include <errno.h>
    #include <sched.h>
    #include <signal.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <sys/resource.h>
    #include <sys/socket.h>
    #include <sys/syscall.h>
    #include <sys/uio.h>
    #include <unistd.h>
    #include <grp.h>
    #include <linux/sched.h>
    #define TRY(what, call) do { errno = 0; tried++; if ((call) >= 0) printf("%s ", what); } while (0)
    int tried;
    int main() {
        char page[4096] = {0};
        long one[8] = {0};
        int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, 38 /* ALG */, 44 /* XDP */, 31 /* BLUETOOTH */};
        for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
            for (int type = 1; type <= 3; type++) TRY("socket", socket(families[i], type, 0));
        TRY("mount", syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, 0));
        TRY("umount", syscall(SYS_umount2, "/tmp", 2));
        TRY("fsopen", syscall(430, "tmpfs", 0));
        TRY("open_tree", syscall(428, -100, "/", 1));
        TRY("mount_setattr", syscall(442, -100, "/", 0, one, 32));
        TRY("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
        TRY("chroot", syscall(SYS_chroot, "/box"));
        int spaces[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
        for (int i = 0; i < 7; i++) {
            TRY("unshare", unshare(spaces[i]));
            TRY("clone", syscall(SYS_clone, spaces[i] | SIGCHLD, 0, 0, 0, 0));
        }
        struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
        TRY("clone3", syscall(435, &args, sizeof args));
        if (errno != ENOSYS) printf("clone3-errno ");
        TRY("setns", syscall(SYS_setns, 0, 0));
        TRY("ptrace", syscall(SYS_ptrace, 0, 0, 0, 0));
        TRY("ptrace-attach", syscall(SYS_ptrace, 16, 1, 0, 0));
        struct iovec io = {page, 8};
        TRY("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), &io, 1, &io, 1, 0));
        TRY("process_vm_writev", syscall(SYS_process_vm_writev, getpid(), &io, 1, &io, 1, 0));
        TRY("pidfd_getfd", syscall(438, syscall(434, getpid(), 0), 0, 0));
        TRY("kcmp", syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0));
        TRY("keyctl", syscall(SYS_keyctl, 0, -3, 1));
        TRY("add_key", syscall(SYS_add_key, "user", "x", "x", 1, -3));
        TRY("request_key", syscall(SYS_request_key, "user", "x", 0, -3));
        TRY("bpf", syscall(SYS_bpf, 0, page, 64));
        TRY("perf_event_open", syscall(SYS_perf_event_open, page, 0, -1, -1, 0));
        TRY("userfaultfd", syscall(SYS_userfaultfd, 1));
        TRY("io_uring", syscall(425, 4, page));
        TRY("io_setup", syscall(SYS_io_setup, 1, one));
        TRY("kexec", syscall(SYS_kexec_load, 0, 0, 0, 0));
        TRY("init_module", syscall(SYS_init_module, page, 1, ""));
        TRY("finit_module", syscall(SYS_finit_module, 0, "", 0));
        TRY("delete_module", syscall(SYS_delete_module, "x", 0));
        TRY("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0));
        TRY("syslog", syscall(SYS_syslog, 10, 0, 0));
        TRY("mknod", syscall(SYS_mknodat, -100, "/tmp/node", 0020666, 0x103));
        TRY("mkfifo", syscall(SYS_mknodat, -100, "/tmp/fifo", 0010666, 0));
        TRY("swapon", syscall(SYS_swapon, "/tmp/x", 0));
        TRY("swapoff", syscall(SYS_swapoff, "/tmp/x"));
        TRY("quotactl", syscall(SYS_quotactl, 0x80000100, 0, 0, 0));
        TRY("acct", syscall(SYS_acct, 0));
        TRY("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, page, 0));
        TRY("name_to_handle_at", syscall(SYS_name_to_handle_at, -100, "/", page, one, 0));
        TRY("sethostname", syscall(SYS_sethostname, "x", 1));
        TRY("clock_settime", syscall(SYS_clock_settime, 0, one));
        TRY("adjtimex", syscall(SYS_adjtimex, page));
        TRY("vhangup", syscall(SYS_vhangup));
        TRY("personality", syscall(SYS_personality, 0x0040000));
        TRY("mlock", syscall(SYS_mlock, page, 4096));
        TRY("mlockall", syscall(SYS_mlockall, 2));
        TRY("memfd_create", syscall(SYS_memfd_create, "x", 0));
        TRY("shmget", syscall(SYS_shmget, 0, 4096, 01600));
        TRY("msgget", syscall(SYS_msgget, 0, 01600));
        TRY("semget", syscall(SYS_semget, 0, 1, 01600));
        TRY("mq_open", syscall(SYS_mq_open, "x", 0102, 0600, 0));
        TRY("inotify", syscall(SYS_inotify_init1, 0));
        TRY("fanotify", syscall(SYS_fanotify_init, 0, 0));
        struct sched_param priority = {.sched_priority = 1};
        TRY("SCHED_FIFO", sched_setscheduler(0, SCHED_FIFO, &priority));
        TRY("SCHED_RR", sched_setscheduler(0, SCHED_RR, &priority));
        TRY("sched_setattr", syscall(314, 0, page, 0));
        TRY("nice", setpriority(PRIO_PROCESS, 0, -5));
        int resources[] = {RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_CORE, RLIMIT_STACK, RLIMIT_MEMLOCK};
        for (int i = 0; i < 7; i++) {
            struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
            if (resources[i] == RLIMIT_NOFILE) most.rlim_cur = most.rlim_max = 1024;
            TRY("setrlimit", setrlimit(resources[i], &most));
        }
        struct rlimit least = {0, 0};
        TRY("prlimit-of-1", prlimit(1, RLIMIT_CPU, &least, 0));
        TRY("setuid", setuid(0));
        TRY("setgid", setgid(0));
        gid_t zero = 0;
        TRY("setgroups", setgroups(1, &zero));
        TRY("ioctl-TIOCSTI", syscall(SYS_ioctl, 0, 0x5412, page));
        TRY("kill-all", kill(-1, SIGKILL));
    #ifdef __x86_64__
        TRY("iopl", syscall(SYS_iopl, 3));
        TRY("ioperm", syscall(SYS_ioperm, 0, 1, 1));
        TRY("modify_ldt", syscall(SYS_modify_ldt, 0, page, 16));
        TRY("x32-getpid", syscall(0x40000000 | 39));
    #endif
        printf("of %d", tried);
        return 0;
    }
"#;

async fn no_forbidden_system_call_succeeds(bench: Bench) {
    let report = bench.c(ATTEMPTS, LIMITS).await;
    assert_eq!(report.exit, Exit::Code(0), "{report:?}");
    let said = stdout(&report);
    let tried = said.strip_prefix("of ").unwrap_or_else(|| panic!("these were let through: {said}"));
    assert!(tried.parse::<u32>().unwrap() > 90, "{said}");
}

async fn there_is_no_network(bench: Bench) {
    let source = "
import socket
for family in (socket.AF_INET, socket.AF_INET6):
    try: socket.socket(family).connect(('127.0.0.1', 80)); print('connected')
    except OSError as e: print(type(e).__name__)
try: socket.create_connection(('localhost', 80)); print('connected')
except OSError as e: print(type(e).__name__)
a, b = socket.socketpair(); a.send(b'local'); print(b.recv(9).decode())";
    let said = stdout(&bench.python(source, LIMITS).await);
    assert_eq!(said, "PermissionError\nPermissionError\nPermissionError\nlocal\n");
}

#[cfg(target_arch = "x86_64")]
async fn the_32_bit_entry_kills(bench: Bench) {
    let source = r#"int main() { long n = 20; asm volatile("int $0x80" : "+a"(n) :: "r8", "r9", "r10", "r11", "memory"); return 0; }"#;
    assert_eq!(bench.c(source, LIMITS).await.exit, Exit::Signal(libc::SIGSYS));
}

#[cfg(not(target_arch = "x86_64"))]
async fn the_32_bit_entry_kills(_: Bench) {}

async fn the_machines_files_are_not_there(bench: Bench) {
    let listing = bench.open_box().await.run(run(&["/bin/ls", "/", "/dev", "/home"], LIMITS)).await.unwrap();
    let said = stdout(&listing);
    for name in ["root", "home", "var", "sys", "boot", "run", "mnt", "srv", "host", "boxes", "old_root"] {
        assert!(!said.lines().any(|line| line == name), "{name} is there: {said}");
    }
    let devices: Vec<&str> = said.split("/dev:\n").nth(1).unwrap().split_whitespace().collect();
    let expected = ["fd", "full", "null", "random", "stderr", "stdin", "stdout", "urandom", "zero"];
    assert_eq!(devices, expected);
    let source = "
import os
paths = '/etc/shadow /etc/ssh /etc/hostname /root /proc/1 /proc/kallsyms /proc/sys /proc/meminfo /proc/kcore /dev/mem /dev/shm /dev/pts /dev/tty /sys/kernel /var/run/docker.sock'
print([p for p in paths.split() if os.path.lexists(p)], open('/etc/passwd').read().count('/root'))";
    assert_eq!(stdout(&bench.python(source, LIMITS).await), "[] 0\n");
}

async fn nothing_but_the_box_and_tmp_can_be_written(bench: Bench) {
    let source = "
import os
done = []
def attempt(what, f):
    try: f(); done.append(what)
    except OSError: pass
for folder in '/ /usr /usr/bin /etc /etc/alternatives /dev /proc /proc/self /bin /lib'.split():
    attempt('create in ' + folder, lambda: open(folder + '/new', 'w'))
    attempt('chmod ' + folder, lambda: os.chmod(folder, 0o777))
    attempt('rename in ' + folder, lambda: os.rename(folder + '/x', folder + '/y'))
for path in '/etc/passwd /usr/bin/env /etc/ld.so.cache /proc/self/mem/../oom_score'.split():
    attempt('open ' + path, lambda: open(path, 'r+'))
attempt('chmod null', lambda: os.chmod('/dev/null', 0o600))
attempt('less likely to be killed', lambda: open('/proc/self/oom_score_adj', 'w').write('-1000'))
open('/tmp/a', 'w').write('a'); open('/box/b', 'w').write('b'); open('/dev/null', 'w').write('c')
print(done)";
    let mut writable = run(&["/usr/bin/python3", "-c", source], LIMITS);
    writable.writable = true;
    let report = bench.open_box().await.run(writable).await.unwrap();
    assert_eq!(stdout(&report), "[]\n", "{report:?}");
}

async fn a_read_only_box_cannot_be_written(bench: Bench) {
    let work = bench.open_box().await;
    work.write_files(&[BoxFile::new("mine", "as it was")]).await.unwrap();
    let script = "echo other > mine; rm -f mine; chmod 777 mine .; touch new; ln -s a b; cat mine; ls";
    let report = work.run(run(&["/bin/sh", "-c", script], LIMITS)).await.unwrap();
    assert_eq!(stdout(&report), "as it wasmine\n");
}

async fn only_the_runs_own_processes_are_in_proc(bench: Bench) {
    let source = "import os; print(sorted(os.listdir('/proc')), os.getpid(), os.getppid())";
    assert_eq!(stdout(&bench.python(source, LIMITS).await), "['2', 'self', 'thread-self'] 2 1\n");
}

async fn the_first_process_cannot_be_harmed(bench: Bench) {
    let source = "
import os, signal
for s in range(1, 65):
    try: os.kill(1, s)
    except OSError: pass
for path in '/proc/1/mem /proc/1/fd /proc/1/environ /proc/1/maps'.split():
    try: open(path); print(path)
    except OSError: pass
print('still here')";
    let report = bench.python(source, LIMITS).await;
    assert_eq!((report.exit, stdout(&report).as_str()), (Exit::Code(0), "still here\n"));
}

async fn links_left_in_the_box_lead_nowhere(bench: Bench) {
    let work = bench.open_box().await;
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("target");
    std::fs::write(&target, "untouched").unwrap();
    std::fs::set_permissions(&target, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    std::fs::set_permissions(outside.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let script = format!(
        "ln -s {} a; ln -s /etc/passwd b; ln -s /box/c c; mkdir d; ln -s / e; echo x > f; chmod 000 f",
        target.display()
    );
    let mut prepare = run(&["/bin/sh", "-c", &script], LIMITS);
    prepare.writable = true;
    assert_eq!(work.run(prepare).await.unwrap().exit, Exit::Code(0));
    for name in ["a", "b", "c", "e", "f"] {
        work.write_files(&[BoxFile::new(name, "mine")]).await.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    assert!(reason(work.write_files(&[BoxFile::new("d", "mine")]).await).contains("could not write d"));
    let report = work.run(run(&["/bin/cat", "a", "b", "c", "e", "f"], LIMITS)).await.unwrap();
    assert_eq!(stdout(&report), "mine".repeat(5));
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
}

async fn set_user_id_programs_give_nothing(bench: Bench) {
    let work = bench
        .compiled("#include <stdio.h>\n#include <unistd.h>\nint main() { printf(\"%d\", geteuid() == getuid()); }")
        .await;
    let script = "chmod 6755 main && ./main && ls -l main | cut -c1-10";
    let report = work.run(Run { writable: true, ..run(&["/bin/sh", "-c", script], LIMITS) }).await.unwrap();
    assert!(stdout(&report).starts_with('1'), "{report:?}");
    let su = run(&["/usr/bin/su", "-c", "id"], Limits { wall_ms: 3_000, ..LIMITS });
    let report = work.run(su).await.unwrap();
    assert!(!stdout(&report).contains("uid=0"), "{report:?}");
}
