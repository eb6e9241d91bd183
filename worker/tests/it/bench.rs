//! What the tests share: the sandbox, the judge over the problems that ship, and short ways to have something judged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use herald_domain::language::LanguageInfo;
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary};
use herald_domain::store;
use herald_domain::submission::{Claim, Judgement, NewSubmission, ProblemRef, SourceFile, Submission};
use herald_pipeline::work::{Judge, Steps};
use herald_sandbox::Sandbox;
use herald_testkit::build;
use herald_worker::{Languages, package};
use time::OffsetDateTime;

/// Submissions at once.
pub const SLOTS: usize = 2;

pub struct Bench {
    pub sandbox: Sandbox,
    pub judge: Arc<dyn Judge>,
    /// Those whose toolchain is installed.
    pub languages: Vec<LanguageInfo>,
    pub packages: Vec<ProblemPackage>,
    pub known: Arc<Languages>,
}

impl Bench {
    pub async fn new() -> Self {
        // A validator has a box of its own.
        let slots = SLOTS as u32 * 2 + 1;
        let config = herald_sandbox::Config {
            slots,
            // For an ordinary user, who has a cgroup only where one was delegated.
            allow_weak: true,
            first_uid: 62_000,
            box_kb: 256 * 1_024,
            cgroups: herald_sandbox::Cgroups::Auto,
            cgroup_parent: None,
        };
        let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
        let languages = Arc::new(Languages::load(None).unwrap());
        let packages = package::read_all(&problems_folder()).unwrap();
        let store = Arc::new(Packages(packages.clone()));
        let judge = herald_worker::judge(store, sandbox.clone(), languages.clone());
        let (installed, missing): (Vec<_>, Vec<_>) = languages.infos().into_iter().partition(|info| info.available);
        for info in missing {
            println!("language {} takes no part: {}", info.id, info.reason.unwrap_or_default());
        }
        Self { sandbox, judge, languages: installed, packages, known: languages }
    }

    /// The same over other problems.
    pub fn with(&self, packages: Vec<ProblemPackage>) -> Self {
        let (sandbox, known) = (self.sandbox.clone(), self.known.clone());
        let judge = herald_worker::judge(Arc::new(Packages(packages.clone())), sandbox.clone(), known.clone());
        Self { sandbox, judge, languages: self.languages.clone(), packages, known }
    }

    /// With another languages file.
    pub fn with_languages(&self, file: &Path) -> Self {
        let languages = Arc::new(Languages::load(Some(file)).unwrap());
        let store = Arc::new(Packages(self.packages.clone()));
        let judge = herald_worker::judge(store, self.sandbox.clone(), languages.clone());
        let installed = languages.infos().into_iter().filter(|info| info.available).collect();
        let (sandbox, packages) = (self.sandbox.clone(), self.packages.clone());
        Self { sandbox, judge, languages: installed, packages, known: languages }
    }

    pub async fn check(&self, package: &ProblemPackage) -> Vec<package::Finding> {
        herald_worker::check_package(&self.sandbox, &self.known, package).await
    }

    pub fn has(&self, language: &str) -> bool {
        self.languages.iter().any(|info| info.id == language)
    }

    pub async fn judge(&self, claim: Claim) -> Judgement {
        self.judge.judge(&claim, &Steps::detached()).await.expect("an attempt that succeeds")
    }

    /// Runs a program without a problem.
    pub async fn run(&self, language: &str, source: &str) -> Judgement {
        self.judge(self.claim(language, source)).await
    }

    /// Without a problem, without input.
    pub fn claim(&self, language: &str, source: &str) -> Claim {
        let info = self.languages.iter().find(|info| info.id == language).expect("an installed language");
        let files = vec![SourceFile { name: info.source_name.clone(), content: source.to_owned() }];
        let new =
            NewSubmission { language: language.to_owned(), files, ..build::new_submission(&build::owner("alice")) };
        Claim::of(new, build::token(), OffsetDateTime::UNIX_EPOCH)
    }

    pub fn for_problem(&self, slug: &str, claim: Claim) -> Claim {
        let package = self.packages.iter().find(|package| package.slug == slug).expect("a problem that ships");
        let problem = Some(ProblemRef { slug: slug.to_owned(), version: package.version.clone() });
        Claim { submission: Submission { problem, ..claim.submission }, ..claim }
    }
}

pub fn stdout(judgement: &Judgement) -> &str {
    judgement.outputs.stdout.as_ref().map_or("", |output| &output.text)
}

pub fn compile_output(judgement: &Judgement) -> &str {
    judgement.outputs.compile_output.as_ref().map_or("", |output| &output.text)
}

fn problems_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../problems")
}

/// A store that has these packages and nothing else.
struct Packages(Vec<ProblemPackage>);

#[async_trait]
impl store::Problems for Packages {
    async fn import_problem(&self, _: &ProblemPackage) -> store::Result<bool> {
        Ok(false)
    }

    async fn list_problems(&self, _: Option<&str>, _: u32) -> store::Result<Vec<(ProblemSummary, String)>> {
        Ok(Vec::new())
    }

    async fn get_problem(&self, _: &str) -> store::Result<Option<(ProblemSummary, String)>> {
        Ok(None)
    }

    async fn problem_files(&self, version: &str) -> store::Result<Option<Vec<PackageFile>>> {
        Ok(self.0.iter().find(|package| package.version == version).map(|package| package.files.clone()))
    }
}
