//! Reads files of the box, from inside: as the slot's own user, with everything else out of reach, while nothing else runs in
//! it. What a program has left there, links, pipes or a file without end, can therefore neither lead nor hold it anywhere.

use std::fs::File;
use std::io::{self, Read, Write, copy};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, fstat, openat2};

use crate::listing::{LINES_BYTES, MAX_FOLDERS, write_line};
use crate::wire::Entry;

const MAX_FILES: usize = 4096;

const WITHIN: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// Lists one file of the folder, or all, on `into`. `false`: it is not there, not plain, or too much; then what was written means nothing.
pub fn read(folder: BorrowedFd<'_>, path: Option<&str>, max_bytes: u64, into: &mut impl Write) -> io::Result<bool> {
    let mut reader = Reader { into, bytes_left: max_bytes, lines_left: LINES_BYTES, files_left: MAX_FILES };
    match path {
        Some(path) => reader.file(folder, path, path),
        None => reader.folder(&open(folder, ".", OFlags::DIRECTORY)?, "", MAX_FOLDERS),
    }
}

struct Reader<'a, W> {
    into: &'a mut W,
    bytes_left: u64,
    lines_left: u64,
    files_left: usize,
}

impl<W: Write> Reader<'_, W> {
    fn folder(&mut self, folder: &OwnedFd, path: &str, depth: usize) -> io::Result<bool> {
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { return Ok(false) };
            if name == "." || name == ".." {
                continue;
            }
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let whole = match entry.file_type() {
                FileType::RegularFile => self.file(folder.as_fd(), name, &path)?,
                FileType::Directory if depth > 0 => {
                    self.folder(&open(folder.as_fd(), name, OFlags::DIRECTORY)?, &path, depth - 1)?
                }
                _ => false,
            };
            if !whole {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Only a regular file of one name, with no rights of its own, and no more than there is room for.
    fn file(&mut self, folder: BorrowedFd<'_>, name: &str, path: &str) -> io::Result<bool> {
        let Ok(fd) = open(folder, name, OFlags::NONBLOCK) else { return Ok(false) };
        let stat = fstat(&fd)?;
        let length = stat.st_size as u64;
        let is_plain = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && stat.st_nlink == 1
            && stat.st_mode & (libc::S_ISUID | libc::S_ISGID) == 0;
        let line = path.len() as u64 * 6 + 100;
        if !is_plain || length > self.bytes_left || line > self.lines_left || self.files_left == 0 {
            return Ok(false);
        }
        self.bytes_left -= length;
        self.lines_left -= line;
        self.files_left -= 1;
        let executable = stat.st_mode & libc::S_IXUSR != 0;
        write_line(self.into, &Entry { path: path.to_owned(), executable, length })?;
        Ok(copy(&mut File::from(fd).take(length), self.into)? == length)
    }
}

/// Opens for reading: not through a link of any kind, not in another mount, waiting for nobody (openat2(2)).
fn open(folder: BorrowedFd<'_>, name: &str, how: OFlags) -> io::Result<OwnedFd> {
    let how = how | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat2(folder, name, how, Mode::empty(), WITHIN)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filter lets no program make one; this does not rely on it.
    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        let fd = File::open(folder.path()).unwrap();
        for path in [Some("pipe"), None] {
            assert!(!read(fd.as_fd(), path, 100, &mut Vec::new()).unwrap());
        }
    }

    #[test]
    fn the_lines_of_a_listing_are_within_their_room() {
        // The worst that JSON makes of a name, and the rest of a line.
        let entry = Entry { path: "\u{1}".repeat(100), executable: false, length: u64::MAX };
        let mut line = Vec::new();
        write_line(&mut line, &entry).unwrap();
        assert!(line.len() <= 100 * 6 + 100, "{}", line.len());
    }
}
