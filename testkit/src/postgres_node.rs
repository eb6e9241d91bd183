//! A PostgreSQL server of a test's own, to be stopped and started at will. Own folder, free port, loopback only, no password; it
//! ends with the test. Needs the Debian package `postgresql`; as root the server runs as the user `postgres`, else as oneself.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::own_server::{free_port, server_user};

/// It is quick, but the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
const INSTALL: &str = "PostgreSQL is missing; install the Debian package postgresql";

pub struct PostgresNode {
    folder: TempDir,
    programs: PathBuf,
    /// Whom it runs as, if not as ourselves.
    user: Option<(u32, u32)>,
    port: u16,
    child: Option<Child>,
}

impl PostgresNode {
    /// A running server with the superuser `herald` and the database `postgres`.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("postgres-node-").tempdir()?;
        let user = server_user("postgres").context(INSTALL)?;
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid))?;
        }
        let mut node = Self { folder, programs: programs()?, user, port: free_port(), child: None };
        let mut init = node.command("initdb")?;
        init.args(["-U", "herald", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(node.data());
        ensure!(init.status()?.success(), "initdb failed: {}", node.log());
        node.start_again().await?;
        Ok(node)
    }

    /// Of the database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://herald@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server (again), with what it had on disk; returns when it answers.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "the server is running already");
        let mut server = self.command("postgres")?;
        server.process_group(0).arg("-D").arg(self.data());
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"] {
            server.args(["-c", setting]);
        }
        server.args(["-c", &format!("port={}", self.port)]);
        self.child = Some(server.spawn().context("the server cannot be started")?);
        let since = Instant::now();
        while !self.answers()? {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || since.elapsed() > PATIENCE {
                bail!("the server did not start: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Stops at once, as in a crash: open transactions are lost, what was committed is on the disk.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let pid = child.id().to_string();
        ensure!(Command::new("kill").args(["-s", "QUIT", &pid]).status()?.success(), "the server could not be stopped");
        child.wait()?;
        Ok(())
    }

    fn answers(&self) -> anyhow::Result<bool> {
        let mut ready = self.command("pg_isready")?;
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        Ok(ready.status()?.success())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("out.log")).unwrap_or_default()
    }

    /// One of its programs, which says what it has to say in the log.
    fn command(&self, program: &str) -> anyhow::Result<Command> {
        let log = File::options().create(true).append(true).open(self.folder.path().join("out.log"))?;
        let mut command = Command::new(self.programs.join(program));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        Ok(command)
    }
}

impl Drop for PostgresNode {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("a PostgreSQL server of a test could not be stopped: {error}");
        }
    }
}

/// The newest version's.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").context(INSTALL)?;
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<_> =
        versions.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| number(p).is_some()).collect();
    found.sort_by_key(number);
    Ok(found.pop().context(INSTALL)?.join("bin"))
}
