//! The problems that ship: every example submission gets the verdict of its folder.

use futures::StreamExt;
use herald_domain::submission::{Claim, Limits, Verdict};

use crate::bench::{Bench, SLOTS};

crate::tests![
    the_promised_problems_are_there,
    every_language_has_a_right_and_a_wrong_program_for_every_problem,
    every_example_submission_gets_the_verdict_of_its_folder,
    figures_and_cases_are_told,
    a_submission_may_tighten_a_limit,
];

async fn the_promised_problems_are_there(bench: &Bench) {
    let problems: Vec<_> = bench.packages.iter().map(|p| (p.slug.as_str(), p.summary.title.as_str())).collect();
    assert_eq!(problems, [("a-plus-b", "A plus B"), ("hello", "Hello, World!"), ("two-sum", "Two Sum")]);
    for package in &bench.packages {
        assert!(!package.summary.samples.is_empty(), "{} has no sample", package.slug);
    }
}

struct Example {
    name: String,
    verdict: Verdict,
    language: &'static str,
    claim: Claim,
}

/// One for each file below `submissions/` and each language that it can be handed in as.
fn examples(bench: &Bench) -> Vec<Example> {
    let mut all = Vec::new();
    for package in &bench.packages {
        for file in &package.files {
            let Some(path) = file.path.strip_prefix("submissions/") else { continue };
            let (folder, name) = path.split_once('/').unwrap();
            let source = String::from_utf8(file.content.clone()).unwrap();
            for language in languages_of(name).iter().filter(|language| bench.has(language)) {
                let claim = bench.for_problem(&package.slug, bench.claim(language, &source));
                let name = format!("{}/{path} as {language}", package.slug);
                all.push(Example { name, verdict: folder.parse().unwrap(), language, claim });
            }
        }
    }
    all
}

fn languages_of(name: &str) -> &'static [&'static str] {
    match name.rsplit_once('.').unwrap().1 {
        "c" => &["c"],
        "cpp" => &["cpp", "cpp17", "cpp20", "cpp23"],
        "rs" => &["rust"],
        "go" => &["go"],
        "java" => &["java"],
        "py" => &["python"],
        "js" => &["javascript"],
        other => panic!("no language has the extension {other}"),
    }
}

async fn every_language_has_a_right_and_a_wrong_program_for_every_problem(bench: &Bench) {
    let examples = examples(bench);
    for package in &bench.packages {
        for info in &bench.languages {
            for verdict in [Verdict::Accepted, Verdict::WrongAnswer] {
                let found = examples.iter().any(|example| {
                    let slug = example.name.split('/').next().unwrap();
                    slug == package.slug && example.language == info.id && example.verdict == verdict
                });
                assert!(found, "{} has no {verdict} program in {}", package.slug, info.id);
            }
        }
    }
}

async fn every_example_submission_gets_the_verdict_of_its_folder(bench: &Bench) {
    let judged = futures::stream::iter(examples(bench).into_iter().map(|example| async move {
        let judgement = bench.judge(example.claim.clone()).await;
        (example, judgement)
    }));
    let judged: Vec<_> = judged.buffer_unordered(SLOTS).collect().await;
    assert!(judged.len() >= 20, "only {} examples were judged", judged.len());
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
