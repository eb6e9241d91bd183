//! The attacker: one attempt, made in a run of its own. It says [`REFUSED`], or what it got.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::event::{Timespec, poll};
use rustix::process::{Pid, Signal};

use crate::sys::{self, Forbidden, Forked};

pub const REFUSED: &str = "refused";
/// Far above the limit of the attempt.
const ALL_MEMORY_MIB: usize = 1024;

/// Files that everybody may read on most machines, and some that nobody may.
const OF_THE_MACHINE: [&str; 18] = [
    "/../host",
    "/../boxes",
    "/etc/shadow",
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/ssh",
    "/root",
    "/home",
    "/var",
    "/run",
    "/boot",
    "/sys",
    "/host",
    "/boxes",
    "/cgroups",
    "/proc/1/root/etc/passwd",
    "/dev/mem",
    "/dev/shm",
];
const OF_PROC: [&str; 6] =
    ["/proc/kallsyms", "/proc/sys", "/proc/meminfo", "/proc/kcore", "/proc/1/environ", "/proc/sysrq-trigger"];

/// Makes the attempt of this name and ends.
pub fn main(name: &str) -> ! {
    let (said, code) = match attempt(name) {
        Ok(()) => (REFUSED.to_owned(), 0),
        Err(got) => (format!("got {got}"), 9),
    };
    println!("{said}");
    std::process::exit(code)
}

/// `Err`: what it got.
fn attempt(name: &str) -> Result<(), String> {
    let calls = |list: &[Forbidden]| list.iter().try_for_each(|&call| refused(sys::try_forbidden(call), call));
    match name {
        "read" => OF_THE_MACHINE.into_iter().try_for_each(absent),
        "link" => through_links(),
        "write" => written(),
        "proc" => OF_PROC.into_iter().try_for_each(absent).and_then(|()| alone()),
        "internet" => sockets(&[libc::AF_INET, libc::AF_INET6]),
        "sockets" => sockets(&[libc::AF_NETLINK, libc::AF_PACKET, libc::AF_VSOCK, libc::AF_ALG]),
        "ptrace" => calls(&[Forbidden::TraceMe, Forbidden::TraceFirst, Forbidden::ReadFirst, Forbidden::PidfdGetfd]),
        "unshare" => {
            calls(&[Forbidden::NewUser, Forbidden::NewMount, Forbidden::NewNetwork, Forbidden::EnterNamespace])
        }
        "mount" => calls(&[Forbidden::Mount, Forbidden::FsOpen, Forbidden::PivotRoot, Forbidden::Chroot]),
        "keys" => calls(&[Forbidden::AddKey, Forbidden::Keyctl]),
        "kernel" => calls(&[Forbidden::IoUring, Forbidden::Bpf, Forbidden::Perf, Forbidden::UserFault]),
        "memfd" => calls(&[Forbidden::MemoryFile, Forbidden::SharedMemory]),
        "lock" => locked(),
        "root" => without_rights(),
        "kill" => signalled(),
        "leaks" => leaks(),
        "forks" => forks(),
        "memory" => memory(),
        "flood" => flood(),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "disk" => disk(),
        "daemon" => daemon(),
        other => Err(format!("an attempt that does not exist: {other}")),
    }
}

/// Held only if the kernel refused it: another error means that it was let in and looked at.
fn refused(result: io::Result<()>, what: impl std::fmt::Debug) -> Result<(), String> {
    match result {
        Err(e) if matches!(e.raw_os_error(), Some(libc::EPERM | libc::EACCES | libc::ENOSYS)) => Ok(()),
        Err(e) => Err(format!("{what:?} past the filter: {e}")),
        Ok(()) => Err(format!("{what:?}")),
    }
}

fn absent(path: &str) -> Result<(), String> {
    if fs::symlink_metadata(path).is_ok() { Err(path.to_owned()) } else { Ok(()) }
}

fn through_links() -> Result<(), String> {
    for (n, target) in ["/etc/shadow", "../../../../etc/hostname", "/proc/1/root/etc/shadow"].into_iter().enumerate() {
        let link = format!("/tmp/link-{n}");
        symlink(target, &link).map_err(|e| format!("no link to try with: {e}"))?;
        if fs::read(&link).is_ok() {
            return Err(target.to_owned());
        }
    }
    Ok(())
}

