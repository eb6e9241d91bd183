//! Writes source files into the box, from inside: as the slot's own user, with everything else out of reach. A link that
//! an earlier program left there can therefore lead nowhere that the program could not have gone itself.

use std::fs::File;
use std::io::{ErrorKind, Read, copy};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

use crate::sys;

/// Each file gets its share of what is on standard input; a file of that name is replaced.
pub fn write(files: &[(String, u64)]) -> Result<(), String> {
    let contents = sys::inherited(0).try_clone_to_owned().map_err(|e| format!("could not read the files: {e}"))?;
    let mut contents = File::from(contents);
    for (name, length) in files {
        let complain = |e: std::io::Error| format!("could not write {name}: {e}");
        match std::fs::remove_file(name) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(complain(e)),
            _ => {}
        }
        let mut file = create(name).map_err(complain)?;
        let written = copy(&mut contents.by_ref().take(*length), &mut file).map_err(complain)?;
        if written != *length {
            return Err(format!("could not write {name}: its contents were cut"));
        }
    }
    Ok(())
}

/// A new plain file in the box itself: not through a link of any kind, not in another folder or mount (openat2(2)).
fn create(name: &str) -> std::io::Result<File> {
    let how = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let within =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    Ok(openat2(CWD, name, how, Mode::from_raw_mode(0o644), within)?.into())
}
