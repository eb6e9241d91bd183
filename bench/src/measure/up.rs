//! What `herald up` has resident once it has started: SQLite, in-process broker, page and the sandbox's own processes.

use std::time::Duration;

use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::stats::Spread;
use crate::{Bench, machine};

/// For the sandbox to be ready and the start's own garbage to be gone.
const SETTLE: Duration = Duration::from_secs(3);

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut alone, mut family, mut disturbed) = (Vec::new(), Vec::new(), 0);
    for round in 1..=bench.rounds {
        disturbed += usize::from(!machine::is_quiet().await);
        let data = tempfile::tempdir_in(bench.folder.path())?;
        let path = data.path().to_string_lossy();
        let process = Process::start("up", &[("HERALD_DATA", &path)], bench.folder.path()).await?;
        tokio::time::sleep(SETTLE).await;
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
