//! What `herald up` has resident once it has started and knows its languages: SQLite, in-process broker, page, sandbox.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::stats::Spread;
use crate::{Bench, machine};

/// While a language is tried out, compilers come and go: they are no part of it. When none has for so long, all are tried.
const CALM: Duration = Duration::from_secs(5);
const CALM_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut alone, mut family, mut disturbed) = (Vec::new(), Vec::new(), 0);
    for round in 1..=bench.rounds {
        disturbed += usize::from(!machine::is_quiet().await);
        let data = tempfile::tempdir_in(bench.folder.path())?;
        let path = data.path().to_string_lossy();
        let process = Process::start("up", &[("HERALD_DATA", &path)], bench.folder.path()).await?;
        wait_until_calm(&process).await?;
        alone.push(process.resident_kib()? / 1024.0);
        family.push(process.resident_kib_with_children()? / 1024.0);
        process.end().await?;
        eprintln!("  round {round}: {:.1} MiB, with its children {:.1} MiB", alone[round - 1], family[round - 1]);
    }
    Ok(vec![Row {
        name: "up_memory",
        what: "`herald up` after its start, resident",
        unit: "MiB",
        figure: Spread::of(alone),
        goal: Some(Goal::AtMost(60.0)),
        later: false,
        beside: vec![Beside::new("with its children, shared pages once", "MiB", &family)],
        disturbed,
    }])
}

pub async fn wait_until_calm(process: &Process) -> anyhow::Result<()> {
    let (began, mut changed, mut family) = (Instant::now(), Instant::now(), Vec::new());
    while changed.elapsed() < CALM {
        ensure!(began.elapsed() < CALM_WITHIN, "its children still come and go");
        let now = process.family()?;
        if now != family {
            (changed, family) = (Instant::now(), now);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
