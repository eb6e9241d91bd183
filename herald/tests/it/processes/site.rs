//! Where a scenario runs: `herald up` alone, or a fleet of two api, two worker and two notifier processes.

use std::path::Path;

use tempfile::TempDir;
use uuid::Uuid;

use super::client::Client;
use super::database::Database;
use super::process::{Process, run, write};

/// The processes come first: they are to be gone before what they stand on.
pub struct Site {
    pub processes: Vec<Process>,
    key: Option<String>,
    _database: Option<Database>,
    _folder: TempDir,
}

/// What a fleet stands on, and how it differs from the usual.
pub struct Plan {
    pub database: Database,
    pub broker_url: String,
    /// What the notifiers go to the broker by, if not as the others.
    pub notifier_broker_url: Option<String>,
    /// Further settings of every process.
    pub settings: Vec<(String, String)>,
    /// How many of each kind.
    pub of_each: usize,
}

impl Plan {
    /// On the servers that all tests share.
    pub fn shared() -> Self {
        Self {
            database: Database::shared(),
            broker_url: shared_broker(),
            notifier_broker_url: None,
            settings: Vec::new(),
            of_each: 2,
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
        let folder = tempfile::tempdir().unwrap();
        let mut settings = quick_goodbye();
        settings.push(setting("HERALD_DATA", folder.path().join("data").to_str().unwrap()));
        let process = Process::start("up", folder.path(), &settings).await;
        Self { processes: vec![process], key: None, _database: None, _folder: folder }
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
        settings.extend(plan.settings);
        let key = migrate(folder.path(), &settings);
        let mut processes = Vec::new();
        for kind in ["api", "worker", "notifier"] {
            for number in 0..plan.of_each {
                let mut own = settings.clone();
                let data = folder.path().join(format!("{kind}-{number}"));
                own.push(setting("HERALD_DATA", data.to_str().unwrap()));
                match &plan.notifier_broker_url {
                    Some(url) if kind == "notifier" => own.push(setting("HERALD_BROKER_URL", url)),
                    _ => {}
                }
                processes.push(Process::prepare(kind, folder.path(), &own));
            }
        }
        processes.iter_mut().for_each(Process::spawn);
        for process in &mut processes {
            process.ready().await;
        }
        Self { processes, key: Some(key), _database: Some(plan.database), _folder: folder }
    }

    /// The places of the processes of a kind; in `up` one process is all kinds.
    pub fn of(&self, kind: &str) -> Vec<usize> {
        let fits = |place: &usize| matches!(self.processes[*place].kind, own if own == kind || own == "up");
        (0..self.processes.len()).filter(fits).collect()
    }

    /// Addresses do not change when a process starts again: a client stays good.
    pub fn client(&self) -> Client {
        let urls = |kind: &str| self.of(kind).into_iter().map(|place| self.processes[place].url()).collect();
        Client::new(urls("api"), urls("notifier"), self.key.clone())
    }
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
