//! The programs and files of a package that take part in judging: the output validator, what is included with every
//! submission, and the starters.

use std::collections::BTreeMap;

use herald_domain::problem::{PackageFile, Starter, format_code};
use herald_domain::submission::SourceFile;

use super::config::{Config, ValidatorChoice};
use super::{PackageError, text};

/// Which of Herald's languages a program of a package is in, by the extension of its sources.
const LANGUAGES: [(&str, &[&str]); 8] = [
    ("c", &["c"]),
    ("cpp", &["cpp", "cc", "cxx", "C"]),
    ("python", &["py", "py3"]),
    ("java", &["java"]),
    ("rust", &["rs"]),
    ("go", &["go"]),
    ("javascript", &["js"]),
    ("typescript", &["ts"]),
];
const INCLUDE_DEFAULT: &str = "default";

/// A program that judges, in source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorSource {
    /// Herald's id.
    pub language: String,
    /// The first is the entry point.
    pub files: Vec<SourceFile>,
    /// Whether every accepted case has to have a score (legacy `validation: custom score`).
    pub must_score: bool,
}

pub(super) fn validator(files: &[PackageFile], config: &Config) -> Result<Option<ValidatorSource>, PackageError> {
    let must_score = config.validator == ValidatorChoice::Custom { score: true };
    let custom = config.validator != ValidatorChoice::Default;
    let there = ["output_validator/", "output_validators/"].into_iter().find(|folder| has(files, folder));
    let Some(folder) = there.filter(|_| custom) else {
        let asked = matches!(config.validator, ValidatorChoice::Custom { .. });
        return match asked || config.kind.interactive || config.kind.multi_pass {
            true => Err(PackageError::invalid("output_validator", "is missing, but the type of the problem needs one")),
            false => Ok(None),
        };
    };
    let mut inside: Vec<(&str, &PackageFile)> =
        files.iter().filter_map(|file| Some((file.path.strip_prefix(folder)?, file))).collect();
    // Legacy: a folder for each validator.
    let programs: Vec<&str> =
        inside.iter().filter_map(|(path, _)| path.split_once('/')).map(|(name, _)| name).collect();
    if let Some(program) = programs.first().copied().filter(|_| folder == "output_validators/") {
        if programs.iter().any(|other| *other != program) || programs.len() < inside.len() {
            return Err(PackageError::unsupported(folder, "more than one output validator is"));
        }
        let prefix = format!("{program}/");
        inside.iter_mut().for_each(|(path, _)| *path = path.strip_prefix(&prefix).unwrap_or(path));
    }
    program(folder, &inside, config).map(|(language, files)| Some(ValidatorSource { language, files, must_score }))
}

/// The language and the sources, the entry point first.
fn program(
    folder: &str,
    files: &[(&str, &PackageFile)],
    config: &Config,
) -> Result<(String, Vec<SourceFile>), PackageError> {
    if let Some((_, script)) = files.iter().find(|(path, _)| matches!(*path, "build" | "run")) {
        return Err(PackageError::unsupported(&script.path, "a build or run script is"));
    }
    let mut sources: Vec<(&str, &str)> =
        files.iter().filter_map(|(path, _)| Some((*path, language_of(path)?))).collect();
    sources.sort_by_key(|(path, _)| (entry_rank(path), *path));
    let Some((entry, language)) = sources.first().copied() else {
        return Err(PackageError::invalid(folder, "has no program in C, C++, Python or another known language"));
    };
    if let Some((other, _)) = sources.iter().find(|(_, other)| *other != language) {
        let what = format!("{entry} and {other} are in different languages; a validator is in one");
        return Err(PackageError::invalid(folder, what));
    }
    let mut ordered: Vec<&(&str, &PackageFile)> = files.iter().collect();
    ordered.sort_by_key(|(path, _)| *path != entry);
    let source = |(path, file): &&(&str, &PackageFile)| {
        let content = config.fill(text(file)?);
        Ok(SourceFile { name: (*path).to_owned(), content })
    };
    Ok((language.to_owned(), ordered.iter().map(source).collect::<Result<_, PackageError>>()?))
}

/// Herald's id, for the name of a source file.
pub(super) fn language_of(name: &str) -> Option<&'static str> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    LANGUAGES.iter().find(|(_, known)| known.contains(&extension)).map(|(language, _)| *language)
}

