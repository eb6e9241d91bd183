//! `herald.yaml`: what a package says to Herald alone, apart from the format's own files so that other tools still take
//! the package.

use std::collections::BTreeMap;

use herald_domain::problem::{PackageFile, format_code};
use serde::Deserialize;

use super::config::{kib, millis};
use super::{PackageError, ProblemLimits, find, text, within};

const FILE: &str = "herald.yaml";
const MULTIPLIERS: std::ops::RangeInclusive<f64> = 0.1..=100.0;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Extension {
    /// Seconds, where `problem.yaml` has none (the legacy version has no such key).
    pub time_limit: Option<f64>,
    /// Run every case although one failed.
    pub run_all: bool,
    /// By the format's codes or Herald's ids.
    limits: BTreeMap<String, LanguageYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LanguageYaml {
    /// Seconds.
    time_limit: Option<f64>,
    time_multiplier: Option<f64>,
    /// MiB.
    memory: Option<u64>,
}

/// Limits for one language.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LanguageLimits {
    /// In place of the problem's, as it stands: no factor counts any more.
    pub cpu_ms: Option<u64>,
    /// In place of the language's own factor.
    pub time_factor: Option<f64>,
    pub memory_kb: Option<u64>,
}

pub(super) fn read(files: &[PackageFile]) -> Result<Extension, PackageError> {
    let Some(file) = find(files, FILE) else { return Ok(Extension::default()) };
    let yaml: Option<Extension> =
        serde_yaml_ng::from_str(text(file)?).map_err(|error| PackageError::invalid(FILE, error.to_string()))?;
    Ok(yaml.unwrap_or_default())
}

impl Extension {
    pub(super) fn language_limits(&self) -> Result<BTreeMap<String, LanguageLimits>, PackageError> {
        self.limits.iter().map(|(language, yaml)| Ok((language.clone(), yaml.limits(language)?))).collect()
    }
}

impl LanguageYaml {
    fn limits(&self, language: &str) -> Result<LanguageLimits, PackageError> {
        let key = |name: &str| format!("limits.{language}.{name}");
        if self.time_multiplier.is_some_and(|factor| !MULTIPLIERS.contains(&factor)) {
            return Err(PackageError::invalid(FILE, format!("{} is not within 0.1 to 100", key("time_multiplier"))));
        }
        let cpu_ms = self.time_limit.map(|seconds| within(FILE, &key("time_limit"), "cpu_ms", millis(seconds)));
        let memory_kb = self.memory.map(|mib| within(FILE, &key("memory"), "memory_kb", kib(mib)));
        Ok(LanguageLimits {
            cpu_ms: cpu_ms.transpose()?,
            time_factor: self.time_multiplier,
            memory_kb: memory_kb.transpose()?,
        })
    }
}

/// The limits of a language (Herald's id) and its factor on CPU time.
pub(super) fn limits_for(
    limits: ProblemLimits,
    by_language: &BTreeMap<String, LanguageLimits>,
    language: &str,
    factor: f64,
) -> (ProblemLimits, f64) {
    let own = by_language.get(language).or_else(|| by_language.get(format_code(language)));
    let own = own.copied().unwrap_or_default();
    let factor = if own.cpu_ms.is_some() { 1.0 } else { own.time_factor.unwrap_or(factor) };
    let limits = ProblemLimits {
        cpu_ms: own.cpu_ms.unwrap_or(limits.cpu_ms),
        memory_kb: own.memory_kb.unwrap_or(limits.memory_kb),
        ..limits
    };
    (limits, factor)
}
