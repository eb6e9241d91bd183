//! Interactive problems: submission and validator talk through two pipes, each in its own box.

use herald_domain::submission::{Claim, Judgement, Limits, Verdict};

use crate::bench::Bench;
use crate::engine::{judged, outcome, problem};

crate::tests![
    a_number_is_guessed_and_every_way_to_fail_has_its_verdict,
    what_a_validator_does_wrong_is_not_the_submissions_fault_and_nobody_waits_for_ever,
    a_submission_in_a_conversation_cannot_reach_the_other_box,
    passes_and_conversations_go_together,
];

const CASES: [(&str, &str); 4] =
    [("data/secret/1.in", "613\n"), ("data/secret/1.ans", ""), ("data/secret/2.in", "1\n"), ("data/secret/2.ans", "")];
const YAML: &str = "type: interactive\nlimits: {time_limit: 1, memory: 256, validation_time: 2}";

/// Ten guesses for a number up to 1000; a line that is no number is wrong.
const HOST: &str = r#"
#include <fstream>
#include <iostream>
int main(int argc, char **argv) {
    int n, guess;
    std::ifstream(argv[1]) >> n;
    std::ofstream team(std::string(argv[3]) + "teammessage.txt");
    for (int i = 0; i < 10; i++) {
        if (!(std::cin >> guess)) { team << "no guess"; team.close(); return 43; }
        if (guess == n) { std::cout << "correct" << std::endl; return 42; }
        std::cout << (guess < n ? "higher" : "lower") << std::endl;
    }
    team << "too many guesses";
    team.close();
    return 43;
}
"#;
const BISECTION: &str = r#"
low, high = 1, 1000
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    said = input()
    if said == "correct": break
    if said == "higher": low = middle + 1
    else: high = middle - 1
"#;
const BISECTION_C: &str = r#"
#include <stdio.h>
#include <string.h>
int main(void) {
    int low = 1, high = 1000;
    for (;;) {
        char said[20];
        int middle = (low + high) / 2;
        printf("%d\n", middle);
        fflush(stdout);
        if (scanf("%19s", said) != 1) return 1;
        if (!strcmp(said, "correct")) return 0;
        if (!strcmp(said, "higher")) low = middle + 1; else high = middle - 1;
    }
}
"#;

async fn a_number_is_guessed_and_every_way_to_fail_has_its_verdict(bench: &Bench) {
    let files = [&CASES[..], &[("output_validator/host.cpp", HOST)]].concat();
    let bench = bench.with(vec![problem("guess", YAML, &files)]);
    let after = |more: &str| format!("{BISECTION}{more}\n");
    for (what, language, source, expected) in [
        ("right", "python", BISECTION.to_owned(), (Verdict::Accepted, "ok")),
        ("right in C", "c", BISECTION_C.to_owned(), (Verdict::Accepted, "ok")),
        ("one by one", "python", BISECTION.replace("(low + high) // 2", "low"), (Verdict::WrongAnswer, "rejected")),
        // The validator is done with it long before it ends by itself.
        (
            "spins when refused",
            "python",
            "for n in range(11): print(n + 2, flush=True)\nwhile True: pass\n".into(),
            (Verdict::WrongAnswer, "rejected"),
        ),
        ("silent", "python", "pass\n".into(), (Verdict::WrongAnswer, "rejected")),
        ("crashes first", "python", "print(5, flush=True)\ninput()\n1 / 0\n".into(), (Verdict::RunTimeError, "exit:1")),
        (
            "crashes at once",
            "c",
            "#include <stdlib.h>\nint main(void) { abort(); }".into(),
            (Verdict::RunTimeError, "signal:6"),
        ),
        ("waits for the wrong side", "python", "input()\n".into(), (Verdict::TimeLimitExceeded, "idle")),
        ("spins", "python", "while True: pass\n".into(), (Verdict::TimeLimitExceeded, "cpu")),
        ("spins at the end", "python", after("while True: pass"), (Verdict::TimeLimitExceeded, "cpu")),
        ("crashes at the end", "python", after("1 / 0"), (Verdict::RunTimeError, "exit:1")),
        (
            "goes on talking",
            "c",
            BISECTION_C.replace("return 0;", "for (;;) { puts(\"more\"); fflush(stdout); }"),
            (Verdict::Accepted, "ok"),
        ),
        (
            "floods",
            "c",
            "#include <stdio.h>\nint main(void) { for (;;) puts(\"x\"); }".into(),
            (Verdict::WrongAnswer, "rejected"),
        ),
    ] {
        // A busy machine must not turn the one limit into the other.
        let limits = Limits { wall_ms: (expected.1 == "cpu").then_some(30_000), ..Limits::default() };
        let claim = bench.for_problem("guess", Claim { limits, ..bench.claim(language, &source) });
        let judgement = bench.judge(claim).await;
        assert_eq!(outcome(&judgement), expected, "{what}: {:?}", judgement.cases);
    }
    let many = judged(&bench, "guess", "python", &BISECTION.replace("(low + high) // 2", "low")).await;
    assert_eq!(message(&many), Some("too many guesses"));
    let silent = judged(&bench, "guess", "python", "pass\n").await;
    assert_eq!(message(&silent), Some("no guess"));
}

