//! A Herald process that is measured: the release binary beside this one, with its defaults.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

use crate::http::Client;
use crate::machine::{field, kib};

const START_WITHIN: Duration = Duration::from_secs(60);
const END_WITHIN: Duration = Duration::from_secs(30);

pub struct Process {
    pub address: SocketAddr,
    child: Child,
    id: u32,
    log: PathBuf,
}

impl Process {
    /// Starts `herald <command>` (words apart by spaces) with these settings on a free port; returns when it answers. Its log is
    /// in the folder.
    pub async fn start(command: &str, settings: &[(&str, &str)], folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let log = folder.join(format!("{}-{}.log", command.replace(' ', "-"), address.port()));
        let program = std::env::current_exe()?.with_file_name("herald");
        let mut process = Command::new(&program);
        // What the caller's shell has set is not what is measured.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
            process.env_remove(name);
        }
        process.args(command.split(' ')).envs(settings.iter().copied()).env("HERALD_LISTEN", address.to_string());
        process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?).kill_on_drop(true);
        let child = process.spawn().with_context(|| format!("{} cannot be run: build it first", program.display()))?;
        let id = child.id().context("the process ended at once")?;
        let mut process = Self { address, child, id, log };
        process.wait_until_it_answers().await?;
        Ok(process)
    }

    async fn wait_until_it_answers(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            if let Ok(mut client) = Client::connect(self.address).await
                && client.get("/livez").await.is_ok()
            {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || began.elapsed() > START_WITHIN {
                bail!("it did not start; its log:\n{}", std::fs::read_to_string(&self.log)?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Resident KiB of this process.
    pub fn resident_kib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        Ok(field(&status, "VmRSS").and_then(kib).context("the process is gone")? as f64)
    }

    /// Resident KiB of this process and all that it has started, pages that several share counted once.
    pub fn resident_kib_with_children(&self) -> anyhow::Result<f64> {
        // One that ends meanwhile takes nothing.
        let rollups = self
            .family()?
            .into_iter()
            .filter_map(|id| std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok());
        Ok(rollups.filter_map(|rollup| field(&rollup, "Pss").and_then(kib)).sum::<u64>() as f64)
    }

    /// This process and all that it has started.
    pub fn family(&self) -> anyhow::Result<Vec<u32>> {
        let mut family = vec![self.id];
        let parents = parents()?;
        while let Some((child, _)) = parents.iter().find(|(child, of)| family.contains(of) && !family.contains(child)) {
            family.push(*child);
        }
        Ok(family)
    }

    /// Asks it to end and waits until it has.
    pub async fn end(mut self) -> anyhow::Result<()> {
        let id = i32::try_from(self.id).ok().and_then(rustix::process::Pid::from_raw).context("not a process id")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        tokio::time::timeout(END_WITHIN, self.child.wait()).await.context("it does not end")??;
        Ok(())
    }

    /// Ends it at once: ten thousand sockets take their time to say goodbye.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Every process with its parent (proc(5), stat: the name in brackets may hold anything).
fn parents() -> anyhow::Result<Vec<(u32, u32)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if let Some(parent) = after_name.split_whitespace().nth(1).and_then(|parent| parent.parse().ok()) {
            all.push((id, parent));
        }
    }
    Ok(all)
}

fn free_address() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}
