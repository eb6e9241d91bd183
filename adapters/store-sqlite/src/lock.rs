//! `herald.lock`: one process per database file.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::OpenError;

/// An exclusive lock on the file `herald.lock` in the database's folder; the kernel drops it with the process, however it ends.
/// The file itself stays: removing it would let two holders lock two files of one name.
pub(crate) struct FileLock {
    held: File,
}

impl FileLock {
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = lock_file(database);
        let io = |source| OpenError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(io)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { held: file }),
            Err(Errno::WOULDBLOCK) => Err(OpenError::Locked { database: database.to_owned(), lock: path }),
            Err(error) => Err(io(error.into())),
        }
    }
}

/// Unlocks in so many words: a program that is being started at this moment has a copy of the file until it runs, and closing
/// ours alone would leave the lock with it.
impl Drop for FileLock {
    fn drop(&mut self) {
        if let Err(error) = flock(&self.held, FlockOperation::Unlock) {
            tracing::debug!(%error, "the lock could not be given up; it goes with the file");
        }
    }
}

fn lock_file(database: &Path) -> PathBuf {
    database.with_file_name("herald.lock")
}
