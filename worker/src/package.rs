//! Problem packages of the ICPC/Kattis format: version 2025-09 (its drafts where they agree), legacy and legacy-icpc.
//!
//! A package is a folder of plain files; it becomes an immutable [`ProblemPackage`], named by the hash of its files, and
//! the same files become the [`Problem`] that a worker judges by. What Herald cannot judge by (static validators, custom
//! graders, answers handed in) is refused when the package is read, never judged by halves. What the format has no key
//! for stands in `herald.yaml` and `starter/` (docs/adr/0016), so that other tools take the package as it is.

mod cases;
mod check;
mod config;
mod examples;
mod extension;
mod folder;
mod groups;
mod programs;
mod settings;
mod statement;

use std::collections::BTreeMap;

use herald_domain::problem::{
    PackageFile, ProblemPackage, ProblemSummary, Sample, Starter, format_code, is_named, is_slug, package_version,
};
use herald_domain::submission::{LIMIT_RANGES, SourceFile};
use herald_domain::text::printable;

pub use check::{Finding, Severity, check};
pub use config::Kind;
pub use examples::{Example, examples};
pub use extension::LanguageLimits;
pub use folder::{read_all, read_dir};
pub use programs::{Assembled, Includes, ValidatorSource};

use crate::checker::Checker;
use crate::grading::Grading;
use settings::AllSettings;

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
    pub kind: Kind,
    pub limits: ProblemLimits,
    /// KiB of a submission's sources together, before anything is included.
    pub code_kb: Option<u64>,
    /// In place of those of the language.
    pub compilation: ToolLimits,
    pub validation: ValidationLimits,
    /// None: the default validator.
    pub validator: Option<ValidatorSource>,
    /// Samples first, then secret, each in natural order of their names.
    pub cases: Vec<TestCase>,
    pub grading: Grading,
    pub includes: Includes,
    pub starters: Vec<Starter>,
    /// By the format's codes or Herald's ids; none: any.
    pub languages: Option<Vec<String>>,
    /// Whether a submission may write into its working folder.
    pub allow_file_writing: bool,
    pub samples: Vec<Sample>,
    by_language: BTreeMap<String, LanguageLimits>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemLimits {
    pub cpu_ms: u64,
    pub memory_kb: u64,
    pub output_kb: u64,
}

/// What a package says of compiling; none: the language's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolLimits {
    pub cpu_ms: Option<u64>,
    pub memory_kb: Option<u64>,
}

/// Of one run of the output validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidationLimits {
    pub cpu_ms: u64,
    pub memory_kb: u64,
    pub output_kb: u64,
    /// Runs of the submission for one case of a multi-pass problem, at most.
    pub passes: u32,
}

impl Default for ValidationLimits {
    /// What the format calls typical, within what a run may have here.
    fn default() -> Self {
        Self { cpu_ms: 60_000, memory_kb: 2_048 * 1_024, output_kb: 8 * 1_024, passes: 2 }
    }
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
    pub validation: Validation,
    /// Given to the submission on its command line.
    pub args: Vec<String>,
    /// Put into the submission's working folder for this case.
    pub files: Vec<PackageFile>,
    /// Whether a submitter who failed may be told what was expected.
    pub full_feedback: bool,
    /// For a submitter who failed.
    pub hint: Option<String>,
}

/// How an output is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Validation {
    Default(Checker),
    /// By the problem's own validator, with these arguments.
    Custom(Vec<String>),
}

impl Problem {
    /// Reads a package's files, in any order.
    pub fn from_files(files: &[PackageFile]) -> Result<Self, PackageError> {
        refuse_unsupported(files)?;
        let extension = extension::read(files)?;
        let config = config::read(files, &extension)?;
        let statement = statement::read(files, &config)?;
        let validator = programs::validator(files, &config)?;
        let settings = AllSettings::read(files, &config)?;
        let cases = cases::read(files, &config, &settings, validator.is_some())?;
        Ok(Self {
            title: config.title(&statement.language, statement.name.as_deref())?,
            statement: statement.text,
            kind: config.kind,
            limits: config.limits,
            code_kb: config.code_kb,
            compilation: config.compilation,
            validation: config.validation,
            validator,
            samples: samples(files, &cases, config.kind),
            grading: groups::read(&cases, &config, &settings, extension.run_all)?,
            cases,
            includes: programs::includes(files, &config)?,
            starters: programs::starters(files, &config)?,
            by_language: extension.language_limits()?,
            allow_file_writing: config.allow_file_writing,
            languages: config.languages,
        })
    }

