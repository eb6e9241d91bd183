//! Every run has a cgroup of its own, with its limits, and nothing is left of it. Where none can be made (an ordinary user to
//! whom none was delegated), these tests say so and look at what the layer says instead.

use std::path::PathBuf;

use herald_sandbox::{Cgroups, Config, Exit, Limits, MemorySource, Sandbox, SandboxError, StoppedBy};

use crate::bench::*;
use crate::lifecycle::{all_below, eventually};

crate::tests![
    a_run_without_its_cgroup_does_not_run,
    cgroups_go_with_their_runs_and_their_launcher,
    required_cgroups_are_there_or_nothing_starts,
    without_cgroups_runs_are_bounded_all_the_same,
    the_memory_of_a_dead_child_counts,
    cpu_time_of_disowned_children_counts,
    all_of_a_run_dies_when_one_of_it_runs_out_of_memory,
];

/// The folders of a launcher, in every hierarchy.
fn folders(launcher: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = next.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match entry.file_name().to_string_lossy().starts_with(&format!("herald-run-{launcher}-")) {
                true => found.push(entry.path()),
                false => next.push(entry.path()),
            }
        }
    }
    found
}

fn groups_in(folder: &PathBuf) -> usize {
    std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()).count()
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

async fn a_run_without_its_cgroup_does_not_run(bench: Bench) {
    if !bench.has_cgroups() {
        return;
    }
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    assert_eq!(work.run(run(&["/bin/true"], LIMITS)).await.unwrap().exit, Exit::Code(0));
    // Taken away, after what waited in them: as if the machine had no more of them to give.
    let launcher = sandbox.launcher_pid().unwrap();
    for folder in folders(launcher) {
        eventually("the folder is gone", || {
            all_below(launcher).iter().for_each(|(pid, _)| kill(*pid));
            let inside = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            inside.filter(|entry| entry.path().is_dir()).for_each(|entry| drop(std::fs::remove_dir(entry.path())));
            std::fs::remove_dir(&folder).is_ok()
        })
        .await;
    }
    let refused = work.run(run(&["/bin/true"], LIMITS)).await;
    assert!(matches!(&refused, Err(SandboxError::Setup(reason)) if reason.contains("cgroup")), "{refused:?}");
}

async fn cgroups_go_with_their_runs_and_their_launcher(bench: Bench) {
    if !bench.has_cgroups() {
        return;
    }
    let sandbox = Sandbox::start(config()).await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    let own = folders(launcher);
    assert!(!own.is_empty());
    let work = sandbox.open_box().await.unwrap();
    let script = "(sleep 60 &) ; (sleep 60 &) ; echo done";
    assert_eq!(stdout(&work.run(run(&["/bin/sh", "-c", script], LIMITS)).await.unwrap()), "done\n");
    work.run(run(&["/bin/true"], LIMITS)).await.unwrap();
    // Beside those of the two sandboxes that wait in the box.
    eventually("no group of a run is left", || own.iter().all(|folder| groups_in(folder) <= 2)).await;
    drop(work);
    // The kernel may hold on to the last one for a moment; it goes with the next run at the latest.
    eventually("no sandbox waits", || own.iter().all(|folder| groups_in(folder) <= 1)).await;
    drop(sandbox);
    assert_eq!(folders(launcher), Vec::<PathBuf>::new());
}

async fn required_cgroups_are_there_or_nothing_starts(bench: Bench) {
    let started = Sandbox::start(Config { cgroups: Cgroups::Require, ..config() }).await;
    match started {
        Ok(_) => assert!(bench.has_cgroups()),
        Err(error) => {
            assert!(!bench.has_cgroups(), "{error}");
            assert!(error.to_string().contains("cgroups are required"), "{error}");
        }
    }
}

async fn without_cgroups_runs_are_bounded_all_the_same(_: Bench) {
    let sandbox = Sandbox::start(Config { cgroups: Cgroups::Off, ..config() }).await.unwrap();
    let layer = sandbox.layers().into_iter().find(|layer| layer.name == "cgroup").unwrap();
    assert!(!layer.live && layer.note.unwrap().contains("switched off"));
    let work = sandbox.open_box().await.unwrap();
    let script = "a = []\nwhile True: a.append(b'x' * (1 << 20))";
    let limits = Limits { memory_kb: 64 * 1024, ..LIMITS };
    let report = work.run(run(&["/usr/bin/python3", "-c", script], limits)).await.unwrap();
    assert_eq!((report.stopped_by, report.memory_source), (Some(StoppedBy::Memory), MemorySource::Rusage));
}

/// Filled by a child that is gone, through a mapping that it shared with a parent that never touched it.
async fn the_memory_of_a_dead_child_counts(bench: Bench) {
    if !bench.has_cgroups() {
        return;
    }
    let source = r#"
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main() {
            for (int i = 0; i < 4; i++) {
                char *p = mmap(0, 40 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                if (!fork()) { memset(p, 1, 40 << 20); _exit(0); }
                wait(0);
            }
            return 0;
        }
    "#;
    let report = bench.c(source, Limits { memory_kb: 100 * 1024, ..LIMITS }).await;
    assert_eq!(report.stopped_by, Some(StoppedBy::Memory), "{report:?}");
}

/// A parent that ignores the end of its children throws their accounts away; the group keeps its own.
async fn cpu_time_of_disowned_children_counts(bench: Bench) {
    if !bench.has_cgroups() {
        return;
    }
    let source = r#"
        #include <signal.h>
        #include <sys/wait.h>
        #include <time.h>
        #include <unistd.h>
        int main() {
            signal(SIGCHLD, SIG_IGN);
            for (int i = 0; i < 20; i++) {
                if (!fork()) { while (clock() < CLOCKS_PER_SEC / 50) {} _exit(0); }
                wait(0);
            }
            return 0;
        }
    "#;
    let report = bench.c(source, LIMITS).await;
    assert_eq!((report.exit, report.stopped_by), (Exit::Code(0), None));
    assert_within(report.cpu_ms, 390..=900, "CPU time", &report);
    let report = bench.c(source, Limits { cpu_ms: 200, ..LIMITS }).await;
    assert_eq!(report.stopped_by, Some(StoppedBy::Cpu), "{report:?}");
}

async fn all_of_a_run_dies_when_one_of_it_runs_out_of_memory(bench: Bench) {
    let source = r#"
        #include <stdlib.h>
        #include <string.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main() {
            if (!fork()) for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); }
            wait(0); for (;;) pause();
        }
    "#;
    let report = bench.c(source, Limits { memory_kb: 64 * 1024, ..LIMITS }).await;
    assert_eq!((report.stopped_by, report.exit), (Some(StoppedBy::Memory), Exit::Signal(libc::SIGKILL)), "{report:?}");
}
