//! Logs to standard error: human or JSON, filtered by `HERALD_LOG`.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::ConfigError;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LogOptions {
    /// What to log: error, warn, info, debug, trace, or directives such as `info,herald_push=debug` (lapin tells of each
    /// broken connection as an error, where the broker adapter says it once)
    #[arg(long = "log", env = "HERALD_LOG", default_value = "info,lapin=off", value_name = "FILTER")]
    pub filter: String,
    /// How to log
    #[arg(long = "log-format", env = "HERALD_LOG_FORMAT", default_value = "human", value_name = "FORMAT")]
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Human,
    /// A JSON object a line, with the spans it happened in
    Json,
}

/// Starts logging; to be called once.
pub fn init(options: &LogOptions) -> Result<(), ConfigError> {
    let filter = EnvFilter::builder().parse(&options.filter).map_err(|error| {
        ConfigError::new("HERALD_LOG", &options.filter, format!("not a log filter ({error}); for example: info"))
    })?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match options.format {
        LogFormat::Human => logs.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => logs.json().flatten_event(true).with_current_span(false).with_span_list(true).init(),
    }
    Ok(())
}
