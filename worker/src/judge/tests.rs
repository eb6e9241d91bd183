use std::io::Write;

use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary};
use herald_domain::submission::{Limits, NewSubmission, SourceFile, Tests};
use herald_sandbox::{Exit, MemorySource, StoppedBy};
use herald_testkit::build::{new_submission, owner, token};
use time::OffsetDateTime;

use super::*;
use crate::runner::fake::{FakeRunner, Reply, printed};

const LANGUAGES: &str = r#"
[[language]]
id = "toy"
name = "Toy"
source_name = "main.toy"
extensions = ["toy"]
flags = ["-O*"]
files = { "prelude.toy" = "// of the language", "notes.txt" = "unread" }
tool = ["/usr/bin/env"]
version = ["{tool}", "--version"]
probe = "print ok"
out_of_memory = ["*heap is full*"]
out_of_memory_stdout = ["giving up: no heap"]
env = { TOY_HEAP = "{heap_mb}" }
[language.compile]
argv = ["{tool}", "{flags}", "-o", "{binary}", "{sources}"]
out_of_memory = ["out;error: no room"]
too_large = ["out;error: no end"]
[language.run]
argv = ["{binary}", "--heap={heap_mb}"]
extra_processes = 8
address_space = false

[[language]]
id = "absent"
name = "Absent"
source_name = "main.absent"
tool = ["/nonexistent/absent"]
version = ["{tool}"]
probe = ""
[language.run]
argv = ["{tool}", "{source}"]
"#;

/// A store that has one version of one problem.
struct OneProblem(Vec<PackageFile>);

#[async_trait]
impl store::Problems for OneProblem {
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
        match version {
            "v1" => Ok(Some(self.0.clone())),
            "bad" => Ok(Some(Vec::new())),
            "away" => Err(store::StoreError::Unavailable("no route".into())),
            _ => Ok(None),
        }
    }
}

/// One sample (answer `3`) and two secret cases (answers `7` and `11`), 1 s and 100 MiB.
fn sum() -> OneProblem {
    let files = [
        ("problem.yaml", "name: Sum\nlimits: {time_limit: 1, memory: 100, output: 1}\n"),
        ("statement/problem.en.md", "Add.\n"),
        ("data/sample/1.in", "1 2\n"),
        ("data/sample/1.ans", "3\n"),
        ("data/secret/2.in", "3 4\n"),
        ("data/secret/2.ans", "7\n"),
        ("data/secret/10.in", "5 6\n"),
        ("data/secret/10.ans", "11\n"),
    ];
    OneProblem(files.map(|(path, text)| PackageFile { path: path.into(), content: text.into() }).to_vec())
}

fn claim(version: Option<&str>) -> Claim {
    let problem = version.map(|version| ProblemRef { slug: "sum".into(), version: version.into() });
    let file = |name: &str| SourceFile { name: name.into(), content: format!("// {name}") };
    let new = NewSubmission {
        problem,
        language: "toy".into(),
        files: vec![file("sum.toy"), file("notes.txt"), file("-o.toy")],
        ..new_submission(&owner("alice"))
    };
    Claim::of(new, token(), OffsetDateTime::UNIX_EPOCH)
}

struct Bench {
    judge: SandboxJudge,
    runner: Arc<FakeRunner>,
}

impl Bench {
    fn new(replies: Vec<Reply>) -> Self {
        Self::over(sum(), replies)
    }

    fn over(problem: OneProblem, replies: Vec<Reply>) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(LANGUAGES.as_bytes()).unwrap();
        let languages = Arc::new(Languages::load(Some(file.path())).unwrap());
        let runner = Arc::new(FakeRunner::new(replies));
        Self { judge: SandboxJudge::new(Arc::new(problem), runner.clone(), languages, 1 << 20), runner }
    }

    async fn judge(&self, claim: &Claim) -> Result<Judgement, AttemptFailed> {
        self.judge.judge(claim, &Steps::detached()).await
    }
}

/// Compiled without a word, then these.
async fn judged(reports: Vec<Report>) -> Judgement {
    let replies = std::iter::once(printed("")).chain(reports).map(Reply::Report);
    Bench::new(replies.collect()).judge(&claim(Some("v1"))).await.unwrap()
}

fn crashed(exit: Exit, stderr: &str) -> Report {
    Report { exit, stderr: stderr.into(), ..printed("") }
}

