//! Trying a problem package out, before anybody depends on it: its validator has to compile and to take the answers, and
//! each example submission has to come to what its folder is called.

use std::sync::Arc;

use async_trait::async_trait;
use herald_domain::id::{LeaseToken, SubmissionId};
use herald_domain::owner::Owner;
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary};
use herald_domain::store;
use herald_domain::submission::{Claim, Judgement, Limits, NewSubmission, ProblemRef, Verdict};
use herald_pipeline::work::{Judge, Steps};
use herald_sandbox::Sandbox;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::judge::{Halt, Validator};
use crate::languages::Languages;
use crate::package::{Example, Finding, Problem, Validation, examples};
use crate::runner::{Runner, SandboxRunner};

/// Judges every example submission whose language is here. Programs of the package run in the sandbox, one at a time.
pub async fn check_package(sandbox: &Sandbox, languages: &Arc<Languages>, package: &ProblemPackage) -> Vec<Finding> {
    let (problem, examples) = match (Problem::from_files(&package.files), examples(&package.files)) {
        (Ok(problem), Ok(examples)) => (problem, examples),
        (Err(error), _) | (_, Err(error)) => return vec![Finding::error("problem.yaml", error.to_string())],
    };
    let runner = SandboxRunner::new(sandbox.clone());
    let mut findings = validator(&runner, languages, &problem).await;
    if findings.is_empty() {
        let store = Arc::new(OnePackage(package.clone()));
        let judge = crate::judge(store, sandbox.clone(), languages.clone());
        findings.extend(submissions(&*judge, &runner, languages, package, &problem, examples).await);
    }
    findings
}

/// The validator compiles, and takes the answers that are shown as outputs.
async fn validator(runner: &dyn Runner, languages: &Languages, problem: &Problem) -> Vec<Finding> {
    const PATH: &str = "output_validator";
    let Some(source) = &problem.validator else { return Vec::new() };
    let failed = |what: String| vec![Finding::error(PATH, what)];
    let validator = match Validator::compile(runner, languages, problem, source).await {
        Ok(Ok(validator)) => validator,
        Ok(Err(what)) => return failed(what),
        Err(Halt::Failed(what)) => return failed(format!("could not be compiled: {what}")),
        Err(Halt::Verdict(_)) => return failed("could not be compiled".into()),
    };
    if problem.kind.interactive || problem.kind.multi_pass {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for case in problem.cases.iter().filter(|case| case.sample) {
        let Validation::Custom(args) = &case.validation else { continue };
        let what = match validator.takes(runner, case, args, &case.answer).await {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => "is shown as an output, but the validator does not accept it".to_owned(),
            Ok(Err(what)) => format!("given to the validator as an output: it {what}"),
            Err(error) => format!("could not be validated: {error}"),
        };
        findings.push(Finding::error(format!("data/{}.ans", case.name), what));
    }
    findings
}

async fn submissions(
    judge: &dyn Judge,
    runner: &dyn Runner,
    languages: &Languages,
    package: &ProblemPackage,
    problem: &Problem,
    examples: Vec<Example>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for example in examples {
        let path = format!("submissions/{}", example.path);
        let Some(language) = example.language else { continue };
        if let Err(unusable) = languages.ready(runner, language).await {
            findings.push(Finding::warning(path, format!("is not tried out: {unusable}")));
            continue;
        }
        match judge.judge(&claim(package, language, &example), &Steps::detached()).await {
            Err(failed) => findings.push(Finding::error(path, format!("could not be judged: {failed}"))),
            Ok(judgement) if judgement.verdict == Verdict::InternalError => {
                let reason = judgement.reason.unwrap_or_default();
                let what =
                    format!("makes the judge fail ({reason}), at case {}", case_name(problem, judgement.cases.len()));
                findings.push(Finding::error(path, what));
            }
            Ok(judgement) => {
                findings.extend(surprise(problem, &example, &judgement).map(|what| Finding::error(path, what)))
            }
        }
    }
    findings
}

/// What is not as the folder's name says.
fn surprise(problem: &Problem, example: &Example, judgement: &Judgement) -> Option<String> {
    use Verdict::{Accepted, MemoryLimitExceeded, OutputLimitExceeded, RunTimeError, TimeLimitExceeded, WrongAnswer};
    let verdict = judgement.verdict;
    let most = problem.grading.max_score();
    let whole = !problem.kind.scoring || judgement.tests.total == Some(judgement.tests.passed);
    let full = whole && most.is_none_or(|most| judgement.score.is_none_or(|score| score >= most * (1.0 - 1e-9)));
    let partly = judgement.score.is_some_and(|score| score > 0.0);
    // The format knows four verdicts: what ends a program too early is one.
    let crashed = matches!(verdict, RunTimeError | MemoryLimitExceeded | OutputLimitExceeded);
    let as_expected = match example.folder.as_str() {
        "accepted" => verdict == Accepted && full,
        "partially_accepted" => partly && !full,
        "rejected" => verdict != Accepted,
        "brute_force" => crashed || verdict == TimeLimitExceeded || (partly && !full),
        "run_time_error" => crashed,
        // In a scoring problem a program may fail at some and still earn something.
        "wrong_answer" => verdict == WrongAnswer || failed_with(judgement, &[WrongAnswer]),
        "time_limit_exceeded" => verdict == TimeLimitExceeded || failed_with(judgement, &[TimeLimitExceeded]),
        other => match other.parse::<Verdict>() {
            Ok(named) => verdict == named,
            // A folder of the author's own expects nothing that is known here.
            Err(_) => true,
        },
    };
    if as_expected {
        return None;
    }
    let reason = judgement.reason.as_deref().unwrap_or_default();
    let mut what = format!("comes to {verdict} ({reason})");
    if let Some(score) = judgement.score {
        what += &format!(" with score {score}");
    }
    let last = judgement.cases.iter().rposition(|case| case.verdict != Accepted);
    if let Some(case) = last.and_then(|at| judgement.cases.get(at)) {
        what +=
            &format!("; case {} of group {} took {} ms and {} KiB", case.n, case.group, case.time_ms, case.memory_kb);
    }
    Some(what)
}

/// Some case failed, and every one that did came to one of these.
fn failed_with(judgement: &Judgement, verdicts: &[Verdict]) -> bool {
    let mut failed = judgement.cases.iter().filter(|case| case.verdict != Verdict::Accepted).peekable();
    failed.peek().is_some() && failed.all(|case| verdicts.contains(&case.verdict))
}

/// The case after so many, if nothing was skipped.
fn case_name(problem: &Problem, after: usize) -> &str {
    problem.cases.get(after).map_or("-", |case| &case.name)
}

fn claim(package: &ProblemPackage, language: &str, example: &Example) -> Claim {
    let handed_in = NewSubmission {
        id: SubmissionId(Uuid::nil()),
        owner: Owner::user("check").expect("a good name"),
        problem: Some(ProblemRef { slug: package.slug.clone(), version: package.version.clone() }),
        language: language.to_owned(),
        files: example.files.clone(),
        stdin: None,
        limits: Limits::default(),
        flags: Vec::new(),
        class: String::new(),
        priority: 0,
        traceparent: None,
        idempotency: None,
    };
    Claim::of(handed_in, LeaseToken(Uuid::nil()), OffsetDateTime::UNIX_EPOCH)
}

/// A store that has this package alone.
struct OnePackage(ProblemPackage);

#[async_trait]
impl store::Problems for OnePackage {
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
        Ok((version == self.0.version).then(|| self.0.files.clone()))
    }
}
