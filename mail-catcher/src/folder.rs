//! Mails as files.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::{Mail, Mailbox};

/// A folder with a file for each mail, in the order they came: `<uuid v7>.eml`. The newest [`Folder::MOST`] are kept.
pub struct Folder(PathBuf);

impl Folder {
    /// So that a stack that is left running does not fill the disk.
    pub const MOST: usize = 10_000;

    /// Makes the folder if need be.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    fn forget_the_oldest(&self) -> io::Result<()> {
        let mut names: Vec<_> = std::fs::read_dir(&self.0)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        names.sort_unstable();
        for old in names.iter().rev().skip(Self::MOST) {
            std::fs::remove_file(old)?;
        }
        Ok(())
    }
}

impl Mailbox for Folder {
    /// All of it or nothing, with the envelope in front as `Return-Path` (RFC 5321, 4.4) and `X-Recipient`.
    fn keep(&self, mail: Mail) -> io::Result<()> {
        let name = Uuid::now_v7();
        let (unfinished, path) = (self.0.join(format!("{name}.new")), self.0.join(format!("{name}.eml")));
        let mut text = format!("Return-Path: <{}>\r\n", mail.from);
        for to in &mail.to {
            text.push_str(&format!("X-Recipient: {to}\r\n"));
        }
        text.push_str(&mail.text);
        let mut file = File::create(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        std::fs::rename(&unfinished, &path)?;
        println!("{} for {}", path.display(), mail.to.join(", "));
        // Every hundredth mail or so; when it fails it is done again.
        if name.as_bytes()[15].is_multiple_of(128) {
            let _ = self.forget_the_oldest();
        }
        Ok(())
    }
}
