//! What the worker needs of the sandbox, as a trait, so that verdicts can be tested over scripted reports.

use async_trait::async_trait;
use herald_sandbox::{BoxFile, Report, Run, Sandbox, SandboxError, Streams, WorkBox};

mod neighbours;

pub(crate) use neighbours::Neighbours;

#[async_trait]
pub(crate) trait Runner: Send + Sync + 'static {
    /// A fresh, empty work folder, removed when dropped.
    async fn open(&self) -> Result<Box<dyn WorkFolder>, SandboxError>;

    /// Of everything that is run by this.
    fn neighbours(&self) -> &Neighbours;
}

/// The real one.
pub(crate) struct SandboxRunner {
    sandbox: Sandbox,
    neighbours: Neighbours,
}

impl SandboxRunner {
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        Self { sandbox, neighbours: Neighbours::default() }
    }
}

#[async_trait]
pub(crate) trait WorkFolder: Send + Sync {
    async fn write_files(&self, files: &[BoxFile]) -> Result<(), SandboxError>;

    /// `None`: not there, not plain, or larger than this.
    async fn read_file(&self, path: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, SandboxError>;

    /// Every file. `None`: not all plain, or more than this.
    async fn files(&self, max_bytes: u64) -> Result<Option<Vec<BoxFile>>, SandboxError>;

    /// Runs to the end or a limit; dropping the future kills the run.
    async fn run_with(&self, run: Run, streams: Streams) -> Result<Report, SandboxError>;

    async fn run(&self, run: Run) -> Result<Report, SandboxError> {
        self.run_with(run, Streams::default()).await
    }
}

#[async_trait]
impl Runner for SandboxRunner {
    async fn open(&self) -> Result<Box<dyn WorkFolder>, SandboxError> {
        Ok(Box::new(self.sandbox.open_box().await?))
    }

    fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }
}

#[async_trait]
impl WorkFolder for WorkBox {
    async fn write_files(&self, files: &[BoxFile]) -> Result<(), SandboxError> {
        Self::write_files(self, files).await
    }

    async fn read_file(&self, path: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, SandboxError> {
        Self::read_file(self, path, max_bytes).await
    }

    async fn files(&self, max_bytes: u64) -> Result<Option<Vec<BoxFile>>, SandboxError> {
        Self::files(self, max_bytes).await
    }

    async fn run_with(&self, run: Run, streams: Streams) -> Result<Report, SandboxError> {
        Self::run_with(self, run, streams).await
    }
}

#[cfg(test)]
pub(crate) mod fake;
