//! A run whose output is shown while it runs.
//!
//! The run never waits for those who watch: what they cannot be shown in time is left out, and the verdict brings all of it.

use herald_domain::submission::OutputStream;
use herald_pipeline::work::Steps;
use herald_sandbox::{Chunk, Report, Run, SandboxError, Stream, Streams};
use tokio::sync::mpsc;

use crate::runner::WorkFolder;

/// Chunks that may wait for the pipeline, which only copies them.
const WAITING: usize = 32;

pub(super) async fn run(folder: &dyn WorkFolder, run: Run, steps: &Steps) -> Result<Report, SandboxError> {
    let (live, mut chunks) = mpsc::channel::<Chunk>(WAITING);
    let show = async {
        while let Some(chunk) = chunks.recv().await {
            let stream = match chunk.stream {
                Stream::Stdout => OutputStream::Stdout,
                Stream::Stderr => OutputStream::Stderr,
            };
            steps.output(stream, chunk.at, &chunk.bytes);
        }
        std::future::pending().await
    };
    tokio::select! {
        report = folder.run_with(run, Streams { live: Some(live), ..Streams::default() }) => report,
        never = show => never,
    }
}
