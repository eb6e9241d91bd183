//! A RabbitMQ node of a test's own, to be killed, frozen and starved at will. Own folder, free ports, loopback only; it ends
//! with the test. Needs the Debian package `rabbitmq-server`; as root the node runs as the user `rabbitmq`, else as oneself.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::own_server::{free_port, server_user, wait_until_stopped};

/// A node is an Erlang machine of its own: more than a few at once only wait for one another.
static ROOM: Semaphore = Semaphore::const_new(3);
/// The clients of a busy machine are slow starters.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const INSTALL: &str = "RabbitMQ is missing; install the Debian package rabbitmq-server";

pub struct RabbitNode {
    folder: TempDir,
    programs: PathBuf,
    /// Whom it runs as, if not as ourselves.
    user: Option<(u32, u32)>,
    port: u16,
    distribution_port: u16,
    child: Option<Child>,
    _room: SemaphorePermit<'static>,
}

impl RabbitNode {
    /// A running node.
    pub async fn start() -> anyhow::Result<Self> {
        let mut node = Self::prepare().await?;
        node.start_again().await?;
        Ok(node)
    }

    /// A node that has its address already but does not run yet.
    pub async fn prepare() -> anyhow::Result<Self> {
        let room = ROOM.acquire().await?;
        let folder = tempfile::Builder::new().prefix("rabbit-node-").tempdir()?;
        let user = server_user("rabbitmq").context(INSTALL)?;
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid))?;
        }
        std::fs::write(folder.path().join("plugins"), "[].")?;
        let (port, distribution_port) = (free_port(), free_port());
        Ok(Self { folder, programs: programs()?, user, port, distribution_port, child: None, _room: room })
    }

    pub fn url(&self) -> String {
        format!("amqp://127.0.0.1:{}/%2f", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the node (again), with what it had on disk; returns when its port is open.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "the node is running already");
        let log = File::create(self.folder.path().join("out.log"))?;
        let mut server = self.command("rabbitmq-server");
        // A group of its own, so that the whole node can be killed at once.
        server.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(server.spawn().context("the node cannot be started")?);
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || since.elapsed() > START_TIMEOUT {
                bail!("the node did not start: {}", std::fs::read_to_string(self.folder.path().join("out.log"))?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Whether the node has written down that there is this quorum queue. It does so a while after the declare was answered,
    /// and one that is killed before starts the queue from scratch: empty, and without a leader for ever.
    pub fn has_written_down(&self, queue: &str) -> bool {
        let names = self.folder.path().join(format!("mnesia/{0}/quorum/{0}/names.dets", self.name()));
        std::fs::read(names).is_ok_and(|names| names.windows(queue.len()).any(|found| found == queue.as_bytes()))
    }

    /// kill -9. What it had confirmed is on its disk.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        signal_group(&child, "KILL")?;
        child.wait()?;
        Ok(())
    }

    /// The node stops running, and its connections stay open: as a host that hangs, or a cable that was pulled.
    /// On return none of its threads runs: the signal alone leaves those on other cores a moment, enough for an answer.
    pub async fn freeze(&self) -> anyhow::Result<()> {
        self.signal("STOP")?;
        wait_until_stopped(self.child.as_ref().context("the node is not running")?.id()).await
    }

    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal("CONT")
    }

    /// Runs `rabbitmqctl` on the node; gives its output.
    pub async fn ctl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = self.command("rabbitmqctl");
        command.arg("--quiet").arg("-n").arg(self.name()).args(arguments);
        let output = tokio::process::Command::from(command).kill_on_drop(true).output().await?;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "rabbitmqctl {arguments:?} failed: {out}{err}");
        Ok(out.into_owned())
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        signal_group(self.child.as_ref().context("the node is not running")?, signal)
    }

    fn name(&self) -> String {
        format!("herald{}@localhost", self.port)
    }

    fn command(&self, program: &str) -> Command {
        let (folder, mut command) = (self.folder.path(), Command::new(self.programs.join(program)));
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        command.env_clear().env("PATH", path).env("LANG", "C.UTF-8").env("HOME", folder).current_dir("/");
        for (name, value) in [("NODE_IP_ADDRESS", "127.0.0.1"), ("NODENAME", &self.name())] {
            command.env(format!("RABBITMQ_{name}"), value);
        }
        command.env("ERL_EPMD_ADDRESS", "127.0.0.1");
        command.env("RABBITMQ_NODE_PORT", self.port.to_string());
        command.env("RABBITMQ_DIST_PORT", self.distribution_port.to_string());
        for (name, path) in [
            ("MNESIA_BASE", "mnesia"),
            ("LOG_BASE", "log"),
            ("ENABLED_PLUGINS_FILE", "plugins"),
            ("PID_FILE", "pid"),
            ("CONFIG_FILE", "none"),
        ] {
            command.env(format!("RABBITMQ_{name}"), folder.join(path));
        }
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Drop for RabbitNode {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("a RabbitMQ node of a test could not be killed: {error}");
        }
    }
}

fn signal_group(leader: &Child, signal: &str) -> anyhow::Result<()> {
    let group = format!("-{}", leader.id());
    let status = Command::new("kill").args(["-s", signal, "--", &group]).status()?;
    ensure!(status.success(), "signal {signal} could not be sent to the node");
    Ok(())
}

fn programs() -> anyhow::Result<PathBuf> {
    let servers = std::fs::read_dir("/usr/lib/rabbitmq/lib").context(INSTALL)?;
    let mut found: Vec<_> =
        servers.filter_map(|entry| Some(entry.ok()?.path().join("sbin"))).filter(|p| is_program(p)).collect();
    found.sort();
    found.pop().context(INSTALL)
}

fn is_program(folder: &Path) -> bool {
    folder.join("rabbitmq-server").is_file()
}
