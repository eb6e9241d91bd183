//! What a request names, looked up: the problem's current version, the language's file name.

use std::time::Duration;

use herald_domain::id::SubmissionId;
use herald_domain::store::Store;
use herald_domain::submission::{NewSubmission, ProblemRef, SourceFile};
use uuid::Uuid;

use crate::App;
use crate::cache::Cache;
use crate::caller::Caller;
use crate::error::Result;
use crate::http::context::RequestContext;
use crate::http::json::{Findings, Pointer};
use crate::views::SubmitRequest;

use super::read::entry_of;

/// How long the current version of a problem is believed: so long after an import the version before may still judge.
const BELIEVED: Duration = Duration::from_secs(1);
/// The pool of workers that takes submissions.
const CLASS: &str = "any";

/// The current version of each problem, by slug. Only hits are remembered.
pub(crate) struct KnownProblems(Cache<String, String>);

impl Default for KnownProblems {
    fn default() -> Self {
        Self(Cache::new(BELIEVED))
    }
}

impl KnownProblems {
    async fn version(&self, store: &dyn Store, slug: &str) -> Result<Option<String>> {
        if let Some(version) = self.0.get(slug) {
            return Ok(Some(version));
        }
        let found = store.get_problem(slug).await?.map(|(_, version)| version);
        if let Some(version) = &found {
            self.0.put(slug.to_owned(), version.clone());
        }
        Ok(found)
    }

    /// It has just been imported.
    pub(crate) fn now_at(&self, slug: &str, version: &str) {
        self.0.put(slug.to_owned(), version.to_owned());
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
            match self.problems.version(&*self.deps.store, slug).await? {
                Some(version) => problem = Some(ProblemRef { slug: slug.clone(), version }),
                None => findings.add(&at.field("problem"), unknown_problem(slug)),
            }
        }
        let mut source_name = String::new();
        // An absent language was noted where the body was read.
        if !request.language.is_empty() {
            let languages = self.languages.now(&*self.deps.store).await?;
            match languages.source_name(&request.language) {
                Ok(name) => source_name = name,
                Err((code, detail)) => findings.add_as(code, &at.field("language"), detail),
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
            problem,
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

fn unknown_problem(slug: &str) -> String {
    let (short, _) = herald_domain::text::cut(slug, 64);
    format!("unknown problem '{short}'; GET /problems lists what there is")
}
