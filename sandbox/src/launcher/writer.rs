//! Writes source files into the box, from inside: as the slot's own user, with everything else out of reach. A link that
//! an earlier program left there can therefore lead nowhere that the program could not have gone itself.

use std::fs::File;
use std::io::{Read, copy};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, mkdirat, openat2, unlinkat};
use rustix::io::Errno;

use crate::wire::Entry;

/// Each file gets its share of the contents; a file of that name is replaced.
pub fn write(files: &[Entry], mut contents: File) -> Result<(), String> {
    for entry in files {
        let complain = |e: std::io::Error| format!("could not write {}: {e}", entry.path);
        let (folders, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
        let folder = enter(folders).map_err(complain)?;
        if name.is_empty() {
            continue;
        }
        let folder = folder.as_ref().map_or(CWD, AsFd::as_fd);
        let mut file = create(folder, name, entry.executable).map_err(complain)?;
        let written = copy(&mut contents.by_ref().take(entry.length), &mut file).map_err(complain)?;
        if written != entry.length {
            return Err(format!("could not write {}: its contents were cut", entry.path));
        }
    }
    Ok(())
}

/// The folder of this path, made as far as it is not there. `None`: the box itself.
fn enter(path: &str) -> std::io::Result<Option<OwnedFd>> {
    let mut folder: Option<OwnedFd> = None;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let at = folder.as_ref().map_or(CWD, AsFd::as_fd);
        match mkdirat(at, name, Mode::from_raw_mode(0o755)) {
            Err(e) if e != Errno::EXIST => return Err(e.into()),
            _ => {}
        }
        folder = Some(open(at, name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?);
    }
    Ok(folder)
}

fn create(folder: BorrowedFd<'_>, name: &str, executable: bool) -> std::io::Result<File> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Err(e) if e != Errno::NOENT => return Err(e.into()),
        _ => {}
    }
    let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
    Ok(open(folder, name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode)?.into())
}

/// Not through a link of any kind, not in another mount (openat2(2)).
fn open(folder: BorrowedFd<'_>, name: &str, how: OFlags, mode: Mode) -> std::io::Result<OwnedFd> {
    let within =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    Ok(openat2(folder, name, how | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode, within)?)
}