/// Where a program of several files begins: at `__main__.py`, `main.*`, or the first by name.
pub(super) fn entry_rank(path: &str) -> u8 {
    let stem = path.split_once('.').map_or(path, |(stem, _)| stem);
    if path == "__main__.py" {
        0
    } else if is_main(path) {
        1
    } else if path.contains('/') || stem.starts_with("__") {
        3
    } else {
        2
    }
}

/// `main.py`, `Main.java`: the names by which the format knows an entry point.
fn is_main(path: &str) -> bool {
    path.split_once('.').is_some_and(|(stem, _)| stem.eq_ignore_ascii_case("main"))
}

/// Files that are added to every submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Includes {
    /// By the folder below `include/`: a format code, one of Herald's ids, or `default`.
    by_language: BTreeMap<String, Vec<PackageFile>>,
}

/// A submission's files together with those that the problem adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// The first is the entry point.
    pub sources: Vec<SourceFile>,
    /// Whether the entry point is the problem's; the second is then the first of those handed in.
    pub driver: bool,
    /// Included files that are not text.
    pub others: Vec<PackageFile>,
}

pub(super) fn includes(files: &[PackageFile], config: &Config) -> Result<Includes, PackageError> {
    let mut by_language: BTreeMap<String, Vec<PackageFile>> = BTreeMap::new();
    for file in files {
        let Some(path) = file.path.strip_prefix("include/") else { continue };
        let Some((language, path)) = path.split_once('/') else {
            let what = "lies in no language's folder; put it into include/LANGUAGE or include/default";
            return Err(PackageError::invalid(&file.path, what));
        };
        let file = PackageFile { path: path.to_owned(), content: config.filled(file) };
        by_language.entry(language.to_owned()).or_default().push(file);
    }
    Ok(Includes { by_language })
}

impl Includes {
    /// Whether a driver is included for this language (Herald's id).
    pub(super) fn has_driver(&self, language: &str) -> bool {
        self.of(language).any(|file| is_main(&file.path))
    }

    /// Those for a language (Herald's id): for all, for the format's code, for the language itself; the later wins.
    fn of(&self, language: &str) -> impl Iterator<Item = &PackageFile> {
        let mut names = vec![INCLUDE_DEFAULT, format_code(language), language];
        names.dedup();
        names.into_iter().filter_map(|name| self.by_language.get(name)).flatten()
    }

    /// Adds what is included; an included `main.*` becomes the entry point. `lone` is the name that a submission of one
    /// file gets then.
    pub fn assemble(&self, language: &str, files: &[SourceFile], lone: &str) -> Assembled {
        let mut sources = files.to_vec();
        if let ([file], true) = (sources.as_mut_slice(), self.has_driver(language)) {
            lone.clone_into(&mut file.name);
        }
        let mut others: Vec<PackageFile> = Vec::new();
        let mut entry = None;
        for file in self.of(language) {
            sources.retain(|source| source.name != file.path);
            others.retain(|other| other.path != file.path);
            match String::from_utf8(file.content.clone()) {
                Ok(content) => sources.push(SourceFile { name: file.path.clone(), content }),
                Err(_) => others.push(file.clone()),
            }
            if is_main(&file.path) {
                entry = Some(&file.path);
            }
        }
        // Stable: the submission's own files come right after the entry point.
        sources.sort_by_key(|source| entry.is_some_and(|entry| source.name != *entry));
        Assembled { sources, driver: entry.is_some(), others }
    }
}

pub(super) fn starters(files: &[PackageFile], config: &Config) -> Result<Vec<Starter>, PackageError> {
    let mut starters: Vec<Starter> = Vec::new();
    for file in files {
        let Some(path) = file.path.strip_prefix("starter/") else { continue };
        let Some((language, name)) = path.split_once('/').filter(|(_, name)| !name.contains('/')) else {
            return Err(PackageError::invalid(&file.path, "is not starter/LANGUAGE/FILE; move it there"));
        };
        if starters.iter().any(|starter| starter.language == language) {
            let what = format!("is a second starter for {language}; one file for each language is enough");
            return Err(PackageError::invalid(&file.path, what));
        }
        let content = config.fill(text(file)?);
        starters.push(Starter { language: language.to_owned(), name: name.to_owned(), content });
    }
    Ok(starters)
}

fn has(files: &[PackageFile], folder: &str) -> bool {
    files.iter().any(|file| file.path.starts_with(folder))
}
