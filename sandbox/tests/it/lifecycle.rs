//! Ends: of programs that do not want to end, of the launcher, of the worker's interest.

use std::time::{Duration, Instant};

use herald_sandbox::{Exit, Limits, Sandbox, SandboxError, StoppedBy};

use crate::bench::*;

crate::tests![
    a_daemonised_child_is_gone_and_holds_up_nothing,
    a_fork_bomb_is_contained_and_gone,
    dropping_the_future_kills_the_run,
    a_killed_launcher_is_told_and_replaced,
    the_launcher_goes_with_its_last_user,
    the_launcher_is_small_and_knows_nothing,
    a_stopped_launcher_is_noticed,
];

/// What a process of a sandbox is called until it runs a program.
const READY: &str = "sandbox-ready";

/// All processes of the launcher's runs, with their names: without sandboxes in which no program runs.
pub fn descendants(launcher: u32) -> Vec<(u32, String)> {
    let children = std::fs::read_to_string(format!("/proc/{launcher}/task/{launcher}/children")).unwrap_or_default();
    let sandboxes = children.split_whitespace().filter_map(|child| child.parse().ok());
    sandboxes
        .map(|first| (first, all_below(first)))
        .filter(|(_, below)| below.iter().any(|(_, name)| name != READY))
        .flat_map(|(first, below)| [vec![(first, READY.to_owned())], below].concat())
        .collect()
}

/// All processes below `pid`, with their names.
pub fn all_below(pid: u32) -> Vec<(u32, String)> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let mut found = Vec::new();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        let name = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        found.push((child, name.trim().to_owned()));
        found.extend(all_below(child));
    }
    found
}

/// Awaits something that can be seen; panics if it does not come.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_daemonised_child_is_gone_and_holds_up_nothing(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    let source = r#"
        #include <signal.h>
        #include <unistd.h>
        int main() {
            for (int i = 0; i < 20; i++) if (!fork()) {
                setsid(); for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
                if (fork()) _exit(0);
                for (;;) pause();
            }
            write(1, "parent", 6); return 7;
        }
    "#;
    compile(&work, source, "main").await;
    let report = work.run(run(&["/box/main"], Limits { processes: 64, ..LIMITS })).await.unwrap();
    assert_eq!((report.exit, report.stopped_by, stdout(&report).as_str()), (Exit::Code(7), None, "parent"));
    assert_within(report.wall_ms, 0..=10_000, "wall time", &report);
    assert_eq!(descendants(sandbox.launcher_pid().unwrap()), []);
}

async fn a_fork_bomb_is_contained_and_gone(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    compile(&work, "#include <unistd.h>\nint main() { for (;;) fork(); }", "main").await;
    let limits = Limits { processes: 16, cpu_ms: 500, wall_ms: 20_000, ..LIMITS };
    let bomb = work.run(run(&["/box/main"], limits));
    let launcher = sandbox.launcher_pid().unwrap();
    let mut most = 0;
    tokio::pin!(bomb);
    let report = loop {
        tokio::select! {
            report = &mut bomb => break report.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(10)) => most = most.max(descendants(launcher).len()),
        }
    };
    assert_eq!(report.stopped_by, Some(StoppedBy::Cpu), "{report:?}");
    assert!((2..=17).contains(&most), "{most} processes");
    assert_eq!(descendants(launcher), []);
    assert_eq!(stdout(&work.run(run(&["/bin/echo", "next"], LIMITS)).await.unwrap()), "next\n");
}

async fn dropping_the_future_kills_the_run(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    {
        let sleeping = work.run(run(&["/bin/sleep", "60"], LIMITS));
        tokio::select! {
            report = sleeping => panic!("it ended: {report:?}"),
            () = eventually("it sleeps", || descendants(launcher).iter().any(|(_, name)| name == "sleep")) => {}
        }
    }
    // The same box is usable at once: the next run waits for the end of the last.
    assert_eq!(stdout(&work.run(run(&["/bin/echo", "next"], LIMITS)).await.unwrap()), "next\n");
    assert_eq!(descendants(launcher), []);
}

