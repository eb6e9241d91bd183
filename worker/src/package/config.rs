//! `problem.yaml`.

use std::collections::BTreeMap;

use herald_domain::problem::PackageFile;
use serde::Deserialize;
use serde_yaml_ng::Value;

use super::{PackageError, ProblemLimits, find, text, within};

const FILE: &str = "problem.yaml";
const DEFAULT_MEMORY_MIB: u64 = 2_048;
const DEFAULT_OUTPUT_MIB: u64 = 8;

/// What Herald reads of it.
pub(super) struct Config {
    pub limits: ProblemLimits,
    /// Flags of the default validator for every case (legacy `validator_flags`).
    pub validator_flags: Vec<String>,
    name: Option<Text>,
    constants: BTreeMap<String, Constant>,
}

/// Every key of 2025-09 and of the legacy version; another is an error, as the format says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProblemYaml {
    problem_format_version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<OneOrMore>,
    name: Option<Text>,
    #[serde(default)]
    limits: Limits,
    languages: Option<OneOrMore>,
    #[serde(default)]
    allow_file_writing: bool,
    #[serde(default)]
    constants: BTreeMap<String, Constant>,
    validation: Option<String>,
    validator_flags: Option<String>,
    #[serde(rename = "uuid")]
    _uuid: Option<Value>,
    #[serde(rename = "version")]
    _version: Option<Value>,
    #[serde(rename = "credits")]
    _credits: Option<Value>,
    #[serde(rename = "source")]
    _source: Option<Value>,
    #[serde(rename = "license")]
    _license: Option<Value>,
    #[serde(rename = "rights_owner")]
    _rights_owner: Option<Value>,
    #[serde(rename = "embargo_until")]
    _embargo_until: Option<Value>,
    #[serde(rename = "keywords")]
    _keywords: Option<Value>,
    #[serde(rename = "author")]
    _author: Option<Value>,
    #[serde(rename = "source_url")]
    _source_url: Option<Value>,
    #[serde(rename = "grading")]
    _grading: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Limits {
    /// Seconds.
    time_limit: Option<f64>,
    /// MiB.
    memory: Option<u64>,
    /// MiB.
    output: Option<u64>,
    #[serde(rename = "time_multipliers")]
    _time_multipliers: Option<Value>,
    #[serde(rename = "time_multiplier")]
    _time_multiplier: Option<Value>,
    #[serde(rename = "time_safety_margin")]
    _time_safety_margin: Option<Value>,
    #[serde(rename = "time_resolution")]
    _time_resolution: Option<Value>,
    #[serde(rename = "code")]
    _code: Option<Value>,
    #[serde(rename = "compilation_time")]
    _compilation_time: Option<Value>,
    #[serde(rename = "compilation_memory")]
    _compilation_memory: Option<Value>,
    #[serde(rename = "validation_time")]
    _validation_time: Option<Value>,
    #[serde(rename = "validation_memory")]
    _validation_memory: Option<Value>,
    #[serde(rename = "validation_output")]
    _validation_output: Option<Value>,
    #[serde(rename = "validation_passes")]
    _validation_passes: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// A text, or one for each natural language.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    One(String),
    ByLanguage(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Constant {
    Text(String),
    Integer(i64),
    Float(f64),
}

pub(super) fn read(files: &[PackageFile]) -> Result<Config, PackageError> {
    let Some(file) = find(files, FILE) else {
        return Err(PackageError::invalid(FILE, "is missing; a package has one in its top folder"));
    };
    let yaml: ProblemYaml =
        serde_yaml_ng::from_str(text(file)?).map_err(|error| PackageError::invalid(FILE, error.to_string()))?;
    refuse_unsupported(&yaml)?;
    Ok(Config {
        limits: limits(&yaml.limits)?,
        validator_flags: yaml.validator_flags.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        name: yaml.name,
        constants: yaml.constants,
    })
}

fn refuse_unsupported(yaml: &ProblemYaml) -> Result<(), PackageError> {
    let unsupported = |what: String| Err(PackageError::unsupported(FILE, what));
    match yaml.problem_format_version.as_deref() {
        None | Some("2025-09" | "2025-09-draft" | "2023-07-draft" | "2023-07" | "legacy" | "legacy-icpc") => {}
        Some(other) => return unsupported(format!("problem_format_version '{other}' is")),
    }
    for kind in listed(yaml.kind.as_ref()) {
        match kind {
            "pass-fail" => {}
            "scoring" | "interactive" | "multi-pass" | "submit-answer" => {
                return unsupported(format!("type '{kind}' is"));
            }
            other => return Err(PackageError::invalid(FILE, format!("type '{other}' is not one of the format"))),
        }
    }
    if yaml.validation.as_deref().is_some_and(|validation| validation != "default") {
        return unsupported("a custom validation is".into());
    }
    if listed(yaml.languages.as_ref()).any(|language| language != "all") {
        return unsupported("a list of allowed languages is".into());
    }
    if yaml.allow_file_writing {
        return unsupported("allow_file_writing is".into());
    }
    Ok(())
}

fn listed(values: Option<&OneOrMore>) -> impl Iterator<Item = &str> {
    let all = match values {
        None => &[][..],
        Some(OneOrMore::One(value)) => std::slice::from_ref(value),
        Some(OneOrMore::More(values)) => values,
    };
    all.iter().map(String::as_str)
}

fn limits(limits: &Limits) -> Result<ProblemLimits, PackageError> {
    let Some(seconds) = limits.time_limit else {
        let what = "limits.time_limit (seconds) is missing; it is not derived from the example submissions, so add it";
        return Err(PackageError::invalid(FILE, what));
    };
    // A float-to-integer cast saturates, and the range check refuses what is out of bounds.
    let cpu_ms = (seconds * 1_000.0).round() as u64;
    let memory_kb = limits.memory.unwrap_or(DEFAULT_MEMORY_MIB).saturating_mul(1_024);
    let output_kb = limits.output.unwrap_or(DEFAULT_OUTPUT_MIB).saturating_mul(1_024);
    Ok(ProblemLimits {
        cpu_ms: within(FILE, "limits.time_limit", "cpu_ms", cpu_ms)?,
        memory_kb: within(FILE, "limits.memory", "memory_kb", memory_kb)?,
        output_kb: within(FILE, "limits.output", "output_kb", output_kb)?,
    })
}

impl Config {
    /// The name in the statement's language, else in any.
    pub(super) fn title(&self, language: &str) -> Result<String, PackageError> {
        let name = match &self.name {
            None => None,
            Some(Text::One(name)) => Some(name),
            Some(Text::ByLanguage(names)) => names.get(language).or_else(|| names.values().next()),
        };
        match name.map(|name| name.trim()) {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(PackageError::invalid(FILE, "name is missing; add the problem's name")),
        }
    }

    /// Puts the constants in the place of `{{name}}`.
    pub(super) fn fill(&self, text: &str) -> String {
        self.constants.iter().fold(text.to_owned(), |text, (name, constant)| {
            let value = match constant {
                Constant::Text(value) => value.clone(),
                Constant::Integer(value) => value.to_string(),
                Constant::Float(value) => value.to_string(),
            };
            text.replace(&format!("{{{{{name}}}}}"), &value)
        })
    }
}
