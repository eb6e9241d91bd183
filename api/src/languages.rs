//! Which languages there are: what the live workers say, merged.
//!
//! A language with a fixed id exists even where no worker has it; while no worker is alive at all, work in it is accepted
//! and waits for one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use herald_domain::language::allows;
use herald_domain::process::ProcessInfo;
use herald_domain::store::Store;
use herald_domain::view::Page;

use crate::App;
use crate::cache::Cache;
use crate::error::{Code, Result};
use crate::http::query::Params;
use crate::nearest::nearest;
use crate::views::LanguageView;

/// How long what the workers said is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// Id, name for people, and file name of a single `source`, where no worker says otherwise.
const FIXED: [(&str, &str, &str); 12] = [
    ("c", "C", "main.c"),
    ("cpp", "C++", "main.cpp"),
    ("cpp17", "C++ 17", "main.cpp"),
    ("cpp20", "C++ 20", "main.cpp"),
    ("cpp23", "C++ 23", "main.cpp"),
    ("rust", "Rust", "main.rs"),
    ("go", "Go", "main.go"),
    ("java", "Java", "Main.java"),
    ("python", "Python", "main.py"),
    ("pypy", "Python (PyPy)", "main.py"),
    ("javascript", "JavaScript", "main.js"),
    ("typescript", "TypeScript", "main.ts"),
];

/// The languages as the fleet has them now.
#[derive(Clone, Debug)]
pub(crate) struct Languages {
    any_worker: bool,
    known: BTreeMap<String, LanguageView>,
}

impl Languages {
    fn of(processes: &[ProcessInfo]) -> Self {
        let mut known: BTreeMap<String, LanguageView> = BTreeMap::new();
        for language in processes.iter().flat_map(|process| &process.languages) {
            let entry = known.entry(language.id.clone()).or_insert_with(|| LanguageView::of(language));
            if language.available && !entry.available {
                *entry = LanguageView::of(language);
            }
            entry.workers += u32::from(language.available);
        }
        Self { any_worker: processes.iter().any(|process| process.slots.is_some()), known }
    }

    /// The file name of a single `source`, or why the language cannot be taken.
    pub(crate) fn source_name(&self, id: &str) -> std::result::Result<String, (Code, String)> {
        let fixed = FIXED.iter().find(|(fixed, ..)| *fixed == id);
        match (self.known.get(id), fixed) {
            (Some(language), _) if language.available => Ok(language.source_name.clone()),
            (None, Some((.., source_name))) if !self.any_worker => Ok((*source_name).to_owned()),
            (Some(language), _) => {
                let why = language.reason.as_deref().unwrap_or("its toolchain is not installed");
                Err((Code::LanguageUnavailable, format!("no worker that is alive can run '{id}': {why}")))
            }
            (None, Some(_)) => Err((Code::LanguageUnavailable, format!("no worker that is alive has '{id}'"))),
            (None, None) => Err((Code::ValidationFailed, self.unknown(id))),
        }
    }

    /// Why a flag cannot be taken. What no worker has told of yet is left to the worker that comes.
    pub(crate) fn check_flag(&self, id: &str, flag: &str) -> std::result::Result<(), String> {
        match self.known.get(id) {
            Some(language) if !allows(&language.flags, flag) => {
                let (short, _) = herald_domain::text::cut(flag, 64);
                let allowed = language.flags.join(", ");
                let allowed = if allowed.is_empty() { "none is".to_owned() } else { format!("allowed are {allowed}") };
                Err(format!("'{id}' does not allow the flag '{short}'; {allowed}"))
            }
            _ => Ok(()),
        }
    }

