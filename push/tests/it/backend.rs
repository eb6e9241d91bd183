//! Where a test runs: in one process, or on the servers of a fleet that `HERALD_TEST_STORE_URL` and `HERALD_TEST_BROKER_URL`
//! name. There each test has a schema of its own; the exchanges are shared by the tests of one run, so each test has users of
//! its own ([`Ground::user`]).

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::broker::Broker;
use herald_domain::clock::{Clock, SystemClock};
use herald_domain::owner::Owner;
use herald_domain::store::Store;
use herald_store_postgres::{PostgresConfig, PostgresStore};
use herald_store_sqlite::SqliteStore;
use herald_testkit::build;
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Backend {
    /// SQLite and the in-process broker.
    Embedded,
    /// PostgreSQL and RabbitMQ.
    Fleet,
}

/// Stamps tests over both backends.
macro_rules! on_every_backend {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::backend::Backend;

            #[tokio::test]
            async fn embedded() {
                super::$test(Backend::Embedded).await;
            }

            #[tokio::test]
            async fn fleet() {
                super::$test(Backend::Fleet).await;
            }
        }
    )+};
}
pub(crate) use on_every_backend;

/// A store and a broker of a test's own.
pub struct Ground {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    number: u32,
    _place: Place,
}

/// Goes when the test ends.
enum Place {
    Folder { _folder: TempDir },
    Schema { _schema: Schema },
}

impl Backend {
    pub async fn ground(self) -> Ground {
        match self {
            Self::Embedded => Ground::with_clock(Arc::new(SystemClock)).await,
            Self::Fleet => Ground::of(fleet().await),
        }
    }
}

impl Ground {
    /// On SQLite, whose time is this clock's.
    pub async fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self::of(embedded(clock).await)
    }

    fn of((store, broker, place): (Arc<dyn Store>, Arc<dyn Broker>, Place)) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        Self { store, broker, number, _place: place }
    }

    /// A user whom no other test knows.
    pub fn user(&self, name: &str) -> Owner {
        build::owner(&format!("{name}.{}", self.number))
    }
}

async fn embedded(clock: Arc<dyn Clock>) -> (Arc<dyn Store>, Arc<dyn Broker>, Place) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("herald.db").display());
    SqliteStore::migrate(&url, &*clock).await.unwrap();
    let store = SqliteStore::open(&url, clock).await.unwrap();
    let broker = MemoryBroker::new(MemoryConfig::default());
    (Arc::new(store), Arc::new(broker), Place::Folder { _folder: folder })
}

async fn fleet() -> (Arc<dyn Store>, Arc<dyn Broker>, Place) {
    static PREFIX: LazyLock<String> = LazyLock::new(|| format!("test-{}", Uuid::now_v7().simple()));
    let schema = Schema::new();
    PostgresStore::migrate(&schema.url).await.unwrap();
    let store = PostgresStore::open(&schema.url, PostgresConfig::default()).await.unwrap();
    let config =
        RabbitConfig { prefix: PREFIX.clone(), connection_name: "herald test".into(), ..RabbitConfig::default() };
    let broker = RabbitBroker::connect(&setting("HERALD_TEST_BROKER_URL"), config).unwrap();
    let connected = async {
        while !broker.status().connected {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), connected).await.expect("the broker answers");
    (Arc::new(store), Arc::new(broker), Place::Schema { _schema: schema })
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `make test`, or name a server by it"))
}

struct Schema {
    name: String,
    server: String,
    /// With `search_path` set to the schema.
    url: String,
}

impl Schema {
    fn new() -> Self {
        let name = format!("herald_test_{}", Uuid::now_v7().simple());
        let server = setting("HERALD_TEST_STORE_URL");
        let url = format!("{server}?options=-c%20search_path%3D{name}");
        assert!(psql(&server, &format!("create schema {name}")), "the test's schema could not be made on {server}");
        Self { name, server, url }
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // What is left of the test may still be reading; the schema is then left to the server.
        psql(&self.server, &format!("set lock_timeout = '1s'; drop schema {} cascade", self.name));
    }
}

fn psql(url: &str, statement: &str) -> bool {
    let mut command = Command::new("psql");
    command.args([
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        url,
        "-c",
        "set client_min_messages = warning",
        "-c",
        statement,
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("psql runs").success()
}
