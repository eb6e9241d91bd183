//! Where a scenario runs: `herald up` alone, or a fleet of two api, two worker and two notifier processes, or of whatever else
//! its plan names.

use std::path::Path;

use tempfile::TempDir;
use uuid::Uuid;

use super::client::Client;
use super::database::Database;
use super::process::{Process, run, write};

/// The processes come first: they are to be gone before what they stand on.
pub struct Site {
    pub processes: Vec<Process>,
    /// What all processes of a fleet are told.
    settings: Vec<(String, String)>,
    key: Option<String>,
    database: Option<Database>,
    folder: TempDir,
}

/// What a fleet stands on, and how it differs from the usual.
pub struct Plan {
    pub database: Database,
    pub broker_url: String,
    /// What the notifiers go to the broker by, if not as the others.
    pub notifier_broker_url: Option<String>,
    /// Further settings of every process.
    pub settings: Vec<(String, String)>,
    /// A process for each, by its command.
    pub kinds: Vec<&'static str>,
}

/// What judging takes, so many of each.
pub fn judging(of_each: usize) -> Vec<&'static str> {
    ["api", "worker", "notifier"].into_iter().flat_map(|kind| std::iter::repeat_n(kind, of_each)).collect()
}

impl Plan {
    /// On the servers that all tests share.
    pub fn shared() -> Self {
        Self {
            database: Database::shared(),
            broker_url: shared_broker(),
            notifier_broker_url: None,
            settings: Vec::new(),
            kinds: judging(2),
        }
    }
}

/// The broker that all tests share.
pub fn shared_broker() -> String {
    let url = std::env::var("HERALD_TEST_BROKER_URL");
    url.expect("HERALD_TEST_BROKER_URL is not set: run `make test`, or name a RabbitMQ by it")
}

impl Site {
    /// Everything in one process, on SQLite and the in-process broker.
    pub async fn up() -> Self {
        Self::up_with(Vec::new()).await
    }

    /// The same, with further settings.
    pub async fn up_with(mut settings: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        settings.extend(quick_goodbye());
        settings.push(setting("HERALD_DATA", folder.path().join("data").to_str().unwrap()));
        let process = Process::start("up", folder.path(), &settings).await;
        Self { processes: vec![process], settings, key: None, database: None, folder }
    }

    pub async fn fleet() -> Self {
        Self::fleet_on(Plan::shared()).await
    }

    pub async fn fleet_on(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let prefix = format!("test-{}", Uuid::new_v4().simple());
        let mut settings = quick_goodbye();
        settings.push(setting("HERALD_STORE_URL", &plan.database.url()));
        settings.push(setting("HERALD_BROKER_URL", &plan.broker_url));
        settings.push(setting("HERALD_BROKER_PREFIX", &prefix));
        // Two cores between them: each judges one at a time.
        settings.push(setting("HERALD_WORKER_SLOTS", "1"));
        if !is_root() {
            // An ordinary user has a cgroup only where one was delegated.
            settings.push(setting("HERALD_ALLOW_WEAK_SANDBOX", "true"));
        }
        settings.extend(plan.settings);
        let key = migrate(folder.path(), &settings);
        let mut processes = Vec::new();
        for (number, kind) in plan.kinds.into_iter().enumerate() {
            let mut own = settings_of(number, folder.path(), &settings);
            match &plan.notifier_broker_url {
                Some(url) if kind == "notifier" => own.push(setting("HERALD_BROKER_URL", url)),
                _ => {}
            }
            processes.push(Process::prepare(kind, folder.path(), &own));
        }
        processes.iter_mut().for_each(Process::spawn);
        for process in &mut processes {
            process.ready().await;
        }
        Self { processes, settings, key: Some(key), database: Some(plan.database), folder }
    }

    /// One process more, which is told this too.
    pub async fn start(&mut self, kind: &'static str, settings: &[(String, String)]) {
        let mut own = settings_of(self.processes.len(), self.folder.path(), &self.settings);
        own.extend_from_slice(settings);
        self.processes.push(Process::start(kind, self.folder.path(), &own).await);
    }

    /// The places of the processes of a kind; in `up` one process is all kinds.
    pub fn of(&self, kind: &str) -> Vec<usize> {
        let fits = |place: &usize| matches!(self.processes[*place].kind, own if own == kind || own == "up");
        (0..self.processes.len()).filter(fits).collect()
    }

    /// Runs a command of the program as whoever started the site would; whether it went well, and what it printed.
    pub fn command(&self, arguments: &[&str]) -> (bool, String) {
        self.command_with(self.key.as_deref(), arguments)
    }

    /// With this key, if any.
    pub fn command_with(&self, key: Option<&str>, arguments: &[&str]) -> (bool, String) {
        let mut settings = vec![setting("HERALD_DATA", self.folder.path().join("data").to_str().unwrap())];
        if let Some(key) = key {
            settings.push(setting("HERALD_TOKEN", key));
            settings.push(setting("HERALD_URL", &self.processes[self.of("api")[0]].url()));
        }
        run(arguments, &settings)
    }

    /// The place of the only process of a kind.
    pub fn the(&mut self, kind: &str) -> &mut Process {
        let place = self.of(kind)[0];
        &mut self.processes[place]
    }

    /// The database of a fleet.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("a fleet has one")
    }

    /// Addresses do not change when a process starts again: a client stays good.
    pub fn client(&self) -> Client {
        let urls = |kind: &str| self.of(kind).into_iter().map(|place| self.processes[place].url()).collect();
        Client::new(urls("api"), urls("notifier"), self.key.clone())
    }
}

/// Each process has a data folder of its own.
fn settings_of(number: usize, folder: &Path, settings: &[(String, String)]) -> Vec<(String, String)> {
    let data = folder.join(format!("process-{number}"));
    let mut own = settings.to_vec();
    own.push(setting("HERALD_DATA", data.to_str().unwrap()));
    own
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

pub fn setting(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// No balancer has to notice, and few clients have to be spread.
fn quick_goodbye() -> Vec<(String, String)> {
    vec![setting("HERALD_DRAIN_WAIT", "0"), setting("HERALD_DRAIN_SPREAD", "1")]
}

/// Schema, problems and the first admin key.
fn migrate(folder: &Path, settings: &[(String, String)]) -> String {
    let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let file = folder.join("admin.key");
    write(&file, &key);
    let (ok, printed) = run(&["migrate", "--admin-key-file", file.to_str().unwrap()], settings);
    assert!(ok, "herald migrate failed: {printed}");
    key
}
