/* Hostile attempts, each by its name: `attempts NAME [PATH]`. Says "refused" when the kernel said no, "got through" when it
   did not; attempts that are no single call speak or end for themselves. Numbers stand where old headers lack the name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char page[4096];
static long one[16];
static struct iovec io = {page, 8};
static const char *path = "/nonexistent";
static const char *self;

static long raise_limit(int resource) {
    struct rlimit now, most;
    getrlimit(resource, &now);
    most.rlim_max = now.rlim_max == RLIM_INFINITY ? RLIM_INFINITY : now.rlim_max + 1;
    most.rlim_cur = most.rlim_max;
    return now.rlim_max == RLIM_INFINITY ? 0 : setrlimit(resource, &most);
}
static long fifo_priority(int policy) {
    struct sched_param p = {.sched_priority = 1};
    return sched_setscheduler(0, policy, &p);
}
static long clone3_user(void) {
    struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    return syscall(435, &args, sizeof args);
}
static long read_file(const char *name) {
    int fd = open(name, O_RDONLY | O_NONBLOCK);
    return fd < 0 ? -1 : read(fd, page, sizeof page) > 0 ? 0 : -1;
}
static long write_file(const char *name, const char *text) {
    int fd = open(name, O_WRONLY);
    return fd < 0 ? -1 : write(fd, text, strlen(text)) > 0 ? 0 : -1;
}
static long create(const char *name) { return open(name, O_CREAT | O_WRONLY, 0666); }
static long through_link(int writing) {
    unlink("/tmp/link");
    if (symlink(path, "/tmp/link")) return 0;
    return writing ? write_file("/tmp/link", "x") : read_file("/tmp/link");
}
static long anonymous_program(void) {
    int fd = syscall(SYS_memfd_create, "x", 0);
    return fd < 0 ? -1 : syscall(SYS_execveat, fd, "", one, one, 0x1000);
}
static long chroot_escape(void) {
    mkdir("/tmp/jail", 0700);
    int root = open("/", O_RDONLY);
    if (chroot("/tmp/jail")) return -1;
    fchdir(root);
    for (int i = 0; i < 64; i++) chdir("..");
    return chroot(".");
}
static long more_groups(void) { gid_t zero = 0; return setgroups(1, &zero); }
static long x32(void) { return syscall(0x40000000 | 39); }
static long new_time(void) { struct timespec t = {1, 0}; return syscall(SYS_clock_settime, CLOCK_REALTIME, &t); }
static long new_day(void) { struct timeval t = {1, 0}; return syscall(SYS_settimeofday, &t, 0); }
static long less_of_1(void) { struct rlimit none = {0, 0}; return prlimit(1, RLIMIT_CPU, &none, 0); }
static long leaked_descriptor(void) {
    for (int fd = 3; fd < 4096; fd++) if (fcntl(fd, F_GETFD) >= 0) return fd;
    return -1;
}
static long set_user_id(void) {
    int from = open(self, O_RDONLY), to = open("/tmp/suid", O_CREAT | O_WRONLY, 0755), status, got;
    while ((got = read(from, page, sizeof page)) > 0) write(to, page, got);
    close(to);
    chown("/tmp/suid", 0, 0);
    chmod("/tmp/suid", 06755);
    if (!fork()) { close(1); execl("/tmp/suid", "suid", "am-i-root", (char *)0); _exit(1); }
    wait(&status);
    return WIFEXITED(status) && WEXITSTATUS(status) == 9 ? 0 : -1;
}

/* Whether a name of the machine has changed from what every run is given. */
static long own_name(void) {
    char name[65] = "";
    gethostname(name, sizeof name - 1);
    return strcmp(name, "box") ? 0 : -1;
}

