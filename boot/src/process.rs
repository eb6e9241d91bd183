//! From parsed options to an exit code: what every serving `main` does.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{Lifecycle, LogOptions, exit, telemetry};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Serving")]
pub struct ServeOptions {
    /// Address to listen on
    #[arg(long, env = "HERALD_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: String,
    /// Seconds that open requests and running submissions get to finish after SIGTERM
    #[arg(long = "grace", env = "HERALD_GRACE", default_value_t = 20, value_name = "SECONDS")]
    pub grace_secs: u64,
}

impl ServeOptions {
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_secs)
    }
}

/// Runs a server to its end: 0 drained, 1 failed or something was left, 64 wrong settings.
pub fn run<B, F>(log: &LogOptions, body: B) -> ExitCode
where
    B: FnOnce(Lifecycle) -> F,
    F: Future<Output = anyhow::Result<bool>>,
{
    if let Err(error) = telemetry::init(log) {
        return exit::report(&error.into());
    }
    allow_open_files();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&error.into()),
    };
    let outcome = runtime.block_on(async {
        let lifecycle = Lifecycle::on_signals()?;
        let served = body(lifecycle.clone()).await;
        // Also after an error: what has been started is to end in order.
        lifecycle.shutdown.cancel();
        let finished = lifecycle.finish().await;
        served.map(|drained| drained && finished)
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => exit::report(&error),
    }
}

/// Takes as many open files as may be had: each watcher is one, and what a shell or a container gives at first (often 1,024)
/// is only a default for programs that cannot count further.
fn allow_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(files = limit.current, "could not raise the number of open files: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_takes_all_the_open_files_that_it_may() {
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(512), ..limit }).unwrap();
        allow_open_files();
        assert_eq!(getrlimit(Resource::Nofile).current, limit.maximum);
    }
}