fn written() -> Result<(), String> {
    for folder in ["/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/box"] {
        let path = Path::new(folder).join("herald-attack");
        if fs::File::create_new(&path).is_ok() || fs::create_dir(&path).is_ok() {
            return Err(path.display().to_string());
        }
    }
    for path in ["/etc/passwd", "/usr/bin/env", "/proc/self/oom_score_adj"] {
        // Not `write`: the file is left as it is even if it can be opened.
        if fs::OpenOptions::new().append(true).open(path).is_ok() {
            return Err(path.to_owned());
        }
    }
    Ok(())
}

/// Nobody else is seen.
fn alone() -> Result<(), String> {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").map_err(|e| format!("no /proc to look at: {e}"))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let others = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && *name != own);
    others.map(|pid| Err(format!("process {pid}"))).next().unwrap_or(Ok(()))
}

fn sockets(families: &[i32]) -> Result<(), String> {
    families.iter().try_for_each(|&family| refused(sys::try_socket(family).map(drop), format!("family {family}")))
}

fn locked() -> Result<(), String> {
    let file = fs::File::open("/usr/bin/env").map_err(|e| format!("no file to lock: {e}"))?;
    refused(rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared).map_err(Into::into), "a lock")
}

fn without_rights() -> Result<(), String> {
    // The filter lets it pass, since run-times call it; where there is a user namespace, root does not even exist.
    if sys::try_forbidden(Forbidden::BecomeRoot).is_ok() {
        return Err("uid 0".to_owned());
    }
    let status = fs::read_to_string("/proc/self/status").map_err(|e| format!("no /proc to look at: {e}"))?;
    for name in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
        let rights = status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if rights.and_then(|rights| u64::from_str_radix(rights, 16).ok()) != Some(0) {
            return Err(format!("{name} {}", rights.unwrap_or("unknown")));
        }
    }
    Ok(())
}

/// It gets the signals and goes on all the same: the kernel keeps those from it for which it has no handler.
fn signalled() -> Result<(), String> {
    for signal in [Signal::TERM, Signal::STOP, Signal::KILL] {
        let _ = rustix::process::kill_process(Pid::INIT, signal);
    }
    pause(20);
    Ok(())
}

fn leaks() -> Result<(), String> {
    if let Some((name, _)) = std::env::vars_os().next() {
        return Err(format!("the variable {}", name.to_string_lossy()));
    }
    let open = fs::read_dir("/proc/self/fd").map_err(|e| format!("no /proc to look at: {e}"))?;
    // The fourth is the listing's own.
    match open.count() {
        ..=4 => Ok(()),
        n => Err(format!("{n} descriptors")),
    }
}

/// Every child goes on doing the same. Says once that a fork was refused.
fn forks() -> Result<(), String> {
    let mut said = false;
    loop {
        if let (Err(_), false) = (sys::fork(), said) {
            said = true;
            let _ = io::stdout().write_all(b"refused\n").and_then(|()| io::stdout().flush());
        }
    }
}

fn memory() -> Result<(), String> {
    let mut taken = Vec::new();
    for n in 0..ALL_MEMORY_MIB {
        taken.push(std::hint::black_box(vec![n as u8 | 1; 1024 * 1024]));
    }
    Err(format!("{} MiB", taken.len()))
}

fn flood() -> Result<(), String> {
    let chunk = [b'x'; 4096];
    for _ in 0..16 * 1024 {
        if io::stdout().write_all(&chunk).is_err() {
            break;
        }
    }
    Err("all of its output out".to_owned())
}

fn disk() -> Result<(), String> {
    let chunk = vec![1; 1024 * 1024];
    let mut file = fs::File::create_new("/tmp/fill").map_err(|e| format!("no file to fill: {e}"))?;
    for _ in 0..ALL_MEMORY_MIB {
        match file.write_all(&chunk) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::StorageFull => return Ok(()),
            Err(e) => return Err(format!("stopped by {e}")),
        }
    }
    Err(format!("{ALL_MEMORY_MIB} MiB of disk"))
}

/// The child leaves the session and keeps the output open.
fn daemon() -> Result<(), String> {
    match sys::fork() {
        Ok(Forked::Child) => {
            let _ = rustix::process::setsid();
            loop {
                pause(60_000);
            }
        }
        Ok(Forked::Parent { .. }) => Ok(()),
        Err(e) => Err(format!("no child to leave: {e}")),
    }
}

fn pause(ms: i64) {
    let _ = poll(&mut [], Some(&Timespec { tv_sec: ms / 1000, tv_nsec: ms % 1000 * 1_000_000 }));
}