fn stopped(by: StoppedBy) -> Report {
    Report { stopped_by: Some(by), exit: Exit::Signal(9), ..printed("") }
}

#[tokio::test]
async fn a_right_program_is_compiled_once_and_run_on_every_case() {
    let second = Report { cpu_ms: 30, wall_ms: 5, memory_kb: 500, ..printed(" 7") };
    let third = Report { cpu_ms: 20, memory_kb: 3_000, ..printed("11\n\n") };
    let reports = [printed(""), printed("3\n"), second, third];
    let bench = Bench::new(reports.into_iter().map(Reply::Report).collect());
    let judgement = bench.judge(&claim(Some("v1"))).await.unwrap();

    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::Accepted, Some("ok")));
    assert_eq!(judgement.tests, Tests { passed: 3, run: 3, total: Some(3) });
    assert_eq!((judgement.time_ms, judgement.wall_ms, judgement.memory_kb), (Some(30), Some(12), Some(3_000)));
    assert_eq!((judgement.exit_code, judgement.signal), (Some(0), None));
    assert_eq!(judgement.language_version.as_deref(), Some("ok"));
    assert_eq!(judgement.outputs, Default::default(), "with a problem no output is kept");
    let groups: Vec<_> = judgement.cases.iter().map(|case| (case.n, case.group.as_str())).collect();
    assert_eq!(groups, [(1, "sample"), (2, "secret"), (3, "secret")]);

    let runs = bench.runner.runs();
    let stdins: Vec<_> = runs.iter().map(|run| (run.writable, String::from_utf8_lossy(&run.stdin))).collect();
    assert_eq!(stdins, [(true, "".into()), (false, "1 2\n".into()), (false, "3 4\n".into()), (false, "5 6\n".into())]);
}

#[tokio::test]
async fn commands_are_words_made_from_the_languages_file_with_the_limits_in_them() {
    let bench = Bench::new(vec![Reply::Report(printed("")), Reply::Report(printed("nope"))]);
    bench.judge(&Claim { flags: vec!["-O7".into()], ..claim(Some("v1")) }).await.unwrap();
    let runs = bench.runner.runs();
    assert_eq!(
        runs[0].argv[1..],
        ["-O7", "-o", "/box/main", "sum.toy", "./-o.toy"],
        "an option-like name stays a file"
    );
    assert_eq!(runs[1].argv, ["/box/main", "--heap=50"]);
    assert!(runs[1].env.contains(&("TOY_HEAP".into(), "50".into())), "{:?}", runs[1].env);
    let limits = runs[1].limits;
    assert_eq!((limits.cpu_ms, limits.wall_ms, limits.memory_kb), (1_100, 3_000, 102_400), "and a tenth of the time");
    assert_eq!((limits.processes, limits.limit_address_space, limits.stdout_bytes), (72, false, 1 << 20));
    let names: Vec<_> = bench.runner.files().into_iter().map(|file| file.path).collect();
    assert_eq!(names, ["sum.toy", "notes.txt", "-o.toy", "prelude.toy"], "the program's own notes.txt goes before");
}

#[tokio::test]
async fn a_flag_that_the_language_does_not_allow_is_a_compile_error_and_nothing_runs() {
    let bench = Bench::new(Vec::new());
    let claim = Claim { flags: vec!["-O1".into(), "-wrapper=sh".into()], ..claim(Some("v1")) };
    let judgement = bench.judge(&claim).await.unwrap();
    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::CompileError, Some("flags")));
    assert_eq!(bench.runner.runs().len(), 0);
}

#[tokio::test]
async fn extra_time_lets_a_run_go_on_that_is_over_its_limit_all_the_same() {
    let over = Report { cpu_ms: 1_300, ..printed("3") };
    let bench = Bench::new(vec![Reply::Report(printed("")), Reply::Report(over)]);
    let limits = Limits { extra_ms: Some(500), stack_kb: Some(4_096), file_kb: Some(7), ..Limits::default() };
    let judgement = bench.judge(&Claim { limits, ..claim(Some("v1")) }).await.unwrap();
    assert_eq!((judgement.verdict, judgement.time_ms), (Verdict::TimeLimitExceeded, Some(1_300)));
    let given = bench.runner.runs()[1].limits;
    assert_eq!((given.cpu_ms, given.wall_ms, given.stack_kb, given.file_kb), (1_500, 3_500, 4_096, 7));
}