#define SOCKET(name, family, type) {name, 0, family, type}
static const struct { const char *name; int unused, family, type; } sockets[] = {
    SOCKET("socket-inet", AF_INET, SOCK_STREAM), SOCKET("socket-inet-udp", AF_INET, SOCK_DGRAM),
    SOCKET("socket-inet-raw", AF_INET, SOCK_RAW), SOCKET("socket-inet6", AF_INET6, SOCK_STREAM),
    SOCKET("socket-netlink", AF_NETLINK, SOCK_RAW), SOCKET("socket-packet", AF_PACKET, SOCK_RAW),
    SOCKET("socket-vsock", AF_VSOCK, SOCK_STREAM), SOCKET("socket-alg", 38, SOCK_SEQPACKET),
    SOCKET("socket-xdp", 44, SOCK_RAW), SOCKET("socket-bluetooth", 31, SOCK_RAW), SOCKET("socket-can", 29, SOCK_RAW),
    SOCKET("socket-tipc", 30, SOCK_SEQPACKET), SOCKET("socket-rds", 21, SOCK_SEQPACKET), SOCKET("socket-key", 15, SOCK_RAW),
    SOCKET("socket-smc", 43, SOCK_STREAM), SOCKET("socket-qipcrtr", 42, SOCK_DGRAM),
};

