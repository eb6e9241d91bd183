//! Problem packages of the ICPC/Kattis format, version 2025-09 (its drafts and the legacy version where they agree).
//!
//! A package is a folder of plain files; it becomes an immutable [`ProblemPackage`], named by the hash of its files, and
//! the same files become the [`Problem`] that a worker judges by. What Herald cannot judge by yet (interactive, scoring,
//! custom validators, included files) is refused when the package is read, never judged by halves. `limits.code`,
//! `limits.compilation_*` and `limits.validation_*` are read over: the server has its own.

mod cases;
mod config;
mod folder;
mod statement;

use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary, Sample, package_version};
use herald_domain::submission::LIMIT_RANGES;
use herald_domain::text::printable;

pub use folder::{read_all, read_dir};

use crate::checker::Checker;

/// No package has more test cases.
pub const MAX_CASES: usize = 1_000;
/// Of a sample's input and answer, this much is shown with the problem.
const MAX_SAMPLE_BYTES: usize = 16 * 1024;

/// Why a package was not taken. Each names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("{path} cannot be read")]
    Read { path: String, source: std::io::Error },
    #[error("{file}: {what}")]
    Invalid { file: String, what: String },
    #[error("{file}: {what} not supported yet")]
    Unsupported { file: String, what: String },
}

impl PackageError {
    pub(crate) fn invalid(file: &str, what: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), what: what.into() }
    }

    pub(crate) fn unsupported(file: &str, what: impl Into<String>) -> Self {
        Self::Unsupported { file: file.to_owned(), what: what.into() }
    }
}

/// A problem, ready to judge by.
#[derive(Clone, Debug)]
pub struct Problem {
    pub title: String,
    /// CommonMark.
    pub statement: String,
    pub limits: ProblemLimits,
    /// Samples first, then secret, each in natural order of their names.
    pub cases: Vec<TestCase>,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemLimits {
    pub cpu_ms: u64,
    pub memory_kb: u64,
    pub output_kb: u64,
}

#[derive(Clone, Debug)]
pub struct TestCase {
    /// Path below `data/`, without extension: `secret/03-negative`.
    pub name: String,
    /// `sample`, `secret`, or the path of a group below them.
    pub group: String,
    pub sample: bool,
    pub input: Vec<u8>,
    pub answer: Vec<u8>,
    pub checker: Checker,
}

impl Problem {
    /// Reads a package's files, in any order.
    pub fn from_files(files: &[PackageFile]) -> Result<Self, PackageError> {
        refuse_unsupported(files)?;
        let config = config::read(files)?;
        let (language, statement) = statement::read(files, &config)?;
        let cases = cases::read(files, &config)?;
        Ok(Self {
            title: config.title(&language)?,
            statement,
            limits: config.limits,
            samples: cases.iter().filter(|case| case.sample).map(|case| sample(files, case)).collect(),
            cases,
        })
    }

    fn summary(&self, slug: &str) -> ProblemSummary {
        ProblemSummary {
            slug: slug.to_owned(),
            title: self.title.clone(),
            statement: self.statement.clone(),
            time_limit_ms: self.limits.cpu_ms,
            memory_limit_kb: self.limits.memory_kb,
            test_cases: u32::try_from(self.cases.len()).unwrap_or(u32::MAX),
            samples: self.samples.clone(),
        }
    }
}

/// Makes a package of files that have been read already, and checks that it can be judged by.
pub fn from_files(slug: &str, mut files: Vec<PackageFile>) -> Result<ProblemPackage, PackageError> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.is_empty() || slug.len() > 64 || slug.starts_with('-') || !slug.chars().all(good) {
        let what = "the folder's name is the problem's slug: 1 to 64 characters out of a-z, 0-9 and '-'";
        return Err(PackageError::invalid(slug, what));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let summary = Problem::from_files(&files)?.summary(slug);
    Ok(ProblemPackage { slug: slug.to_owned(), version: package_version(&files), summary, files })
}

/// What a sample shows; a `.statement` file beside the case replaces what is judged by.
fn sample(files: &[PackageFile], case: &TestCase) -> Sample {
    let shown = |extension: &str, judged: &[u8]| {
        let path = format!("data/{}.{extension}.statement", case.name);
        let bytes = find(files, &path).map_or(judged, |file| &file.content);
        printable(bytes, MAX_SAMPLE_BYTES).0
    };
    Sample { input: shown("in", &case.input), answer: shown("ans", &case.answer) }
}

fn find<'a>(files: &'a [PackageFile], path: &str) -> Option<&'a PackageFile> {
    files.iter().find(|file| file.path == path)
}

/// A text file, UTF-8 without a byte-order mark.
fn text(file: &PackageFile) -> Result<&str, PackageError> {
    let text = std::str::from_utf8(&file.content).map_err(|_| PackageError::invalid(&file.path, "is not UTF-8"))?;
    match text.strip_prefix('\u{feff}') {
        None => Ok(text),
        Some(_) => Err(PackageError::invalid(&file.path, "starts with a byte-order mark; remove it")),
    }
}

/// Folders whose presence changes how the problem is judged.
fn refuse_unsupported(files: &[PackageFile]) -> Result<(), PackageError> {
    for (folder, what) in [
        ("output_validator/", "a custom output validator is"),
        ("output_validators/", "a custom output validator is"),
        ("static_validator/", "a static validator is"),
        ("graders/", "a grader is"),
        ("include/", "files that are included with every submission are"),
    ] {
        if let Some(file) = files.iter().find(|file| file.path.starts_with(folder)) {
            return Err(PackageError::unsupported(&file.path, what));
        }
    }
    Ok(())
}

/// `value` within what the server allows at most for the limit named `field`.
fn within(file: &str, key: &str, field: &str, value: u64) -> Result<u64, PackageError> {
    let Some(range) = LIMIT_RANGES.iter().find(|range| range.field == field) else { return Ok(value) };
    if (range.least..=range.most).contains(&value) {
        return Ok(value);
    }
    let unit = if field.ends_with("_ms") { "ms" } else { "KiB" };
    let what = format!("{key} comes to {value} {unit}; this server takes {} to {} {unit}", range.least, range.most);
    Err(PackageError::invalid(file, what))
}

#[cfg(test)]
mod tests;
