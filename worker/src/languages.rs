//! The languages of a worker: read from one TOML file, looked for on this machine, tried out in the sandbox.
//!
//! Invariant: a language is offered only while its toolchain is there and its probe program compiles, runs and prints
//! what it should. A probe runs once, when its language is first needed or when the worker gets round to it after its
//! start, so that a worker takes work at once instead of waiting for every compiler.

mod prepared;
mod probe;
mod spec;
mod symptoms;
mod toolchain;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use herald_domain::language::LanguageInfo;
use tokio::sync::OnceCell;

pub(crate) use prepared::{INSIDE, begin};
use prepared::{Prepared, SharedFolder};
pub(crate) use spec::{CompileSpec, EXTRAS, FLAGS, LanguageSpec, PREPARED, PrepareSpec, SOURCES};
pub(crate) use symptoms::Symptoms;
pub(crate) use toolchain::Toolchain;

use crate::runner::Runner;

/// The file that is used unless another is named.
const BUILT_IN: &str = include_str!("../languages.toml");

/// Why a languages file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LanguagesError {
    #[error("the languages file {path} cannot be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the languages file {file} is wrong: {what}")]
    Invalid { file: String, what: String },
}

/// What a language needs to compile and run a program.
#[derive(Clone, Debug)]
pub(crate) struct Language {
    pub spec: LanguageSpec,
    pub toolchain: Toolchain,
    /// First line of what the toolchain says of itself.
    pub version: Option<String>,
    pub prepared: Arc<Prepared>,
    /// Where it is kept.
    folder: SharedFolder,
}

/// Why a language cannot be used here now.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// Not in the file, not installed, or broken: another worker may have it.
    #[error("language '{id}' is not available on this worker: {reason}")]
    Unavailable { id: String, reason: String },
    /// The probe could not be run now.
    #[error("language '{id}' could not be tried out: {reason}")]
    Untried { id: String, reason: String },
}

struct Entry {
    spec: LanguageSpec,
    toolchain: Result<Toolchain, String>,
    probed: OnceCell<Result<Arc<Language>, String>>,
}

/// Every language of the file, with what is known of each on this machine.
pub struct Languages {
    entries: Vec<Entry>,
    folder: SharedFolder,
}

impl Languages {
    /// Reads the file (the built-in one if none is named) and looks for each toolchain. Runs nothing.
    pub fn load(file: Option<&Path>) -> Result<Self, LanguagesError> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let specs = match file {
            None => spec::parse(BUILT_IN).map_err(|what| invalid("that is built in", what))?,
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| LanguagesError::Read { path: path.to_owned(), source })?;
                spec::parse(&text).map_err(|what| invalid(&path.display().to_string(), what))?
            }
        };
        let entries = specs.into_iter().map(|spec| Entry {
            toolchain: toolchain::find(&spec, home.as_deref()),
            probed: OnceCell::new(),
            spec,
        });
        Ok(Self { entries: entries.collect(), folder: SharedFolder::default() })
    }

    /// What is known now: a language that is installed counts as available until its probe fails.
    pub fn infos(&self) -> Vec<LanguageInfo> {
        self.entries.iter().map(Entry::info).collect()
    }

    /// The language, tried out if it has not been yet.
    pub(crate) async fn ready(&self, runner: &dyn Runner, id: &str) -> Result<Arc<Language>, Unusable> {
        match self.entries.iter().find(|entry| entry.spec.id == id) {
            Some(entry) => entry.ready(runner, &self.folder).await,
            None => {
                Err(Unusable::Unavailable { id: id.to_owned(), reason: "the languages file has no such id".into() })
            }
        }
    }

    /// The languages that have made what lets them compile faster.
    pub fn prepared(&self) -> Vec<&str> {
        let made =
            |entry: &&Entry| matches!(entry.probed.get(), Some(Ok(language)) if language.prepared.mount().is_some());
        self.entries.iter().filter(made).map(|entry| entry.spec.id.as_str()).collect()
    }

    /// Tries out every language that has not been yet, in the order of the file.
    pub(crate) async fn probe_all(&self, runner: &dyn Runner) {
        for entry in &self.entries {
            if let Err(error) = entry.ready(runner, &self.folder).await {
                tracing::warn!(language = %entry.spec.id, "{error}");
            }
        }
    }
}

fn invalid(file: &str, what: String) -> LanguagesError {
    LanguagesError::Invalid { file: file.to_owned(), what }
}

impl Entry {
    async fn ready(&self, runner: &dyn Runner, folder: &SharedFolder) -> Result<Arc<Language>, Unusable> {
        let id = || self.spec.id.clone();
        let toolchain = match &self.toolchain {
            Ok(toolchain) => toolchain,
            Err(reason) => return Err(Unusable::Unavailable { id: id(), reason: reason.clone() }),
        };
        let probed = self.probed.get_or_try_init(|| async {
            let (spec, toolchain) = (self.spec.clone(), toolchain.clone());
            let (prepared, folder) = (Arc::default(), folder.clone());
            let language = Language { spec, toolchain, version: None, prepared, folder };
            Ok(probe::probe(runner, language).await?.map(Arc::new))
        });
        match probed.await {
            Ok(Ok(language)) => Ok(language.clone()),
            Ok(Err(reason)) => Err(Unusable::Unavailable { id: id(), reason: reason.clone() }),
            Err(herald_sandbox::SandboxError::Setup(reason) | herald_sandbox::SandboxError::Gone(reason)) => {
                Err(Unusable::Untried { id: id(), reason })
            }
        }
    }

    fn info(&self) -> LanguageInfo {
        let (version, reason) = match (&self.toolchain, self.probed.get()) {
            (Err(reason), _) | (_, Some(Err(reason))) => (None, Some(reason.clone())),
            (Ok(_), Some(Ok(language))) => (language.version.clone(), None),
            (Ok(_), None) => (None, None),
        };
        LanguageInfo {
            id: self.spec.id.clone(),
            name: self.spec.name.clone(),
            version,
            source_name: self.spec.source_name.clone(),
            available: reason.is_none(),
            reason,
            flags: self.spec.flags.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
