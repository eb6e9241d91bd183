//! What `herald up` has resident once it has started and knows its languages: SQLite, in-process broker, page, sandbox.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::http::Client;
use crate::process::Process;
use crate::report::{Beside, Goal, Row};
use crate::stats::Spread;
use crate::{Bench, machine};

/// The compilers that are asked for their versions are no part of it.
const PROBED_WITHIN: Duration = Duration::from_secs(60);
/// For the start's own garbage to be gone.
const SETTLE: Duration = Duration::from_secs(2);

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (mut alone, mut family, mut disturbed) = (Vec::new(), Vec::new(), 0);
    for round in 1..=bench.rounds {
        disturbed += usize::from(!machine::is_quiet().await);
        let data = tempfile::tempdir_in(bench.folder.path())?;
        let path = data.path().to_string_lossy();
        let process = Process::start("up", &[("HERALD_DATA", &path)], bench.folder.path()).await?;
        wait_for_languages(process.address).await?;
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

async fn wait_for_languages(address: SocketAddr) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut client = Client::connect(address).await?;
    while !String::from_utf8_lossy(&client.get("/languages").await?).contains(r#""available":true"#) {
        ensure!(began.elapsed() < PROBED_WITHIN, "no language became available");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
