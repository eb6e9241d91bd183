//! A small process of one thread that starts commands and times them: what a fork and an exec cost at the least, and what
//! peers that are commands cost. It is a C program, so that nothing of ours is in what it measures.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Compiles a C program, linked statically.
pub async fn compile(source: &str, into: &Path) -> anyhow::Result<PathBuf> {
    let file = into.with_extension("c");
    std::fs::write(&file, source)?;
    let status = Command::new("gcc").args(["-O2", "-static", "-o"]).arg(into).arg(&file).status().await;
    ensure!(status.context("gcc is needed")?.success(), "gcc cannot compile {}", file.display());
    Ok(into.to_owned())
}

pub struct Spawner {
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Spawner {
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let program = compile(include_str!("spawner.c"), &folder.join("spawner")).await?;
        let mut command = Command::new(program);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let to = child.stdin.take().context("it has no input")?;
        let from = BufReader::new(child.stdout.take().context("it has no output")?).lines();
        Ok(Self { to, from, _child: child })
    }

    /// Milliseconds from the fork to the end of the command, which must be a good one.
    pub async fn time(&mut self, command: &str) -> anyhow::Result<f64> {
        self.to.write_all(format!("{command}\n").as_bytes()).await?;
        let line = self.from.next_line().await?.context("it ended")?;
        let nanoseconds: i64 = line.parse()?;
        ensure!(nanoseconds > 0, "{command} ended with {}", -nanoseconds);
        Ok(nanoseconds as f64 / 1e6)
    }
}