#[tokio::test]
async fn judging_stops_at_the_first_case_that_fails_and_only_a_samples_answer_is_told() {
    let judgement = judged(vec![printed("4")]).await;
    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::WrongAnswer, Some("token")));
    assert_eq!(judgement.tests, Tests { passed: 0, run: 1, total: Some(3) });
    let message = judgement.cases[0].message.as_deref();
    assert_eq!(message, Some("token 1, line 1 of the output: expected \"3\", got \"4\""));

    let judgement = judged(vec![printed("3"), printed("")]).await;
    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::WrongAnswer, Some("missing_output")));
    assert_eq!(judgement.tests, Tests { passed: 1, run: 2, total: Some(3) });
    assert_eq!(judgement.cases[1].message, None, "a secret answer stays secret");
}

#[tokio::test]
async fn what_ends_a_run_decides_its_verdict() {
    use Verdict::*;
    let noise = "x".repeat(700 * 1024);
    let loud = || Report { stderr: noise.clone().into_bytes(), ..printed(&(noise.clone() + "y")) };
    for (report, verdict, reason) in [
        (stopped(StoppedBy::Memory), MemoryLimitExceeded, "oom"),
        (stopped(StoppedBy::Cpu), TimeLimitExceeded, "cpu"),
        (stopped(StoppedBy::Wall), TimeLimitExceeded, "wall"),
        (stopped(StoppedBy::Idle), TimeLimitExceeded, "idle"),
        (stopped(StoppedBy::Stdout), OutputLimitExceeded, "stdout_cap"),
        (stopped(StoppedBy::Stderr), OutputLimitExceeded, "stderr_cap"),
        (stopped(StoppedBy::FileSize), OutputLimitExceeded, "file_size"),
        (Report { cpu_ms: 1_001, ..printed("3") }, TimeLimitExceeded, "cpu"),
        (Report { cpu_ms: 1_000, ..printed("4") }, WrongAnswer, "token"),
        (crashed(Exit::Signal(11), ""), RunTimeError, "signal:11"),
        (crashed(Exit::Signal(9), ""), RunTimeError, "signal:9"),
        (crashed(Exit::Code(137), ""), RunTimeError, "exit:137"),
        (Report { exit: Exit::Code(1), ..printed("3") }, RunTimeError, "exit:1"),
        (crashed(Exit::Code(1), "fatal: heap is full\n"), MemoryLimitExceeded, "oom"),
        (crashed(Exit::Signal(6), "abort\nfatal: heap is full"), MemoryLimitExceeded, "oom"),
        (Report { exit: Exit::Code(3), ..printed("7\ngiving up: no heap\n") }, MemoryLimitExceeded, "oom"),
        (crashed(Exit::Code(3), "giving up: no heap"), RunTimeError, "exit:3"),
        (Report { cpu_ms: 1_001, ..stopped(StoppedBy::Memory) }, TimeLimitExceeded, "cpu"),
        (Report { cpu_ms: 1_001, ..stopped(StoppedBy::Stdout) }, TimeLimitExceeded, "cpu"),
        (Report { exit: Exit::Code(1), ..loud() }, OutputLimitExceeded, "stdout_cap"),
        (Report { stopped_by: Some(StoppedBy::Wall), ..loud() }, OutputLimitExceeded, "stdout_cap"),
        (Report { stopped_by: Some(StoppedBy::FileSize), ..loud() }, OutputLimitExceeded, "stdout_cap"),
        (Report { stopped_by: Some(StoppedBy::Memory), ..loud() }, MemoryLimitExceeded, "oom"),
        (Report { cpu_ms: 1_001, ..loud() }, TimeLimitExceeded, "cpu"),
        (Report { stderr: b"heap is full".to_vec(), ..printed("4") }, WrongAnswer, "token"),
        (loud(), OutputLimitExceeded, "stdout_cap"),
    ] {
        // Twice: one that is close to its time is run again.
        let judgement = judged(vec![report.clone(), report]).await;
        assert_eq!((judgement.verdict, judgement.reason.as_deref()), (verdict, Some(reason)));
        assert_eq!(judgement.cases[0].verdict, verdict);
    }
}

