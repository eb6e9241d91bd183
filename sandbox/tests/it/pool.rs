//! Sandboxes that wait for a program.

use std::collections::BTreeSet;

use herald_sandbox::{BoxFile, Run, Sandbox, WorkBox};
use rustix::process::{Pid, Signal};

use crate::bench::*;
use crate::lifecycle::{all_below, eventually, parent, state};

crate::tests![
    what_waits_has_every_layer,
    none_is_used_twice,
    one_that_died_while_it_waited_is_replaced,
    one_that_is_dead_and_does_not_look_it_is_replaced,
    what_waits_goes_with_its_box,
    what_waits_costs_little,
];

/// Where only its uid bounds how many processes a run has, nothing waits.
fn waits(sandbox: &Sandbox) -> bool {
    let cgroup = sandbox.layers().iter().any(|layer| layer.name == "cgroup" && layer.live);
    cgroup || !rustix::process::getuid().is_root()
}

/// A box, and the processes that wait in it.
async fn ready(sandbox: &Sandbox) -> (WorkBox, Vec<u32>) {
    let launcher = sandbox.launcher_pid().unwrap();
    let below = || all_below(launcher);
    eventually("what waited in the self-test's box is gone", || below().is_empty()).await;
    let work = sandbox.open_box().await.unwrap();
    let of_both_kinds = || below().len() == 4 && below().iter().all(|(_, name)| name == "sandbox-ready");
    eventually("one of each kind waits, with two processes", of_both_kinds).await;
    (work, below().into_iter().map(|(pid, _)| pid).collect())
}

/// One that its pair took along is gone already.
fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

fn signal(pid: u32, signal: Signal) {
    let killed = rustix::process::kill_process(Pid::from_raw(pid as i32).unwrap(), signal);
    assert!(killed.is_ok() || killed == Err(rustix::io::Errno::SRCH), "{killed:?}");
}

async fn what_waits_has_every_layer(_: Bench) {
    let config = config();
    let sandbox = Sandbox::start(config.clone()).await.unwrap();
    if !waits(&sandbox) {
        let _work = sandbox.open_box().await.unwrap();
        return eventually("nothing waits", || all_below(sandbox.launcher_pid().unwrap()).is_empty()).await;
    }
    let (_work, waiting) = ready(&sandbox).await;
    for pid in waiting {
        let read = || std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        eventually("it has gone through all of its layers", || read().contains("Seccomp:\t2")).await;
        let status = read();
        let mut expected = vec!["NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"];
        let uid = format!("Uid:\t{0}\t{0}\t{0}\t{0}", config.first_uid);
        if rustix::process::getuid().is_root() {
            expected.push(&uid);
        }
        expected.iter().for_each(|line| assert!(status.contains(line), "{line} is not in {status}"));
        for name in ["pid_for_children", "net", "mnt", "ipc", "uts"] {
            let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/{name}")).ok();
            // Its namespaces are its own; an ordinary user is not even shown them.
            assert!(namespace(&pid.to_string()).is_none_or(|its| Some(its) != namespace("self")), "{name}");
        }
    }
}

async fn none_is_used_twice(bench: Bench) {
    let work = bench.open_box().await;
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        let script = "readlink /proc/self/ns/pid /proc/self/ns/net; echo left > /tmp/mark; ls /tmp | wc -l";
        let report = work.run(run(&["/bin/sh", "-c", script], LIMITS)).await.unwrap();
        assert!(stdout(&report).ends_with("\n1\n"), "{report:?}");
        // The kernel may give the number of a namespace that is gone to a new one, but not of one that is in use.
        seen.insert(stdout(&report));
    }
    assert!(seen.len() > 1, "{seen:?}");
}

async fn one_that_died_while_it_waited_is_replaced(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    if !waits(&sandbox) {
        return;
    }
    for n in 0..5 {
        let launcher = sandbox.launcher_pid().unwrap();
        // Both processes of both kinds in turn, as whoever has the right to kill might pick them.
        for _ in 0..2 {
            eventually("one waits", || !all_below(launcher).is_empty()).await;
            let all = all_below(launcher);
            if !all.is_empty() {
                kill(all[n % all.len()].0);
            }
        }
        work.write_files(&[BoxFile::new("file", "there")]).await.unwrap_or_else(|e| lost(&e));
        match work.run(Run { writable: n % 2 == 0, ..run(&["/bin/echo", "hi"], LIMITS) }).await {
            Ok(report) => assert_eq!(stdout(&report), "hi\n"),
            Err(error) => lost(&error),
        }
    }
    // The other kind may still be one of those that were killed last: it is said to be lost once, then there is another.
    let mut last = work.run(run(&["/bin/echo", "hi"], LIMITS)).await;
    if let Err(error) = &last {
        lost(error);
        last = work.run(run(&["/bin/echo", "hi"], LIMITS)).await;
    }
    assert_eq!(stdout(&last.unwrap()), "hi\n");
}

/// The process that would become the program is gone, and the first one, which would tell of it, stands still: what a
/// launcher sees that looks between the two ends.
async fn one_that_is_dead_and_does_not_look_it_is_replaced(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    if !waits(&sandbox) {
        return;
    }
    let (work, waiting) = ready(&sandbox).await;
    let launcher = sandbox.launcher_pid().unwrap();
    for first in waiting.iter().filter(|&&pid| parent(pid) == Some(launcher)) {
        signal(*first, Signal::STOP);
        eventually("the first process stands still", || state(*first) == Some('T')).await;
    }
    for second in waiting.iter().filter(|&&pid| parent(pid) != Some(launcher)) {
        kill(*second);
        eventually("the second process is dead", || state(*second).is_none_or(|state| state == 'Z')).await;
    }
    work.write_files(&[BoxFile::new("file", "there")]).await.unwrap();
    for writable in [true, false] {
        let report = work.run(Run { writable, ..run(&["/bin/cat", "file"], LIMITS) }).await.unwrap();
        assert_eq!(stdout(&report), "there", "{report:?}");
    }
    let gone = || waiting.iter().all(|&pid| state(pid).is_none());
    eventually("what was killed is cleared away", gone).await;
}

/// Killed between two looks, after it was chosen: said to be lost, never taken for the program's end.
fn lost(error: &herald_sandbox::SandboxError) {
    let text = error.to_string();
    assert!(["killed from outside", "in time"].iter().any(|part| text.contains(part)), "{text}");
}

async fn what_waits_goes_with_its_box(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    for _ in 0..5 {
        match waits(&sandbox) {
            true => drop(ready(&sandbox).await),
            false => drop(sandbox.open_box().await.unwrap()),
        }
        eventually("nothing waits", || all_below(launcher).is_empty()).await;
    }
}

async fn what_waits_costs_little(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    if !waits(&sandbox) || !rustix::process::getuid().is_root() {
        return;
    }
    let (_work, waiting) = ready(&sandbox).await;
    for pid in waiting {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let dirty = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")).unwrap();
        let kib: u64 = dirty.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 1024, "{rollup}");
    }
}
