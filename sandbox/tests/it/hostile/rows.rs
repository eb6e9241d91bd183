//! The table.

use std::path::{Path, PathBuf};
use std::process::Command;

use herald_sandbox::{Limits, StoppedBy};

use crate::bench::{LIMITS, compile_limits};

pub struct Row {
    pub name: &'static str,
    pub program: Program,
    pub limits: Limits,
    pub allowed: Allowed,
}

pub enum Program {
    /// The attempt of the row's name, perhaps on a path.
    Attempt(Option<String>),
    /// Another attempt, on a path.
    On(&'static str, String),
    Shell(&'static str),
    Python(String),
    /// File, source, command.
    Compile(&'static str, String, &'static [&'static str]),
    /// A source for the Rust compiler of this folder.
    Rust(String, PathBuf),
}

/// What may come of an attack. Whatever it prints, the machine's secret is never in it.
pub enum Allowed {
    /// The kernel said no.
    Refused,
    /// It ends well and says just this.
    Says(&'static str),
    Stopped(StoppedBy),
    Dies(i32),
    /// It ends by itself, with another exit code than 0.
    Fails,
    /// It finds no more room, or is stopped by this.
    FullOr(StoppedBy),
    /// It ends badly or is stopped by one of these.
    FailsOr(&'static [StoppedBy]),
    /// Only the machine is looked at.
    Anything,
}

/// Single calls of the kernel: all of them are refused.
const CALLS: &str = "
    mount mount-bind mount-remount mount-proc umount fsopen fspick open_tree move_mount mount_setattr pivot_root chroot
    chroot-escape unshare-user unshare-mount unshare-net unshare-pid unshare-ipc unshare-uts unshare-cgroup unshare-time
    clone-user clone-mount clone3-user setns setns-of-1 uid_map
    ptrace-traceme ptrace-attach ptrace-seize process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp move_pages
    add_key request_key keyctl-join keyctl-id
    bpf-map bpf-load perf userfaultfd io_uring_setup io_uring_register io_setup
    kexec_load init_module finit_module delete_module reboot syslog swapon swapoff quotactl acct
    open_by_handle_at name_to_handle_at sethostname setdomainname clock_settime settimeofday adjtimex vhangup
    personality personality-32 mlock mlockall memfd_create memfd-exec memfd_secret
    shmget msgget semget mq_open inotify fanotify mknod-char mknod-block mkfifo lock-of-usr lease-of-usr
    seccomp prctl-seccomp prctl-ptracer prctl-mm prctl-keepcaps-ambient tiocsti
    socket-inet socket-inet-udp socket-inet-raw socket-inet6 socket-netlink socket-packet socket-vsock socket-alg socket-xdp
    socket-bluetooth socket-can socket-tipc socket-rds socket-key socket-smc socket-qipcrtr socketpair-inet
    sched-fifo sched-rr sched-deadline nice nice-of-1 ioprio
    rlimit-nproc rlimit-nofile rlimit-fsize rlimit-cpu rlimit-core rlimit-stack rlimit-memlock rlimit-msgqueue rlimit-of-1
    setuid setresuid setgid setgroups am-i-root set-user-id kill-all leaked-descriptor name-of-the-machine";

#[cfg(target_arch = "x86_64")]
const CALLS_HERE: &str = "iopl ioperm modify_ldt uselib x32";
#[cfg(not(target_arch = "x86_64"))]
const CALLS_HERE: &str = "";

/// Files that are not there, or that one may not open. The machine's canary is added to each.
const NEVER_READ: &str =
    "/etc/shadow /etc/hostname /root /proc/1/environ /proc/1/mem /proc/1/maps /proc/1/root/etc/passwd
    /proc/kallsyms /proc/kcore /proc/keys /proc/meminfo /proc/net/unix /proc/sys/kernel/hostname /proc/sysrq-trigger
    /dev/mem /dev/kmsg /dev/kvm /dev/vda /dev/sda /dev/tty /dev/fuse /dev/net/tun /dev/shm /sys/kernel/notes
    /sys/fs/cgroup/memory/tasks /var/run/docker.sock /run/secrets /boot /host/etc/passwd /boxes/0 /../../../root
    /../host/etc/passwd /../etc/shadow";
const NEVER_WRITTEN: &str = "/etc/passwd /etc/ld.so.cache /usr/bin/env /bin/true /dev/full/.. /proc/self/oom_score_adj
    /proc/self/uid_map /proc/1/oom_score_adj /proc/sys/kernel/core_pattern /box/attempts /dev/mem";
const NEVER_MADE: &str = "/new /usr/new /etc/new /dev/new /proc/new /bin/new /lib/new /box/new /dev/shm/herald-attack";

pub fn all(canary: &str) -> Vec<Row> {
    let mut rows = calls();
    rows.extend(paths(canary));
    rows.extend(floods());
    rows.extend(ends());
    rows.extend(scripts(canary));
    rows.extend(compilers(canary));
    rows.extend(rust(canary));
    rows.extend(java(canary));
    rows
}

fn row(name: &'static str, limits: Limits, allowed: Allowed) -> Row {
    Row { name, program: Program::Attempt(None), limits, allowed }
}

fn calls() -> Vec<Row> {
    let names = CALLS.split_ascii_whitespace().chain(CALLS_HERE.split_ascii_whitespace());
    names.map(|name| row(name, LIMITS, Allowed::Refused)).collect()
}

fn paths(canary: &str) -> Vec<Row> {
    let on = |name: &'static str, path: &str| {
        let program = Program::On(name, path.to_owned());
        Row { name, program, limits: LIMITS, allowed: Allowed::Refused }
    };
    let mut rows = Vec::new();
    rows.extend(NEVER_READ.split_ascii_whitespace().chain([canary]).map(|path| on("read-path", path)));
    rows.extend(NEVER_WRITTEN.split_ascii_whitespace().chain([canary]).map(|path| on("write-path", path)));
    rows.extend(NEVER_MADE.split_ascii_whitespace().map(|path| on("create-path", path)));
    for name in [
        "read-through-link",
        "write-through-link",
        "chmod-path",
        "chown-path",
        "unlink-path",
        "link-path",
        "rename-path",
    ] {
        rows.push(on(name, canary));
    }
    for name in ["chmod-path", "chown-path", "unlink-path", "link-path", "rename-path"] {
        rows.extend(["/etc/passwd", "/usr/bin/env", "/box/attempts", "/dev/null"].map(|path| on(name, path)));
    }
    rows
}

/// What uses up something of the machine's.
fn floods() -> Vec<Row> {
    use Allowed::*;
    let cpu = Limits { cpu_ms: 150, ..LIMITS };
    let memory = Limits { memory_kb: 64 * 1024, ..LIMITS };
    let some = Limits { processes: 16, ..cpu };
    vec![
        row("loop", cpu, Stopped(StoppedBy::Cpu)),
        row("loop-deaf", cpu, Stopped(StoppedBy::Cpu)),
        row("loop-threads", cpu, Stopped(StoppedBy::Cpu)),
        row("loop-children", cpu, Stopped(StoppedBy::Cpu)),
        row("loop-exec", cpu, Stopped(StoppedBy::Cpu)),
        row("fork-bomb", some, Stopped(StoppedBy::Cpu)),
        row("vfork-bomb", some, Stopped(StoppedBy::Cpu)),
        row("thread-bomb", Limits { processes: 8, ..LIMITS }, Says("8")),
        row("sleep", Limits { wall_ms: 200, ..LIMITS }, Stopped(StoppedBy::Idle)),
        row("stop-oneself", Limits { wall_ms: 200, ..LIMITS }, Stopped(StoppedBy::Idle)),
        row("stop-all", Limits { wall_ms: 200, ..LIMITS }, Stopped(StoppedBy::Idle)),
        row("memory", memory, Stopped(StoppedBy::Memory)),
        row("memory-children", memory, Stopped(StoppedBy::Memory)),
        row("memory-shared", memory, Stopped(StoppedBy::Memory)),
        row("memory-child-only", memory, Stopped(StoppedBy::Memory)),
        row("memory-populate", memory, Stopped(StoppedBy::Memory)),
        row("large-file", LIMITS, Stopped(StoppedBy::FileSize)),
        row("sparse-file", LIMITS, Stopped(StoppedBy::FileSize)),
        row("disk", LIMITS, FullOr(StoppedBy::Memory)),
        row("disk", memory, FullOr(StoppedBy::Memory)),
        row("inodes", LIMITS, Says("full")),
        row("deep-folders", cpu, FullOr(StoppedBy::Cpu)),
        row("descriptors", LIMITS, Says("Too many open files")),
        row("pipes", memory, Anything),
        row("unix-sockets", memory, Anything),
        row("stdout-flood", LIMITS, Stopped(StoppedBy::Stdout)),
        row("stderr-flood", LIMITS, Stopped(StoppedBy::Stderr)),
    ]
}

/// Odd ways to end, or not to.
fn ends() -> Vec<Row> {
    use Allowed::*;
    vec![
        row("close-all", LIMITS, Says("")),
        row("hold-output", LIMITS, Says("parent")),
        row("daemons", LIMITS, Says("parent")),
        row("signals-to-1", LIMITS, Says("alive")),
        row("signals-to-parent", LIMITS, Says("alive")),
        row("stack", LIMITS, Dies(libc::SIGSEGV)),
        row("segv", LIMITS, Dies(libc::SIGSEGV)),
        row("abort", LIMITS, Dies(libc::SIGABRT)),
        row("sigkill", LIMITS, Dies(libc::SIGKILL)),
        row("alarm", LIMITS, Dies(libc::SIGALRM)),
        row("int80", LIMITS, Dies(libc::SIGSYS)),
    ]
}

fn scripts(canary: &str) -> Vec<Row> {
    use Allowed::*;
    let shell = |name, script, allowed| Row { name, program: Program::Shell(script), limits: LIMITS, allowed };
    let python = |name, source: &str, allowed| Row {
        name,
        program: Program::Python(source.replace("CANARY", canary)),
        limits: LIMITS,
        allowed,
    };
    vec![
        shell("su", "su -c 'echo got through' < /dev/null", Fails),
        shell("mount(8)", "mount -t tmpfs x /tmp", Fails),
        shell("unshare(1)", "unshare -r true", Fails),
        shell("nsenter(1)", "nsenter -t 1 -a true", Fails),
        shell("ulimit", "ulimit -n 100000", Fails),
        shell("loopback", "echo x > /dev/tcp/127.0.0.1/22", Fails),
        shell("kill of all", "kill -9 -1 2> /dev/null; echo alive", Says("alive")),
        shell("a link over stdin", "ln -s /proc/1/root/etc/shadow /tmp/x && cat /tmp/x", Fails),
        shell("a link to the machine", "ln -s ../../../../../root /tmp/r && ls /tmp/r/", Fails),
        shell("mknod(1)", "mknod /tmp/n c 1 3", Fails),
        shell("a set-user-id shell", "cp /bin/bash /tmp/b && chmod 4755 /tmp/b && /tmp/b -p -c '((EUID == 0))'", Fails),
        shell("folders of the machine", "ls -d /root /home/* /var /sys /run /boot > /tmp/l; [ -s /tmp/l ]", Fails),
        shell("fork bomb of functions", "f() { f | f & }; f; echo started", Anything),
        shell("stop the parent", "kill -STOP $PPID 1 2> /dev/null; kill -KILL $PPID; echo alive", Says("alive")),
        shell("nohup", "nohup sleep 1000 > /dev/null & disown; echo done", Says("done")),
        shell("core pattern", "echo '|/tmp/x' > /proc/sys/kernel/core_pattern", Fails),
        shell("settings of its first process", "cat /proc/1/environ /proc/$PPID/environ", Fails),
        shell("a job in the background", "(sleep 1000; echo late > /tmp/x) & echo done", Says("done")),
        python("environment", "import os; print(sorted(os.environ))", Says("['HOME', 'LC_CTYPE', 'PATH']")),
        python(
            "open descriptors",
            "import os; print(sorted(os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))",
            Says("['0', '1', '2'] 4"),
        ),
        python("processes", "import os; print([p for p in os.listdir('/proc') if p.isdigit()])", Says("['2']")),
        python(
            "whole tree",
            "import os\nfor folder, _, files in os.walk('/'):\n  if 'canary' in files: print(folder)",
            Says(""),
        ),
        python("canary", "print(open('CANARY').read())", Fails),
        python("canary through 1", "print(open('/proc/1/root' + 'CANARY').read())", Fails),
        python(
            "capabilities",
            "print([l.split()[1] for l in open('/proc/self/status') if l[:6] in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb')])",
            Says("['0000000000000000', '0000000000000000', '0000000000000000', '0000000000000000']"),
        ),
        python(
            "no_new_privs and filter",
            "print([l.split()[1] for l in open('/proc/self/status') if l[:10] in ('NoNewPrivs', 'Seccomp:\\t2')])",
            Says("['1', '2']"),
        ),
        python(
            "mounts: read-only, and without set-user-id",
            "import os\ndef lacks(flag, paths): return [p for p in paths.split() if not os.statvfs(p).f_flag & flag]\n\
             print(lacks(os.ST_RDONLY, '/ /usr /etc /dev /box'), lacks(os.ST_NOSUID, '/ /usr /etc /dev /box /tmp /proc'))",
            Says("[] []"),
        ),
        python(
            "cgroup",
            "print({l.strip().rsplit(':', 1)[1] for l in open('/proc/self/cgroup') if 'herald' in l})",
            Says("set()"),
        ),
        python(
            "resolver",
            "import socket\ntry: socket.getaddrinfo('localhost', 80)\nexcept OSError: pass\nsocket.create_connection(('127.0.0.1', 80))",
            Fails,
        ),
    ]
}

/// What a Java program can try, each in a class of its own: says what it got.
fn java(canary: &str) -> Vec<Row> {
    use Allowed::*;
    const JAVA: &str = "/usr/bin/java";
    const COMMAND: &[&str] =
        &[JAVA, "-Xmx128m", "-Xss1m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "X.java"];
    if !Path::new(JAVA).exists() {
        println!("no Java here: its attacks take no part");
        return Vec::new();
    }
    let limits = Limits { cpu_ms: 30_000, wall_ms: 120_000, memory_kb: 1024 * 1024, processes: 64, ..LIMITS };
    let class = |name, body: &str, allowed| {
        let tries = "interface Try { void go() throws Throwable; }
            static void attempt(String what, Try it) { try { it.go(); System.out.println(what); } catch (Throwable refused) {} }";
        let imports = "import java.io.*; import java.net.*; import java.nio.channels.*; import java.nio.file.*; import java.util.*;";
        let source = format!(
            "{imports} class X {{ {tries} public static void main(String[] a) throws Throwable {{ {body} }} }}"
        );
        let program = Program::Compile("X.java", source.replace("CANARY", canary), COMMAND);
        Row { name, program, limits, allowed }
    };
    vec![
        class(
            "Java: files of the machine",
            r#"for (String p : new String[] {"CANARY", "/etc/shadow", "/root/x", "/proc/1/environ", "/proc/1/root/etc/passwd", "/sys/kernel/notes"})
                attempt("read " + p, () -> Files.readAllBytes(Path.of(p)));
            for (String p : new String[] {"CANARY", "/etc/x", "/usr/x", "/x", "/dev/x", "/proc/self/oom_score_adj"})
                attempt("wrote " + p, () -> Files.writeString(Path.of(p), "x"));"#,
            Says(""),
        ),
        class(
            "Java: links out of the box",
            r#"attempt("through a link", () -> Files.readAllBytes(Files.createSymbolicLink(Path.of("/tmp/l"), Path.of("CANARY"))));
            attempt("through a hard link", () -> Files.readAllBytes(Files.createLink(Path.of("/tmp/h"), Path.of("/etc/shadow"))));
            attempt("through a path", () -> Files.readAllBytes(Path.of("/box/../../../../CANARY")));"#,
            Says(""),
        ),
        class(
            "Java: network",
            r#"attempt("connected", () -> new Socket("127.0.0.1", 22).close());
            attempt("listened", () -> new ServerSocket(0, 1, InetAddress.getLoopbackAddress()).close());
            attempt("sent", () -> new DatagramSocket().close());
            attempt("opened a channel", () -> SocketChannel.open().close());"#,
            Says(""),
        ),
        class(
            "Java: other processes",
            r#"long own = ProcessHandle.current().pid();
            ProcessHandle.allProcesses().filter(p -> p.pid() != own).forEach(p -> System.out.println("sees " + p));
            attempt("a shell as root", () -> { if (new ProcessBuilder("su", "-c", "true").start().waitFor() != 0) throw new IOException(); });
            attempt("settings", () -> { if (System.getenv().keySet().equals(Set.of("PATH", "HOME"))) throw new IOException(); });
            Process stop = new ProcessBuilder("/bin/bash", "-c", "kill -STOP 1; kill -KILL 1").start(); stop.waitFor();"#,
            Says(""),
        ),
        class(
            "Java: all memory",
            "List<byte[]> all = new ArrayList<>(); for (;;) all.add(new byte[1 << 20]);",
            FailsOr(&[StoppedBy::Memory]),
        ),
        class(
            "Java: memory outside of the heap",
            r#"for (int n = 0; ; n++) { var b = java.nio.ByteBuffer.allocateDirect(1 << 20); for (int i = 0; i < 1 << 20; i += 4096) b.put(i, (byte) 1); keep.add(b); }
            } static List<Object> keep = new ArrayList<>(); static {"#,
            FailsOr(&[StoppedBy::Memory]),
        ),
        class(
            "Java: threads without end",
            r#"try { for (;;) new Thread(() -> { for (;;) try { Thread.sleep(1000); } catch (InterruptedException e) {} }).start(); }
            catch (Throwable refused) { System.exit(3); }"#,
            FailsOr(&[StoppedBy::Memory, StoppedBy::Idle, StoppedBy::Cpu, StoppedBy::Stderr, StoppedBy::Stdout]),
        ),
        class("Java: a flood", "byte[] b = new byte[65536]; for (;;) System.out.write(b);", Stopped(StoppedBy::Stdout)),
    ]
}

/// What a source can make the Rust compiler read.
fn rust(canary: &str) -> Vec<Row> {
    let asked = Command::new("rustc").args(["--print", "sysroot"]).output().map(|said| said.stdout).unwrap_or_default();
    let sysroot = PathBuf::from(String::from_utf8_lossy(&asked).trim());
    if !sysroot.is_absolute() || std::fs::read_dir(sysroot.join("bin")).is_err() {
        println!("no Rust that this user may read: its attacks take no part");
        return Vec::new();
    }
    let row = |name, expression: &str| {
        let source = format!("fn main() {{ print!(\"{{:?}}\", {}); }}", expression.replace("CANARY", canary));
        let limits = Limits { wall_ms: 120_000, ..compile_limits() };
        Row { name, program: Program::Rust(source, sysroot.clone()), limits, allowed: Allowed::Fails }
    };
    vec![
        row("include_str! of the canary", "include_str!(\"CANARY\")"),
        row("include_bytes! of the canary", "include_bytes!(\"CANARY\")"),
        row("include_str! by a path upwards", "include_str!(\"../../../../../../CANARY\")"),
        row("include_str! of shadow", "include_str!(\"/etc/shadow\")"),
        row("include_bytes! of a test", "include_bytes!(\"/opt/problem/1.out\")"),
        row("include_bytes! of its first process", "include_bytes!(\"/proc/1/environ\")"),
        row("include! of the canary", "include!(\"CANARY\")"),
        row("env! of the worker", "env!(\"HERALD_STORE_URL\")"),
    ]
}

/// Some ten thousand million tokens of a few hundred bytes.
fn macro_bomb() -> String {
    let ten = |n: i32| [format!("M{n}"), ", ".into()].concat().repeat(10);
    let levels: String = (1..10).map(|n| format!("#define M{n} {}0\n", ten(n - 1))).collect();
    format!("#define M0 0\n{levels}int a[] = {{ M9 }};\nint main() {{}}\n")
}

fn compilers(canary: &str) -> Vec<Row> {
    use Allowed::*;
    const GCC: &[&str] = &["/usr/bin/gcc", "-o", "out", "x.c"];
    const GXX: &[&str] = &["/usr/bin/g++", "-o", "out", "x.cpp"];
    let limits = Limits { memory_kb: 128 * 1024, cpu_ms: 4_000, file_kb: 64 * 1024, ..compile_limits() };
    let c = |name, source: &str, allowed| {
        let source = source.replace("CANARY", canary);
        Row { name, program: Program::Compile("x.c", source, GCC), limits, allowed }
    };
    let cpp = |name, source: &str| Row {
        name,
        program: Program::Compile("x.cpp", source.to_owned(), GXX),
        limits,
        allowed: FailsOr(&[StoppedBy::Cpu, StoppedBy::Memory, StoppedBy::Stderr]),
    };
    const ENDLESS: &[StoppedBy] = &[StoppedBy::Memory, StoppedBy::Cpu, StoppedBy::FileSize, StoppedBy::Stderr];
    vec![
        c("#include of the canary", "#include \"CANARY\"\nint main() {}", Fails),
        c("#include of shadow", "#include \"/etc/shadow\"\nint main() {}", Fails),
        c("#include of a test", "#include \"/opt/problem/1.out\"\nint main() {}", Fails),
        c("#include of zeros", "#include \"/dev/zero\"\nint main() {}", FailsOr(ENDLESS)),
        c("#include of random numbers", "#include \"/dev/random\"\nint main() {}", FailsOr(ENDLESS)),
        c("a macro bomb", &macro_bomb(), FailsOr(ENDLESS)),
        c("#include of standard input", "#include \"/dev/stdin\"\nint main() { return }", Fails),
        c("#include of itself", "#include \"x.c\"\nint main() {}", Fails),
        c(".incbin of the canary", "__asm__(\".incbin \\\"CANARY\\\"\");\nint main() {}", Fails),
        c(".incbin of zeros", "__asm__(\".incbin \\\"/dev/zero\\\"\");\nint main() {}", FailsOr(ENDLESS)),
        c("#embed of the canary", "char a[] = {\n#embed \"CANARY\"\n};\nint main() {}", Fails),
        c("an object of 4 GiB", "int a[1 << 30] = {1};\nint main() {}", FailsOr(ENDLESS)),
        cpp("endless templates", "template <int N> struct T { T<N + 1> t; }; int main() { T<0> t; }"),
        cpp(
            "endless constexpr",
            "constexpr long f(int n) { return n < 2 ? 1 : f(n - 1) + f(n - 2); } constexpr long x = f(80); int main() {}",
        ),
    ]
}
