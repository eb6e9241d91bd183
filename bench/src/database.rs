//! A database for each measure on the PostgreSQL that the environment names, and pgbench as its peer.

use std::process::Stdio;

use anyhow::{Context, ensure};
use herald_store_postgres::{PostgresConfig, PostgresStore};
use tokio::process::Command;

const STORE_URL: &str = "HERALD_TEST_STORE_URL";
const BROKER_URL: &str = "HERALD_TEST_BROKER_URL";
/// Clients of pgbench, and of whatever it is compared with.
pub const CLIENTS: usize = 16;

/// The PostgreSQL and the RabbitMQ.
pub struct Servers {
    store_url: String,
    pub broker_url: String,
}

impl Servers {
    pub fn from_env() -> anyhow::Result<Self> {
        let get = |name| std::env::var(name).with_context(|| format!("{name} is not set: call scripts/bench.sh"));
        Ok(Self { store_url: get(STORE_URL)?, broker_url: get(BROKER_URL)? })
    }

    /// An empty, migrated database, to be dropped by [`Database::remove`].
    pub async fn database(&self, purpose: &str) -> anyhow::Result<Database> {
        let database = self.create(purpose).await?;
        PostgresStore::migrate(&database.url).await?;
        Ok(database)
    }

    /// A database with the tables of pgbench's TPC-B-like transaction at this scale, to be dropped likewise.
    pub async fn tpcb_database(&self, scale: u32) -> anyhow::Result<Database> {
        let database = self.create("tpcb").await?;
        let mut command = Command::new("pgbench");
        command.args(["--initialize", "--quiet"]).arg(format!("--scale={scale}")).arg(&database.url);
        output_of(command).await?;
        Ok(database)
    }

    async fn create(&self, purpose: &str) -> anyhow::Result<Database> {
        let name = format!("herald_bench_{purpose}_{}", std::process::id());
        let (address, parameters) = match self.store_url.split_once('?') {
            Some((address, parameters)) => (address, format!("?{parameters}")),
            None => (self.store_url.as_str(), String::new()),
        };
        let (server, _) = address.rsplit_once('/').context("the store's URL names no database")?;
        psql(&self.store_url, &format!("create database {name}")).await?;
        Ok(Database { url: format!("{server}/{name}{parameters}"), name, maintenance: self.store_url.clone() })
    }

    /// Their names and versions.
    pub async fn describe(&self) -> anyhow::Result<String> {
        let version = psql(&self.store_url, "show server_version").await?;
        let version = version.split_whitespace().next().unwrap_or_default();
        Ok(format!("PostgreSQL {version}, RabbitMQ {}", crate::amqp::version(&self.broker_url).await?))
    }
}

pub struct Database {
    pub url: String,
    name: String,
    /// Of another database on the same server, to drop this one from.
    maintenance: String,
}

impl Database {
    pub async fn store(&self, max_connections: u32) -> anyhow::Result<PostgresStore> {
        let config = PostgresConfig {
            max_connections,
            application_name: "herald-bench".to_owned(),
            ..PostgresConfig::default()
        };
        Ok(PostgresStore::open(&self.url, config).await?)
    }

    pub async fn sql(&self, statement: &str) -> anyhow::Result<String> {
        psql(&self.url, statement).await
    }

    /// Forgets all submissions and the peer's rows, so that every round begins alike, and writes dirty pages out now rather than
    /// in the middle of it.
    pub async fn clear(&self) -> anyhow::Result<()> {
        self.sql("truncate submissions, sources, outputs, events, outbox").await?;
        self.sql("drop table if exists peer_rows").await?;
        self.sql("create table peer_rows (id bigint generated always as identity primary key, body text not null)")
            .await?;
        self.sql("checkpoint").await?;
        Ok(())
    }

    /// Forgets all transfers and what came of them; accounts keep their balances. Otherwise as [`Database::clear`].
    pub async fn clear_transfers(&self) -> anyhow::Result<()> {
        self.sql("truncate transfers, entries, effects, receipts, dead_letters, events, transfer_outbox").await?;
        self.sql("checkpoint").await?;
        Ok(())
    }

    /// Bytes of what one submission's own row and its source row take.
    pub async fn row_bytes(&self) -> anyhow::Result<usize> {
        let bytes = self.sql("select round(avg(pg_column_size(s.*) + pg_column_size(o.*))) from submissions s join sources o on o.submission_id = s.id").await?;
        bytes.trim().parse().with_context(|| format!("not a size: {bytes:?}"))
    }

    /// Transactions per second of one INSERT of one row of so many bytes each, by 16 clients with prepared statements.
    pub async fn pgbench(&self, row_bytes: usize, seconds: u64) -> anyhow::Result<f64> {
        let folder = tempfile::tempdir()?;
        let script = folder.path().join("insert.sql");
        // Row header 24, id 8, length of the text 4.
        let body = "x".repeat(row_bytes.saturating_sub(36));
        std::fs::write(&script, format!("insert into peer_rows (body) values ('{body}');\n"))?;
        let mut command = pgbench(CLIENTS, seconds);
        command.arg("--no-vacuum").arg("--file").arg(&script).arg(&self.url);
        rate_of(command).await
    }

    /// TPC-B-like transactions per second, by so many clients with prepared statements. pgbench itself empties its history
    /// and vacuums its small tables first.
    pub async fn tpcb(&self, clients: usize, seconds: u64) -> anyhow::Result<f64> {
        let mut command = pgbench(clients, seconds);
        command.arg("--builtin=tpcb-like").arg(&self.url);
        rate_of(command).await
    }

    pub async fn remove(self) -> anyhow::Result<()> {
        psql(&self.maintenance, &format!("drop database {} with (force)", self.name)).await.map(drop)
    }
}

fn pgbench(clients: usize, seconds: u64) -> Command {
    let mut command = Command::new("pgbench");
    command.args(["--protocol=prepared", "--jobs=2"]);
    command.arg(format!("--client={clients}")).arg(format!("--time={seconds}"));
    command
}

async fn rate_of(pgbench: Command) -> anyhow::Result<f64> {
    let output = output_of(pgbench).await?;
    let rate = output.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.with_context(|| format!("pgbench said no rate:\n{output}"))
}

async fn psql(url: &str, statement: &str) -> anyhow::Result<String> {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]);
    output_of(command).await
}

async fn output_of(mut command: Command) -> anyhow::Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.with_context(|| format!("{program} cannot be run: apt-get install postgresql"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
