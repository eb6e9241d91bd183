//! Problem packages as zip archives, which come from outside: nothing in one is believed but the bytes that come out.
//!
//! Invariant: what is unpacked goes to memory, never to a path; no file is larger than a store takes, no archive has more bytes or
//! files than a package may have, whatever its headers say.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};

use herald_domain::problem::{MAX_BLOB_BYTES, PackageFile};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// No archive is larger.
pub const MAX_ARCHIVE_BYTES: usize = 64 * 1024 * 1024;
/// All files of one together, unpacked.
const MAX_PACKAGE_BYTES: usize = 256 * 1024 * 1024;
const MAX_ENTRIES: usize = 10_000;
const MAX_DEPTH: usize = 16;

/// What an archive holds.
#[derive(Debug)]
pub struct Unpacked {
    /// The folder that everything is in, where there is one.
    pub folder: Option<String>,
    pub files: Vec<PackageFile>,
}

/// Why an archive was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadArchive {
    #[error("this is not a zip archive that can be read: {0}")]
    Unreadable(#[from] ZipError),
    #[error("{file}: {what}")]
    File { file: String, what: String },
}

impl BadArchive {
    fn file(file: &str, what: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), what: what.into() }
    }
}

/// Unpacks a package. Names that start with `.` or `-` are passed over, as the format says, and what macOS adds.
pub fn read(bytes: &[u8]) -> Result<Unpacked, BadArchive> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > MAX_ENTRIES {
        return Err(BadArchive::file("", format!("the archive has more than {MAX_ENTRIES} entries")));
    }
    let (mut files, mut names, mut total) = (Vec::new(), BTreeSet::new(), 0);
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        let path = entry.name()?.into_owned();
        if entry.is_dir() || !counts(&path) {
            continue;
        }
        check_path(&path)?;
        if entry.is_symlink() {
            return Err(BadArchive::file(&path, "is a symbolic link; put a plain file in its place"));
        }
        if !names.insert(path.clone()) {
            return Err(BadArchive::file(&path, "is there twice"));
        }
        let content = content(entry, &path)?;
        total += content.len();
        if total > MAX_PACKAGE_BYTES {
            let what = format!("with it the package is larger than {} MiB unpacked", MAX_PACKAGE_BYTES >> 20);
            return Err(BadArchive::file(&path, what));
        }
        files.push(PackageFile { path, content });
    }
    Ok(without_folder(files))
}

/// Not what the header says, but what comes out, and no more of it than is taken.
fn content(entry: impl Read, path: &str) -> Result<Vec<u8>, BadArchive> {
    let mut content = Vec::new();
    let unpacked = entry.take(MAX_BLOB_BYTES as u64 + 1).read_to_end(&mut content);
    unpacked.map_err(|error| BadArchive::file(path, format!("cannot be unpacked: {error}")))?;
    if content.len() > MAX_BLOB_BYTES {
        let what = format!("is larger than {} MiB; make it smaller", MAX_BLOB_BYTES >> 20);
        return Err(BadArchive::file(path, what));
    }
    Ok(content)
}

fn counts(path: &str) -> bool {
    // `..` is not passed over: it is refused.
    let passed_over = |name: &str| name.starts_with(['.', '-']) && name != ".." && name != ".";
    !path.starts_with("__MACOSX/") && !path.split('/').any(passed_over)
}

fn check_path(path: &str) -> Result<(), BadArchive> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let names: Vec<_> = path.split('/').collect();
    if names.iter().any(|name| name.is_empty() || *name == "." || *name == "..") {
        return Err(BadArchive::file(path, "leads out of the package; names within it are relative, without '..'"));
    }
    if names.len() > MAX_DEPTH {
        return Err(BadArchive::file(path, format!("folders are nested deeper than {MAX_DEPTH}")));
    }
    if !names.iter().all(|name| name.chars().all(good)) {
        return Err(BadArchive::file(path, "names have only letters, digits, '_', '.' and '-'; rename it"));
    }
    Ok(())
}

/// Takes the one folder off that everything is in, if `problem.yaml` is not beside it.
fn without_folder(mut files: Vec<PackageFile>) -> Unpacked {
    let folder = files.first().and_then(|file| file.path.split_once('/')).map(|(folder, _)| format!("{folder}/"));
    let Some(folder) = folder.filter(|folder| files.iter().all(|file| file.path.starts_with(folder.as_str()))) else {
        return Unpacked { folder: None, files };
    };
    for file in &mut files {
        file.path.drain(..folder.len());
    }
    Unpacked { folder: Some(folder.trim_end_matches('/').to_owned()), files }
}

/// Packs files as [`read`] takes them.
pub fn write(files: &[PackageFile]) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        archive.start_file(file.path.as_str(), SimpleFileOptions::default())?;
        archive.write_all(&file.content)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let file = |(path, content): &(&str, &[u8])| PackageFile { path: (*path).into(), content: content.to_vec() };
        write(&files.iter().map(file).collect::<Vec<_>>()).unwrap()
    }

    fn refused(files: &[(&str, &[u8])]) -> String {
        read(&packed(files)).unwrap_err().to_string()
    }

    #[test]
    fn files_come_out_as_they_went_in_with_or_without_their_folder() {
        let flat =
            read(&packed(&[("problem.yaml", b"x"), ("data/secret/1.in", &[0, 255]), (".git/HEAD", b"")])).unwrap();
        let paths: Vec<_> = flat.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((flat.folder, paths), (None, vec!["problem.yaml", "data/secret/1.in"]));
        assert_eq!(flat.files[1].content, [0, 255]);
        let folder =
            read(&packed(&[("sum/problem.yaml", b"x"), ("__MACOSX/sum/._x", b""), ("sum/data/a", b"")])).unwrap();
        let paths: Vec<_> = folder.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((folder.folder.as_deref(), paths), (Some("sum"), vec!["problem.yaml", "data/a"]));
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for path in ["../x", "a/../../x", "/etc/passwd", "a//b", "./x"] {
            assert!(refused(&[(path, b"")]).contains("leads out"), "{path}");
        }
        assert!(refused(&[("a\\..\\b", b"")]).contains("names have only letters"));
        assert!(refused(&[(&["a"; 17].join("/"), b"")]).contains("deeper than 16"));
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let zeros = vec![0; MAX_BLOB_BYTES + 1];
        let bomb = packed(&[("data/secret/1.in", &zeros)]);
        assert!(bomb.len() < 100_000);
        assert_eq!(read(&bomb).unwrap_err().to_string(), "data/secret/1.in: is larger than 8 MiB; make it smaller");
        let names: Vec<_> = (0..40).map(|n| format!("data/{n}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), &zeros[1..])).collect();
        assert!(refused(&many).contains("larger than 256 MiB unpacked"));
    }

    #[test]
    fn a_link_and_what_is_no_archive_are_refused() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.add_symlink("data/secret/1.in", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let link = archive.finish().unwrap().into_inner();
        assert!(read(&link).unwrap_err().to_string().contains("symbolic link"));
        for bytes in [&b""[..], b"PK", b"hello", &packed(&[("a", b"x")])[..20]] {
            assert!(matches!(read(bytes), Err(BadArchive::Unreadable(_))), "{bytes:?}");
        }
    }
}