/* One call each; a result of 0 or more is a success of the attack. */
#define CALLS \
    CALL("mount", syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, 0)) \
    CALL("mount-bind", syscall(SYS_mount, "/usr", "/tmp", 0, 4096, 0)) \
    CALL("mount-remount", syscall(SYS_mount, 0, "/", 0, 32, 0)) \
    CALL("mount-proc", syscall(SYS_mount, "proc", "/tmp", "proc", 0, 0)) \
    CALL("umount", syscall(SYS_umount2, "/proc", 2)) \
    CALL("fsopen", syscall(430, "tmpfs", 0)) \
    CALL("fspick", syscall(433, -100, "/", 0)) \
    CALL("open_tree", syscall(428, -100, "/", 1)) \
    CALL("move_mount", syscall(429, -100, "/tmp", -100, "/box", 0)) \
    CALL("mount_setattr", syscall(442, -100, "/", 0, one, 32)) \
    CALL("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp")) \
    CALL("chroot", chroot("/box")) \
    CALL("chroot-escape", chroot_escape()) \
    CALL("unshare-user", unshare(CLONE_NEWUSER)) \
    CALL("unshare-mount", unshare(CLONE_NEWNS)) \
    CALL("unshare-net", unshare(CLONE_NEWNET)) \
    CALL("unshare-pid", unshare(CLONE_NEWPID)) \
    CALL("unshare-ipc", unshare(CLONE_NEWIPC)) \
    CALL("unshare-uts", unshare(CLONE_NEWUTS)) \
    CALL("unshare-cgroup", unshare(CLONE_NEWCGROUP)) \
    CALL("unshare-time", unshare(0x80)) \
    CALL("clone-user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)) \
    CALL("clone-mount", syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0)) \
    CALL("clone3-user", clone3_user()) \
    CALL("setns", syscall(SYS_setns, open("/proc/self/ns/mnt", O_RDONLY), 0)) \
    CALL("setns-of-1", syscall(SYS_setns, open("/proc/1/ns/mnt", O_RDONLY), 0)) \
    CALL("uid_map", write_file("/proc/self/uid_map", "0 0 1")) \
    CALL("ptrace-traceme", syscall(SYS_ptrace, 0, 0, 0, 0)) \
    CALL("ptrace-attach", syscall(SYS_ptrace, 16, 1, 0, 0)) \
    CALL("ptrace-seize", syscall(SYS_ptrace, 0x4206, 1, 0, 0)) \
    CALL("process_vm_readv", syscall(SYS_process_vm_readv, 1, &io, 1, &io, 1, 0)) \
    CALL("process_vm_writev", syscall(SYS_process_vm_writev, 1, &io, 1, &io, 1, 0)) \
    CALL("process_madvise", syscall(440, 0, &io, 1, 4, 0)) \
    CALL("pidfd_getfd", syscall(438, syscall(434, 1, 0), 0, 0)) \
    CALL("kcmp", syscall(SYS_kcmp, getpid(), 1, 0, 0, 0)) \
    CALL("move_pages", syscall(SYS_move_pages, 1, 0, 0, 0, 0, 0)) \
    CALL("add_key", syscall(SYS_add_key, "user", "herald-attack", "x", 1, -3)) \
    CALL("request_key", syscall(SYS_request_key, "user", "herald-attack", 0, -3)) \
    CALL("keyctl-join", syscall(SYS_keyctl, 1, "herald-attack")) \
    CALL("keyctl-id", syscall(SYS_keyctl, 0, -4, 1)) \
    CALL("bpf-map", syscall(SYS_bpf, 0, one, 64)) \
    CALL("bpf-load", syscall(SYS_bpf, 5, one, 64)) \
    CALL("perf", syscall(SYS_perf_event_open, page, 0, -1, -1, 0)) \
    CALL("userfaultfd", syscall(SYS_userfaultfd, 1)) \
    CALL("io_uring_setup", syscall(425, 4, page)) \
    CALL("io_uring_register", syscall(427, -1, 4, 0, 0)) \
    CALL("io_setup", syscall(SYS_io_setup, 1, one)) \
    CALL("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0)) \
    CALL("init_module", syscall(SYS_init_module, page, 1, "")) \
    CALL("finit_module", syscall(SYS_finit_module, 0, "", 0)) \
    CALL("delete_module", syscall(SYS_delete_module, "x", 0)) \
    CALL("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0)) \
    CALL("syslog", syscall(SYS_syslog, 10, 0, 0)) \
    CALL("swapon", syscall(SYS_swapon, "/tmp/herald-attack", 0)) \
    CALL("swapoff", syscall(SYS_swapoff, "/tmp/herald-attack")) \
    CALL("quotactl", syscall(SYS_quotactl, 0x80000100, 0, 0, 0)) \
    CALL("acct", syscall(SYS_acct, 0)) \
    CALL("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, page, 0)) \
    CALL("name_to_handle_at", syscall(SYS_name_to_handle_at, -100, "/", page, one, 0)) \
    CALL("sethostname", sethostname("herald-attack", 13)) \
    CALL("setdomainname", setdomainname("herald-attack", 13)) \
    CALL("clock_settime", new_time()) \
    CALL("settimeofday", new_day()) \
    CALL("adjtimex", syscall(SYS_adjtimex, page)) \
    CALL("vhangup", syscall(SYS_vhangup)) \
    CALL("personality", syscall(SYS_personality, 0x0040000)) \
    CALL("personality-32", syscall(SYS_personality, 8)) \
    CALL("mlock", mlock(page, 4096)) \
    CALL("mlockall", mlockall(2)) \
    CALL("memfd_create", syscall(SYS_memfd_create, "x", 0)) \
    CALL("memfd-exec", anonymous_program()) \
    CALL("memfd_secret", syscall(447, 0)) \
    CALL("shmget", syscall(SYS_shmget, 0x4841, 4096, 01666)) \
    CALL("msgget", syscall(SYS_msgget, 0x4841, 01666)) \
    CALL("semget", syscall(SYS_semget, 0x4841, 1, 01666)) \
    CALL("mq_open", syscall(SYS_mq_open, "herald-attack", 0102, 0666, 0)) \
    CALL("inotify", syscall(SYS_inotify_init1, 0)) \
    CALL("fanotify", syscall(SYS_fanotify_init, 0, 0)) \
    CALL("mknod-char", mknod("/tmp/node", 0020666, 0x103)) \
    CALL("mknod-block", mknod("/tmp/node", 0060666, 0xfe00)) \
    CALL("mkfifo", mkfifo("/tmp/fifo", 0666)) \
    CALL("lock-of-usr", flock(open("/usr/bin/env", O_RDONLY), LOCK_EX | LOCK_NB)) \
    CALL("lease-of-usr", fcntl(open("/usr/bin/env", O_RDONLY), F_SETLEASE, F_RDLCK)) \
    CALL("seccomp", syscall(SYS_seccomp, 1, 0, one)) \
    CALL("prctl-seccomp", prctl(22, 1, 0, 0, 0)) \
    CALL("prctl-ptracer", prctl(0x59616d61, 1, 0, 0, 0)) \
    CALL("prctl-mm", prctl(35, 1, page, 0, 0)) \
    CALL("prctl-keepcaps-ambient", prctl(47, 2, 21, 0, 0)) \
    CALL("tiocsti", syscall(SYS_ioctl, 0, 0x5412, page)) \
    CALL("socketpair-inet", socketpair(AF_INET, SOCK_STREAM, 0, (int *)page)) \
    CALL("sched-fifo", fifo_priority(SCHED_FIFO)) \
    CALL("sched-rr", fifo_priority(SCHED_RR)) \
    CALL("sched-deadline", syscall(314, 0, page, 0)) \
    CALL("nice", setpriority(PRIO_PROCESS, 0, -5)) \
    CALL("nice-of-1", setpriority(PRIO_PROCESS, 1, -5)) \
    CALL("ioprio", syscall(SYS_ioprio_set, 1, 0, 1 << 13)) \
    CALL("rlimit-nproc", raise_limit(RLIMIT_NPROC)) \
    CALL("rlimit-nofile", raise_limit(RLIMIT_NOFILE)) \
    CALL("rlimit-fsize", raise_limit(RLIMIT_FSIZE)) \
    CALL("rlimit-cpu", raise_limit(RLIMIT_CPU)) \
    CALL("rlimit-core", raise_limit(RLIMIT_CORE)) \
    CALL("rlimit-stack", raise_limit(RLIMIT_STACK)) \
    CALL("rlimit-memlock", raise_limit(RLIMIT_MEMLOCK)) \
    CALL("rlimit-msgqueue", raise_limit(RLIMIT_MSGQUEUE)) \
    CALL("rlimit-of-1", less_of_1()) \
    CALL("setuid", setuid(0)) \
    CALL("setresuid", setresuid(0, 0, 0)) \
    CALL("setgid", setgid(0)) \
    CALL("setgroups", more_groups()) \
    CALL("am-i-root", geteuid() ? -1 : 0) \
    CALL("set-user-id", set_user_id()) \
    CALL("kill-all", kill(-1, SIGKILL)) \
    CALL("name-of-the-machine", own_name()) \
    CALL("leaked-descriptor", leaked_descriptor()) \
    CALL("read-path", read_file(path)) \
    CALL("write-path", write_file(path, "x")) \
    CALL("create-path", create(path)) \
    CALL("chmod-path", chmod(path, 0777)) \
    CALL("chown-path", chown(path, getuid(), getgid())) \
    CALL("unlink-path", unlink(path)) \
    CALL("link-path", link(path, "/tmp/hard")) \
    CALL("rename-path", rename(path, "/tmp/renamed")) \
    CALL("read-through-link", through_link(0)) \
    CALL("write-through-link", through_link(1))