#[tokio::test]
async fn what_was_compiled_before_is_not_compiled_again() {
    let warned = || Reply::Report(printed("warning"));
    let run = |text: &str| Reply::Report(printed(text));
    let failed = || Reply::Report(crashed(Exit::Code(1), "error"));
    let plain = claim(None);
    let flagged = Claim { flags: vec!["-O1".into()], ..plain.clone() };
    let mut other = plain.clone();
    other.files[0].content.push(' ');
    let mut entered_elsewhere = plain.clone();
    entered_elsewhere.files.swap(0, 2);
    for (second, compiles) in [(&plain, false), (&flagged, true), (&other, true), (&entered_elsewhere, true)] {
        let again = if compiles { vec![warned(), run("b")] } else { vec![run("b")] };
        let bench = Bench::new([vec![warned(), run("a")], again].into_iter().flatten().collect());
        let first = bench.judge(&plain).await.unwrap();
        let second = bench.judge(second).await.unwrap();
        assert_eq!((first.verdict, second.verdict), (Verdict::Accepted, Verdict::Accepted));
        assert_eq!(second.outputs.compile_output, first.outputs.compile_output, "what the compiler said is told again");
        assert_eq!(second.outputs.stdout.unwrap().text, "b");
        let compiled = bench.runner.runs().iter().filter(|run| run.writable).count();
        assert_eq!(compiled, 1 + usize::from(compiles));
    }
    let bench = Bench::new(vec![failed(), failed(), warned(), run("a")]);
    for expected in [Verdict::CompileError, Verdict::CompileError, Verdict::Accepted] {
        assert_eq!(bench.judge(&plain).await.unwrap().verdict, expected, "a failure is not kept");
    }
}

/// Ended by itself after this much CPU time, with a limit of 1 s, having printed the first answer.
fn took(cpu_ms: u64) -> Report {
    Report { cpu_ms, ..printed("3") }
}

#[tokio::test]
async fn a_run_just_over_its_time_is_run_once_more_and_the_second_counts() {
    use Verdict::*;
    for (first, second, verdict, time_ms) in [
        (took(1_050), took(990), WrongAnswer, 990),
        (took(1_050), took(1_080), TimeLimitExceeded, 1_080),
        (took(1_050), Report { cpu_ms: 400, ..crashed(Exit::Signal(11), "") }, RunTimeError, 400),
        (Report { cpu_ms: 1_099, ..stopped(StoppedBy::Memory) }, took(990), WrongAnswer, 990),
    ] {
        // The second case is wrong, so that the first one's time stays the largest.
        let reports = [printed(""), first, second, Report { cpu_ms: 1, ..printed("nope") }];
        let bench = Bench::new(reports.into_iter().map(Reply::Report).collect());
        let judgement = bench.judge(&claim(Some("v1"))).await.unwrap();
        assert_eq!(
            (judgement.verdict, judgement.cases[0].time_ms, judgement.time_ms),
            (verdict, time_ms, Some(time_ms))
        );
        let runs = bench.runner.runs();
        assert_eq!((&runs[1].argv, &runs[1].stdin), (&runs[2].argv, &runs[2].stdin), "the same twice");
        assert_eq!(judgement.tests.run as usize, runs.len() - 2, "and it is one case");
    }
}

#[tokio::test]
async fn a_run_far_over_its_time_or_that_idled_is_not_run_again() {
    for (first, reason) in [
        (took(2_000), "cpu"),
        // What goes on for ever is stopped here.
        (Report { cpu_ms: 1_100, ..stopped(StoppedBy::Cpu) }, "cpu"),
        (Report { wall_ms: 3_003, ..stopped(StoppedBy::Wall) }, "wall"),
        (Report { wall_ms: 3_001, ..stopped(StoppedBy::Idle) }, "idle"),
    ] {
        let bench = Bench::new([printed(""), first, printed("3")].into_iter().map(Reply::Report).collect());
        let judgement = bench.judge(&claim(Some("v1"))).await.unwrap();
        assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::TimeLimitExceeded, Some(reason)));
        assert_eq!(bench.runner.runs().len(), 2);
    }
}

