//! The problem engine: validators, scoring, several passes, and what a case may bring along.

use herald_domain::problem::{PackageFile, ProblemPackage};
use herald_domain::submission::{Judgement, Verdict};
use herald_worker::package;

use crate::bench::Bench;

crate::tests![
    a_problems_own_validator_says_the_verdict_and_tells_the_submitter,
    a_validator_that_does_not_do_its_work_is_an_internal_error_and_holds_nobody_up,
    a_program_sees_neither_the_validator_nor_the_answer,
    a_validator_cannot_carry_anything_from_case_to_case,
    groups_are_scored_and_what_is_settled_is_not_run,
    a_validator_gives_scores,
    a_program_of_several_passes_is_fed_what_the_validator_writes,
    passes_are_bounded_and_a_pass_that_was_refused_has_no_next,
    a_case_brings_arguments_and_files_and_writing_is_for_one_case,
    a_language_that_is_not_wanted_and_a_source_that_is_too_long_are_told,
    a_package_is_tried_out_before_anybody_depends_on_it,
];

/// A package of 2025-09 with a statement; `yaml` is added to its problem.yaml.
pub fn problem(slug: &str, yaml: &str, files: &[(&str, &str)]) -> ProblemPackage {
    let yaml = format!("problem_format_version: 2025-09\nname: {slug}\n{yaml}\n");
    let own = [("problem.yaml", yaml.as_str()), ("statement/problem.en.md", "Solve it.\n")];
    let all = own
        .iter()
        .chain(files)
        .map(|(path, content)| PackageFile { path: (*path).to_owned(), content: content.as_bytes().to_vec() });
    package::from_files(slug, all.collect()).expect("a good package")
}

/// One sample and two secret cases, each a number; the answer says `secret-` and the number.
pub const CASES: [(&str, &str); 6] = [
    ("data/sample/1.in", "1\n"),
    ("data/sample/1.ans", "secret-1\n"),
    ("data/secret/1.in", "2\n"),
    ("data/secret/1.ans", "secret-2\n"),
    ("data/secret/2.in", "3\n"),
    ("data/secret/2.ans", "secret-3\n"),
];
pub const LIMITS: &str = "limits: {time_limit: 1, memory: 256, validation_time: 1}";

pub fn with_cases<'a>(files: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    CASES.iter().copied().chain(files.iter().copied()).collect()
}

pub async fn judged(bench: &Bench, slug: &str, language: &str, source: &str) -> Judgement {
    bench.judge(bench.for_problem(slug, bench.claim(language, source))).await
}

pub fn outcome(judgement: &Judgement) -> (Verdict, &str) {
    (judgement.verdict, judgement.reason.as_deref().unwrap_or_default())
}

/// Takes any multiple of the input but zero, and says so.
const ANY_MULTIPLE: &str = r#"
#include <fstream>
#include <iostream>
#include "codes.h"
int main(int argc, char **argv) {
    long n, got;
    std::ifstream(argv[1]) >> n;
    std::ofstream team(std::string(argv[3]) + "teammessage.txt");
    std::ofstream(std::string(argv[3]) + "judgemessage.txt") << "answer is secret\n";
    if (!(std::cin >> got) || got == 0 || got % n != 0) { team << "not a multiple of the input\n"; return WRONG; }
    if (argc > 4 && std::string(argv[4]) == "strict" && got == n) { team << "too easy\n"; return WRONG; }
    team << "fine";
    return RIGHT;
}
"#;

async fn a_problems_own_validator_says_the_verdict_and_tells_the_submitter(bench: &Bench) {
    let codes = ("output_validator/codes.h", "enum { RIGHT = 42, WRONG = 43 };\n");
    let strict = ("data/secret/test_group.yaml", "output_validator_args: [strict]\n");
    let files = with_cases(&[("output_validator/main.cpp", ANY_MULTIPLE), codes, strict]);
    let bench = bench.with(vec![problem("multiple", LIMITS, &files)]);
    let right = judged(&bench, "multiple", "python", "print(int(input()) * 2)\n").await;
    assert_eq!((outcome(&right), right.tests.passed, right.score), ((Verdict::Accepted, "ok"), 3, None));
    assert_eq!(right.cases[0].message.as_deref(), Some("fine"));
    let wrong = judged(&bench, "multiple", "python", "print(int(input()) + 1)\n").await;
    assert_eq!((outcome(&wrong), wrong.tests.passed), ((Verdict::WrongAnswer, "rejected"), 1));
    assert_eq!(wrong.cases[1].message.as_deref(), Some("not a multiple of the input"));
    let easy = judged(
        &bench,
        "multiple",
        "c",
        "#include <stdio.h>\nint main() { int n; scanf(\"%d\", &n); printf(\"%d\", n); }",
    )
    .await;
    assert_eq!((easy.tests.passed, easy.cases[1].message.as_deref()), (1, Some("too easy")), "arguments count");
    let crash = judged(&bench, "multiple", "python", "1 / 0\n").await;
    assert_eq!(outcome(&crash), (Verdict::RunTimeError, "exit:1"), "the submission's own failure comes first");
}

