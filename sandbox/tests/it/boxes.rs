//! Boxes: apart from one another, bounded, and gone when dropped.

use std::time::Duration;

use herald_sandbox::{BoxFile, Config, Limits, Run, Sandbox};

use crate::bench::*;
use crate::lifecycle::{descendants, eventually};

crate::tests![
    two_boxes_cannot_see_one_another,
    files_stay_in_the_box_and_tmp_does_not,
    a_slot_used_again_is_empty,
    a_dropped_box_is_unmounted,
    boxes_wait_for_a_free_slot,
    a_box_is_bounded,
    paths_out_of_the_box_are_refused,
    runs_of_one_box_take_turns,
    boxes_run_side_by_side,
];

async fn two_boxes_cannot_see_one_another(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let source = "
import os, socket
open('/box/secret', 'w').write('s'); open('/tmp/secret', 'w').write('s')
s = socket.socket(socket.AF_UNIX); s.bind('\\0secret'); s.listen(); s.set_inheritable(True)
os.execv('/bin/sleep', ['sleep', '60'])";
    let first = sandbox.open_box().await.unwrap();
    let hiding = Run { writable: true, ..run(&["/usr/bin/python3", "-c", source], LIMITS) };
    let hiding = tokio::spawn(async move { first.run(hiding).await });
    let launcher = sandbox.launcher_pid().unwrap();
    eventually("the first box is ready", || descendants(launcher).iter().any(|(_, name)| name == "sleep")).await;
    let looking = "
import os, socket
print(os.listdir('/box'), os.listdir('/tmp'), sorted(os.listdir('/proc')))
try: socket.socket(socket.AF_UNIX).connect('\\0secret'); print('connected')
except OSError as e: print('refused')
found = []
for pid in range(2, 50000):
    try: os.kill(pid, 0); found.append(pid)
    except OSError: pass
print(found)";
    let second = sandbox.open_box().await.unwrap();
    let report = second.run(run(&["/usr/bin/python3", "-c", looking], LIMITS)).await.unwrap();
    assert_eq!(stdout(&report), "[] [] ['2', 'self', 'thread-self']\nrefused\n[2]\n", "{report:?}");
    assert!(!hiding.is_finished());
    hiding.abort();
}

async fn files_stay_in_the_box_and_tmp_does_not(bench: Bench) {
    let work = bench.open_box().await;
    let leave = Run { writable: true, ..run(&["/bin/sh", "-c", "echo a > /box/kept; echo b > /tmp/lost"], LIMITS) };
    work.run(leave).await.unwrap();
    let report = work.run(run(&["/bin/ls", "/box", "/tmp"], LIMITS)).await.unwrap();
    assert_eq!(stdout(&report), "/box:\nkept\n\n/tmp:\n");
}

async fn a_slot_used_again_is_empty(_: Bench) {
    let sandbox = Sandbox::start(Config { slots: 1, ..config() }).await.unwrap();
    for _ in 0..3 {
        let work = sandbox.open_box().await.unwrap();
        assert_eq!(stdout(&work.run(run(&["/bin/ls", "-A"], LIMITS)).await.unwrap()), "");
        work.write_files(&[BoxFile::new("left", "behind")]).await.unwrap();
    }
}

async fn a_dropped_box_is_unmounted(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let mounts = format!("/proc/{}/mountinfo", sandbox.launcher_pid().unwrap());
    let boxes = || std::fs::read_to_string(&mounts).unwrap().matches(" /boxes/").count();
    let (one, two) = (sandbox.open_box().await.unwrap(), sandbox.open_box().await.unwrap());
    assert_eq!(boxes(), 2);
    // With something still running in it.
    let launcher = sandbox.launcher_pid().unwrap();
    let sleeping = tokio::spawn(async move { two.run(run(&["/bin/sleep", "60"], LIMITS)).await });
    eventually("it sleeps", || descendants(launcher).iter().any(|(_, name)| name == "sleep")).await;
    drop(one);
    eventually("one is gone", || boxes() == 1).await;
    sleeping.abort();
    eventually("both are gone", || boxes() == 0).await;
    assert!(std::fs::read_to_string("/proc/self/mountinfo").unwrap().matches(" /boxes/").next().is_none());
}

async fn boxes_wait_for_a_free_slot(_: Bench) {
    let sandbox = Sandbox::start(Config { slots: 1, ..config() }).await.unwrap();
    let first = sandbox.open_box().await.unwrap();
    // One that gives up waiting must not take the slot with it.
    let impatient = tokio::time::timeout(Duration::from_millis(50), sandbox.open_box()).await;
    assert!(impatient.is_err(), "there is only one slot");
    // Asked for while the slot is taken, and then nothing is said to the launcher but that it is free.
    let mut waiting = std::pin::pin!(sandbox.open_box());
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut waiting).await.is_err());
    drop(first);
    let second = waiting.await.unwrap();
    assert_eq!(stdout(&second.run(run(&["/bin/echo", "hi"], LIMITS)).await.unwrap()), "hi\n");
}

async fn a_box_is_bounded(bench: Bench) {
    let work = bench.open_box().await;
    let too_much = work.write_files(&[BoxFile::new("large", vec![0; 65 << 20])]).await;
    assert!(reason(too_much).contains("No space left"));
}

async fn paths_out_of_the_box_are_refused(bench: Bench) {
    let work = bench.open_box().await;
    for name in ["../x", "a/../b", "/etc/passwd", "..", "", "a\0", &["a"; 18].join("/")] {
        assert!(reason(work.write_files(&[BoxFile::new(name, "")]).await).contains("not a plain file name"));
    }
}

async fn runs_of_one_box_take_turns(bench: Bench) {
    let work = bench.open_box().await;
    let script = "mkdir /box/taken && sleep 0.1 && rmdir /box/taken && echo alone";
    let turn = || Run { writable: true, ..run(&["/bin/sh", "-c", script], LIMITS) };
    let (a, b, c) = tokio::join!(work.run(turn()), work.run(turn()), work.run(turn()));
    for report in [a, b, c] {
        assert_eq!(stdout(&report.unwrap()), "alone\n");
    }
}

async fn boxes_run_side_by_side(_: Bench) {
    let sandbox = Sandbox::start(config()).await.unwrap();
    let tasks = (0..SLOTS).map(|n| {
        let sandbox = sandbox.clone();
        tokio::spawn(async move {
            let work = sandbox.open_box().await.unwrap();
            for k in 0..25 {
                let argv = ["/bin/echo", &format!("{n} {k}")];
                let report = work.run(run(&argv, Limits { processes: 1, ..LIMITS })).await.unwrap();
                assert_eq!(stdout(&report), format!("{n} {k}\n"));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}