#[tokio::test]
async fn the_second_run_waits_until_it_is_alone_and_keeps_others_waiting() {
    let replies = vec![Reply::Report(printed("")), Reply::Report(took(1_050)), Reply::Hang];
    let bench = Bench::new(replies);
    let neighbours = bench.runner.neighbours();
    let neighbour = neighbours.beside().await;
    let claim = claim(Some("v1"));
    let mut judging = Box::pin(bench.judge(&claim));
    while bench.runner.runs().len() < 2 {
        assert!(futures::poll!(&mut judging).is_pending());
    }
    assert!(futures::poll!(&mut judging).is_pending());
    assert_eq!(bench.runner.runs().len(), 2, "compiled and run once: the neighbour runs still");
    let mut next = Box::pin(neighbours.beside());
    assert!(futures::poll!(&mut next).is_pending(), "nothing new begins before it");
    drop(neighbour);
    assert!(futures::poll!(&mut judging).is_pending());
    assert_eq!(bench.runner.runs().len(), 3, "now it runs");
    assert!(futures::poll!(&mut next).is_pending(), "and nothing beside it");
    drop(judging);
    drop(next.await);
}

#[tokio::test(start_paused = true)]
async fn where_the_worker_does_not_fall_quiet_the_first_run_counts() {
    let replies = [printed(""), took(1_050), printed("3")].into_iter().map(Reply::Report).collect();
    let bench = Bench::new(replies);
    let _neighbour = bench.runner.neighbours().beside().await;
    let judgement = bench.judge(&claim(Some("v1"))).await.unwrap();
    assert_eq!((judgement.verdict, judgement.time_ms), (Verdict::TimeLimitExceeded, Some(1_050)));
    assert_eq!(bench.runner.runs().len(), 2, "it was not run again");
    let next = bench.runner.neighbours().beside();
    assert!(tokio::time::timeout(std::time::Duration::from_secs(1), next).await.is_ok(), "and nobody waits any more");
}

#[tokio::test]
async fn a_submission_is_run_again_only_so_often() {
    let mut files = sum().0;
    files.extend((11..=20).flat_map(|n| {
        let file = |end: &str, text: &str| PackageFile { path: format!("data/secret/{n}.{end}"), content: text.into() };
        [file("in", "1 2"), file("ans", "3")]
    }));
    files.retain(|file| !file.path.starts_with("data/secret/2.") && !file.path.starts_with("data/secret/10."));
    let twice = [took(1_050), took(900)];
    let reports = std::iter::once(printed("")).chain(std::iter::repeat_n(twice, 9).flatten());
    let bench = Bench::over(OneProblem(files), reports.map(Reply::Report).collect());
    let judgement = bench.judge(&claim(Some("v1"))).await.unwrap();
    assert_eq!(judgement.tests, Tests { passed: 8, run: 9, total: Some(11) });
    assert_eq!((judgement.verdict, judgement.time_ms), (Verdict::TimeLimitExceeded, Some(1_050)));
}

#[tokio::test]
async fn a_program_that_does_not_compile_is_told_what_the_compiler_said() {
    for (report, reason) in [
        (Report { stdout: b"out;".to_vec(), ..crashed(Exit::Code(1), "error: no") }, "exit:1"),
        (crashed(Exit::Signal(11), "out;error: no"), "signal:11"),
        (crashed(Exit::Code(4), "out;error: no room"), "compile_memory"),
        (crashed(Exit::Code(4), "out;error: no end"), "compile_output"),
        (Report { stdout: b"out;error: no".to_vec(), ..stopped(StoppedBy::Cpu) }, "compile_time"),
        (Report { stdout: b"out;error: no".to_vec(), ..stopped(StoppedBy::Idle) }, "compile_time"),
        (Report { stdout: b"out;error: no".to_vec(), ..stopped(StoppedBy::Memory) }, "compile_memory"),
        (Report { stdout: b"out;error: no".to_vec(), ..stopped(StoppedBy::Stderr) }, "compile_output"),
        (Report { stdout: b"out;error: no".to_vec(), ..stopped(StoppedBy::FileSize) }, "compile_output"),
    ] {
        let judgement = Bench::new(vec![Reply::Report(report)]).judge(&claim(Some("v1"))).await.unwrap();
        assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::CompileError, Some(reason)));
        assert_eq!(judgement.tests, Tests { passed: 0, run: 0, total: Some(3) });
        let told = judgement.outputs.compile_output.unwrap().text;
        assert!(told.starts_with("out;error: no"), "{told:?}");
        assert_eq!((judgement.time_ms, judgement.memory_kb), (None, None), "nothing of the program's was measured");
    }
}