#ifdef __x86_64__
#define CALLS_HERE \
    CALL("iopl", syscall(SYS_iopl, 3)) \
    CALL("ioperm", syscall(SYS_ioperm, 0, 1, 1)) \
    CALL("modify_ldt", syscall(SYS_modify_ldt, 0, page, 16)) \
    CALL("uselib", syscall(SYS_uselib, "/bin/true")) \
    CALL("x32", x32())
#else
#define CALLS_HERE
#endif

static void *spin(void *p) { for (volatile long n = 0;; n++) {} return p; }
static void *wait_forever(void *p) { for (;;) pause(); return p; }
static void fill(long megabytes) { for (long i = 0; i < megabytes; i++) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); } }
static int deep(volatile int n) { volatile char a[4096]; a[0] = n; return deep(n + 1) + a[0]; }

/* The first of two neighbours: leaves whatever the other could find, and stays. */
static void settle(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0herald-attack"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(fd, (void *)&address, sizeof address);
    listen(fd, 8);
    create("/tmp/herald-attack"); create("/dev/shm/herald-attack"); create("/box/herald-attack");
    flock(open("/usr/bin/env", O_RDONLY), LOCK_EX);
    syscall(SYS_add_key, "user", "herald-attack", "x", 1, -4);
    syscall(SYS_shmget, 0x4841, 4096, 01666);
    syscall(SYS_mq_open, "herald-attack", 0102, 0666, 0);
    struct sockaddr_vm local = {.svm_family = AF_VSOCK, .svm_port = 0x4841, .svm_cid = VMADDR_CID_LOCAL};
    int vsock = socket(AF_VSOCK, SOCK_STREAM, 0);
    bind(vsock, (void *)&local, sizeof local);
    listen(vsock, 8);
    syscall(425, 4, page);
    write(syscall(SYS_memfd_create, "herald-attack", 0), "x", 1);
    prctl(PR_SET_NAME, "herald-attack");
    for (;;) pause();
}
/* The second one: looks for it, again and again, for half a second. */
static void seek(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0herald-attack"};
    struct timespec start, now, nap = {0, 5000000};
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (!connect(fd, (void *)&address, sizeof address)) puts("a socket");
        close(fd);
        if (!access("/tmp/herald-attack", F_OK) || !access("/box/herald-attack", F_OK)) puts("a file");
        if (!access("/dev/shm/herald-attack", F_OK)) puts("shared memory");
        int usr = open("/usr/bin/env", O_RDONLY);
        if (flock(usr, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) puts("a lock");
        close(usr);
        if (syscall(SYS_request_key, "user", "herald-attack", 0, -4) >= 0) puts("a key");
        if (syscall(SYS_shmget, 0x4841, 0, 0) >= 0 || syscall(SYS_mq_open, "herald-attack", 0, 0, 0) >= 0) puts("a queue");
        struct sockaddr_vm local = {.svm_family = AF_VSOCK, .svm_port = 0x4841, .svm_cid = VMADDR_CID_LOCAL};
        int vsock = socket(AF_VSOCK, SOCK_STREAM, 0);
        if (!connect(vsock, (void *)&local, sizeof local)) puts("a vsock");
        close(vsock);
        for (int pid = 3; pid < 64; pid++) if (!kill(pid, 0)) puts("a process");
        nanosleep(&nap, 0);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 500);
    puts("nothing");
}