    /// The limits of a submission in this language (Herald's id), and the factor on CPU time that goes with them:
    /// `factor` is the language's own.
    pub fn limits_for(&self, language: &str, factor: f64) -> (ProblemLimits, f64) {
        extension::limits_for(self.limits, &self.by_language, language, factor)
    }

    /// Whether a submission in this language (Herald's id) may be handed in.
    pub fn allows(&self, language: &str) -> bool {
        let allowed = self.languages.as_ref();
        allowed.is_none_or(|allowed| is_named(allowed.iter().map(String::as_str), language))
    }

    /// The submission's files and those that the problem includes. `source_name` is what a lone source of the language is
    /// called otherwise.
    pub fn assemble(&self, language: &str, files: &[SourceFile], source_name: &str) -> Assembled {
        let summary_of = |id: &str| self.starters.iter().find(|starter| starter.language == id);
        let starter = summary_of(language).or_else(|| summary_of(format_code(language)));
        let lone = match starter {
            Some(starter) => starter.name.clone(),
            // The driver is called `main`, so the rest is the solution.
            None => source_name.replacen("main", "solution", 1).replacen("Main", "Solution", 1),
        };
        self.includes.assemble(language, files, &lone)
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
            types: self.kind.words(),
            max_score: self.grading.max_score(),
            languages: self.languages.clone(),
            starters: self.starters.clone(),
        }
    }
}

/// Makes a package of files that have been read already, and checks that it can be judged by.
pub fn from_files(slug: &str, mut files: Vec<PackageFile>) -> Result<ProblemPackage, PackageError> {
    check_slug(slug)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let summary = Problem::from_files(&files)?.summary(slug);
    Ok(ProblemPackage { slug: slug.to_owned(), version: package_version(&files), summary, files })
}

fn check_slug(slug: &str) -> Result<(), PackageError> {
    if !is_slug(slug) {
        let what = "the folder's name is the problem's slug: 1 to 64 characters out of a-z, 0-9 and '-'";
        return Err(PackageError::invalid(slug, what));
    }
    Ok(())
}

/// What is shown of the samples.
fn samples(files: &[PackageFile], cases: &[TestCase], kind: Kind) -> Vec<Sample> {
    let samples = cases.iter().filter(|case| case.sample);
    if !kind.interactive && !kind.multi_pass {
        return samples.map(|case| sample(files, case)).collect();
    }
    // Input and answer of such a case are between the package and its validator: a transcript is shown, or nothing.
    let transcripts = files.iter().filter(|file| file.path.starts_with("data/sample/"));
    let transcripts = transcripts.filter(|file| file.path.ends_with(".interaction"));
    transcripts.map(|file| transcript(&printable(&file.content, MAX_SAMPLE_BYTES).0)).collect()
}

/// What a sample shows; a `.statement` file beside the case (or `.out` for the answer) replaces what is judged by.
fn sample(files: &[PackageFile], case: &TestCase) -> Sample {
    let shown = |extensions: &[&str], judged: &[u8]| {
        let path = |extension: &&str| format!("data/{}.{extension}", case.name);
        let bytes = extensions.iter().find_map(|extension| find(files, &path(extension)));
        printable(bytes.map_or(judged, |file| &file.content), MAX_SAMPLE_BYTES).0
    };
    Sample { input: shown(&["in.statement"], &case.input), answer: shown(&["ans.statement", "out"], &case.answer) }
}

/// `<` is what the submission reads and `>` what it writes; a pass ends with `---`.
fn transcript(interaction: &str) -> Sample {
    let side = |mark: char| {
        let lines = interaction.lines().filter_map(|line| match line.strip_prefix(mark) {
            Some(rest) => Some(rest.strip_prefix(' ').unwrap_or(rest)),
            None => line.starts_with("---").then_some(line),
        });
        lines.map(|line| format!("{line}\n")).collect()
    };
    Sample { input: side('<'), answer: side('>') }
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
    for (folder, what) in [("static_validator/", "a static validator is"), ("graders/", "a grader is")] {
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