#[tokio::test]
async fn a_compiler_that_made_no_program_is_no_reason_to_try_again() {
    let setup = |reason: &str| Reply::Error(SandboxError::Setup(reason.into()));
    for version in [Some("v1"), None] {
        let refused = setup("could not execute /box/main: Permission denied");
        let bench = Bench::new(vec![Reply::Report(printed("")), refused]);
        let judgement = bench.judge(&claim(version)).await.unwrap();
        assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::CompileError, Some("not_executable")));
        let bench = Bench::new(vec![Reply::Report(printed("")), setup("could not make a pipe")]);
        assert!(bench.judge(&claim(version)).await.is_err(), "any other failure is the sandbox's own");
    }
}

#[tokio::test]
async fn without_a_problem_the_output_comes_back_and_exit_0_is_accepted() {
    let report = Report { stderr: b"\xff\0!".to_vec(), ..printed(&"é".repeat(40_000)) };
    let bench = Bench::new(vec![Reply::Report(printed("warning")), Reply::Report(report)]);
    let claim = Claim { stdin: Some("hi".into()), ..claim(None) };
    let judgement = bench.judge(&claim).await.unwrap();
    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::Accepted, Some("ok")));
    assert_eq!((judgement.tests, judgement.cases.len()), (Tests::default(), 0));
    assert_eq!(
        (judgement.exit_code, judgement.memory_source),
        (Some(0), Some(super::tally::memory_source(MemorySource::CgroupV1)))
    );
    let stdout = judgement.outputs.stdout.unwrap();
    assert!(stdout.truncated && stdout.text.len() == MAX_OUTPUT_BYTES, "{} bytes kept", stdout.text.len());
    assert_eq!(judgement.outputs.stderr.unwrap().text, "\u{fffd}\u{fffd}!");
    assert_eq!(judgement.outputs.compile_output.unwrap().text, "warning");
    assert_eq!(bench.runner.runs()[1].stdin, b"hi");

    let bench = Bench::new(vec![Reply::Report(printed("")), Reply::Report(crashed(Exit::Signal(6), "gone"))]);
    let judgement = bench.judge(&claim).await.unwrap();
    assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::RunTimeError, Some("signal:6")));
    assert_eq!((judgement.exit_code, judgement.signal), (None, Some(6)));
}

#[tokio::test]
async fn what_is_not_the_programs_fault_fails_the_attempt() {
    let failed = |outcome: Result<Judgement, AttemptFailed>| outcome.unwrap_err().to_string();
    let gone = || Reply::Error(SandboxError::Gone("killed".into()));
    let bench = Bench::new(vec![gone()]);
    assert_eq!(failed(bench.judge(&claim(Some("v1"))).await), "the sandbox launcher is gone: killed");
    let bench = Bench::new(vec![Reply::Report(printed("")), Reply::Report(printed("3")), gone()]);
    assert_eq!(failed(bench.judge(&claim(Some("v1"))).await), "the sandbox launcher is gone: killed");
    assert!(failed(bench.judge(&claim(Some("away"))).await).starts_with("the problem could not be read"));
    for (language, expected) in [
        ("absent", "language 'absent' is not available on this worker: not installed: looked for /nonexistent/absent"),
        ("klingon", "language 'klingon' is not available on this worker: the languages file has no such id"),
    ] {
        let mut claim = claim(Some("v1"));
        claim.submission.language = language.into();
        assert_eq!(failed(bench.judge(&claim).await), expected);
    }
}

#[tokio::test]
async fn a_problem_that_is_gone_or_broken_is_an_internal_error_at_once() {
    for (version, reason) in [("v9", "problem_missing"), ("bad", "problem_broken")] {
        let judgement = Bench::new(Vec::new()).judge(&claim(Some(version))).await.unwrap();
        assert_eq!((judgement.verdict, judgement.reason.as_deref()), (Verdict::InternalError, Some(reason)));
    }
}

#[tokio::test]
async fn when_the_lease_is_gone_the_run_is_dropped_at_once() {
    let bench = Bench::new(vec![Reply::Report(printed("")), Reply::Hang]);
    let steps = Steps::detached();
    let claim = claim(Some("v1"));
    let judging = bench.judge.judge(&claim, &steps);
    let stop = async {
        while bench.runner.runs().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(bench.judge.busy(), 1);
        steps.stopped().cancel();
    };
    let (outcome, ()) = tokio::join!(judging, stop);
    assert_eq!(outcome.unwrap_err().to_string(), "the lease is gone");
    assert_eq!(bench.judge.busy(), 0);
}
