//! Files of a box as one stream of bytes: for each a line of JSON (`Entry`), then its contents. Written inside of the box by
//! our own code, read by the worker, which believes no length in it.

use std::io::{self, Write};

use crate::BoxFile;
use crate::wire::{Entry, MAX_MESSAGE};

/// Room that the lines of a listing may take beside the contents: the same files are to fit into one message to the launcher.
pub const LINES_BYTES: u64 = (MAX_MESSAGE - 4 * 1024) as u64;
/// How deep folders may be nested, on the way in and on the way out.
pub const MAX_FOLDERS: usize = 16;

pub fn write_line(into: &mut impl Write, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *into, entry)?;
    into.write_all(b"\n")
}

/// The files of a listing; an error if it is not one.
pub fn parse(mut listing: &[u8]) -> io::Result<Vec<BoxFile>> {
    let cut = || io::Error::new(io::ErrorKind::InvalidData, "a listing was cut");
    let mut files = Vec::new();
    while !listing.is_empty() {
        let end = listing.iter().position(|&byte| byte == b'\n').ok_or_else(cut)?;
        let Entry { path, executable, length } = serde_json::from_slice(&listing[..end])?;
        listing = &listing[end + 1..];
        let length = usize::try_from(length).map_err(|_| cut())?;
        let (content, rest) = listing.split_at_checked(length).ok_or_else(cut)?;
        files.push(BoxFile { path, executable, content: content.to_vec() });
        listing = rest;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut listing = Vec::new();
        for (path, executable, content) in [("a\n\"b", false, "x\n{}"), ("sub/empty", true, "")] {
            let length = content.len() as u64;
            write_line(&mut listing, &Entry { path: path.into(), executable, length }).unwrap();
            listing.extend_from_slice(content.as_bytes());
        }
        let files = parse(&listing).unwrap();
        let expected = [BoxFile::new("a\n\"b", "x\n{}"), BoxFile { executable: true, ..BoxFile::new("sub/empty", "") }];
        assert_eq!(files, expected);
    }

    #[test]
    fn a_cut_listing_is_an_error() {
        let mut listing = Vec::new();
        write_line(&mut listing, &Entry { path: "a".into(), executable: false, length: u64::MAX }).unwrap();
        assert!(parse(&listing).is_err());
        assert!(parse(b"{\"path\"").is_err());
    }
}
