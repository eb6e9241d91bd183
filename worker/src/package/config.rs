//! `problem.yaml`.

use std::collections::BTreeMap;

use herald_domain::problem::PackageFile;
use serde::Deserialize;
use serde_yaml_ng::Value;

use super::extension::Extension;
use super::{PackageError, ProblemLimits, ToolLimits, ValidationLimits, find, text, within};

pub(super) const FILE: &str = "problem.yaml";
const DEFAULT_MEMORY_MIB: u64 = 2_048;
const DEFAULT_OUTPUT_MIB: u64 = 8;
/// What a server spends at most on compiling or validating once, whatever a package asks for.
const MAX_TOOL_SECONDS: u64 = 120;
const MAX_PASSES: u64 = 100;
const MIB: u64 = 1_024;

/// What Herald reads of it.
pub(super) struct Config {
    pub kind: Kind,
    /// Test data is configured by `testdata.yaml` and graded as the legacy version has it.
    pub legacy: bool,
    pub limits: ProblemLimits,
    /// KiB of a submission's sources together.
    pub code_kb: Option<u64>,
    pub compilation: ToolLimits,
    pub validation: ValidationLimits,
    pub validator: ValidatorChoice,
    /// Flags of the validator for every case (legacy `validator_flags`).
    pub validator_flags: Vec<String>,
    /// By the format's codes, or Herald's ids.
    pub languages: Option<Vec<String>>,
    pub allow_file_writing: bool,
    name: Option<Text>,
    constants: BTreeMap<String, Constant>,
}

/// The words of `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    pub scoring: bool,
    pub interactive: bool,
    pub multi_pass: bool,
}

impl Kind {
    /// The words of the format.
    pub fn words(self) -> Vec<String> {
        let all = [
            (!self.scoring, "pass-fail"),
            (self.scoring, "scoring"),
            (self.interactive, "interactive"),
            (self.multi_pass, "multi-pass"),
        ];
        all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned()).collect()
    }
}

/// Which validator a package asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValidatorChoice {
    /// A custom one if there is one (2025-09).
    IfThere,
    Default,
    /// With `score`, it has to say a score for every accepted case.
    Custom {
        score: bool,
    },
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
    /// KiB.
    code: Option<u64>,
    /// Seconds.
    compilation_time: Option<u64>,
    /// MiB.
    compilation_memory: Option<u64>,
    /// Seconds.
    validation_time: Option<u64>,
    /// MiB.
    validation_memory: Option<u64>,
    /// MiB.
    validation_output: Option<u64>,
    validation_passes: Option<u64>,
    // What a time limit is derived from; here it is always given.
    #[serde(rename = "time_multipliers")]
    _time_multipliers: Option<Value>,
    #[serde(rename = "time_multiplier")]
    _time_multiplier: Option<Value>,
    #[serde(rename = "time_safety_margin")]
    _time_safety_margin: Option<Value>,
    #[serde(rename = "time_resolution")]
    _time_resolution: Option<Value>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }
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

pub(super) fn read(files: &[PackageFile], extension: &Extension) -> Result<Config, PackageError> {
    let Some(file) = find(files, FILE) else {
        return Err(PackageError::invalid(FILE, "is missing; a package has one in its top folder"));
    };
    let yaml: ProblemYaml =
        serde_yaml_ng::from_str(text(file)?).map_err(|error| PackageError::invalid(FILE, error.to_string()))?;
    let version = version(&yaml)?;
    let modern = version.starts_with("2025") || files.iter().any(|file| file.path.ends_with("/test_group.yaml"));
    let (validator, interactive) = validation(&yaml, version)?;
    let kind = kind(&yaml, interactive)?;
    if let Some(passes) = yaml.limits.validation_passes.filter(|passes| !(2..=MAX_PASSES).contains(passes)) {
        let what = format!("limits.validation_passes is {passes}; 2 to {MAX_PASSES} are possible");
        return Err(PackageError::invalid(FILE, what));
    }
    let languages = yaml.languages.as_ref().map(|list| list.as_slice().to_vec());
    Ok(Config {
        kind,
        legacy: !modern,
        limits: limits(&yaml.limits, extension)?,
        code_kb: yaml.limits.code,
        compilation: ToolLimits {
            cpu_ms: yaml.limits.compilation_time.map(tool_ms),
            memory_kb: memory("limits.compilation_memory", yaml.limits.compilation_memory)?,
        },
        validation: validation_limits(&yaml.limits)?,
        validator,
        validator_flags: yaml.validator_flags.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        languages: languages.filter(|list| list.iter().all(|language| language != "all")),
        allow_file_writing: yaml.allow_file_writing,
        name: yaml.name,
        constants: yaml.constants,
    })
}

