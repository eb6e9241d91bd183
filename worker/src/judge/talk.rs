//! An interactive run: submission and validator, each in its own box, joined by two pipes.
//!
//! Invariant: which of the two ended first is known, not guessed. The judge holds both ends of both pipes as well, and lets
//! go of those of a program only when its report is there; so neither can see the other's end (as end of file or as a
//! broken pipe), and react to it, before the judge has seen it.

use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::time::Duration;

use herald_sandbox::{Report, Run, SandboxError, Streams};

use crate::runner::WorkFolder;

/// How long a validator may go on after a submission that has failed by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a conversation ended.
pub(super) struct Talk {
    pub submission: Report,
    /// None: the submission had failed, and the validator did not end soon after.
    pub validator: Option<Report>,
    pub validator_first: bool,
}

/// A program's side: what it gets, and what the judge holds until it is over.
struct Side {
    streams: Streams,
    held: (PipeReader, PipeWriter),
}

/// Runs both to their ends or limits. `failed` says of the submission's report whether it settles the verdict.
pub(super) async fn talk(
    (submission_folder, submission): (&dyn WorkFolder, Run),
    (validator_folder, validator): (&dyn WorkFolder, Run),
    failed: impl Fn(&Report) -> bool,
) -> Result<Talk, SandboxError> {
    let (mine, theirs) = sides().map_err(|e| SandboxError::Setup(format!("could not make a pipe: {e}")))?;
    let mut submission = pin!(submission_folder.run_with(submission, mine.streams));
    let mut validator = pin!(validator_folder.run_with(validator, theirs.streams));
    let (mine, theirs) = (mine.held, theirs.held);
    tokio::select! {
        report = &mut submission => {
            let submission = report?;
            drop(mine);
            let validator = match failed(&submission) {
                true => tokio::time::timeout(PATIENCE, validator).await.ok().transpose()?,
                false => Some(validator.await?),
            };
            Ok(Talk { submission, validator, validator_first: false })
        }
        report = &mut validator => {
            let validator = Some(report?);
            drop(theirs);
            Ok(Talk { submission: submission.await?, validator, validator_first: true })
        }
    }
}

/// The submission's side and the validator's.
fn sides() -> std::io::Result<(Side, Side)> {
    let (to_validator, from_submission) = std::io::pipe()?;
    let (to_submission, from_validator) = std::io::pipe()?;
    let submission = side(&to_submission, &from_submission)?;
    let validator = side(&to_validator, &from_validator)?;
    Ok((submission, validator))
}

fn side(stdin: &PipeReader, stdout: &PipeWriter) -> std::io::Result<Side> {
    let streams = Streams {
        stdin: Some(OwnedFd::from(stdin.try_clone()?)),
        stdout: Some(OwnedFd::from(stdout.try_clone()?)),
        ..Streams::default()
    };
    Ok(Side { streams, held: (stdin.try_clone()?, stdout.try_clone()?) })
}
