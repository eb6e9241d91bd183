//! What a request names, looked up: the problem's current version and whether it takes the language, the language's file name.

use std::sync::Arc;
use std::time::Duration;

use herald_domain::id::SubmissionId;
use herald_domain::problem::ProblemSummary;
use herald_domain::store::Store;
use herald_domain::submission::{NewSubmission, ProblemRef, SourceFile};
use uuid::Uuid;

use crate::App;
use crate::cache::Cache;
use crate::caller::Caller;
use crate::error::Result;
use crate::http::context::RequestContext;
use crate::http::json::{Findings, Pointer};
use crate::languages::Languages;
use crate::views::SubmitRequest;

use super::read::entry_of;

/// How long the current version of a problem is believed: so long after an import the version before may still judge.
const BELIEVED: Duration = Duration::from_secs(1);
/// The pool of workers that takes submissions.
const CLASS: &str = "any";

/// The current version of a problem, and what it says of itself.
type Current = Arc<(ProblemSummary, String)>;

/// The current version of each problem, by slug. Only hits are remembered.
pub(crate) struct KnownProblems(Cache<String, Current>);

impl Default for KnownProblems {
    fn default() -> Self {
        Self(Cache::new(BELIEVED))
    }
}

impl KnownProblems {
    async fn current(&self, store: &dyn Store, slug: &str) -> Result<Option<Current>> {
        if let Some(known) = self.0.get(slug) {
            return Ok(Some(known));
        }
        let found = store.get_problem(slug).await?.map(Arc::new);
        if let Some(known) = &found {
            self.0.put(slug.to_owned(), known.clone());
        }
        Ok(found)
    }

    /// It has just been imported.
    pub(crate) fn now_at(&self, summary: &ProblemSummary, version: &str) {
        self.0.put(summary.slug.clone(), Arc::new((summary.clone(), version.to_owned())));
    }
}

impl App {
    /// Notes what the request names and does not exist; the submission is only to be used if nothing was found.
    pub(super) async fn resolve(
        &self,
        findings: &mut Findings,
        at: &Pointer,
        request: &SubmitRequest,
        caller: &Caller,
        context: &RequestContext,
    ) -> Result<NewSubmission> {
        let mut problem = None;
        if let Some(slug) = &request.problem {
            match self.problems.current(&*self.deps.store, slug).await? {
                Some(current) => problem = Some(current),
                None => findings.add(&at.field("problem"), unknown_problem(slug)),
            }
        }
        let mut source_name = String::new();
        // An absent language was noted where the body was read.
        if !request.language.is_empty() {
            let languages = self.languages.now(&*self.deps.store).await?;
            let refusal = problem.as_ref().and_then(|current| takes(&current.0, &request.language, &languages).err());
            match (refusal, languages.source_name(&request.language)) {
                (Some(detail), _) => findings.add(&at.field("language"), detail),
                (None, Ok(name)) => source_name = name,
                (None, Err((code, detail))) => findings.add_as(code, &at.field("language"), detail),
            }
            for (n, flag) in request.flags.iter().enumerate() {
                if let Err(detail) = languages.check_flag(&request.language, flag) {
                    findings.add(&at.field("flags").item(n), detail);
                }
            }
        }
        Ok(NewSubmission {
            id: SubmissionId(Uuid::now_v7()),
            owner: caller.owner.clone(),
            problem: problem.map(|current| ProblemRef { slug: current.0.slug.clone(), version: current.1.clone() }),
            language: request.language.clone(),
            files: files(request, source_name),
            stdin: request.stdin.clone(),
            limits: request.limits,
            flags: request.flags.clone(),
            class: CLASS.to_owned(),
            priority: 0,
            traceparent: Some(context.trace.traceparent().to_owned()),
            idempotency: None,
        })
    }
}

/// The entry point first: that is how it is known from here on.
fn files(request: &SubmitRequest, source_name: String) -> Vec<SourceFile> {
    match (&request.files, &request.source) {
        (Some(files), _) => {
            let mut files = files.clone();
            let entry = entry_of(&files, request.entry.as_deref()).unwrap_or(0);
            if let Some(front) = files.get_mut(..=entry) {
                front.rotate_right(1);
            }
            files
        }
        (None, Some(source)) => vec![SourceFile { name: source_name, content: source.clone() }],
        (None, None) => Vec::new(),
    }
}

/// Why the problem does not take the language; one that nobody knows is told of elsewhere.
fn takes(problem: &ProblemSummary, language: &str, languages: &Languages) -> std::result::Result<(), String> {
    let known = languages.ids();
    if problem.allows(language) || !known.contains(&language) {
        return Ok(());
    }
    let taken: Vec<_> = known.into_iter().filter(|id| problem.allows(id)).collect();
    Err(format!("the problem '{}' does not take '{language}'; hand it in as one of {}", problem.slug, taken.join(", ")))
}

fn unknown_problem(slug: &str) -> String {
    let (short, _) = herald_domain::text::cut(slug, 64);
    format!("unknown problem '{short}'; GET /problems lists what there is")
}
