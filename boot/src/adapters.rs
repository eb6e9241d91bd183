//! Opens the store and the broker that the settings name, by URL scheme.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use herald_broker_memory::{MemoryBroker, MemoryConfig};
use herald_broker_rabbitmq::{RabbitBroker, RabbitConfig};
use herald_domain::broker::Broker;
use herald_domain::clock::{Clock, SystemClock};
use herald_domain::money::Service;
use herald_domain::store::Store;
use herald_store_postgres::{PostgresConfig, PostgresStore};
use herald_store_sqlite::{OpenError, SqliteStore};

use crate::ConfigError;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Store and broker")]
pub struct AdapterOptions {
    /// Folder for the database, the address and the admin key of a running server
    #[arg(long = "data", env = "HERALD_DATA", default_value = "data", value_name = "FOLDER")]
    pub data: PathBuf,
    /// `sqlite:` (a file in the data folder), `sqlite:PATH`, or `postgres://user@host/database`
    #[arg(
        long = "store-url",
        env = "HERALD_STORE_URL",
        default_value = "sqlite:",
        value_name = "URL",
        hide_env_values = true
    )]
    pub store_url: String,
    /// File that holds the store's URL, for a secret mount; wins over the URL
    #[arg(long = "store-url-file", env = "HERALD_STORE_URL_FILE", value_name = "FILE")]
    pub store_url_file: Option<PathBuf>,
    /// Connections to PostgreSQL (default: 8 for api, 4 for the rest)
    #[arg(long = "store-connections", env = "HERALD_STORE_CONNECTIONS", value_name = "N")]
    pub store_connections: Option<u32>,
    /// `memory:` (only in one process, `herald up`), or `amqp://user:password@host/vhost`
    #[arg(
        long = "broker-url",
        env = "HERALD_BROKER_URL",
        default_value = "memory:",
        value_name = "URL",
        hide_env_values = true
    )]
    pub broker_url: String,
    /// File that holds the broker's URL, for a secret mount; wins over the URL
    #[arg(long = "broker-url-file", env = "HERALD_BROKER_URL_FILE", value_name = "FILE")]
    pub broker_url_file: Option<PathBuf>,
    /// First part of every exchange and queue name
    #[arg(long = "broker-prefix", env = "HERALD_BROKER_PREFIX", default_value = "herald", value_name = "NAME")]
    pub broker_prefix: String,
    /// Worker classes whose queues are declared, separated by commas
    #[arg(
        long = "classes",
        env = "HERALD_CLASSES",
        default_value = "any",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub classes: Vec<String>,
    /// Services that are told of transfers, separated by commas; the same in every process
    #[arg(
        long = "services",
        env = "HERALD_SERVICES",
        default_values_t = Service::ALL.iter().copied(),
        value_parser = service_parser(),
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub services: Vec<Service>,
}

/// Knows the names, so that a wrong one is answered with them.
fn service_parser() -> impl TypedValueParser<Value = Service> {
    PossibleValuesParser::new(Service::ALL.iter().map(|service| service.as_str()))
        .try_map(|name| name.parse::<Service>())
}

/// Whether this process is the only one on its store and broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alone {
    /// `herald up`: `sqlite:` and `memory:` will do.
    May,
    /// One of a fleet: both must be servers.
    Never,
}

/// The opened adapters.
#[derive(Clone)]
pub struct Adapters {
    pub store: Arc<dyn Store>,
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
    /// The store is embedded: no other process can be using it.
    pub embedded: bool,
}

enum StoreUrl {
    Sqlite(PathBuf),
    Postgres(String),
}

impl AdapterOptions {
    /// Checks both URLs and opens the adapters. An embedded store is migrated at once, a server must have been.
    pub async fn open(&self, alone: Alone, kind: &'static str) -> anyhow::Result<Adapters> {
        let store_url = self.parse_store_url(alone)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let broker = self.open_broker(alone, kind)?;
        let embedded = matches!(store_url, StoreUrl::Sqlite(_));
        if alone == Alone::May {
            self.migrate().await?;
        }
        let store = self.open_store(store_url, kind, clock.clone()).await?;
        Ok(Adapters { store, broker, clock, embedded })
    }

    /// Store and broker, each as far as it can be opened; nothing is made or changed.
    pub async fn look(&self, kind: &'static str) -> (anyhow::Result<Arc<dyn Store>>, anyhow::Result<Arc<dyn Broker>>) {
        let store = match self.parse_store_url(Alone::May) {
            Ok(url) => self.open_store(url, kind, Arc::new(SystemClock)).await,
            Err(error) => Err(error),
        };
        (store, self.open_broker(Alone::May, kind))
    }