static void ends_for_itself(const char *name, char **argv) {
#define DO(is, what) if (!strcmp(name, is)) { what; }
    pthread_t t;
    DO("loop", spin(0))
    DO("loop-deaf", for (int s = 1; s < 65; s++) signal(s, SIG_IGN); spin(0))
    DO("loop-threads", for (int i = 0; i < 8; i++) pthread_create(&t, 0, spin, 0); spin(0))
    DO("loop-children", for (int i = 0; i < 4; i++) if (!fork()) spin(0); for (;;) pause())
    DO("loop-exec", execv(self, argv))
    DO("fork-bomb", for (;;) fork())
    DO("vfork-bomb", for (;;) if (!fork()) execv(self, argv))
    DO("thread-bomb", int n = 1; while (n < 1000 && !pthread_create(&t, 0, wait_forever, 0)) n++; printf("%d\n", n); _exit(fflush(stdout)))
    DO("sleep", for (;;) pause())
    DO("stop-oneself", raise(SIGSTOP))
    DO("stop-all", kill(0, SIGSTOP))
    DO("memory", for (;;) fill(1))
    DO("memory-children", for (int i = 0; i < 8; i++) if (!fork()) { fill(20); for (;;) pause(); } for (;;) pause())
    DO("memory-shared", memset(mmap(0, 256 << 20, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, 256 << 20); for (;;) pause())
    DO("memory-child-only", if (!fork()) for (;;) fill(1); wait(0); for (;;) pause())
    DO("memory-populate", mmap(0, 256 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0); for (;;) pause())
    DO("stack", deep(0))
    DO("abort", abort())
    DO("segv", *(volatile int *)8 = 1)
    DO("sigkill", raise(SIGKILL))
    DO("alarm", alarm(0); ualarm(1000, 0); for (;;) pause())
    DO("large-file", int fd = open("/tmp/x", O_CREAT | O_WRONLY, 0600); for (;;) write(fd, page, 4096))
    DO("sparse-file", int fd = open("/tmp/x", O_CREAT | O_WRONLY, 0600); ftruncate(fd, 1L << 40))
    DO("disk", signal(SIGXFSZ, SIG_IGN); for (int i = 0; i < 4096; i++) { sprintf(page, "/tmp/%d", i);
        int fd = open(page, O_CREAT | O_WRONLY, 0600); while (write(fd, page, 4096) > 0) {} if (errno == ENOSPC) { puts("full"); return; } close(fd); })
    DO("inodes", for (int i = 0;; i++) { sprintf(page, "/tmp/%d", i); int fd = open(page, O_CREAT | O_WRONLY, 0600);
        if (fd < 0) { puts(errno == ENOSPC && i < 17000 ? "full" : strerror(errno)); return; } close(fd); })
    DO("deep-folders", for (int i = 0;; i++) if (mkdir("d", 0700) || chdir("d")) { if (!i) chdir("/tmp"); else { puts(errno == ENOSPC ? "full" : strerror(errno)); return; } })
    DO("descriptors", while (dup(0) >= 0) {} puts(strerror(errno)))
    DO("pipes", int p[2]; while (!pipe(p)) { fcntl(p[1], F_SETPIPE_SZ, 1 << 20); fcntl(p[1], F_SETFL, O_NONBLOCK); while (write(p[1], page, 4096) > 0) {} } puts("no more"))
    DO("unix-sockets", int p[2]; while (!socketpair(AF_UNIX, SOCK_STREAM, 0, p)) { fcntl(p[1], F_SETFL, O_NONBLOCK); while (write(p[1], page, 4096) > 0) {} } puts("no more"))
    DO("stdout-flood", for (;;) if (write(1, page, 4096) < 0) _exit(1))
    DO("stderr-flood", for (;;) if (write(2, page, 4096) < 0) _exit(1))
    DO("close-all", for (int fd = 0; fd < 256; fd++) close(fd); _exit(0))
    DO("hold-output", if (!fork()) { setsid(); for (;;) pause(); } puts("parent"); return)
    DO("daemons", for (int i = 0; i < 12; i++) if (!fork()) { setsid(); for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
        if (fork()) _exit(0); for (;;) pause(); } puts("parent"); return)
    DO("signals-to-1", for (int s = 1; s < 65; s++) kill(1, s); puts("alive"); return)
    DO("signals-to-parent", kill(getppid(), SIGSTOP); kill(getppid(), SIGKILL); puts("alive"); return)
    DO("settle", settle())
    DO("seek", seek(); return)
    DO("int80", 
#ifdef __x86_64__
        long n = 20; __asm__ volatile("int $0x80" : "+a"(n) :: "r8", "r9", "r10", "r11", "memory")
#else
        raise(SIGSYS)
#endif
    )
}

int main(int argc, char **argv) {
    const char *name = argv[1];
    self = "/box/attempts";
    if (argc > 2) path = argv[2];
    ends_for_itself(name, argv);
    for (unsigned i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (!strcmp(name, sockets[i].name)) {
            int got = socket(sockets[i].family, sockets[i].type, 0);
            return puts(got < 0 ? "refused" : "got through"), got < 0 ? 0 : 9;
        }
#define CALL(is, call) if (!strcmp(name, is)) { long got = (call); return puts(got < 0 ? "refused" : "got through"), got < 0 ? 0 : 9; }
    CALLS
    CALLS_HERE
    return 0;
}
