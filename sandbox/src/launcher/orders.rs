//! What a prepared sandbox is told, once it is needed. Its second process waits for orders on the socket that is its standard
//! input: any number of times to move files of its box, and then once to become a program, whose input takes the socket's
//! place.
//!
//! Invariant: no order gives anything back. Every layer is there before the first one is read.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit};
use serde::{Deserialize, Serialize};

use super::active::OWN_LIMITS;
use super::child::{Setup, fail, monotonic_ns, process_cpu_us, say};
use super::{probe, reader, writer};
use crate::Limits;
use crate::sys;
use crate::wire::{Entry, Receiver};

/// Address space that a program needs beside its data: the C library, the stack, what `malloc` keeps in reserve.
const ADDRESS_SPACE_SLACK_KB: u64 = 64 * 1024;
const MAX_OPEN_FILES: u64 = 256;

#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    /// Contents come along in a memory file.
    Write(Vec<Entry>),
    /// One file of the box, or all, into the memory file that comes along; how many bytes at most.
    Read(Option<String>, u64),
    /// Input comes along, then the program's own output if it has one.
    Program { argv: Vec<String>, env: Vec<(String, String)>, limits: Limits },
    /// Input comes along.
    Probe(Limits),
}

/// Follows orders until one of them ends this process or makes it a program.
pub fn follow(setup: &Setup<'_>, setup_us: u64) -> ! {
    let mut orders = Receiver::new(sys::inherited(0));
    rehearse();
    loop {
        let (order, fds) = match orders.receive::<Order>() {
            Ok(Some(order)) => order,
            // The launcher is gone, or needs this no more.
            Ok(None) => sys::exit_now(1),
            Err(error) => fail(&format!("could not understand an order: {error}")),
        };
        let mut fds = fds.into_iter();
        match order {
            Order::Write(files) => {
                writer::write(&files, File::from(expected(fds.next()))).unwrap_or_else(|reason| fail(&reason));
                say("wrote");
            }
            Order::Read(path, max_bytes) => {
                let mut into = BufWriter::new(File::from(expected(fds.next())));
                let read = reader::read(rustix::fs::CWD, path.as_deref(), max_bytes, &mut into);
                match read.and_then(|plain| into.flush().map(|()| plain)) {
                    Ok(true) => say(&format!("listed {}", into.get_ref().metadata().map_or(0, |found| found.len()))),
                    Ok(false) => say("nothing"),
                    Err(error) => fail(&format!("could not read the box: {error}")),
                }
            }
            Order::Program { argv, env, limits } => {
                take_places(expected(fds.next()), fds.next());
                set_limits(setup, &limits).unwrap_or_else(|reason| fail(&reason));
                become_program(&argv, &env, setup_us)
            }
            Order::Probe(limits) => {
                take_places(expected(fds.next()), None);
                set_limits(setup, &limits).unwrap_or_else(|reason| fail(&reason));
                report_layers(setup);
                // Not only our own code: something must be able to execute in there.
                become_program(&["/bin/true".to_owned()], &[], setup_us)
            }
        }
    }
}

/// Does beforehand what can be done without consequences of what an order will need: the kernel gives a fresh process its memory
/// and code page by page, at first use, which would else take its time once the program is wanted.
fn rehearse() {
    let variable = ("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    let order = Order::Program { argv: vec!["/box/main".to_owned()], env: vec![variable], limits: OWN_LIMITS };
    let understood = serde_json::to_vec(&order).and_then(|order| serde_json::from_slice(&order));
    if let Ok(Order::Program { argv, env, .. }) = understood {
        let started = format!("started {} 0 {}\n", monotonic_ns(), process_cpu_us());
        std::hint::black_box((command(&argv, &env).map(drop), started));
    }
    std::hint::black_box(rustix::process::getrlimit(Resource::Core));
}

fn expected(fd: Option<OwnedFd>) -> OwnedFd {
    fd.unwrap_or_else(|| fail("a file descriptor did not arrive"))
}

fn take_places(stdin: OwnedFd, stdout: Option<OwnedFd>) {
    let placed = sys::place_fd(stdin.as_fd(), 0)
        .and_then(|()| stdout.as_ref().map_or(Ok(()), |stdout| sys::place_fd(stdout.as_fd(), 1)));
    placed.unwrap_or_else(|e| fail(&format!("could not place the streams: {e}")));
}

fn report_layers(setup: &Setup<'_>) {
    let layers = probe::layers(setup.ground, setup.place.slot, setup.landlocked);
    let report = serde_json::to_vec(&layers).unwrap_or_default();
    if std::io::stdout().write_all(&report).and_then(|()| std::io::stdout().flush()).is_err() {
        fail("the self-test could not report");
    }
}

/// `None`: the executable is not an absolute path.
fn command(argv: &[String], env: &[(String, String)]) -> Option<Command> {
    let (executable, arguments) = argv.split_first().filter(|(first, _)| first.starts_with('/'))?;
    let mut command = Command::new(executable);
    command.args(arguments).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    Some(command)
}

fn become_program(argv: &[String], env: &[(String, String)], setup_us: u64) -> ! {
    let Some(mut command) = command(argv, env) else {
        fail("could not execute: the executable must be an absolute path")
    };
    say(&format!("started {} {setup_us} {}", monotonic_ns(), process_cpu_us()));
    let error = command.exec();
    fail(&format!("could not execute {}: {error}", argv[0]))
}

fn set_limits(setup: &Setup<'_>, limits: &Limits) -> Result<(), String> {
    let kb = |kb: u64| kb.saturating_mul(1024);
    // A backstop only: whole seconds, and it has been seen to fire early. The launcher's polling decides.
    let cpu_s = limits.cpu_ms.div_ceil(1000).saturating_add(2);
    set_limit(Resource::Cpu, cpu_s, cpu_s + 1)?;
    set_limit(Resource::Fsize, kb(limits.file_kb), kb(limits.file_kb))?;
    set_limit(Resource::Stack, kb(limits.stack_kb), kb(limits.stack_kb))?;
    // Counts all processes of the uid: those of the program, the first one, and those that wait in this slot.
    let processes = limits.processes.saturating_add(1 + setup.ground.waiting_processes());
    set_limit(Resource::Nproc, processes, processes)?;
    set_limit(Resource::Nofile, MAX_OPEN_FILES, MAX_OPEN_FILES)?;
    for none in [Resource::Core, Resource::Memlock, Resource::Msgqueue, Resource::Rtprio] {
        set_limit(none, 0, 0)?;
    }
    // A cgroup counts what is used, not what is reserved.
    if limits.limit_address_space && setup.group.is_empty() {
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
