//! What the worker needs of the sandbox, as a trait, so that verdicts can be tested over scripted reports.

use async_trait::async_trait;
use herald_sandbox::{Report, Run, Sandbox, SandboxError, WorkBox};

#[async_trait]
pub(crate) trait Runner: Send + Sync + 'static {
    /// A fresh, empty work folder, removed when dropped.
    async fn open(&self) -> Result<Box<dyn WorkFolder>, SandboxError>;
}

#[async_trait]
pub(crate) trait WorkFolder: Send + Sync {
    async fn write_files(&self, files: &[(String, Vec<u8>)]) -> Result<(), SandboxError>;

    /// Runs to the end or a limit; dropping the future kills the run.
    async fn run(&self, run: Run) -> Result<Report, SandboxError>;
}

#[async_trait]
impl Runner for Sandbox {
    async fn open(&self) -> Result<Box<dyn WorkFolder>, SandboxError> {
        Ok(Box::new(self.open_box().await?))
    }
}

#[async_trait]
impl WorkFolder for WorkBox {
    async fn write_files(&self, files: &[(String, Vec<u8>)]) -> Result<(), SandboxError> {
        Self::write_files(self, files).await
    }

    async fn run(&self, run: Run) -> Result<Report, SandboxError> {
        Self::run(self, run).await
    }
}

#[cfg(test)]
pub(crate) mod fake;
