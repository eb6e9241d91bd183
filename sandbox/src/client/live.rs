//! Output while it is written: the launcher appends to memory files that the worker has made, and the worker looks into them
//! now and then. The run knows nothing of it and waits for nobody.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::files::memory;
use crate::{Chunk, SandboxError, Stream};

const LOOK_EVERY: Duration = Duration::from_millis(50);
const CHUNK_BYTES: u64 = 4 * 1024;
/// Of each stream.
const FIRST_BYTES: u64 = 64 * 1024;

pub struct Live {
    outputs: [(Stream, File, u64); 2],
    receiver: Sender<Chunk>,
}

impl Live {
    pub fn new(receiver: Sender<Chunk>) -> Result<Self, SandboxError> {
        let file = || memory().map(File::from);
        Ok(Self { outputs: [(Stream::Stdout, file()?, 0), (Stream::Stderr, file()?, 0)], receiver })
    }

    /// Standard output's, then standard error's.
    pub fn files(&self) -> [BorrowedFd<'_>; 2] {
        [self.outputs[0].1.as_fd(), self.outputs[1].1.as_fd()]
    }

    /// Sends what comes until `done` is; then the rest.
    pub async fn send_until<T>(mut self, done: impl Future<Output = T>) -> T {
        let mut done = std::pin::pin!(done);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                value = &mut done => {
                    self.send_new();
                    return value;
                }
                _ = looks.tick() => self.send_new(),
            }
        }
    }

    /// What finds no room stays for the next time.
    fn send_new(&mut self) {
        for (stream, file, at) in &mut self.outputs {
            let there = file.metadata().map_or(0, |metadata| metadata.len()).min(FIRST_BYTES);
            while *at < there {
                let mut bytes = vec![0; (there - *at).min(CHUNK_BYTES) as usize];
                if file.read_exact_at(&mut bytes, *at).is_err() {
                    break;
                }
                let length = bytes.len() as u64;
                match self.receiver.try_send(Chunk { stream: *stream, at: *at, bytes }) {
                    // Nobody listens any more: nothing is left to send.
                    Ok(()) | Err(TrySendError::Closed(_)) => *at += length,
                    Err(TrySendError::Full(_)) => break,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[tokio::test]
    async fn what_finds_no_room_is_sent_later_and_no_more_than_the_first_64_kib() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let mut live = Live::new(sender).unwrap();
        (&live.outputs[0].1).write_all(&vec![b'x'; 70 * 1024]).unwrap();
        let mut got = Vec::new();
        for _ in 0..40 {
            live.send_new();
            while let Ok(chunk) = receiver.try_recv() {
                assert_eq!((chunk.stream, chunk.at), (Stream::Stdout, got.len() as u64));
                assert!(chunk.bytes.len() <= 4096);
                got.extend(chunk.bytes);
            }
        }
        assert_eq!(got.len(), 64 * 1024);
    }
}
