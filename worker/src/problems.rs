//! The problems that were judged by last, by version. A version never changes, so nothing here ever goes stale.

use std::sync::{Arc, Mutex, PoisonError};

use herald_domain::store::{self, StoreError};
use tokio::sync::OnceCell;

use crate::judge::{Halt, Validator};
use crate::languages::Languages;
use crate::package::{PackageError, Problem, ValidatorSource};
use crate::runner::Runner;

/// Kept problems together hold at most this many bytes of test data (one that is larger by itself is kept alone).
const MAX_BYTES: usize = 256 * 1_024 * 1_024;

/// Why a problem is not to be had.
#[derive(Debug)]
pub(crate) enum Missing {
    Store(StoreError),
    Unknown,
    Broken(PackageError),
}

/// A problem, and its validator once that has been compiled: for as long as the problem is kept.
pub(crate) struct Ready {
    pub problem: Problem,
    validator: OnceCell<Result<Validator, String>>,
}

impl Ready {
    pub(crate) fn new(problem: Problem) -> Self {
        Self { problem, validator: OnceCell::new() }
    }

    /// The inner error is the package's fault, and stays; the outer may pass.
    pub(crate) async fn validator(
        &self,
        runner: &dyn Runner,
        languages: &Languages,
        source: &ValidatorSource,
    ) -> Result<Result<&Validator, &String>, Halt> {
        let compile = || Validator::compile(runner, languages, &self.problem, source);
        Ok(self.validator.get_or_try_init(compile).await?.as_ref())
    }
}

pub(crate) struct Problems {
    store: Arc<dyn store::Problems + Send + Sync>,
    recent: Mutex<Recent>,
}

/// The one used last stands last.
#[derive(Default)]
struct Recent {
    problems: Vec<(String, Arc<Ready>, usize)>,
}

impl Problems {
    pub(crate) fn new(store: Arc<dyn store::Problems + Send + Sync>) -> Self {
        Self { store, recent: Mutex::default() }
    }

    /// The problem as it was at that version.
    pub(crate) async fn get(&self, version: &str) -> Result<Arc<Ready>, Missing> {
        if let Some(problem) = self.recent().touch(version) {
            return Ok(problem);
        }
        let files = self.store.problem_files(version).await.map_err(Missing::Store)?.ok_or(Missing::Unknown)?;
        let problem = Arc::new(Ready::new(Problem::from_files(&files).map_err(Missing::Broken)?));
        let bytes = problem.problem.cases.iter().map(|case| case.input.len() + case.answer.len()).sum();
        self.recent().keep(version, problem.clone(), bytes);
        Ok(problem)
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn touch(&mut self, version: &str) -> Option<Arc<Ready>> {
        let at = self.problems.iter().position(|(kept, _, _)| kept == version)?;
        let entry = self.problems.remove(at);
        let problem = entry.1.clone();
        self.problems.push(entry);
        Some(problem)
    }

    fn keep(&mut self, version: &str, problem: Arc<Ready>, bytes: usize) {
        self.problems.retain(|(kept, _, _)| kept != version);
        self.problems.push((version.to_owned(), problem, bytes));
        while self.problems.len() > 1 && self.problems.iter().map(|(_, _, bytes)| bytes).sum::<usize>() > MAX_BYTES {
            self.problems.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::problem::PackageFile;

    fn problem() -> Arc<Ready> {
        let file = |path: &str, content: &str| PackageFile { path: path.into(), content: content.into() };
        let files = [
            file("problem.yaml", "name: x\nlimits: {time_limit: 1}\n"),
            file("statement/problem.en.md", "x\n"),
            file("data/secret/1.in", ""),
            file("data/secret/1.ans", ""),
        ];
        Arc::new(Ready::new(Problem::from_files(&files).unwrap()))
    }

    #[test]
    fn the_least_recently_used_goes_first_when_room_runs_out() {
        let mut recent = Recent::default();
        recent.keep("a", problem(), MAX_BYTES / 2);
        recent.keep("b", problem(), MAX_BYTES / 2);
        assert!(recent.touch("a").is_some());
        recent.keep("c", problem(), MAX_BYTES / 2);
        assert!(recent.touch("b").is_none(), "b was used longest ago");
        assert!(recent.touch("a").is_some() && recent.touch("c").is_some());
        recent.keep("huge", problem(), 2 * MAX_BYTES);
        assert!(recent.touch("huge").is_some() && recent.touch("a").is_none());
    }
}
