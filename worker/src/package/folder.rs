//! Reading a package's folder.

use std::fs;
use std::io::Read;
use std::path::Path;

use herald_domain::problem::{MAX_BLOB_BYTES, PackageFile, ProblemPackage};

use super::{PackageError, from_files};

/// No package has more bytes, all files together.
const MAX_PACKAGE_BYTES: usize = 256 * 1024 * 1024;
const MAX_DEPTH: usize = 16;

/// Reads the package in this folder, whose name becomes the slug. Names that start with `.` or `-` are passed over, as
/// the format says; symbolic links are refused.
pub fn read_dir(path: &Path) -> Result<ProblemPackage, PackageError> {
    let folder = path.canonicalize().map_err(|source| read_error(path, source))?;
    let slug = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let mut files = Vec::new();
    walk(&folder, "", 0, &mut files)?;
    from_files(&slug, files)
}

/// Reads every package directly below this folder, by slug.
pub fn read_all(path: &Path) -> Result<Vec<ProblemPackage>, PackageError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path).map_err(|source| read_error(path, source))? {
        let entry = entry.map_err(|source| read_error(path, source))?.path();
        if entry.join("problem.yaml").is_file() {
            folders.push(entry);
        }
    }
    folders.sort();
    folders.iter().map(|folder| read_dir(folder)).collect()
}

fn walk(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<PackageFile>) -> Result<(), PackageError> {
    if depth > MAX_DEPTH {
        return Err(PackageError::invalid(prefix, format!("folders are nested deeper than {MAX_DEPTH}")));
    }
    for entry in fs::read_dir(folder).map_err(|source| read_error(folder, source))? {
        let entry = entry.map_err(|source| read_error(folder, source))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(PackageError::invalid(prefix, format!("has a file whose name is not UTF-8: {name:?}")));
        };
        if name.starts_with(['.', '-']) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !name.chars().all(good) {
            return Err(PackageError::invalid(&path, "names have only letters, digits, '_', '.' and '-'; rename it"));
        }
        let kind = entry.file_type().map_err(|source| read_error(&entry.path(), source))?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), depth + 1, files)?;
        } else if kind.is_file() {
            files.push(PackageFile { content: content(&entry.path(), &path)?, path });
        } else {
            return Err(PackageError::invalid(&path, "is a symbolic link or a device; put a plain file in its place"));
        }
        if files.iter().map(|file| file.content.len()).sum::<usize>() > MAX_PACKAGE_BYTES {
            let what = format!("the package is larger than {} MiB; make it smaller", MAX_PACKAGE_BYTES >> 20);
            return Err(PackageError::invalid(&folder.display().to_string(), what));
        }
    }
    Ok(())
}

fn content(file: &Path, path: &str) -> Result<Vec<u8>, PackageError> {
    let mut content = Vec::new();
    let most = MAX_BLOB_BYTES as u64 + 1;
    let file_read = fs::File::open(file).and_then(|open| open.take(most).read_to_end(&mut content));
    file_read.map_err(|source| read_error(file, source))?;
    if content.len() > MAX_BLOB_BYTES {
        let what = format!("is larger than {} MiB; make it smaller", MAX_BLOB_BYTES >> 20);
        return Err(PackageError::invalid(path, what));
    }
    Ok(content)
}

fn read_error(path: &Path, source: std::io::Error) -> PackageError {
    PackageError::Read { path: path.display().to_string(), source }
}
