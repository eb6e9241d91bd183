//! One output of a run: read from its pipe up to a cap into a memory file, so that no output is ever held in the
//! launcher's own memory.

use std::fs::File;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::MemfdFlags;

const CHUNK: usize = 64 * 1024;

pub struct Output {
    /// `None` once all its writers are gone, once there is too much, or if the program writes elsewhere.
    pipe: Option<OwnedFd>,
    /// Made at the first byte, since most runs write to one output only; or the worker's, which reads along.
    kept: Option<File>,
    taken: u64,
    cap: u64,
    over: bool,
}

impl Output {
    pub fn new(pipe: Option<OwnedFd>, kept: Option<File>, cap: u64) -> Self {
        Self { pipe, kept, taken: 0, cap, over: false }
    }

    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, without waiting.
    pub fn drain(&mut self) -> io::Result<()> {
        // Not cleared: mostly nothing is there, and the launcher looks at every turn.
        let mut chunk = [MaybeUninit::uninit(); CHUNK];
        while let Some(pipe) = &self.pipe {
            let got = match rustix::io::read(pipe, &mut chunk) {
                Ok(([], _)) => {
                    self.pipe = None;
                    return Ok(());
                }
                Ok((got, _)) => got,
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            self.keep(got)?;
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = usize::try_from(self.cap - self.taken).unwrap_or(usize::MAX);
        let kept = &bytes[..bytes.len().min(room)];
        if kept.len() < bytes.len() {
            self.over = true;
            self.pipe = None;
        }
        if kept.is_empty() {
            return Ok(());
        }
        let file = match &mut self.kept {
            Some(file) => file,
            none => none.insert(File::from(rustix::fs::memfd_create("output", MemfdFlags::CLOEXEC)?)),
        };
        file.write_all(kept)?;
        self.taken += kept.len() as u64;
        Ok(())
    }

    /// Whether there was more than the cap allows.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How much was kept, and where, if it was anything.
    pub fn take_kept(&mut self) -> (u64, Option<File>) {
        (self.taken, self.kept.take().filter(|_| self.taken > 0))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    fn drained(written: &[u8], cap: u64) -> Output {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        rustix::io::write(&write, written).unwrap();
        let mut output = Output::new(Some(read), None, cap);
        output.drain().unwrap();
        output
    }

    #[test]
    fn output_up_to_the_cap_is_kept_whole() {
        let mut output = drained(b"hello", 5);
        assert!(!output.is_over());
        let (length, file) = output.take_kept();
        let mut read = vec![0; length as usize];
        file.unwrap().read_exact_at(&mut read, 0).unwrap();
        assert_eq!(read, b"hello");
    }

    #[test]
    fn one_byte_more_is_too_much_and_the_rest_is_kept() {
        let mut output = drained(b"hello!", 5);
        assert!(output.is_over());
        assert!(output.descriptor().is_none());
        assert_eq!(output.take_kept().0, 5);
    }

    #[test]
    fn no_output_makes_no_file() {
        let mut output = drained(b"", 0);
        assert!(!output.is_over());
        assert!(output.take_kept().1.is_none());
    }
}
