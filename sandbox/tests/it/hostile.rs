//! The attack suite: a table of hostile programs, each with what is allowed to happen. A row is a name of
//! `hostile/attempts.c` (or a program of its own), limits, and an end; the machine's files, processes, cgroups, keys, queues,
//! names and mounts are compared before and after the whole of it.
//!
//! To add one: a `CALL` or `DO` in the C file and its name below. Nothing but the run's own loopback address is ever named,
//! and every layer stays on throughout.

mod host;
mod rows;

use std::time::Instant;

use herald_sandbox::{BoxFile, Exit, Report, Run, Sandbox, StoppedBy, WorkBox};

use crate::bench::*;
use crate::lifecycle::{descendants, eventually};
use host::Host;
use rows::{Allowed, Program, Row};

crate::tests![every_attack_ends_as_allowed_and_leaves_the_machine_as_it_was, neighbours_find_nothing_of_each_other];

/// Far more than any row needs, on a busy machine too.
const WHOLE_SUITE_SECONDS: u64 = 240;

async fn every_attack_ends_as_allowed_and_leaves_the_machine_as_it_was(_: Bench) {
    let began = Instant::now();
    let sandbox = Sandbox::start(config()).await.unwrap();
    let launcher = sandbox.launcher_pid().unwrap();
    let host = Host::new();
    let before = host.look(launcher);
    let work = attempts(&sandbox).await;
    let mut wrong = Vec::new();
    let rows = rows::all(&host.canary());
    for row in &rows {
        let report = attack(&sandbox, &work, row).await;
        if let Err(what) = row.allowed.check(&report, &host.secret) {
            wrong.push(format!("{}: {what}", row.name));
        }
    }
    drop(work);
    assert!(wrong.is_empty(), "{} of {} attacks:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    eventually("no process is left", || descendants(launcher).is_empty()).await;
    host.assert_same(&before, &host.look(launcher));
    assert!(rows.len() >= 80, "{}", rows.len());
    assert!(began.elapsed().as_secs() < WHOLE_SUITE_SECONDS, "{:?}", began.elapsed());
    println!("{} attacks in {} ms", rows.len(), began.elapsed().as_millis());
}

/// A box with the compiled attempts in it.
async fn attempts(sandbox: &Sandbox) -> WorkBox {
    let work = sandbox.open_box().await.unwrap();
    compile(&work, include_str!("hostile/attempts.c"), "attempts").await;
    work
}

async fn attack(sandbox: &Sandbox, work: &WorkBox, row: &Row) -> Report {
    let argv = |words: &[&str]| run(words, row.limits);
    match &row.program {
        Program::Attempt(path) => {
            let words: Vec<&str> = ["/box/attempts", row.name].into_iter().chain(path.as_deref()).collect();
            work.run(argv(&words)).await.unwrap()
        }
        Program::On(attempt, path) => work.run(argv(&["/box/attempts", attempt, path])).await.unwrap(),
        Program::Shell(script) => work.run(argv(&["/bin/bash", "-c", script])).await.unwrap(),
        Program::Python(source) => work.run(argv(&["/usr/bin/python3", "-c", source])).await.unwrap(),
        Program::Compile(file, source, command) => {
            let fresh = sandbox.open_box().await.unwrap();
            fresh.write_files(&[BoxFile::new(*file, source.clone())]).await.unwrap();
            fresh.run(Run { writable: true, ..argv(command) }).await.unwrap()
        }
    }
}

impl Allowed {
    fn check(&self, report: &Report, secret: &str) -> Result<(), String> {
        let (out, err) = (stdout(report), String::from_utf8_lossy(&report.stderr).into_owned());
        if [&out, &err].iter().any(|text| text.contains(secret)) {
            return Err("it has read the machine's secret".into());
        }
        let clean = report.stopped_by.is_none() && report.exit == Exit::Code(0);
        let fine = match self {
            Self::Refused => clean && out == "refused\n",
            Self::Says(text) => clean && out.trim_end() == *text,
            Self::Stopped(by) => report.stopped_by == Some(*by),
            Self::Dies(signal) => report.stopped_by.is_none() && report.exit == Exit::Signal(*signal),
            Self::Fails => report.stopped_by.is_none() && matches!(report.exit, Exit::Code(code) if code != 0),
            Self::FullOr(by) => (clean && out.trim_end() == "full") || report.stopped_by == Some(*by),
            Self::FailsOr(by) => !clean && report.stopped_by.is_none_or(|stopped| by.contains(&stopped)),
            Self::Anything => true,
        };
        if fine { Ok(()) } else { Err(format!("{:?} {:?} {out:?} {:.300}", report.exit, report.stopped_by, err)) }
    }
}

/// Two runs at the same time, in two boxes: one leaves all that it can, the other looks for it.
async fn neighbours_find_nothing_of_each_other(bench: Bench) {
    let (first, second) = (attempts(&bench.sandbox).await, attempts(&bench.sandbox).await);
    let settled = first.run(run(&["/box/attempts", "settle"], herald_sandbox::Limits { wall_ms: 2_000, ..LIMITS }));
    let (settled, found) = tokio::join!(settled, second.run(run(&["/box/attempts", "seek"], LIMITS)));
    assert_eq!(settled.unwrap().stopped_by, Some(StoppedBy::Idle));
    assert_eq!(stdout(&found.unwrap()), "nothing\n");
    // Nor does a later run in a box find what an earlier one left outside of it.
    let later = first.run(run(&["/box/attempts", "seek"], LIMITS)).await.unwrap();
    assert_eq!(stdout(&later), "nothing\n");
}
