//! The problems that ship: every example submission gets the verdict of its folder.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use herald_domain::problem::ProblemPackage;
use herald_domain::submission::{Claim, Limits, SourceFile, Verdict};

use crate::bench::{Bench, SLOTS};

crate::tests![
    the_promised_problems_are_there,
    every_problem_has_programs_of_every_kind,
    every_example_submission_gets_the_verdict_of_its_folder,
    figures_and_cases_are_told,
    a_submission_may_tighten_a_limit,
];

async fn the_promised_problems_are_there(bench: &Bench) {
    let slugs: Vec<_> = bench.packages.iter().map(|package| package.slug.as_str()).collect();
    let promised = [
        "a-plus-b",
        "ferry-lines",
        "hedge-maze",
        "hello",
        "mirror-carpet",
        "pond-fence",
        "shop-sign",
        "turnstile",
        "two-diaries",
        "two-sum",
    ];
    assert_eq!(slugs, promised);
    for package in &bench.packages {
        assert!(!package.summary.samples.is_empty(), "{} has no sample", package.slug);
    }
}

struct Example<'a> {
    /// Below `submissions/`, with the package's slug before it.
    name: String,
    slug: &'a str,
    verdict: Verdict,
    language: &'static str,
    claim: Claim,
}

/// One for each file or folder below `submissions/<verdict>/` and each language that it can be handed in as.
fn examples(bench: &Bench) -> Vec<Example<'_>> {
    let mut all = Vec::new();
    for package in &bench.packages {
        for ((folder, entry), files) in submissions(package) {
            let language = language_of(&files[0].name);
            // One is enough of what is one compiler with other flags, but where it costs next to nothing.
            let standards: &[&str] = match (language, &*package.slug) {
                ("cpp", "hello" | "a-plus-b") => &["cpp17", "cpp20", "cpp23"],
                _ => &[],
            };
            for language in std::iter::once(language).chain(standards.iter().copied()).filter(|l| bench.has(l)) {
                let claim = bench.for_problem(&package.slug, bench.claim(language, ""));
                let claim = Claim { files: files.clone(), ..claim };
                let name = format!("{}/{folder}/{entry} as {language}", package.slug);
                all.push(Example { name, slug: &package.slug, verdict: folder.parse().unwrap(), language, claim });
            }
        }
    }
    all
}

/// (folder of the verdict, name) and the files: one, or those of a folder.
fn submissions(package: &ProblemPackage) -> BTreeMap<(&str, &str), Vec<SourceFile>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for file in &package.files {
        let Some(path) = file.path.strip_prefix("submissions/") else { continue };
        let (folder, rest) = path.split_once('/').unwrap();
        let (entry, name) = rest.split_once('/').unwrap_or((rest, rest));
        let content = String::from_utf8(file.content.clone()).unwrap();
        all.entry((folder, entry)).or_default().push(SourceFile { name: name.to_owned(), content });
    }
    all
}

fn language_of(name: &str) -> &'static str {
    match name.rsplit_once('.').unwrap().1 {
        "c" => "c",
        "cpp" => "cpp",
        "rs" => "rust",
        "go" => "go",
        "java" => "java",
        "py" => "python",
        "js" => "javascript",
        other => panic!("no language has the extension {other}"),
    }
}

async fn every_problem_has_programs_of_every_kind(bench: &Bench) {
    let examples = examples(bench);
    let found = |slug: &str, verdict: Verdict| {
        examples.iter().filter(|e| e.slug == slug && e.verdict == verdict).map(|e| e.language).collect::<BTreeSet<_>>()
    };
    for package in &bench.packages {
        let slug = &*package.slug;
        let in_all_languages = ["hello", "a-plus-b", "two-sum"].contains(&slug);
        let least = if in_all_languages { bench.languages.len().min(7) } else { 4 };
        assert!(found(slug, Verdict::Accepted).len() >= least, "{slug} has too few accepted programs");
        assert!(!found(slug, Verdict::WrongAnswer).is_empty(), "{slug} has no wrong program");
        if slug != "hello" {
            assert!(!found(slug, Verdict::TimeLimitExceeded).is_empty(), "{slug} has no slow program");
            assert!(!found(slug, Verdict::RunTimeError).is_empty(), "{slug} has no crashing program");
        }
    }
    for verdict in [Verdict::MemoryLimitExceeded, Verdict::OutputLimitExceeded] {
        assert!(examples.iter().any(|example| example.verdict == verdict), "no program is there for {verdict}");
    }
}

async fn every_example_submission_gets_the_verdict_of_its_folder(bench: &Bench) {
    let judged = futures::stream::iter(examples(bench).into_iter().map(|example| async move {
        let judgement = bench.judge(example.claim.clone()).await;
        (example, judgement)
    }));
    let judged: Vec<_> = judged.buffer_unordered(SLOTS).collect().await;
    println!("{} example submissions of {} problems were judged", judged.len(), bench.packages.len());
    let surprises: Vec<_> = judged
        .iter()
        .filter(|(example, judgement)| judgement.verdict != example.verdict)
        .map(|(example, judgement)| format!("{}: {judgement:?}", example.name))
        .collect();
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    for (example, judgement) in &judged {
        assert!(judgement.language_version.is_some(), "{} has no version", example.name);
    }
}

async fn figures_and_cases_are_told(bench: &Bench) {
    let source = "a, b = map(int, input().split())\nprint(a + b)\n";
    let judgement = bench.judge(bench.for_problem("a-plus-b", bench.claim("python", source))).await;
    let total = judgement.tests.total.unwrap();
    assert_eq!((judgement.verdict, judgement.tests.passed, judgement.tests.run), (Verdict::Accepted, total, total));
    assert_eq!(judgement.cases.len(), total as usize);
    assert!(judgement.cases.iter().all(|case| case.memory_kb > 1_000 && case.wall_ms > 0), "{:?}", judgement.cases);
    assert_eq!(judgement.time_ms, judgement.cases.iter().map(|case| case.time_ms).max());
    assert_eq!(judgement.cases[0].group, "sample");
    assert_eq!(judgement.cases.last().unwrap().group, "secret");
}

async fn a_submission_may_tighten_a_limit(bench: &Bench) {
    let source = "s = sum(range(10**9))\n";
    let claim = bench.for_problem("a-plus-b", bench.claim("python", source));
    let limits = Limits { cpu_ms: Some(100), ..Limits::default() };
    let judgement = bench.judge(Claim { limits, ..claim }).await;
    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::TimeLimitExceeded, Some("cpu")));
    assert!(judgement.time_ms.unwrap() < 500, "{:?}", judgement.time_ms);
}