    /// Every id that means something here, be there a worker for it or not.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let mut all: Vec<&str> = FIXED.iter().map(|(id, ..)| *id).collect();
        all.extend(self.known.keys().map(String::as_str).filter(|id| !FIXED.iter().any(|(fixed, ..)| fixed == id)));
        all
    }

    fn unknown(&self, id: &str) -> String {
        let all = self.ids();
        let (short, _) = herald_domain::text::cut(id, 64);
        match nearest(id, all.iter().copied()) {
            Some(near) => format!("unknown language '{short}'; did you mean '{near}'?"),
            None => format!("unknown language '{short}'; known are {}", all.join(", ")),
        }
    }

    /// What `GET /languages` lists. Before any worker is alive: the fixed ids, none available yet.
    fn listed(&self) -> Vec<LanguageView> {
        if self.any_worker || !self.known.is_empty() {
            return self.known.values().cloned().collect();
        }
        let waiting = |(id, name, source_name): &(&str, &str, &str)| LanguageView {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            version: None,
            source_name: (*source_name).to_owned(),
            available: false,
            reason: Some("no worker is alive; what is submitted waits for one".to_owned()),
            workers: 0,
            flags: Vec::new(),
        };
        FIXED.iter().map(waiting).collect()
    }
}

/// The fleet's languages, asked of the store at most once a second.
pub(crate) struct Known(Cache<(), Arc<Languages>>);

impl Default for Known {
    fn default() -> Self {
        Self(Cache::new(BELIEVED))
    }
}

impl Known {
    pub(crate) async fn now(&self, store: &dyn Store) -> Result<Arc<Languages>> {
        if let Some(known) = self.0.get(&()) {
            return Ok(known);
        }
        let languages = Arc::new(Languages::of(&store.list_processes().await?));
        self.0.put((), languages.clone());
        Ok(languages)
    }
}

/// Languages that the workers of this server have, with the version of each toolchain.
#[utoipa::path(
    get, path = "/languages", operation_id = "list_languages", tag = "judge",
    responses((status = 200, description = "All languages; the list is never cut", body = Page<LanguageView>)),
)]
pub(crate) async fn list_languages(State(app): State<Arc<App>>, uri: Uri) -> Result<Json<Page<LanguageView>>> {
    Params::read(&uri, &[])?;
    // Not from the memory that POSTs use: who asks wants to see a worker that has just come.
    let languages = Languages::of(&app.deps.store.list_processes().await?);
    Ok(Json(Page { items: languages.listed(), next: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::id::ProcessId;
    use herald_domain::language::LanguageInfo;
    use time::OffsetDateTime;
    use uuid::Uuid;

    fn worker(languages: &[(&str, bool)]) -> ProcessInfo {
        let info = |(id, available): &(&str, bool)| LanguageInfo {
            id: (*id).to_owned(),
            name: id.to_uppercase(),
            version: available.then(|| "1.0".to_owned()),
            source_name: format!("prog.{id}"),
            available: *available,
            reason: (!available).then(|| "not installed".to_owned()),
            flags: vec!["-O*".to_owned()],
        };
        ProcessInfo {
            id: ProcessId(Uuid::from_u128(1)),
            kind: "worker".into(),
            version: "1".into(),
            class: Some("any".into()),
            slots: Some(2),
            languages: languages.iter().map(info).collect(),
            doing: String::new(),
            seen_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_language_is_available_if_any_worker_has_it() {
        let languages = Languages::of(&[worker(&[("go", false), ("zig", true)]), worker(&[("go", true)])]);
        assert_eq!(languages.source_name("go"), Ok("prog.go".to_owned()));
        assert_eq!(languages.source_name("zig"), Ok("prog.zig".to_owned()));
        assert_eq!(languages.known["go"].workers, 1);
        let code = |id: &str| languages.source_name(id).unwrap_err().0;
        assert_eq!(code("rust"), Code::LanguageUnavailable);
        assert_eq!(code("pyton"), Code::ValidationFailed);
        assert!(languages.source_name("pyton").unwrap_err().1.contains("did you mean 'python'"));
        assert_eq!(languages.check_flag("go", "-O1"), Ok(()));
        let refused = "'go' does not allow the flag '-o'; allowed are -O*";
        assert_eq!(languages.check_flag("go", "-o"), Err(refused.to_owned()));
    }

    #[test]
    fn without_any_worker_work_in_a_fixed_language_waits() {
        let languages = Languages::of(&[]);
        assert_eq!(languages.source_name("java"), Ok("Main.java".to_owned()));
        assert_eq!(languages.source_name("zig").unwrap_err().0, Code::ValidationFailed);
        assert_eq!(languages.listed().len(), FIXED.len());
    }
}
