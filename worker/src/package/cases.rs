//! The test cases below `data/sample` and `data/secret`.

use std::collections::{BTreeMap, BTreeSet};

use herald_domain::problem::PackageFile;
use serde::Deserialize;
use serde_yaml_ng::Value;

use super::config::Config;
use super::{MAX_CASES, PackageError, TestCase, text};
use crate::checker::Checker;
use crate::natural;

/// `test_group.yaml` (legacy: `testdata.yaml`) of a folder, or `<case>.yaml`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CaseYaml {
    output_validator_args: Option<Args>,
    output_validator_flags: Option<Args>,
    args: Option<Args>,
    static_validation_score: Option<Value>,
    // Of no weight where a problem is passed or failed as a whole, or meant for other tools.
    #[serde(rename = "max_score")]
    _max_score: Option<Value>,
    #[serde(rename = "score_aggregation")]
    _score_aggregation: Option<Value>,
    #[serde(rename = "require_pass")]
    _require_pass: Option<Value>,
    #[serde(rename = "static_validator_args")]
    _static_validator_args: Option<Value>,
    #[serde(rename = "input_validator_args")]
    _input_validator_args: Option<Value>,
    #[serde(rename = "input_visualizer_args")]
    _input_visualizer_args: Option<Value>,
    #[serde(rename = "output_visualizer_args")]
    _output_visualizer_args: Option<Value>,
    #[serde(rename = "full_feedback")]
    _full_feedback: Option<Value>,
    #[serde(rename = "hint")]
    _hint: Option<Value>,
    #[serde(rename = "description")]
    _description: Option<Value>,
    #[serde(rename = "on_reject")]
    _on_reject: Option<Value>,
    #[serde(rename = "grading")]
    _grading: Option<Value>,
    #[serde(rename = "grader_flags")]
    _grader_flags: Option<Value>,
    #[serde(rename = "input_validator_flags")]
    _input_validator_flags: Option<Value>,
    #[serde(rename = "accept_score")]
    _accept_score: Option<Value>,
    #[serde(rename = "reject_score")]
    _reject_score: Option<Value>,
    #[serde(rename = "range")]
    _range: Option<Value>,
}

/// A sequence of strings; people also write numbers in it, or one line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Args {
    Line(String),
    Sequence(Vec<Arg>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Arg {
    Text(String),
    Number(serde_yaml_ng::Number),
}

impl Args {
    fn into_strings(self) -> Vec<String> {
        match self {
            Self::Line(line) => line.split_whitespace().map(str::to_owned).collect(),
            Self::Sequence(args) => args
                .into_iter()
                .map(|arg| match arg {
                    Arg::Text(text) => text,
                    Arg::Number(number) => number.to_string(),
                })
                .collect(),
        }
    }
}

pub(super) fn read(files: &[PackageFile], config: &Config) -> Result<Vec<TestCase>, PackageError> {
    let by_path: BTreeMap<&str, &PackageFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut names = BTreeSet::new();
    for path in by_path.keys().filter(|path| is_test_data(path)) {
        if path.contains(".files/") {
            return Err(PackageError::unsupported(path, "input files beside standard input are"));
        }
        if let Some(name) = path.strip_suffix(".in") {
            names.insert(name);
        } else if let Some(name) =
            path.strip_suffix(".ans").filter(|name| !by_path.contains_key(&*format!("{name}.in")))
        {
            return Err(PackageError::invalid(path, format!("has no input; add {name}.in")));
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
    names.into_iter().map(|name| case(name, &by_path, config)).collect()
}

fn is_test_data(path: &str) -> bool {
    path.starts_with("data/sample/") || is_secret(path)
}

fn is_secret(path: &str) -> bool {
    path.starts_with("data/secret/")
}

fn case(name: &str, files: &BTreeMap<&str, &PackageFile>, config: &Config) -> Result<TestCase, PackageError> {
    let input = format!("{name}.in");
    let (Some(input), Some(answer)) = (files.get(&*input), files.get(&*format!("{name}.ans"))) else {
        return Err(PackageError::invalid(&input, format!("has no answer; add {name}.ans")));
    };
    let short = name.strip_prefix("data/").unwrap_or(name);
    let group = short.rsplit_once('/').map_or(short, |(group, _)| group);
    Ok(TestCase {
        name: short.to_owned(),
        group: group.to_owned(),
        sample: !is_secret(name),
        input: input.content.clone(),
        answer: answer.content.clone(),
        checker: checker(name, files, config)?,
    })
}

/// The flags nearest to the case decide: its own, then those of its folder, of the folder above, of the problem.
fn checker(name: &str, files: &BTreeMap<&str, &PackageFile>, config: &Config) -> Result<Checker, PackageError> {
    let mut settings = vec![format!("{name}.yaml")];
    let mut folder = name;
    while let Some((above, _)) = folder.rsplit_once('/') {
        settings.push(format!("{above}/test_group.yaml"));
        settings.push(format!("{above}/testdata.yaml"));
        folder = above;
    }
    for path in settings {
        let Some(file) = files.get(&*path) else { continue };
        let yaml: Option<CaseYaml> = serde_yaml_ng::from_str(&config.fill(text(file)?))
            .map_err(|error| PackageError::invalid(&path, error.to_string()))?;
        if let Some(args) = validator_args(&path, yaml.unwrap_or_default())? {
            return Checker::from_args(&args).map_err(|what| PackageError::invalid(&path, what));
        }
    }
    Checker::from_args(&config.validator_flags).map_err(|what| PackageError::invalid("problem.yaml", what))
}

fn validator_args(path: &str, yaml: CaseYaml) -> Result<Option<Vec<String>>, PackageError> {
    if yaml.args.is_some_and(|args| !args.into_strings().is_empty()) {
        return Err(PackageError::unsupported(path, "command-line arguments (args) are"));
    }
    if yaml.static_validation_score.is_some() {
        return Err(PackageError::unsupported(path, "static validation is"));
    }
    Ok(yaml.output_validator_args.or(yaml.output_validator_flags).map(Args::into_strings))
}
