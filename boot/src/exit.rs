//! Exit codes (sysexits.h): 0 done, 1 failed or not drained in time, 64 wrong settings.

use std::process::ExitCode;

/// A setting that cannot be used: which, its value, and what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub fn new(setting: &'static str, value: impl Into<String>, problem: impl Into<String>) -> Self {
        Self(format!("{setting}={}: {}", value.into(), problem.into()))
    }

    /// Where the error already names the setting.
    pub fn of(error: &impl std::error::Error) -> Self {
        Self(error.to_string())
    }
}

/// `EX_USAGE`.
pub const USAGE: u8 = 64;

/// Prints why a command failed, with every cause, and picks the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    if error.chain().any(|cause| cause.is::<ConfigError>()) { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}
