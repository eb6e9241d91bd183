//! The languages file: its shape, its defaults, and the words that may stand in it.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::symptoms::Symptoms;

/// What may stand between braces in argv and env.
const PLACEHOLDERS: [&str; 10] = [
    "{prepared}",
    "{tool}",
    "{bin}",
    "{source}",
    "{stem}",
    "{binary}",
    "{memory_mb}",
    "{stack_kb}",
    "{quarter_stack_kb}",
    "{heap_mb}",
];
/// Stand alone, for several words.
pub(crate) const SOURCES: &str = "{sources}";
pub(crate) const FLAGS: &str = "{flags}";
pub(crate) const EXTRAS: &str = "{extras}";
/// A word with it is left out where nothing is prepared.
pub(crate) const PREPARED: &str = "{prepared}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: Vec<LanguageSpec>,
}

/// One `[[language]]`; see `languages.toml` for what each key means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LanguageSpec {
    pub id: String,
    pub name: String,
    pub source_name: String,
    #[serde(default)]
    pub extensions: Vec<String>,
    pub tool: Vec<String>,
    #[serde(default)]
    pub needs: Vec<String>,
    #[serde(default)]
    pub mounts: Vec<String>,
    pub version: Vec<String>,
    pub probe: String,
    #[serde(default)]
    pub out_of_memory: Symptoms,
    #[serde(default)]
    pub out_of_memory_stdout: Symptoms,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    #[serde(default)]
    pub extra: Vec<ExtraSpec>,
    pub prepare: Option<PrepareSpec>,
    pub compile: Option<CompileSpec>,
    pub run: RunSpec,
}

/// Words of a command where a file is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtraSpec {
    pub needs: String,
    pub words: Vec<String>,
}

/// What is made once, and where it lies when it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrepareSpec {
    pub argv: Vec<String>,
    pub files: BTreeMap<String, String>,
    pub made: String,
    pub place: String,
    pub used_with: String,
    #[serde(default)]
    pub not_with: Vec<String>,
    /// What a compiler has to say is the same with it as without.
    #[serde(default)]
    pub says_the_same: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CompileSpec {
    pub argv: Vec<String>,
    pub cpu_ms: u64,
    pub wall_ms: u64,
    pub memory_mb: u64,
    pub processes: u64,
    pub address_space: bool,
    pub out_of_memory: Symptoms,
    pub too_large: Symptoms,
}

impl Default for CompileSpec {
    fn default() -> Self {
        Self {
            argv: Vec::new(),
            cpu_ms: 10_000,
            wall_ms: 30_000,
            memory_mb: 1_024,
            processes: 64,
            address_space: false,
            out_of_memory: Symptoms::default(),
            too_large: Symptoms::default(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RunSpec {
    pub argv: Vec<String>,
    pub time_factor: f64,
    pub extra_processes: u64,
    pub address_space: bool,
}

impl Default for RunSpec {
    fn default() -> Self {
        Self { argv: Vec::new(), time_factor: 1.0, extra_processes: 0, address_space: true }
    }
}

/// Reads a languages file; what is wrong is said by language id.
pub(super) fn parse(text: &str) -> Result<Vec<LanguageSpec>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut ids = HashSet::new();
    for spec in &file.language {
        check(spec).map_err(|what| format!("language '{}': {what}", spec.id))?;
        if !ids.insert(&spec.id) {
            return Err(format!("language '{}' stands in it twice", spec.id));
        }
    }
    Ok(file.language)
}

fn check(spec: &LanguageSpec) -> Result<(), String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if spec.id.is_empty() || !spec.id.chars().all(good) {
        return Err("an id has only a-z and 0-9".into());
    }
    if spec.source_name.is_empty() || spec.source_name.contains('/') || spec.source_name.starts_with('.') {
        return Err("source_name has to be a plain file name".into());
    }
    if let Some(name) = spec.files.keys().find(|name| name.is_empty() || name.contains('/') || name.starts_with('.')) {
        return Err(format!("'{name}' among its files is not a plain file name"));
    }
    if let Some(flag) = spec.flags.iter().find(|flag| !flag.starts_with('-')) {
        return Err(format!("'{flag}' is no flag: it does not start with '-'"));
    }
    let argvs = || spec.compile.iter().flat_map(|compile| &compile.argv).chain(&spec.run.argv);
    if !spec.flags.is_empty() && !argvs().any(|word| word == FLAGS) {
        return Err(format!("it allows flags, but {FLAGS} stands in no argv"));
    }
    if !spec.extra.is_empty() && !argvs().any(|word| word == EXTRAS) {
        return Err(format!("it has extra words, but {EXTRAS} stands in no argv"));
    }
    let extra = spec.extra.iter().map(|extra| &extra.needs);
    for path in spec.tool.iter().chain(&spec.needs).chain(&spec.mounts).chain(extra) {
        if !path.starts_with('/') && !path.starts_with("~/") {
            return Err(format!("'{path}' is not an absolute path"));
        }
    }
    let compile = spec.compile.as_ref().map(|compile| &compile.argv);
    let prepare = spec.prepare.as_ref().map(|prepare| &prepare.argv);
    if spec.prepare.as_ref().is_some_and(|prepare| prepare.place.starts_with('/') || prepare.place.contains("..")) {
        return Err("prepare.place has to be a path below the folder that is shown".into());
    }
    for argv in [Some(&spec.version), prepare, compile, Some(&spec.run.argv)].into_iter().flatten() {
        check_argv(argv)?;
    }
    spec.env.values().try_for_each(|value| check_word(value))?;
    if !(0.1..=100.0).contains(&spec.run.time_factor) {
        return Err("time_factor is not within 0.1 to 100".into());
    }
    Ok(())
}

fn check_argv(argv: &[String]) -> Result<(), String> {
    match argv.first().map(String::as_str) {
        Some("{tool}" | "{binary}") => {}
        Some(first) if first.starts_with('/') || first.starts_with("{bin}/") => {}
        Some(first) => return Err(format!("argv starts with '{first}', not with {{tool}} or an absolute path")),
        None => return Err("argv is empty".into()),
    }
    argv.iter().filter(|word| ![SOURCES, FLAGS, EXTRAS].contains(&word.as_str())).try_for_each(|word| check_word(word))
}

fn check_word(word: &str) -> Result<(), String> {
    let bare = PLACEHOLDERS.iter().fold(word.to_owned(), |word, known| word.replace(known, ""));
    match bare.contains(['{', '}']) {
        true => Err(format!(
            "'{word}' has an unknown placeholder; known are {} {SOURCES} {FLAGS} {EXTRAS}",
            PLACEHOLDERS.join(" ")
        )),
        false => Ok(()),
    }
}
