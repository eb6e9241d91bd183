//! `test_group.yaml` (legacy: `testdata.yaml`) of a folder and `<case>.yaml`: what is said where, and what of it counts
//! for a case.

use std::collections::BTreeMap;

use herald_domain::problem::PackageFile;
use serde::Deserialize;
use serde_yaml_ng::Value;

use super::config::{Config, OneOrMore};
use super::{PackageError, text};

/// One such file. Another key is an error, as the format says.
#[derive(Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    output_validator_args: Option<Args>,
    output_validator_flags: Option<Flags>,
    args: Option<Args>,
    full_feedback: Option<bool>,
    hint: Option<String>,
    pub max_score: Option<MaxScore>,
    pub score_aggregation: Option<String>,
    require_pass: Option<OneOrMore>,
    pub on_reject: Option<String>,
    pub grading: Option<String>,
    pub grader_flags: Option<String>,
    pub accept_score: Option<f64>,
    pub reject_score: Option<f64>,
    static_validation_score: Option<Value>,
    static_validator_args: Option<Value>,
    // Meant for other tools.
    #[serde(rename = "range")]
    _range: Option<Value>,
    #[serde(rename = "description")]
    _description: Option<Value>,
    #[serde(rename = "input_validator_args")]
    _input_validator_args: Option<Value>,
    #[serde(rename = "input_validator_flags")]
    _input_validator_flags: Option<Value>,
    #[serde(rename = "input_visualizer_args")]
    _input_visualizer_args: Option<Value>,
    #[serde(rename = "output_visualizer_args")]
    _output_visualizer_args: Option<Value>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum MaxScore {
    Number(f64),
    Word(String),
}

/// A sequence of strings; people also write numbers in it, or one line.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Args {
    Line(String),
    Sequence(Vec<Arg>),
}

/// Legacy: a line, or one for the validator of this name (there is one validator at most).
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Flags {
    Named {
        #[serde(rename = "name")]
        _name: String,
        flags: String,
    },
    Plain(Args),
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Arg {
    Text(String),
    Number(serde_yaml_ng::Number),
}

impl Args {
    fn to_strings(&self) -> Vec<String> {
        let word = |arg: &Arg| match arg {
            Arg::Text(text) => text.clone(),
            Arg::Number(number) => number.to_string(),
        };
        match self {
            Self::Line(line) => line.split_whitespace().map(str::to_owned).collect(),
            Self::Sequence(args) => args.iter().map(word).collect(),
        }
    }
}

impl Flags {
    fn to_strings(&self) -> Vec<String> {
        match self {
            Self::Named { flags, .. } => flags.split_whitespace().map(str::to_owned).collect(),
            Self::Plain(args) => args.to_strings(),
        }
    }
}

impl Settings {
    pub(super) fn require_pass(&self) -> Vec<String> {
        self.require_pass.as_ref().map_or(Vec::new(), |names| names.as_slice().to_vec())
    }

    fn validator_args(&self) -> Option<Vec<String>> {
        let args = self.output_validator_args.as_ref().map(Args::to_strings);
        args.or_else(|| self.output_validator_flags.as_ref().map(Flags::to_strings))
    }
}

/// Every settings file of a package, by path.
pub(super) struct AllSettings(BTreeMap<String, Settings>);

/// What counts for a case: of each setting, the one nearest to it.
pub(super) struct CaseSettings {
    /// Of its file, to name in an error; of the problem if there is none.
    pub file: String,
    pub validator_args: Vec<String>,
    pub args: Vec<String>,
    pub full_feedback: bool,
    pub hint: Option<String>,
}

impl AllSettings {
    pub(super) fn read(files: &[PackageFile], config: &Config) -> Result<Self, PackageError> {
        let mut all = BTreeMap::new();
        for file in files {
            let data = file.path == "data/testdata.yaml"
                || file.path.starts_with("data/sample/")
                || file.path.starts_with("data/secret/");
            if !data || !file.path.ends_with(".yaml") || file.path.contains(".files/") {
                continue;
            }
            let settings: Option<Settings> = serde_yaml_ng::from_str(&config.fill(text(file)?))
                .map_err(|error| PackageError::invalid(&file.path, error.to_string()))?;
            let settings = settings.unwrap_or_default();
            if settings.static_validation_score.is_some() || settings.static_validator_args.is_some() {
                return Err(PackageError::unsupported(&file.path, "static validation is"));
            }
            if settings.grading.as_deref().is_some_and(|grading| grading != "default") {
                return Err(PackageError::unsupported(&file.path, "a custom grader is"));
            }
            all.insert(file.path.clone(), settings);
        }
        Ok(Self(all))
    }

    /// The settings of a folder itself, with the file's path: `data/secret/1`.
    pub(super) fn of_folder(&self, folder: &str) -> Option<(String, &Settings)> {
        ["test_group.yaml", "testdata.yaml"].iter().find_map(|name| {
            let path = format!("{folder}/{name}");
            self.0.get(&path).map(|settings| (path, settings))
        })
    }

    /// The nearest that says something, from this folder upwards.
    pub(super) fn inherited<T>(&self, folder: &str, of: impl Fn(&Settings) -> Option<T>) -> Option<T> {
        upwards(folder).find_map(|folder| self.of_folder(folder).and_then(|(_, settings)| of(settings)))
    }

    /// `name` is the case's path without extension: `data/secret/1/small`.
    pub(super) fn of_case(&self, name: &str, config: &Config) -> CaseSettings {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let own = format!("{name}.yaml");
        let own = self.0.get_key_value(&own).map(|(path, settings)| (path.clone(), settings));
        let chain: Vec<(String, &Settings)> =
            own.into_iter().chain(upwards(folder).filter_map(|folder| self.of_folder(folder))).collect();
        let found = chain.iter().find_map(|(path, settings)| settings.validator_args().map(|args| (path, args)));
        let (file, own_args) =
            found.map_or((super::config::FILE.to_owned(), Vec::new()), |(p, args)| (p.clone(), args));
        let nearest =
            |of: &dyn Fn(&Settings) -> Option<Vec<String>>| chain.iter().find_map(|(_, settings)| of(settings));
        let feedback = chain.iter().find_map(|(_, settings)| settings.full_feedback);
        CaseSettings {
            file,
            validator_args: config.validator_flags.iter().cloned().chain(own_args).collect(),
            args: nearest(&|settings| settings.args.as_ref().map(Args::to_strings)).unwrap_or_default(),
            full_feedback: feedback.unwrap_or_else(|| name.starts_with("data/sample/")),
            hint: chain.first().filter(|(path, _)| path.starts_with(name)).and_then(|(_, own)| own.hint.clone()),
        }
    }
}

/// A folder, the one above it, and so on up to `data`.
fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| folder.rsplit_once('/').map(|(above, _)| above))
}
