//! Many runs, and many kills: nothing grows, nothing is left. A few of each in `make test`; `make soak` asks for the full counts
//! by `HERALD_TEST_SOAK`.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use herald_sandbox::{BoxFile, Config, Exit, Limits, Run, Sandbox, SandboxError, StoppedBy};

use crate::bench::*;
use crate::cgroups::{folders, groups_in};
use crate::lifecycle::{all_below, eventually};

crate::tests![many_runs_leave_nothing_behind, kills_at_random_leave_nothing_behind];

fn count(few: usize, soak: usize) -> usize {
    if std::env::var_os("HERALD_TEST_SOAK").is_some() { soak } else { few }
}

/// What could grow.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    launcher_fds: usize,
    mounts: usize,
    processes: usize,
    cgroups: usize,
}

async fn counts(sandbox: &Sandbox) -> (Counts, usize) {
    let launcher = sandbox.launcher_pid().unwrap();
    // A box opened and closed: the launcher has looked at everything once more.
    drop(sandbox.open_box().await.unwrap());
    eventually("nothing waits", || all_below(launcher).is_empty()).await;
    let entries = |path: String| std::fs::read_dir(path).unwrap().count();
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{launcher}/{file}")).unwrap();
    // A box is let go of a moment after it was dropped.
    eventually("no box is mounted", || !read("mountinfo").contains(" /boxes/")).await;
    let resident =
        read("status").lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    let counts = Counts {
        launcher_fds: entries(format!("/proc/{launcher}/fd")),
        mounts: read("mountinfo").lines().count(),
        processes: all_below(launcher).len(),
        // The kernel may hold on to the last ones for a moment.
        cgroups: folders(launcher).iter().map(groups_in).max().unwrap_or(0).saturating_sub(2),
    };
    (counts, resident.unwrap())
}

/// One box with every kind of end in it.
async fn all_sorts(sandbox: &Sandbox, n: usize) {
    let work = sandbox.open_box().await.unwrap();
    work.write_files(&[BoxFile::new("folder/file", format!("{n}"))]).await.unwrap();
    for k in 0..8 {
        let said = format!("{n} {k}");
        let report = work.run(run(&["/bin/echo", &said], LIMITS)).await.unwrap();
        assert_eq!(stdout(&report), said + "\n");
    }
    assert_eq!(work.read_file("folder/file", 100).await.unwrap().unwrap(), n.to_string().as_bytes());
    let (argv, limits, by) = match n % 4 {
        0 => (["/bin/sh", "-c", "while :; do :; done"], Limits { cpu_ms: 20, ..LIMITS }, StoppedBy::Cpu),
        // Long enough that the shell's own start is no tenth of it.
        1 => (["/bin/sh", "-c", "sleep 9"], Limits { wall_ms: 300, ..LIMITS }, StoppedBy::Idle),
        2 => (["/bin/sh", "-c", "yes"], Limits { stdout_bytes: 5_000, ..LIMITS }, StoppedBy::Stdout),
        _ => (["/bin/sh", "-c", "exec yes > /tmp/x"], Limits { file_kb: 4, ..LIMITS }, StoppedBy::FileSize),
    };
    assert_eq!(
        work.run(Run { writable: n.is_multiple_of(3), ..run(&argv, limits) }).await.unwrap().stopped_by,
        Some(by)
    );
}

async fn many_runs_leave_nothing_behind(_: Bench) {
    let sandbox = Sandbox::start(Config { slots: 2, ..config() }).await.unwrap();
    for n in 0..10 {
        all_sorts(&sandbox, n).await;
    }
    let (before, resident_before) = counts(&sandbox).await;
    let boxes = count(20, 1_000);
    for n in 0..boxes {
        all_sorts(&sandbox, n).await;
    }
    let (after, resident_after) = counts(&sandbox).await;
    println!("{} runs: {before:?}, {resident_before} KiB; then {after:?}, {resident_after} KiB", boxes * 10);
    assert_eq!(before, after);
    assert!(resident_after <= resident_before + 512, "{resident_before} KiB became {resident_after} KiB");
}

/// Whoever is asked something by it says the truth or that it is gone: never another program's end.
async fn keep_asking(sandbox: Sandbox, enough: &AtomicBool, answered: &AtomicUsize) {
    let mut n = 0;
    while !enough.load(Ordering::Relaxed) {
        let Ok(work) = sandbox.open_box().await else { continue };
        for _ in 0..5 {
            n += 1;
            let script = format!("echo {n}; exit {}", n % 7);
            match work.run(run(&["/bin/sh", "-c", &script], LIMITS)).await {
                // A run that was picked off: its program's own death by SIGKILL is true as well.
                Ok(report) if report.exit == Exit::Signal(libc::SIGKILL) => {}
                Ok(report) => {
                    assert_eq!((report.exit, report.stopped_by), (Exit::Code(n % 7), None), "{report:?}");
                    assert_eq!(stdout(&report), format!("{n}\n"));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Err(SandboxError::Gone(_) | SandboxError::Setup(_)) => {}
            }
        }
    }
}

async fn kills_at_random_leave_nothing_behind(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let (enough, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut launchers, mut killed) = (BTreeSet::new(), [0, 0]);
    let kill_all = async {
        for _ in 0..count(8, 50) {
            let pause = RandomState::new().hash_one(0);
            tokio::time::sleep(Duration::from_millis(pause % 60)).await;
            eventually("a launcher is there", || sandbox.launcher_pid().is_some()).await;
            let Some(launcher) = sandbox.launcher_pid() else { continue };
            launchers.insert(launcher);
            let below = all_below(launcher);
            let (pid, kind) = match below.get(pause as usize / 64 % (below.len() * 2 + 1)) {
                Some((pid, _)) => (*pid, 0),
                None => (launcher, 1),
            };
            killed[kind] += usize::from(crate::cgroups::kill(pid));
            let before = answered.load(Ordering::Relaxed);
            eventually("programs run again", || answered.load(Ordering::Relaxed) > before + 2).await;
        }
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(
        kill_all,
        keep_asking(sandbox.clone(), &enough, &answered),
        keep_asking(sandbox.clone(), &enough, &answered)
    );
    launchers.extend(sandbox.launcher_pid());
    drop(sandbox);
    println!("killed {} processes of sandboxes and {} launchers; {answered:?} right answers", killed[0], killed[1]);
    eventually("no process of any launcher is left", || {
        launchers.iter().all(|launcher| !std::path::Path::new(&format!("/proc/{launcher}/exe")).exists())
    })
    .await;
    eventually("no cgroup of any launcher is left", || launchers.iter().all(|launcher| folders(*launcher).is_empty()))
        .await;
}
