//! Writes source files into the box, from inside: as the slot's own user, with everything else out of reach. A link that
//! an earlier program left there can therefore lead nowhere that the program could not have gone itself.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, copy};
use std::os::unix::fs::OpenOptionsExt;

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
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(name).map_err(complain)?;
        let written = copy(&mut contents.by_ref().take(*length), &mut file).map_err(complain)?;
        if written != *length {
            return Err(format!("could not write {name}: its contents were cut"));
        }
    }
    Ok(())
}
