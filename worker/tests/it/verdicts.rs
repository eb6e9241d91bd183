//! The verdict table: a program, and what is said of it. Limits follow from the reason that is expected (`limits`), so that
//! only the limit that a row is about is within its program's reach, on a busy machine too.

use std::time::Instant;

use futures::StreamExt;
use herald_domain::submission::Verdict::{self, *};
use herald_domain::submission::{Claim, Limits};

use crate::bench::{Bench, SLOTS};

crate::tests![every_program_of_the_table_gets_its_verdict_and_reason];

type Row = (&'static str, Verdict, &'static str, &'static str);

async fn every_program_of_the_table_gets_its_verdict_and_reason(bench: &Bench) {
    let began = Instant::now();
    let rows: Vec<&Row> = TABLE.iter().flat_map(|rows| rows.iter()).collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    let judged = futures::stream::iter(rows.iter().filter(|row| bench.has(row.0)).map(|row| check(bench, row)));
    let wrong: Vec<String> = judged.buffer_unordered(SLOTS).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    println!("{} verdicts in {} ms", rows.len(), began.elapsed().as_millis());
}

/// What is wrong with a row's judgement, if anything.
async fn check(bench: &Bench, (language, verdict, reason, source): &Row) -> Option<String> {
    let claim = Claim { limits: limits(language, reason), ..bench.claim(language, source) };
    let judgement = bench.judge(claim).await;
    let got = (judgement.verdict, judgement.reason.as_deref().unwrap_or_default());
    (got != (*verdict, *reason)).then(|| {
        let stderr = judgement.outputs.stderr.as_ref().map_or("", |output| &output.text);
        format!("{language}: {source:.60}: {got:?} instead of {verdict:?} {reason}; {stderr:.200}")
    })
}

fn limits(language: &str, reason: &str) -> Limits {
    let (cpu_ms, wall_ms) = match (reason, language) {
        ("cpu", _) => (600, 30_000),
        // A virtual machine's start must stay a small share of the time that is waited.
        ("idle", "java" | "javascript") => (10_000, 5_000),
        ("idle", _) => (10_000, 1_500),
        ("wall", _) => (30_000, 1_000),
        _ => (10_000, 40_000),
    };
    Limits {
        cpu_ms: Some(cpu_ms),
        wall_ms: Some(wall_ms),
        memory_kb: Some(128 * 1_024),
        output_kb: Some(64),
        processes: Some(16),
    }
}

const TABLE: [&[Row]; 7] = [C, CPP, RUST, GO, JAVA, PYTHON, JAVASCRIPT];

const C: &[Row] = &[
    ("c", Accepted, "ok", "#include <stdio.h>\nint main(void) { puts(\"1\"); }"),
    ("c", Accepted, "ok", "#include <unistd.h>\nint main(void) { close(0); close(1); close(2); }"),
    ("c", Accepted, "ok", "#include <unistd.h>\nint main(void) { if (!fork()) for (;;) pause(); }"),
    ("c", RunTimeError, "exit:1", "int main(void) { return 1; }"),
    ("c", RunTimeError, "exit:255", "int main(void) { return -1; }"),
    ("c", RunTimeError, "exit:137", "int main(void) { return 137; }"),
    ("c", RunTimeError, "exit:1", "#include <stdlib.h>\nint main(void) { return malloc(-4096UL) ? 0 : 1; }"),
    ("c", RunTimeError, "signal:4", "int main(void) { __builtin_trap(); }"),
    ("c", RunTimeError, "signal:6", "#include <stdlib.h>\nint main(void) { abort(); }"),
    ("c", RunTimeError, "signal:6", "#include <assert.h>\nint main(int n, char **a) { assert(n > 1); }"),
    ("c", RunTimeError, "signal:8", "#include <signal.h>\nint main(void) { raise(SIGFPE); }"),
    ("c", RunTimeError, "signal:9", "#include <signal.h>\nint main(void) { raise(SIGKILL); }"),
    ("c", RunTimeError, "signal:11", "int main(void) { *(volatile int *)8 = 1; }"),
    ("c", RunTimeError, "signal:11", include_str!("programs/overflow.c")),
    ("c", RunTimeError, "signal:13", "#include <signal.h>\nint main(void) { raise(SIGPIPE); }"),
    ("c", RunTimeError, "signal:14", "#include <unistd.h>\nint main(void) { ualarm(1000, 0); for (;;) pause(); }"),
    ("c", RunTimeError, "signal:15", "#include <signal.h>\nint main(void) { raise(SIGTERM); }"),
    ("c", TimeLimitExceeded, "cpu", "int main(void) { for (volatile int i = 0;; i++); }"),
    ("c", TimeLimitExceeded, "cpu", "#include <unistd.h>\nint main(void) { for (;;) fork(); }"),
    (
        "c",
        TimeLimitExceeded,
        "cpu",
        "#include <signal.h>\nint main(void) { for (int s = 1; s < 65; s++) signal(s, SIG_IGN); for (;;); }",
    ),
    ("c", TimeLimitExceeded, "wall", "int main(void) { for (volatile int i = 0;; i++); }"),
    ("c", TimeLimitExceeded, "idle", "#include <unistd.h>\nint main(void) { for (;;) pause(); }"),
    ("c", TimeLimitExceeded, "idle", "#include <signal.h>\nint main(void) { raise(SIGSTOP); }"),
    ("c", MemoryLimitExceeded, "oom", include_str!("programs/hog.c")),
    (
        "c",
        MemoryLimitExceeded,
        "oom",
        "#include <stdlib.h>\n#include <unistd.h>\nint main(void) { for (int i = 0; i < 5; i++) if (!fork()) { volatile char *p = malloc(50 << 20); for (long n = 0; n < 50 << 20; n += 4096) p[n] = 1; for (;;) pause(); } for (;;) pause(); }",
    ),
    ("c", OutputLimitExceeded, "stdout_cap", "#include <stdio.h>\nint main(void) { for (;;) puts(\"xxxxxxxx\"); }"),
    (
        "c",
        OutputLimitExceeded,
        "stderr_cap",
        "#include <stdio.h>\nint main(void) { for (;;) fputs(\"xxxxxxxx\", stderr); }",
    ),
    ("c", OutputLimitExceeded, "file_size", include_str!("programs/fill.c")),
    ("c", CompileError, "exit:1", "int main(void) { return }"),
    ("c", CompileError, "exit:1", "int main(void) { nowhere(); }"),
    ("c", CompileError, "exit:1", "#include \"/etc/shadow\"\nint main(void) {}"),
];

const CPP: &[Row] = &[
    ("cpp", Accepted, "ok", "#include <cstdio>\nint main() { std::puts(\"1\"); }"),
    ("cpp", RunTimeError, "exit:2", "int main() { return 2; }"),
    ("cpp", RunTimeError, "signal:6", "int main() { throw 1; }"),
    ("cpp", RunTimeError, "signal:6", "#include <vector>\nint main() { std::vector<int> v(1); return v.at(7); }"),
    ("cpp", RunTimeError, "signal:11", "int main() { *(volatile int *)8 = 1; }"),
    ("cpp", TimeLimitExceeded, "cpu", "int main() { for (volatile int i = 0;; i = i + 1); }"),
    ("cpp", MemoryLimitExceeded, "oom", include_str!("programs/hog.cpp")),
    ("cpp", MemoryLimitExceeded, "oom", "#include <new>\nint main() { throw std::bad_alloc(); }"),
    (
        "cpp",
        MemoryLimitExceeded,
        "oom",
        "int main(int n, char **) { volatile char *p = new char[n * (1L << 46)]; *p = 1; }",
    ),
    (
        "cpp",
        RunTimeError,
        "signal:6",
        "#include <stdexcept>\nint main() { throw std::runtime_error(\"std::bad_alloc\"); }",
    ),
    ("cpp", CompileError, "exit:1", "static_assert(false, \"no\");\nint main() {}"),
];

const RUST: &[Row] = &[
    ("rust", Accepted, "ok", "fn main() { println!(\"1\"); }"),
    ("rust", RunTimeError, "exit:4", "fn main() { std::process::exit(4) }"),
    ("rust", RunTimeError, "exit:101", "fn main() { panic!(\"no\") }"),
    (
        "rust",
        RunTimeError,
        "exit:101",
        "fn main() { let v: Vec<i32> = vec![]; println!(\"{}\", v[std::env::args().count()]); }",
    ),
    ("rust", RunTimeError, "exit:1", "fn main() -> Result<(), String> { Err(\"no\".into()) }"),
    ("rust", RunTimeError, "signal:6", "fn main() { std::process::abort() }"),
    ("rust", TimeLimitExceeded, "cpu", "fn main() { let mut n = 0u64; loop { n = std::hint::black_box(n + 1); } }"),
    ("rust", TimeLimitExceeded, "idle", "fn main() { loop { std::thread::park() } }"),
    ("rust", MemoryLimitExceeded, "oom", include_str!("programs/hog.rs")),
    ("rust", MemoryLimitExceeded, "oom", "fn main() { std::hint::black_box(Vec::<u8>::with_capacity(1 << 46)); }"),
    ("rust", OutputLimitExceeded, "stdout_cap", "fn main() { loop { println!(\"xxxxxxxxxxxxxxxx\") } }"),
    ("rust", CompileError, "exit:1", "fn main() { let x: i32 = \"no\"; }"),
    ("rust", CompileError, "exit:1", "const S: &str = include_str!(\"/etc/shadow\");\nfn main() { print!(\"{S}\") }"),
];

const GO: &[Row] = &[
    ("go", Accepted, "ok", "package main\nfunc main() { print(1) }"),
    ("go", RunTimeError, "exit:3", "package main\nimport \"os\"\nfunc main() { os.Exit(3) }"),
    ("go", RunTimeError, "exit:2", "package main\nfunc main() { panic(\"no\") }"),
    ("go", RunTimeError, "exit:2", "package main\nfunc main() { var p *int; *p = 1 }"),
    ("go", RunTimeError, "exit:2", "package main\nfunc main() { <-make(chan int) }"),
    ("go", TimeLimitExceeded, "cpu", "package main\nfunc main() { for n := 0; ; n++ { } }"),
    ("go", TimeLimitExceeded, "idle", "package main\nimport \"time\"\nfunc main() { time.Sleep(time.Hour) }"),
    ("go", MemoryLimitExceeded, "oom", include_str!("programs/hog.go")),
    (
        "go",
        MemoryLimitExceeded,
        "oom",
        "package main\nimport \"os\"\nfunc main() { b := make([]byte, len(os.Args) << 46); b[1] = 1 }",
    ),
    (
        "go",
        OutputLimitExceeded,
        "stdout_cap",
        "package main\nimport \"fmt\"\nfunc main() { for { fmt.Println(\"xxxxxxxx\") } }",
    ),
];

const JAVA: &[Row] = &[
    ("java", Accepted, "ok", "public class Main { public static void main(String[] a) { System.out.println(1); } }"),
    ("java", RunTimeError, "exit:3", "public class Main { public static void main(String[] a) { System.exit(3); } }"),
    (
        "java",
        RunTimeError,
        "exit:1",
        "public class Main { public static void main(String[] a) { throw new RuntimeException(); } }",
    ),
    (
        "java",
        RunTimeError,
        "exit:1",
        "public class Main { public static void main(String[] a) { throw new StackOverflowError(); } }",
    ),
    ("java", RunTimeError, "exit:1", "public class Main { }"),
    ("java", TimeLimitExceeded, "cpu", "public class Main { public static void main(String[] a) { for (;;) { } } }"),
    (
        "java",
        TimeLimitExceeded,
        "idle",
        "public class Main { public static void main(String[] a) throws Exception { Thread.sleep(60000); } }",
    ),
    ("java", MemoryLimitExceeded, "oom", include_str!("programs/hog.java")),
    (
        "java",
        MemoryLimitExceeded,
        "oom",
        "public class Main { public static void main(String[] a) { System.out.println(new int[1 << 30].length); } }",
    ),
    ("java", RunTimeError, "exit:1", include_str!("programs/threads.java")),
    (
        "java",
        OutputLimitExceeded,
        "stdout_cap",
        "public class Main { public static void main(String[] a) { for (;;) System.out.println(\"xxxxxxxx\"); } }",
    ),
    ("java", CompileError, "exit:1", "public class Main { int f() { return \"no\"; } }"),
];

const PYTHON: &[Row] = &[
    ("python", Accepted, "ok", "print(1)"),
    ("python", RunTimeError, "exit:3", "import sys; sys.exit(3)"),
    ("python", RunTimeError, "exit:1", "import sys; sys.exit('no')"),
    ("python", RunTimeError, "exit:1", "raise ValueError('no')"),
    ("python", RunTimeError, "exit:1", "input()"),
    ("python", RunTimeError, "exit:1", "def f(): f()\nf()"),
    ("python", RunTimeError, "exit:1", "open('/etc/shadow')"),
    ("python", RunTimeError, "exit:1", "import socket; socket.create_connection(('127.0.0.1', 80))"),
    ("python", RunTimeError, "signal:6", "import os; os.abort()"),
    ("python", RunTimeError, "signal:9", "import os; os.kill(os.getpid(), 9)"),
    ("python", RunTimeError, "signal:31", "import os, signal; os.kill(os.getpid(), signal.SIGSYS)"),
    ("python", TimeLimitExceeded, "cpu", "while True: pass"),
    ("python", TimeLimitExceeded, "cpu", "import os\nif os.fork() == 0:\n    while True: pass\nos.wait()"),
    ("python", TimeLimitExceeded, "idle", "import time; time.sleep(60)"),
    ("python", MemoryLimitExceeded, "oom", include_str!("programs/hog.py")),
    ("python", MemoryLimitExceeded, "oom", "raise MemoryError"),
    ("python", MemoryLimitExceeded, "oom", "bytes(1 << 46)"),
    ("python", RunTimeError, "exit:1", "class MyMemoryError(Exception): pass\nraise MyMemoryError('MemoryError')"),
    ("python", OutputLimitExceeded, "stdout_cap", "while True: print('x' * 1000)"),
    ("python", OutputLimitExceeded, "stderr_cap", "import sys\nwhile True: sys.stderr.write('x' * 1000)"),
    ("python", CompileError, "exit:1", "print("),
];

const JAVASCRIPT: &[Row] = &[
    ("javascript", Accepted, "ok", "console.log(1)"),
    ("javascript", RunTimeError, "exit:3", "process.exit(3)"),
    ("javascript", RunTimeError, "exit:1", "throw new Error('no')"),
    ("javascript", RunTimeError, "exit:1", "Promise.reject(new Error('no'))"),
    ("javascript", RunTimeError, "exit:1", "const f = () => f() + 1; f()"),
    ("javascript", RunTimeError, "signal:6", "process.abort()"),
    ("javascript", TimeLimitExceeded, "cpu", "for (;;) ;"),
    ("javascript", TimeLimitExceeded, "idle", "setTimeout(() => {}, 60000)"),
    ("javascript", MemoryLimitExceeded, "oom", include_str!("programs/hog.js")),
    ("javascript", MemoryLimitExceeded, "oom", "const b = []; for (;;) b.push(Buffer.alloc(1 << 20, 1))"),
    ("javascript", MemoryLimitExceeded, "oom", "new ArrayBuffer(2 ** 46)"),
    ("javascript", RunTimeError, "exit:1", "throw new Error('JavaScript heap out of memory')"),
    ("javascript", OutputLimitExceeded, "stdout_cap", "for (;;) require('fs').writeSync(1, 'xxxxxxxxxxxxxxxx')"),
    ("javascript", CompileError, "exit:1", "let x y"),
];
