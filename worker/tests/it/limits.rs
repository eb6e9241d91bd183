//! Programs that do what they should not: each ends in the verdict that says so, and soon.

use std::time::{Duration, Instant};

use herald_domain::submission::{Claim, Limits, Verdict};
use herald_pipeline::work::Steps;

use crate::bench::{Bench, compile_output, stdout};

crate::tests![
    each_way_of_failing_has_its_verdict_and_reason,
    running_out_of_memory_is_told_from_crashing_in_every_language,
    a_compiler_that_is_led_astray_is_stopped,
    the_program_finds_no_network_no_host_and_no_writable_folder,
    a_run_whose_lease_is_gone_is_killed_at_once,
];

async fn each_way_of_failing_has_its_verdict_and_reason(bench: &Bench) {
    use Verdict::*;
    for (language, source, verdict, reason) in [
        ("c", "int main(void) { for (volatile int i = 0;; i++); }", TimeLimitExceeded, "cpu"),
        ("python", "while True: pass", TimeLimitExceeded, "cpu"),
        ("python", "import time\ntime.sleep(60)", TimeLimitExceeded, "idle"),
        ("python", "import os\nif os.fork() == 0:\n    while True: pass\nos.wait()", TimeLimitExceeded, "cpu"),
        ("python", "while True: print('x' * 1000)", OutputLimitExceeded, "stdout_cap"),
        ("python", "import sys\nwhile True: sys.stderr.write('x' * 1000)", OutputLimitExceeded, "stderr_cap"),
        ("c", include_str!("programs/fill.c"), OutputLimitExceeded, "file_size"),
        ("c", "int main(void) { return 3; }", RunTimeError, "exit:3"),
        ("c", "int main(void) { return 137; }", RunTimeError, "exit:137"),
        ("c", "#include <stdlib.h>\nint main(void) { abort(); }", RunTimeError, "signal:6"),
        ("c", "#include <signal.h>\nint main(void) { raise(SIGKILL); }", RunTimeError, "signal:9"),
        ("c", "int main(void) { *(volatile int *)0 = 1; }", RunTimeError, "signal:11"),
        ("c", include_str!("programs/overflow.c"), RunTimeError, "signal:11"),
        ("python", "raise ValueError('no')", RunTimeError, "exit:1"),
    ] {
        let started = Instant::now();
        // Far from the processor time, which a busy machine gives out slowly; only who idles is to meet it.
        let wall_ms = Some(if reason == "idle" { 2_000 } else { 20_000 });
        let limits = Limits { cpu_ms: Some(500), wall_ms, output_kb: Some(64), ..Limits::default() };
        let judgement = bench.judge(Claim { limits, ..bench.claim(language, source) }).await;
        assert_eq!(
            (judgement.verdict, judgement.reason.as_deref()),
            (verdict, Some(reason)),
            "{source}: {judgement:?}"
        );
        assert!(started.elapsed() < Duration::from_secs(30), "{source} took {:?}", started.elapsed());
    }
}

async fn running_out_of_memory_is_told_from_crashing_in_every_language(bench: &Bench) {
    let limits = Limits { memory_kb: Some(128 * 1_024), ..Limits::default() };
    for (language, source) in [
        ("c", include_str!("programs/hog.c")),
        ("cpp", include_str!("programs/hog.cpp")),
        ("rust", include_str!("programs/hog.rs")),
        ("go", include_str!("programs/hog.go")),
        ("java", include_str!("programs/hog.java")),
        ("python", include_str!("programs/hog.py")),
        ("javascript", include_str!("programs/hog.js")),
    ] {
        if !bench.has(language) {
            continue;
        }
        let judgement = bench.judge(Claim { limits, ..bench.claim(language, source) }).await;
        let outcome = (judgement.verdict, judgement.reason.as_deref());
        assert_eq!(outcome, (Verdict::MemoryLimitExceeded, Some("oom")), "{language}: {judgement:?}");
    }
}

async fn a_compiler_that_is_led_astray_is_stopped(bench: &Bench) {
    let warnings = format!("#warning {}\n", "x".repeat(400)).repeat(2_000) + "int main(void) {}";
    let macros: String = (1..12).map(|n| format!("#define M{n} {}\n", format!("M{} ", n - 1).repeat(10))).collect();
    let macros = format!("#define M0 x +\n{macros}int x, y = M11 1;\nint main(void) {{}}\n");
    for (language, source, reason) in [
        ("c", "#include \"/dev/zero\"\nint main(void) {}", "compile_memory"),
        ("c", "int main(void) {}\nint a[1 << 30] = {1};\n", "compile_output"),
        ("c", &warnings, "compile_output"),
        ("c", &macros, "compile_memory"),
        ("c", "#include \"/etc/shadow\"\nint main(void) {}", "exit:1"),
        ("cpp", "template <int N> struct T { T<N + 1> t; }; int main() { T<0> t; }", "exit:1"),
        (
            "cpp",
            "constexpr int f(int n) { return n < 2 ? 1 : f(n - 1) + f(n - 2); } constexpr int x = f(60); int main() {}",
            "exit:1",
        ),
        ("cpp", include_str!("programs/constant.cpp"), "compile_time"),
    ] {
        let started = Instant::now();
        let judgement = bench.run(language, source).await;
        let outcome = (judgement.verdict, judgement.reason.as_deref());
        assert_eq!(outcome, (Verdict::CompileError, Some(reason)), "{source:.80}: {judgement:?}");
        println!("{source:.40}: {reason} after {} ms", started.elapsed().as_millis());
        assert!(started.elapsed() < Duration::from_secs(60), "{source:.80} took {:?}", started.elapsed());
        assert!(!compile_output(&judgement).contains("root:"), "{:?}", compile_output(&judgement));
    }
}

async fn the_program_finds_no_network_no_host_and_no_writable_folder(bench: &Bench) {
    let judgement = bench.run("python", include_str!("programs/refused.py")).await;
    let (lines, environment) = stdout(&judgement).trim_end().rsplit_once('\n').unwrap();
    assert!(!lines.contains("possible") && lines.lines().count() == 5, "{lines}");
    let expected = "['HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONIOENCODING', 'TMPDIR']";
    assert_eq!(environment, expected);
}

async fn a_run_whose_lease_is_gone_is_killed_at_once(bench: &Bench) {
    let steps = Steps::detached();
    let claim = Claim {
        limits: Limits { cpu_ms: Some(30_000), ..Limits::default() },
        ..bench.claim("python", "while True: pass")
    };
    let (outcome, asked) = tokio::join!(bench.judge.judge(&claim, &steps), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        steps.stopped().cancel();
        Instant::now()
    });
    assert!(outcome.is_err());
    assert!(asked.elapsed() < Duration::from_secs(1), "took {:?}", asked.elapsed());
    // Its slot is free again: as many as there are can be judged at once.
    for _ in 0..4 {
        assert_eq!(bench.run("python", "print(1)").await.verdict, Verdict::Accepted);
    }
}