async fn a_validator_that_does_not_do_its_work_is_an_internal_error_and_holds_nobody_up(bench: &Bench) {
    let broken = [
        ("zero", "pass\n"),
        ("raises", "raise ValueError('secret')\n"),
        ("signal", "import os; os.abort()\n"),
        ("spins", "while True: pass\n"),
        ("sleeps", "import time; time.sleep(1000)\n"),
        ("floods", "while True: print('x' * 1000)\n"),
        ("hoards", "x = [bytearray(1 << 20) for _ in range(1 << 20)]\n"),
        ("forks", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"),
        ("network", "import socket, sys\nsocket.create_connection(('127.0.0.1', 22), 1); sys.exit(42)\n"),
        ("syntax", "def\n"),
    ];
    let yaml = "limits: {time_limit: 1, memory: 256, validation_time: 1, validation_memory: 128, validation_output: 1}";
    let package =
        |(slug, source): &(&str, &str)| problem(slug, yaml, &with_cases(&[("output_validator/v.py", source)]));
    let own = bench.with(broken.iter().map(package).collect());
    for (slug, _) in broken {
        let judgement = judged(&own, slug, "python", "print(1)\n").await;
        assert_eq!(outcome(&judgement), (Verdict::InternalError, "validator"), "{slug}");
        let told = format!("{:?} {:?}", judgement.cases, judgement.outputs);
        assert!(!told.contains("secret"), "{told}");
    }
    let after = judged(bench, "hello", "python", "print('Hello, World!')\n").await;
    assert_eq!(after.verdict, Verdict::Accepted, "nothing of it is left over");
}

/// Looks at every file that there is for what only the validator's box has.
const SPY: &str = r#"
import os, sys
print(input())
found = []
for top, folders, names in os.walk("/"):
    if top.startswith(("/usr", "/lib", "/sys", "/proc/sys")):
        folders.clear()
        continue
    for name in names:
        path = os.path.join(top, name)
        if name.endswith((".ans", ".in", "v.py")) or name in ("input", "answer"):
            found.append(path)
        try:
            if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
                with open(path, "rb") as file:
                    if ("secret" + chr(45)).encode() in file.read(): found.append(path)
        except OSError:
            pass
print(len(found), *found)
"#;
const ECHO_AND_NOTHING: &str = r#"
import sys
lines = sys.stdin.read().split("\n")
n = open(sys.argv[1]).read().strip()
open(sys.argv[3] + "teammessage.txt", "w").write(lines[1])
answer = open(sys.argv[2]).read().strip()
sys.exit(42 if answer == "secret-" + n and lines[0] == n and lines[1] == "0" else 43)
"#;

async fn a_program_sees_neither_the_validator_nor_the_answer(bench: &Bench) {
    let files = with_cases(&[("output_validator/v.py", ECHO_AND_NOTHING)]);
    let bench = bench.with(vec![problem("spied", "limits: {time_limit: 5, memory: 256}", &files)]);
    let judgement = judged(&bench, "spied", "python", SPY).await;
    assert_eq!(outcome(&judgement), (Verdict::Accepted, "ok"), "{:?}", judgement.cases);
    assert_eq!(judgement.cases.len(), 3);
}

async fn a_validator_cannot_carry_anything_from_case_to_case(bench: &Bench) {
    let validator = r#"
import os, sys
left = [path for path in ("/box/mark", "/tmp/mark", sys.argv[3] + "mark") if os.path.exists(path)]
for path in ("/box/mark", "/tmp/mark", sys.argv[3] + "mark"): open(path, "w").write("x")
with open("/box/v.py", "w") as file: file.write("import sys; sys.exit(42)")
sys.exit(43 if left or sys.stdin.read().strip() == "3" else 42)
"#;
    let files = with_cases(&[("output_validator/v.py", validator)]);
    let bench = bench.with(vec![problem("carries", LIMITS, &files)]);
    let judgement = judged(&bench, "carries", "python", "print(input())\n").await;
    assert_eq!((outcome(&judgement), judgement.tests.passed), ((Verdict::WrongAnswer, "rejected"), 2));
    assert!(judgement.cases.iter().all(|case| case.score.is_none()), "there are no points to earn");
}

async fn groups_are_scored_and_what_is_settled_is_not_run(bench: &Bench) {
    let mut files = vec![("data/sample/1.in", "1\n"), ("data/sample/1.ans", "1\n")];
    let names: Vec<(String, String)> = (1..=3)
        .flat_map(|group| (1..=3).map(move |n| (group, n)))
        .map(|(group, n)| (format!("data/secret/{group}/{n}"), format!("{group}{n}\n")))
        .collect();
    let paths: Vec<_> = names.iter().map(|(name, text)| (format!("{name}.in"), format!("{name}.ans"), text)).collect();
    for (input, answer, text) in &paths {
        files.extend([(input.as_str(), text.as_str()), (answer.as_str(), text.as_str())]);
    }
    files.extend([
        ("data/secret/1/test_group.yaml", "max_score: 20\n"),
        ("data/secret/2/test_group.yaml", "max_score: 30\nscore_aggregation: sum\n"),
        ("data/secret/3/test_group.yaml", "max_score: 50\nrequire_pass: [sample, secret/1]\n"),
    ]);
    let bench = bench.with(vec![problem("points", &format!("type: scoring\n{LIMITS}"), &files)]);
    let cases = |judgement: &Judgement| {
        judgement.cases.iter().map(|case| format!("{} {}", case.group, case.verdict)).collect::<Vec<_>>()
    };
    let all = judged(&bench, "points", "python", "print(input())\n").await;
    assert_eq!((outcome(&all), all.score, all.tests.run), ((Verdict::Accepted, "ok"), Some(100.0), 10));
    let some = judged(&bench, "points", "python", "n = int(input())\nprint(n if n not in (22, 32) else 0)\n").await;
    assert_eq!((outcome(&some), some.score), ((Verdict::Accepted, "partial"), Some(40.0)));
    assert_eq!(some.tests.run, 9, "{:?}", cases(&some));
    let fails = judged(&bench, "points", "python", "n = int(input())\nprint(n if n != 12 else 1 // 0)\n").await;
    assert_eq!((outcome(&fails), fails.score), ((Verdict::Accepted, "partial"), Some(30.0)));
    assert_eq!(fails.cases.last().unwrap().group, "secret/2", "{:?}", cases(&fails));
    let none = judged(&bench, "points", "python", "input()\n").await;
    assert_eq!((outcome(&none), none.score), ((Verdict::WrongAnswer, "missing_output"), Some(0.0)));
}

async fn a_validator_gives_scores(bench: &Bench) {
    let validator = r#"
import sys
got = sys.stdin.read().strip()
if not got.isdigit(): sys.exit(43)
open(sys.argv[3] + sys.argv[4], "w").write(got if sys.argv[4] == "score.txt" else str(int(got) / 100))
sys.exit(42)
"#;
    let unbounded = "output_validator_args: [score.txt]\nmax_score: unbounded\n";
    let bounded = "output_validator_args: [score_multiplier.txt]\nmax_score: 10\n";
    let package = |slug, settings| {
        let sample = ("data/sample/test_group.yaml", "output_validator_args: [score.txt]\n");
        let files =
            with_cases(&[("output_validator/v.py", validator), ("data/secret/test_group.yaml", settings), sample]);
        problem(slug, &format!("type: scoring\n{LIMITS}"), &files)
    };
    let bench = bench.with(vec![package("unbounded", unbounded), package("bounded", bounded)]);
    let judgement = judged(&bench, "unbounded", "python", "print(int(input()) * 1000)\n").await;
    assert_eq!((outcome(&judgement), judgement.score), ((Verdict::Accepted, "ok"), Some(5_000.0)));
    let secret = judgement.cases.iter().filter(|case| case.group == "secret");
    assert_eq!(secret.map(|case| case.score.unwrap()).collect::<Vec<_>>(), [2_000.0, 3_000.0]);
    let judgement = judged(&bench, "bounded", "python", "print(int(input()) * 20)\n").await;
    assert_eq!((outcome(&judgement), judgement.score), ((Verdict::Accepted, "ok"), Some(5.0)));
    let beyond = judged(&bench, "bounded", "python", "print(int(input()) * 40)\n").await;
    assert_eq!(outcome(&beyond), (Verdict::InternalError, "validator"), "1.2 times the most");
    let words = judged(&bench, "bounded", "python", "print('x')\n").await;
    assert_eq!((outcome(&words), words.score), ((Verdict::WrongAnswer, "rejected"), Some(0.0)));
    assert_eq!(words.cases[0].score, Some(0.0));
}

/// Asks for the square of what came before, as often as the input says; the answer is in its feedback folder.
const SQUARES: &str = r#"
import os, sys
feedback = sys.argv[3]
if os.path.exists(feedback + "nextpass.in"): sys.exit(1)
state = feedback + "state.txt"
left, value = map(int, open(state).read().split()) if os.path.exists(state) else (int(open(sys.argv[1]).read()), 2)
if open(sys.argv[1]).read().split()[-1] != str(value if os.path.exists(state) else left): sys.exit(1)
got = sys.stdin.read().strip()
expected = str(value * value) if os.path.exists(state) else "2"
with open(feedback + "teammessage.txt", "a") as file: file.write(got + " ")
if got != expected:
    if len(sys.argv) > 4: open(feedback + "nextpass.in", "w").write("1")
    sys.exit(43)
if left:
    value = int(got)
    open(state, "w").write(f"{left - 1} {value}")
    open(feedback + "nextpass.in", "w").write(f"square {value}\n")
sys.exit(42)
"#;
const SQUARER: &str = "words = input().split()\nprint(int(words[1]) ** 2 if len(words) > 1 else 2)\n";

async fn a_program_of_several_passes_is_fed_what_the_validator_writes(bench: &Bench) {
    let yaml = "type: multi-pass\nlimits: {time_limit: 1, memory: 256, validation_passes: 4}";
    let bench = bench.with(vec![problem("squares", yaml, &with_cases(&[("output_validator/v.py", SQUARES)]))]);
    let right = judged(&bench, "squares", "python", SQUARER).await;
    assert_eq!((outcome(&right), right.tests.passed), ((Verdict::Accepted, "ok"), 3), "{:?}", right.cases);
    assert_eq!(right.cases[2].message.as_deref(), Some("2 4 16 256"), "four passes, one folder");
    let wrong = judged(&bench, "squares", "python", &SQUARER.replace("** 2", "* 2")).await;
    assert_eq!((outcome(&wrong), wrong.tests.passed), ((Verdict::WrongAnswer, "rejected"), 1), "2 * 2 is right once");
    let late =
        "words = input().split()\nif words[-1] == '16': 1 / 0\nprint(int(words[1]) ** 2 if len(words) > 1 else 2)\n";
    let crash = judged(&bench, "squares", "python", late).await;
    assert_eq!((outcome(&crash), crash.tests.passed), ((Verdict::RunTimeError, "exit:1"), 2), "in the fourth pass");
}

async fn passes_are_bounded_and_a_pass_that_was_refused_has_no_next(bench: &Bench) {
    let yaml = "type: multi-pass\nlimits: {time_limit: 1, memory: 256, validation_passes: 3}";
    let refuses = ("data/sample/test_group.yaml", "output_validator_args: [again]\n");
    let package = |slug, more: &[(&'static str, &'static str)]| {
        problem(slug, yaml, &with_cases(&[&[("output_validator/v.py", SQUARES)], more].concat()))
    };
    let bench = bench.with(vec![package("bounded", &[]), package("refuses", &[refuses])]);
    let bounded = judged(&bench, "bounded", "python", SQUARER).await;
    assert_eq!(
        (outcome(&bounded), bounded.tests.passed),
        ((Verdict::InternalError, "validator"), 2),
        "3 asks for four"
    );
    let refused = judged(&bench, "refuses", "python", "print('no')\n").await;
    assert_eq!(outcome(&refused), (Verdict::InternalError, "validator"));
}

async fn a_case_brings_arguments_and_files_and_writing_is_for_one_case(bench: &Bench) {
    let files = with_cases(&[
        ("data/sample/test_group.yaml", "args: [secret-1]\n"),
        ("data/secret/1.yaml", "args: [secret-2]\n"),
        ("data/secret/2.files/words.txt", "secret-3\n"),
    ]);
    let with = "import os, sys\nprint(sys.argv[1] if len(sys.argv) > 1 else open('words.txt').read())\n";
    let marks = "import os\nprint(os.path.exists('mark'))\nopen('mark', 'w').write('x')\n";
    let new = [
        ("data/secret/1.in", ""),
        ("data/secret/1.ans", "False\n"),
        ("data/secret/2.in", ""),
        ("data/secret/2.ans", "False\n"),
    ];
    let bench = bench.with(vec![
        problem("brings", LIMITS, &files),
        problem("writes", &format!("allow_file_writing: true\n{LIMITS}"), &new),
        problem("reads", LIMITS, &new),
    ]);
    let judgement = judged(&bench, "brings", "python", with).await;
    assert_eq!((outcome(&judgement), judgement.tests.passed), ((Verdict::Accepted, "ok"), 3), "{:?}", judgement.cases);
    let c = r#"#include <stdio.h>
int main(int n, char **a) { char w[99] = ""; FILE *f = fopen("words.txt", "r"); if (f) fscanf(f, "%s", w); puts(n > 1 ? a[1] : w); }"#;
    assert_eq!(outcome(&judged(&bench, "brings", "c", c).await), (Verdict::Accepted, "ok"), "a binary is copied too");
    assert_eq!(outcome(&judged(&bench, "writes", "python", marks).await), (Verdict::Accepted, "ok"));
    assert_eq!(outcome(&judged(&bench, "reads", "python", marks).await), (Verdict::RunTimeError, "exit:1"));
}

async fn a_language_that_is_not_wanted_and_a_source_that_is_too_long_are_told(bench: &Bench) {
    let yaml = "languages: [python3]\nlimits: {time_limit: 1, memory: 256, code: 1}";
    let bench = bench.with(vec![problem("narrow", yaml, &CASES)]);
    let other = judged(&bench, "narrow", "c", "int main() {}").await;
    assert_eq!(outcome(&other), (Verdict::CompileError, "language"));
    let long = judged(&bench, "narrow", "python", &"# long\n".repeat(200)).await;
    assert_eq!(outcome(&long), (Verdict::CompileError, "code_size"));
    let right = judged(&bench, "narrow", "python", "print('secret-' + input())\n").await;
    assert_eq!(outcome(&right), (Verdict::Accepted, "ok"));
}

async fn a_package_is_tried_out_before_anybody_depends_on_it(bench: &Bench) {
    let accepts = "import sys\nsys.exit(42 if sys.stdin.read().split()[-1:] == [sys.argv[4]] else 43)\n";
    let args = ("data/sample/test_group.yaml", "output_validator_args: [secret-1]\n");
    let secret = ("data/secret/test_group.yaml", "output_validator_args: [right]\n");
    let program = |text: &str| format!("n = input()\nprint('secret-1' if n == '1' else '{text}')\n");
    let (right, wrong) = (program("right"), program("wrong"));
    let files = with_cases(&[
        args,
        secret,
        ("output_validator/v.py", accepts),
        ("submissions/accepted/right.py", &right),
        ("submissions/accepted/sorry.py", &wrong),
        ("submissions/wrong_answer/wrong.py", &wrong),
        ("submissions/wrong_answer/slow.c", "int main(void) { for (;;); }\n"),
        ("submissions/time_limit_exceeded/slow.c", "int main(void) { for (;;); }\n"),
        ("submissions/run_time_error/nested/main.py", "import helper\n"),
        ("submissions/run_time_error/nested/helper.py", "1 / 0\n"),
        ("submissions/rejected/wrong.py", &wrong),
        ("submissions/compile_error/broken.c", "int main(\n"),
    ]);
    let told = |findings: Vec<package::Finding>| findings.iter().map(|finding| finding.to_string()).collect::<Vec<_>>();
    let package = problem("tried", LIMITS, &files);
    let findings = told(bench.check(&package).await);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(
        findings[0].starts_with("error: submissions/accepted/sorry.py: comes to wrong_answer (rejected)"),
        "{findings:?}"
    );
    assert!(
        findings[1].starts_with("error: submissions/wrong_answer/slow.c: comes to time_limit_exceeded"),
        "{findings:?}"
    );

    for (validator, expected) in [
        ("import sys\nsys.exit(43)\n", "error: data/sample/1.ans: is shown as an output, but"),
        ("pass\n", "error: data/sample/1.ans: given to the validator as an output: it ended with exit code 0"),
        ("def\n", "error: output_validator: it does not compile"),
    ] {
        let package = problem("tried", LIMITS, &with_cases(&[("output_validator/v.py", validator)]));
        let findings = told(bench.check(&package).await);
        assert!(findings[0].starts_with(expected), "{findings:?}");
    }
}
