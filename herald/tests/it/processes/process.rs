//! One `herald …` process of a test's own: clean environment, log in a file, killed with everything below it when dropped.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use herald_testkit::own_server::free_port;
use tokio::time::Instant;

use super::kin::Kin;

/// A process that does not start or end within this is broken; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a killed process leaves running must be gone by then.
const ORPHANS_GONE: Duration = Duration::from_secs(10);

const HERALD: &str = env!("CARGO_BIN_EXE_herald");

pub struct Process {
    pub kind: &'static str,
    pub port: u16,
    settings: Vec<(String, String)>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Starts `herald KIND` (a command, such as `service fraud`) on a free port and waits until it is ready.
    pub async fn start(kind: &'static str, folder: &Path, settings: &[(String, String)]) -> Self {
        let mut process = Self::prepare(kind, folder, settings);
        process.start_again().await;
        process
    }

    /// A process that has its address but does not run yet.
    pub fn prepare(kind: &'static str, folder: &Path, settings: &[(String, String)]) -> Self {
        let port = free_port();
        let log = folder.join(format!("{}-{port}.log", kind.replace(' ', "-")));
        Self { kind, port, settings: settings.to_vec(), log, child: None }
    }

    /// From its next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// With the same settings, port and data as before.
    pub async fn start_again(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// Starts without waiting.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.kind);
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        // Goes also with a test program that is itself killed.
        let mut command = bare("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", HERALD])
            .args(self.kind.split(' '))
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.env("HERALD_LISTEN", format!("127.0.0.1:{}", self.port));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until `/readyz` says so.
    pub async fn ready(&mut self) {
        let (since, http, url) = (Instant::now(), reqwest::Client::new(), format!("{}/readyz", self.url()));
        loop {
            if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "herald {} ended by {ended:?}: {}", self.kind, self.log());
            assert!(since.elapsed() < PATIENCE, "herald {} is not ready: {}", self.kind, self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has logged, in all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// kill -9. What ran below it (sandboxed programs too) must go with it.
    pub async fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let kin = Kin::below(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        let since = Instant::now();
        while let Some(left) = kin.living() {
            assert!(since.elapsed() < ORPHANS_GONE, "a killed {} left processes running: {left}", self.kind);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Of the process that runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "herald {} does not end: {}", self.kind, self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (log, lines) = (self.log(), 25);
            let from = log.lines().count().saturating_sub(lines);
            eprintln!("-- the last lines of {} {}:", self.kind, self.port);
            log.lines().skip(from).for_each(|line| eprintln!("{line}"));
        }
        if let Some(mut child) = self.child.take() {
            let kin = Kin::below(child.id());
            let _ = child.kill();
            let _ = child.wait();
            kin.kill();
        }
    }
}

/// A program, with nothing of our environment but a plain `PATH`.
fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

/// Runs a command of the program to its end; whether it went well, and what it printed.
pub fn run(arguments: &[&str], settings: &[(String, String)]) -> (bool, String) {
    let output = bare(HERALD).args(arguments).envs(settings.iter().cloned()).stdin(Stdio::null()).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

/// A file with this content.
pub fn write(path: &Path, content: &str) {
    use std::io::Write;
    File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
}