fn message(judgement: &Judgement) -> Option<&str> {
    judgement.cases.last().and_then(|case| case.message.as_deref())
}

async fn what_a_validator_does_wrong_is_not_the_submissions_fault_and_nobody_waits_for_ever(bench: &Bench) {
    let hosts = [
        ("crashes", "import os\nos.abort()\n"),
        ("zero", "print('correct', flush=True)\n"),
        ("spins", "print('correct', flush=True)\nwhile True: pass\n"),
        ("mute", "import time\ntime.sleep(1000)\n"),
        ("refuses", "import sys\ninput()\nsys.exit(43)\n"),
    ];
    let package = |(slug, host): &(&str, &str)| {
        problem(slug, YAML, &[&CASES[..], &[("output_validator/host.py", *host)]].concat())
    };
    let bench = bench.with(hosts.iter().map(package).collect());
    for (slug, expected) in [
        ("crashes", (Verdict::InternalError, "validator")),
        ("zero", (Verdict::InternalError, "validator")),
        ("spins", (Verdict::InternalError, "validator")),
        // Two that wait for each other: the submission's limit ends it.
        ("mute", (Verdict::TimeLimitExceeded, "idle")),
        ("refuses", (Verdict::WrongAnswer, "rejected")),
    ] {
        let judgement = judged(&bench, slug, "python", BISECTION).await;
        assert_eq!(outcome(&judgement), expected, "{slug}: {:?}", judgement.cases);
    }
}

const SPY: &str = r#"
import os
found = []
for top, folders, names in os.walk("/"):
    if top.startswith(("/usr", "/lib", "/sys")): folders.clear(); continue
    found += [name for name in names if name.endswith((".in", ".ans")) or name.startswith("host.")]
for fd in os.listdir("/proc/self/fd"):
    try: found += [fd] if int(fd) > 2 and "/fd" not in os.readlink("/proc/self/fd/" + fd) else []
    except OSError: pass
found += [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]
print(1 if found else 613, flush=True)
print(input())
"#;

async fn a_submission_in_a_conversation_cannot_reach_the_other_box(bench: &Bench) {
    let files = [&CASES[..2], &[("output_validator/host.cpp", HOST)]].concat();
    let bench = bench.with(vec![problem("spied", YAML, &files)]);
    let judgement = judged(&bench, "spied", "python", SPY).await;
    assert_eq!(outcome(&judgement), (Verdict::Accepted, "ok"), "{:?}", judgement.cases);
}

/// In each pass asks for one word more than in the last, and three times.
const RELAY: &str = r#"
import os, sys
state = sys.argv[3] + "state.txt"
round = int(open(state).read()) if os.path.exists(state) else 0
if open(sys.argv[1]).read().strip() != (f"round {round}" if round else "613"): sys.exit(1)
print(round, flush=True)
for _ in range(round + 1):
    if input() != "word": sys.exit(43)
    print("yes", flush=True)
if round < 2:
    open(state, "w").write(str(round + 1))
    open(sys.argv[3] + "nextpass.in", "w").write(f"round {round + 1}\n")
sys.exit(42)
"#;

async fn passes_and_conversations_go_together(bench: &Bench) {
    let yaml = "type: [interactive, multi-pass]\nlimits: {time_limit: 1, memory: 256, validation_passes: 3}";
    let files = [&CASES[..2], &[("output_validator/host.py", RELAY)]].concat();
    let bench = bench.with(vec![problem("relay", yaml, &files)]);
    let source = "for _ in range(int(input()) + 1):\n    print('word', flush=True)\n    input()\n";
    let judgement = judged(&bench, "relay", "python", source).await;
    assert_eq!(outcome(&judgement), (Verdict::Accepted, "ok"), "{:?}", judgement.cases);
    let short = judged(&bench, "relay", "python", "input()\nprint('word', flush=True)\ninput()\n").await;
    // In the second pass the validator waits for a second word and meets the end: a raised EOFError, exit code 1.
    assert_eq!(outcome(&short), (Verdict::InternalError, "validator"));
}