async fn a_killed_launcher_is_told_and_replaced(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    let sleeping = work.run(run(&["/bin/sleep", "60"], LIMITS));
    tokio::pin!(sleeping);
    let below = tokio::select! {
        report = &mut sleeping => panic!("it ended: {report:?}"),
        below = async {
            eventually("it sleeps", || descendants(launcher).iter().any(|(_, name)| name == "sleep")).await;
            descendants(launcher)
        } => below,
    };
    signal(launcher, libc::SIGKILL);
    assert!(matches!(sleeping.await, Err(SandboxError::Gone(_))));
    eventually("its runs died with it", || below.iter().all(|(pid, _)| !alive(*pid))).await;
    assert!(
        matches!(work.run(run(&["/bin/true"], LIMITS)).await, Err(SandboxError::Gone(_))),
        "its boxes are gone too"
    );
    let fresh = sandbox.open_box().await.expect("the next launcher opens a box");
    assert_eq!(stdout(&fresh.run(run(&["/bin/echo", "back"], LIMITS)).await.unwrap()), "back\n");
    assert_ne!(sandbox.launcher_pid(), Some(launcher));
}

async fn the_launcher_goes_with_its_last_user(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    let work = sandbox.open_box().await.unwrap();
    drop(sandbox);
    assert_eq!(stdout(&work.run(run(&["/bin/echo", "still"], LIMITS)).await.unwrap()), "still\n");
    drop(work);
    eventually("the launcher is gone", || !alive(launcher)).await;
}

async fn the_launcher_is_small_and_knows_nothing(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    for _ in 0..20 {
        work.run(run(&["/bin/echo", "hi"], LIMITS)).await.unwrap();
    }
    let proc = format!("/proc/{}", sandbox.launcher_pid().unwrap());
    let status = std::fs::read_to_string(format!("{proc}/status")).unwrap();
    let number = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    assert!(number("VmRSS:") < 5 * 1024, "{status}");
    assert_eq!(number("Threads:"), 1);
    assert_eq!(std::fs::read(format!("{proc}/environ")).unwrap(), b"", "no environment");
    drop(work);
    let open = || std::fs::read_dir(format!("{proc}/fd")).unwrap().count();
    // The socket, an output to nowhere, where errors go; with cgroups the lock on their folder.
    let expected = 3 + usize::from(sandbox.layers().iter().any(|layer| layer.name == "cgroup" && layer.live));
    eventually("nothing else is open", || open() == expected).await;
}

async fn a_stopped_launcher_is_noticed(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let work = sandbox.open_box().await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    signal(launcher, libc::SIGSTOP);
    eventually("the launcher stands still", || state(launcher) == Some('T')).await;
    let asked = work.run(run(&["/bin/true"], Limits { wall_ms: 10, ..LIMITS })).await;
    assert!(matches!(asked, Err(SandboxError::Gone(_))), "{asked:?}");
    let fresh = sandbox.open_box().await.expect("another launcher");
    assert_eq!(stdout(&fresh.run(run(&["/bin/echo", "back"], LIMITS)).await.unwrap()), "back\n");
    assert!(!alive(launcher));
}

/// Sends a signal to a process that the test itself started.
fn signal(pid: u32, signal: i32) {
    let status = std::process::Command::new("/bin/kill").args([format!("-{signal}"), pid.to_string()]).status();
    assert!(status.unwrap().success());
}

fn alive(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

/// The letter that proc(5) gives for what a process is doing; none when there is no such process.
pub fn state(pid: u32) -> Option<char> {
    stat(pid, 0)?.chars().next()
}

pub fn parent(pid: u32) -> Option<u32> {
    stat(pid, 1)?.parse().ok()
}

/// A field of `/proc/<pid>/stat`, counted from behind the name.
fn stat(pid: u32, field: usize) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    line.rsplit_once(") ")?.1.split(' ').nth(field).map(str::to_owned)
}
