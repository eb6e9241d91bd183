//! The test cases below `data/sample` and `data/secret`.

use std::collections::{BTreeMap, BTreeSet};

use herald_domain::problem::PackageFile;

use super::config::Config;
use super::settings::AllSettings;
use super::{MAX_CASES, PackageError, TestCase, Validation};
use crate::checker::Checker;
use crate::natural;

/// Folder of a case's files: `data/secret/1.files/names.txt`.
const FILES: &str = ".files/";

pub(super) fn read(
    files: &[PackageFile],
    config: &Config,
    settings: &AllSettings,
    custom: bool,
) -> Result<Vec<TestCase>, PackageError> {
    let by_path: BTreeMap<&str, &PackageFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut names = BTreeSet::new();
    for path in by_path.keys().filter(|path| is_test_data(path)) {
        let (name, what) = match path.split_once(FILES) {
            Some((name, _)) => (name, "belongs to no case"),
            None => match (path.strip_suffix(".in"), path.strip_suffix(".ans")) {
                (Some(name), _) => {
                    names.insert(name);
                    continue;
                }
                (None, Some(name)) => (name, "has no input"),
                (None, None) => continue,
            },
        };
        if !by_path.contains_key(&*format!("{name}.in")) {
            return Err(PackageError::invalid(path, format!("{what}; add {name}.in")));
        }
    }
    if !names.iter().any(|name| name.starts_with("data/secret/")) {
        return Err(PackageError::invalid("data/secret", "has no test case; add NAME.in and NAME.ans"));
    }
    if names.len() > MAX_CASES {
        return Err(PackageError::invalid("data", format!("has {} test cases; {MAX_CASES} is the most", names.len())));
    }
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by(|a, b| is_secret(a).cmp(&is_secret(b)).then_with(|| natural::compare(a, b)));
    names.into_iter().map(|name| case(name, &by_path, config, settings, custom)).collect()
}

fn is_test_data(path: &str) -> bool {
    path.starts_with("data/sample/") || is_secret(path)
}

fn is_secret(path: &str) -> bool {
    path.starts_with("data/secret/")
}

fn case(
    name: &str,
    files: &BTreeMap<&str, &PackageFile>,
    config: &Config,
    settings: &AllSettings,
    custom: bool,
) -> Result<TestCase, PackageError> {
    let input = format!("{name}.in");
    let (Some(input), Some(answer)) = (files.get(&*input), files.get(&*format!("{name}.ans"))) else {
        return Err(PackageError::invalid(&input, format!("has no answer; add {name}.ans")));
    };
    let settings = settings.of_case(name, config);
    let validation = if custom {
        Validation::Custom(settings.validator_args)
    } else {
        let checker = Checker::from_args(&settings.validator_args);
        Validation::Default(checker.map_err(|what| PackageError::invalid(&settings.file, what))?)
    };
    let short = name.strip_prefix("data/").unwrap_or(name);
    let group = short.rsplit_once('/').map_or(short, |(group, _)| group);
    Ok(TestCase {
        name: short.to_owned(),
        group: group.to_owned(),
        sample: !is_secret(name),
        input: input.content.clone(),
        answer: answer.content.clone(),
        validation,
        args: settings.args,
        files: case_files(name, files),
        full_feedback: settings.full_feedback,
        hint: settings.hint,
    })
}

/// What lies in the case's `.files` folder, by path below it.
fn case_files(name: &str, files: &BTreeMap<&str, &PackageFile>) -> Vec<PackageFile> {
    let folder = format!("{name}{FILES}");
    let inside = files.range(folder.as_str()..).take_while(|(path, _)| path.starts_with(&folder));
    let file = |(path, file): (&&str, &&PackageFile)| PackageFile {
        path: path[folder.len()..].to_owned(),
        content: file.content.clone(),
    };
    inside.map(file).collect()
}