    async fn open_store(&self, url: StoreUrl, kind: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<dyn Store>> {
        Ok(match url {
            StoreUrl::Sqlite(path) => Arc::new(SqliteStore::open(&path, clock).await?),
            StoreUrl::Postgres(url) => Arc::new(PostgresStore::open(&url, self.postgres(kind)).await?),
        })
    }

    /// Makes or updates the schema; says what was done.
    pub async fn migrate(&self) -> anyhow::Result<String> {
        match self.parse_store_url(Alone::May)? {
            StoreUrl::Sqlite(path) => {
                let path = private_path(&path)?;
                SqliteStore::migrate(&path, &SystemClock).await?;
                Ok(format!("{path} is up to date"))
            }
            StoreUrl::Postgres(url) => {
                PostgresStore::migrate(&url).await?;
                Ok("the PostgreSQL database is up to date".to_owned())
            }
        }
    }

    fn postgres(&self, kind: &str) -> PostgresConfig {
        let connections = self.store_connections.unwrap_or(if matches!(kind, "api" | "up") { 8 } else { 4 });
        PostgresConfig {
            max_connections: connections,
            application_name: format!("herald-{kind}"),
            ..PostgresConfig::default()
        }
    }

    fn parse_store_url(&self, alone: Alone) -> anyhow::Result<StoreUrl> {
        let url = read_secret(&self.store_url, self.store_url_file.as_ref(), "HERALD_STORE_URL_FILE")?;
        let parsed = match url.split_once(':') {
            Some(("sqlite", "")) => StoreUrl::Sqlite(self.data.join("herald.db")),
            Some(("sqlite", path)) => StoreUrl::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
            Some(("postgres" | "postgresql", _)) => StoreUrl::Postgres(url),
            other => {
                let scheme = other.map_or(url.as_str(), |(scheme, _)| scheme);
                Err(ConfigError::new(
                    "HERALD_STORE_URL",
                    format!("{scheme}:…"),
                    "the scheme must be sqlite: or postgres:",
                ))?
            }
        };
        if alone == Alone::Never && matches!(parsed, StoreUrl::Sqlite(_)) {
            let problem = "a fleet needs postgres:; sqlite: works only in one process (`herald up`)";
            Err(ConfigError::new("HERALD_STORE_URL", "sqlite:…", problem))?;
        }
        Ok(parsed)
    }

    fn open_broker(&self, alone: Alone, kind: &str) -> anyhow::Result<Arc<dyn Broker>> {
        let url = read_secret(&self.broker_url, self.broker_url_file.as_ref(), "HERALD_BROKER_URL_FILE")?;
        match url.split_once(':') {
            Some(("memory", "")) if alone == Alone::May => {
                let config = MemoryConfig { services: self.services.clone(), ..MemoryConfig::default() };
                Ok(Arc::new(MemoryBroker::new(config)))
            }
            Some(("memory", "")) => {
                let problem = "a fleet needs amqp:; memory: works only in one process (`herald up`)";
                Err(ConfigError::new("HERALD_BROKER_URL", "memory:", problem))?
            }
            Some(("amqp" | "amqps", _)) => {
                let config = RabbitConfig {
                    prefix: self.broker_prefix.clone(),
                    classes: self.classes.clone(),
                    services: self.services.clone(),
                    connection_name: format!("herald-{kind}"),
                    ..RabbitConfig::default()
                };
                let broker = RabbitBroker::connect(&url, config)
                    .map_err(|error| ConfigError::new("HERALD_BROKER_URL", "amqp:…", error.to_string()))?;
                Ok(Arc::new(broker))
            }
            other => {
                let scheme = other.map_or(url.as_str(), |(scheme, _)| scheme);
                Err(ConfigError::new(
                    "HERALD_BROKER_URL",
                    format!("{scheme}:…"),
                    "the scheme must be memory: or amqp:",
                ))?
            }
        }
    }
}

/// Why an embedded store cannot be looked at, where that is as it should be: a running server has the file to itself, or no
/// server has run yet.
pub fn why_closed(error: &anyhow::Error) -> Option<String> {
    match error.downcast_ref()? {
        OpenError::Locked { database, .. } => Some(format!("{} is in use by a running server", database.display())),
        OpenError::Missing(database) => Some(format!("{} does not exist: `herald up` makes it", database.display())),
        _ => None,
    }
}

fn read_secret(value: &str, file: Option<&PathBuf>, setting: &'static str) -> Result<String, ConfigError> {
    let Some(file) = file else { return Ok(value.to_owned()) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError::new(setting, file.display().to_string(), format!("cannot be read ({error})")))?;
    Ok(text.trim().to_owned())
}

/// The database's path, in a folder that is its owner's alone.
fn private_path(path: &std::path::Path) -> anyhow::Result<String> {
    if let Some(folder) = path.parent() {
        make_private_folder(folder)?;
    }
    path.to_str().map(str::to_owned).context("the database's path is not UTF-8: choose another with HERALD_DATA")
}

/// The data folder holds keys: it is its owner's alone.
pub fn make_private_folder(folder: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| {
        format!("the data folder {} could not be made: choose another with HERALD_DATA", folder.display())
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser, Debug)]
    struct Program {
        #[command(flatten)]
        adapters: AdapterOptions,
    }

    fn services(arguments: &[&str]) -> Result<Vec<Service>, clap::Error> {
        let arguments = std::iter::once("herald").chain(arguments.iter().copied());
        Program::try_parse_from(arguments).map(|program| program.adapters.services)
    }

    #[test]
    fn all_services_are_told_unless_some_are_named() {
        assert_eq!(services(&[]).unwrap(), Service::ALL);
        assert_eq!(services(&["--services", "webhook,fraud"]).unwrap(), [Service::Webhook, Service::Fraud]);
    }

    #[test]
    fn an_unknown_service_is_answered_with_the_setting_and_the_names() {
        for bad in ["fraud,raffle", "Fraud", "fraud,", ""] {
            let error = services(&["--services", bad]).unwrap_err().to_string();
            assert!(error.contains("--services"), "{error}");
            assert!(Service::ALL.iter().all(|service| error.contains(service.as_str())), "{error}");
        }
    }
}
