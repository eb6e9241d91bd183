//! Files on their way into a box and out of it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags};

use crate::wire::Entry;
use crate::{BoxFile, SandboxError};

/// How many names a path within a box may have: as many as one that is read out of it, so that what was read can be written.
const MAX_DEPTH: usize = crate::listing::MAX_FOLDERS + 1;

/// What the launcher is told of these files.
pub fn entries(files: &[BoxFile]) -> Result<Vec<Entry>, SandboxError> {
    let entry = |file: &BoxFile| {
        let BoxFile { path, executable, content } = file;
        let is_folder = path.ends_with('/');
        if !is_plain(path.strip_suffix('/').unwrap_or(path)) || (is_folder && !content.is_empty()) {
            return Err(SandboxError::Setup(format!("{path:?} is not a plain file name")));
        }
        Ok(Entry { path: path.clone(), executable: *executable, length: content.len() as u64 })
    };
    files.iter().map(entry).collect()
}

/// Whether it is a path that leads to nowhere but below the box.
pub fn is_plain(path: &str) -> bool {
    let plain =
        |name: &str| !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && !name.contains('\0');
    path.split('/').count() <= MAX_DEPTH && path.split('/').all(plain)
}

/// A memory file that nobody can change any more.
pub fn sealed<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Result<OwnedFd, SandboxError> {
    let complain = |e: std::io::Error| SandboxError::Setup(format!("could not make a memory file: {e}"));
    let memory = rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
    let file = File::from(memory.map_err(|e| complain(e.into()))?);
    let mut at = 0;
    for part in parts {
        file.write_all_at(part, at).map_err(complain)?;
        at += part.len() as u64;
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals).map_err(|e| complain(e.into()))?;
    Ok(file.into())
}

/// An empty memory file, to be filled by somebody else.
pub fn memory() -> Result<OwnedFd, SandboxError> {
    rustix::fs::memfd_create("memory", MemfdFlags::CLOEXEC)
        .map_err(|e| SandboxError::Setup(format!("could not make a memory file: {e}")))
}

/// The first `length` bytes of the next file; nothing needs no file.
pub fn contents(files: &mut impl Iterator<Item = OwnedFd>, length: u64) -> Result<Vec<u8>, SandboxError> {
    let mut bytes = vec![0; length as usize];
    if length > 0 {
        let file = files.next().ok_or_else(|| SandboxError::Gone("an output did not arrive".into()))?;
        File::from(file)
            .read_exact_at(&mut bytes, 0)
            .map_err(|e| SandboxError::Gone(format!("an output could not be read: {e}")))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_stay_below_are_written() {
        let deep = |names| vec!["a"; names].join("/");
        for good in ["main.c", "Main.java", "a b", "...", "a/b", "a/b/c/d", &deep(MAX_DEPTH)] {
            assert!(is_plain(good), "{good:?}");
        }
        for bad in ["", ".", "..", "../x", "/etc/passwd", "a/../b", "a//b", "a/", "a/./b", "a\0b", &deep(MAX_DEPTH + 1)]
        {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_folder_has_no_contents() {
        assert!(entries(&[BoxFile::new("a/b/", "")]).is_ok());
        for bad in [BoxFile::new("a/", "x"), BoxFile::new("/", ""), BoxFile::new("a//", "")] {
            assert!(entries(std::slice::from_ref(&bad)).is_err(), "{bad:?}");
        }
    }
}