fn version(yaml: &ProblemYaml) -> Result<&str, PackageError> {
    match yaml.problem_format_version.as_deref() {
        None => Ok("legacy"),
        Some(known @ ("2025-09" | "2025-09-draft" | "2023-07-draft" | "2023-07" | "legacy" | "legacy-icpc")) => {
            Ok(known)
        }
        Some(other) => Err(PackageError::unsupported(FILE, format!("problem_format_version '{other}' is"))),
    }
}

/// Legacy `validation`, and whether it says `interactive`.
fn validation(yaml: &ProblemYaml, version: &str) -> Result<(ValidatorChoice, bool), PackageError> {
    let Some(line) = &yaml.validation else {
        let default = if version.starts_with("legacy") { ValidatorChoice::Default } else { ValidatorChoice::IfThere };
        return Ok((default, false));
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["default"] => Ok((ValidatorChoice::Default, false)),
        ["custom", flags @ ..] if flags.iter().all(|flag| matches!(*flag, "score" | "interactive")) => {
            let custom = ValidatorChoice::Custom { score: flags.contains(&"score") };
            Ok((custom, flags.contains(&"interactive")))
        }
        _ => {
            let what = format!("validation '{line}' is neither 'default' nor 'custom' with 'score' or 'interactive'");
            Err(PackageError::invalid(FILE, what))
        }
    }
}

fn kind(yaml: &ProblemYaml, interactive: bool) -> Result<Kind, PackageError> {
    let mut kind = Kind { interactive, ..Kind::default() };
    let words = yaml.kind.as_ref().map_or(&[][..], OneOrMore::as_slice);
    for word in words {
        match word.as_str() {
            "pass-fail" => {}
            "scoring" => kind.scoring = true,
            "interactive" => kind.interactive = true,
            "multi-pass" => kind.multi_pass = true,
            "submit-answer" => return Err(PackageError::unsupported(FILE, "type 'submit-answer' is")),
            other => return Err(PackageError::invalid(FILE, format!("type '{other}' is not one of the format"))),
        }
    }
    if kind.scoring && words.iter().any(|word| word == "pass-fail") {
        return Err(PackageError::invalid(FILE, "type is both 'pass-fail' and 'scoring'; keep one"));
    }
    Ok(kind)
}

fn limits(limits: &Limits, extension: &Extension) -> Result<ProblemLimits, PackageError> {
    let Some(seconds) = limits.time_limit.or(extension.time_limit) else {
        let what = "limits.time_limit (seconds) is missing; it is not derived from the example submissions, so add it \
                    (or time_limit to herald.yaml)";
        return Err(PackageError::invalid(FILE, what));
    };
    let output_kb = limits.output.unwrap_or(DEFAULT_OUTPUT_MIB).saturating_mul(MIB);
    Ok(ProblemLimits {
        cpu_ms: within(FILE, "limits.time_limit", "cpu_ms", millis(seconds))?,
        memory_kb: within(FILE, "limits.memory", "memory_kb", kib(limits.memory.unwrap_or(DEFAULT_MEMORY_MIB)))?,
        output_kb: within(FILE, "limits.output", "output_kb", output_kb)?,
    })
}

fn validation_limits(limits: &Limits) -> Result<ValidationLimits, PackageError> {
    let default = ValidationLimits::default();
    let output_kb = limits.validation_output.map(kib).unwrap_or(default.output_kb);
    Ok(ValidationLimits {
        cpu_ms: limits.validation_time.map_or(default.cpu_ms, tool_ms),
        memory_kb: memory("limits.validation_memory", limits.validation_memory)?.unwrap_or(default.memory_kb),
        output_kb: within(FILE, "limits.validation_output", "output_kb", output_kb)?,
        passes: limits.validation_passes.and_then(|passes| u32::try_from(passes).ok()).unwrap_or(default.passes),
    })
}

fn memory(key: &str, mib: Option<u64>) -> Result<Option<u64>, PackageError> {
    mib.map(|mib| within(FILE, key, "memory_kb", kib(mib))).transpose()
}

/// A float-to-integer cast saturates, and the range check refuses what is out of bounds.
pub(super) fn millis(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

pub(super) fn kib(mib: u64) -> u64 {
    mib.saturating_mul(MIB)
}

fn tool_ms(seconds: u64) -> u64 {
    seconds.clamp(1, MAX_TOOL_SECONDS) * 1_000
}

impl Config {
    /// The name in the statement's language, else in any, else the one that the statement gives itself.
    pub(super) fn title(&self, language: &str, own: Option<&str>) -> Result<String, PackageError> {
        let name = match &self.name {
            None => own,
            Some(Text::One(name)) => Some(name.as_str()),
            Some(Text::ByLanguage(names)) => names.get(language).or_else(|| names.values().next()).map(String::as_str),
        };
        match name.map(str::trim) {
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

    /// The same for a file of a program; what is not text stays as it is.
    pub(super) fn filled(&self, file: &PackageFile) -> Vec<u8> {
        match std::str::from_utf8(&file.content) {
            Ok(text) if !self.constants.is_empty() => self.fill(text).into_bytes(),
            _ => file.content.clone(),
        }
    }
}
