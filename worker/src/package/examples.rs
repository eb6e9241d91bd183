//! The example submissions of a package: not judged by, but what `problem check` judges.

use std::collections::BTreeMap;

use herald_domain::problem::PackageFile;
use herald_domain::submission::SourceFile;

use super::programs::{entry_rank, language_of};
use super::{PackageError, config, extension};

const FOLDER: &str = "submissions/";

/// A file or folder right below `submissions/<folder>/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Below `submissions/`: `accepted/two_pointers.py`.
    pub path: String,
    /// What it is expected to come to: the name of its folder.
    pub folder: String,
    /// Herald's id, by the extension of its sources; none: not known here.
    pub language: Option<&'static str>,
    /// The first is the entry point.
    pub files: Vec<SourceFile>,
}

/// In the order of their paths. What is not text is left out.
pub fn examples(files: &[PackageFile]) -> Result<Vec<Example>, PackageError> {
    let config = config::read(files, &extension::read(files)?)?;
    let mut by_path: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
    for file in files {
        let Some(path) = file.path.strip_prefix(FOLDER) else { continue };
        let Some((folder, rest)) = path.split_once('/') else { continue };
        let (entry, name) = rest.split_once('/').unwrap_or((rest, rest));
        let Ok(content) = String::from_utf8(config.filled(file)) else { continue };
        by_path.entry(format!("{folder}/{entry}")).or_default().push(SourceFile { name: name.to_owned(), content });
    }
    Ok(by_path.into_iter().map(|(path, files)| example(path, files)).collect())
}

fn example(path: String, mut files: Vec<SourceFile>) -> Example {
    files.sort_by_key(|file| (language_of(&file.name).is_none(), entry_rank(&file.name), file.name.clone()));
    let language = files.first().and_then(|file| language_of(&file.name));
    let folder = path.split('/').next().unwrap_or_default().to_owned();
    Example { path, folder, language, files }
}
