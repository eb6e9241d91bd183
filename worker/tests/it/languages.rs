//! Each language by itself.

use std::time::{Duration, Instant};

use herald_domain::submission::{Claim, Limits, SourceFile, Verdict};

use crate::bench::{Bench, compile_output, stdout};

crate::tests![
    every_installed_language_passes_its_probe,
    a_block_of_the_file_adds_a_language,
    flags_reach_the_compiler_or_the_run_time,
    a_precompiled_header_changes_nothing_but_the_time,
    an_archive_of_the_compilers_classes_changes_nothing_but_the_time,
    a_rust_program_is_linked_by_what_is_installed,
    the_same_program_is_compiled_once_and_another_is_not_it,
    what_was_compiled_into_deep_folders_is_found_again,
    a_syntax_error_is_a_compile_error_that_names_the_line,
    a_source_that_asks_for_a_library_is_a_compile_error,
    programs_of_several_files_are_built_and_run,
    deep_recursion_is_not_stopped_by_a_small_stack,
    input_is_read_and_both_outputs_come_back,
];

/// A program that prints `ok` stands in the languages file: any other that runs shows that it passed.
async fn every_installed_language_passes_its_probe(bench: &Bench) {
    for id in
        ["c", "cpp", "cpp17", "cpp20", "cpp23", "rust", "go", "java", "python", "pypy", "javascript", "typescript"]
    {
        assert!(bench.has(id), "{id} is missing: scripts/install-test-tools.sh installs it");
    }
    for info in &bench.languages {
        let judgement = bench.judge.judge(&bench.claim(&info.id, ""), &herald_pipeline::work::Steps::detached()).await;
        let version = judgement.expect(&info.id).language_version.expect("a version");
        println!("language {}: {version}", info.id);
        assert!(
            version.contains(|c: char| c.is_ascii_digit()) && !version.contains("warning"),
            "{}: {version}",
            info.id
        );
    }
}

/// All that a further language needs is a block of the file.
async fn a_block_of_the_file_adds_a_language(bench: &Bench) {
    let built_in = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("languages.toml");
    let text = std::fs::read_to_string(built_in).unwrap() + include_str!("programs/lua.toml");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    let bench = bench.with_languages(file.path());
    assert!(bench.has("lua"), "lua5.4 is missing: scripts/install-test-tools.sh installs it");
    assert!(bench.has("python"), "those before it are still there");

    let mut claim = bench.claim("lua", "for line in io.lines() do print(line * 2) end\n");
    claim.stdin = Some("3\n4\n".into());
    let judgement = bench.judge(claim).await;
    assert_eq!((judgement.verdict, stdout(&judgement)), (Verdict::Accepted, "6\n8\n"), "{judgement:?}");
    assert!(judgement.language_version.unwrap().starts_with("Lua 5.4"));
    for (source, verdict, reason) in [
        ("print('\n", Verdict::CompileError, "exit:1"),
        ("error('no')\n", Verdict::RunTimeError, "exit:1"),
        ("while true do end\n", Verdict::TimeLimitExceeded, "cpu"),
        ("local t = {} while true do t[#t + 1] = {} end\n", Verdict::MemoryLimitExceeded, "oom"),
    ] {
        let limits =
            Limits { cpu_ms: Some(1_500), wall_ms: Some(30_000), memory_kb: Some(32_768), ..Limits::default() };
        let judgement = bench.judge(Claim { limits, ..bench.claim("lua", source) }).await;
        let outcome = (judgement.verdict, judgement.reason.as_deref());
        assert_eq!(outcome, (verdict, Some(reason)), "{source}: {judgement:?}");
    }
}

async fn a_precompiled_header_changes_nothing_but_the_time(bench: &Bench) {
    const ALL: &str = "#include <bits/stdc++.h>\n";
    let sources = [
        "int main() { std::map<int, std::string> m{{1, \"one\"}}; std::cout << m[1]; }",
        "int main() { std::vector<int> v; v.push_back(std::string()); }",
        "int main() { int unused; return strlen(7); }",
        "#define assert(x) 7\nint main() { std::cout << assert(0); }",
    ];
    let variants =
        ["#define NDEBUG\n", "#define _GLIBCXX_DEBUG\n", "#pragma GCC optimize(\"O3\")\n", "#include <vector>\n"];
    let first = sources.iter().map(|source| format!("{ALL}{source}\n"));
    let after = variants.iter().map(|line| {
        format!(
            "{line}{ALL}int main() {{ std::vector<int> v(3); assert(v.size() == 3); std::cout << v[1] << __LINE__; }}\n"
        )
    });
    let sources: Vec<String> = first.chain(after).collect();
    let mut plain = Vec::new();
    let mut times = [Vec::new(), Vec::new()];
    for source in &sources {
        let flags = vec!["-DUNUSED".to_owned()];
        let began = Instant::now();
        // With a flag it is never used.
        plain.push(bench.judge(Claim { flags, ..bench.claim("cpp20", source) }).await);
        times[0].push(began.elapsed().as_millis());
    }
    bench.run("cpp20", &sources[0]).await;
    prepared(bench, "cpp20").await;
    for (source, plain) in sources.iter().zip(&plain) {
        let began = Instant::now();
        let fast = bench.run("cpp20", source).await;
        times[1].push(began.elapsed().as_millis());
        assert_eq!((fast.verdict, &fast.reason), (plain.verdict, &plain.reason), "{source}");
        assert_eq!((stdout(&fast), compile_output(&fast)), (stdout(plain), compile_output(plain)), "{source}");
    }
    println!("milliseconds without: {:?}, with: {:?}", times[0], times[1]);
    let shown = format!(
        "{ALL}#if __has_include(\"/opt/prepared/bits/stdc++.h.gch\")\nint n = 1;\n#else\nint n = 0;\n#endif\nint main() {{ std::cout << n; }}\n"
    );
    assert_eq!(stdout(&bench.run("cpp20", &shown).await), "1", "it is there where it is used");
    let elsewhere = shown.replace(ALL, "#include <iostream>\n").replace("bits/stdc++.h.gch", "bits");
    assert_eq!(stdout(&bench.run("cpp20", &elsewhere).await), "0", "and nowhere else");
}

async fn prepared(bench: &Bench, language: &str) {
    let ready = async {
        while !bench.known.prepared().contains(&language) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), ready).await.expect("it is made");
}

async fn an_archive_of_the_compilers_classes_changes_nothing_but_the_time(bench: &Bench) {
    let main = |body: &str| {
        format!("import java.util.*;\npublic class Main {{ public static void main(String[] a) {{ {body} }} }}\n")
    };
    let sources = [
        main("System.out.println(List.of(1, 2).stream().mapToInt(x -> x).sum());"),
        main("List raw = new ArrayList(); raw.add(1); System.out.println(raw);"),
        main("int x = \"text\"; y();"),
        main("new Thread().stop();"),
    ];
    let mut plain = Vec::new();
    let mut times = [Vec::new(), Vec::new()];
    for source in &sources {
        // With a flag it is never used.
        let began = Instant::now();
        plain.push(bench.judge(Claim { flags: vec!["-ea".into()], ..bench.claim("java", source) }).await);
        times[0].push(began.elapsed().as_millis());
    }
    bench.run("java", &sources[0]).await;
    prepared(bench, "java").await;
    for (source, plain) in sources.iter().zip(&plain) {
        // Another program than before its time, so that it is compiled.
        let source = format!("{source}// again\n");
        let began = Instant::now();
        let fast = bench.run("java", &source).await;
        times[1].push(began.elapsed().as_millis());
        assert_eq!((fast.verdict, &fast.reason), (plain.verdict, &plain.reason), "{source}");
        assert_eq!((stdout(&fast), compile_output(&fast)), (stdout(plain), compile_output(plain)), "{source}");
    }
    println!("milliseconds without: {:?}, with: {:?}", times[0], times[1]);
    assert!(compile_output(&plain[1]).contains("unchecked"), "a note is among what is compared: {plain:?}");
}

/// A linker leaves its name in what it makes.
async fn a_rust_program_is_linked_by_what_is_installed(bench: &Bench) {
    // Backwards, so that the program does not find its own words.
    let source = r#"
        fn main() {
            let me = std::fs::read("/box/main").unwrap();
            let name = "dl UNG htiw elbitapmoc( ";
            print!("{}", me.windows(name.len()).any(|window| window.iter().rev().copied().eq(name.bytes())));
        }
    "#;
    let installed = std::path::Path::new("/usr/bin/ld.mold").exists();
    assert_eq!(stdout(&bench.run("rust", source).await), installed.to_string());
}

/// A compiler that never makes the same program twice shows whether it was called.
const FICKLE: &str = r#"
[[language]]
id = "fickle"
name = "Fickle"
source_name = "main.txt"
flags = ["-x"]
tool = ["/bin/dash"]
version = ["{tool}", "-c", "echo 1"]
probe = ""
[language.compile]
argv = ["{tool}", "-c", "printf '#!/bin/sh\necho ok\necho %s >&2\n' $(mktemp -u) > main; chmod +x main", "{flags}"]
[language.run]
argv = ["{binary}"]
"#;

async fn what_was_compiled_into_deep_folders_is_found_again(bench: &Bench) {
    let main = "public class Main { public static void main(String[] args) { a.b.c.d.X.say(); } }\n";
    let deep = "package a.b.c.d;\npublic class X { public static void say() { System.out.println(\"ok\"); } }\n";
    let file = |(name, content): (&str, &str)| SourceFile { name: name.into(), content: content.into() };
    let claim = Claim { files: [("Main.java", main), ("X.java", deep)].map(file).to_vec(), ..bench.claim("java", "") };
    for run in ["compiled", "kept"] {
        let judgement = bench.judge(claim.clone()).await;
        assert_eq!((judgement.verdict, stdout(&judgement)), (Verdict::Accepted, "ok\n"), "{run}: {judgement:?}");
    }
}

async fn the_same_program_is_compiled_once_and_another_is_not_it(bench: &Bench) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, FICKLE.as_bytes()).unwrap();
    let bench = bench.with_languages(file.path());
    let claim = |source: &str, flags: &[&str]| {
        let flags = flags.iter().map(ToString::to_string).collect();
        Claim { flags, ..bench.claim("fickle", source) }
    };
    let first = claim("a", &[]);
    let mut printed = Vec::new();
    for claim in [first.clone(), first.clone(), claim("a", &["-x"]), claim("b", &[]), first.clone(), claim("b", &[])] {
        let judgement = bench.judge(claim).await;
        assert_eq!((judgement.verdict, stdout(&judgement)), (Verdict::Accepted, "ok\n"), "{judgement:?}");
        printed.push(judgement.outputs.stderr.unwrap().text);
    }
    let same: Vec<_> = printed.iter().map(|text| printed.iter().position(|other| other == text).unwrap()).collect();
    assert_eq!(same, [0, 0, 2, 3, 0, 3], "{printed:?}");
}

async fn flags_reach_the_compiler_or_the_run_time(bench: &Bench) {
    for (language, flags, source, expected) in [
        ("c", &["-DN=7", "-O0"][..], "#include <stdio.h>\nint main(void) { printf(\"%d\", N); }", "7"),
        ("c", &["-std=c99"], "#include <stdio.h>\nint main(void) { printf(\"%ld\", __STDC_VERSION__); }", "199901"),
        ("cpp", &["-DN=7"], "#include <iostream>\nint main() { std::cout << N; }", "7"),
        (
            "rust",
            &["--cfg=seven", "-Copt-level=0"],
            "fn main() { print!(\"{}\", if cfg!(seven) { 7 } else { 0 }); }",
            "7",
        ),
        ("python", &["-O"], "assert False\nprint(7)", "7\n"),
        ("java", &["-ea"], include_str!("programs/asserts.java"), "7\n"),
        ("javascript", &["--expose-gc"], "console.log(typeof gc)", "function\n"),
    ] {
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let judgement = bench.judge(Claim { flags, ..bench.claim(language, source) }).await;
        let outcome = (judgement.verdict, stdout(&judgement));
        assert_eq!(outcome, (Verdict::Accepted, expected), "{language}: {judgement:?}");
    }
    for (language, flag) in [("c", "-wrapper,sh"), ("c", "-o"), ("python", "-c"), ("go", "-toolexec=sh")] {
        let judgement = bench.judge(Claim { flags: vec![flag.into()], ..bench.claim(language, "") }).await;
        let outcome = (judgement.verdict, judgement.reason.as_deref());
        assert_eq!(outcome, (Verdict::CompileError, Some("flags")), "{language} {flag}");
    }
    let judgement =
        bench.judge(Claim { flags: vec!["--strict".into()], ..bench.claim("typescript", "let x: number = null;") });
    assert_eq!(judgement.await.verdict, Verdict::CompileError);
    assert_eq!(bench.run("typescript", "let x: number = null;").await.verdict, Verdict::Accepted);
}

async fn a_syntax_error_is_a_compile_error_that_names_the_line(bench: &Bench) {
    for (language, source, line) in [
        ("c", "#include <stdio.h>\nint main(void) { return 0 }\n", "main.c:2"),
        ("cpp", "int main() {\n  retrun 0;\n}\n", "main.cpp:2"),
        ("rust", "fn main() {\n    let x = ;\n}\n", "main.rs:2"),
        ("go", "package main\n\nfunc main() { x := }\n", "main.go:3"),
        ("java", "public class Main {\n    void f() { int x = ; }\n}\n", "Main.java:2"),
        ("python", "print('a')\nprint(\n", "line 2"),
        ("javascript", "let x = 1;\nlet x y;\n", "main.js:2"),
        ("pypy", "print('a')\nprint(\n", "line 2"),
        ("typescript", "let x = 1;\nlet y: number = 'x';\n", "main.ts(2,5)"),
    ] {
        let judgement = bench.run(language, source).await;
        assert_eq!(judgement.verdict, Verdict::CompileError, "{language}: {judgement:?}");
        assert_eq!(judgement.reason.as_deref().map(|reason| reason.starts_with("exit:")), Some(true));
        assert!(compile_output(&judgement).contains(line), "{language}: {:?}", compile_output(&judgement));
    }
}

async fn a_source_that_asks_for_a_library_is_a_compile_error(bench: &Bench) {
    for (language, source) in [
        ("rust", "#![crate_type = \"lib\"]\npub fn twice(x: i32) -> i32 { 2 * x }\n"),
        ("go", "package twice\n\nfunc Twice(x int) int { return 2 * x }\n"),
    ] {
        let judgement = bench.run(language, source).await;
        let outcome = (judgement.verdict, judgement.reason.as_deref());
        assert_eq!(outcome, (Verdict::CompileError, Some("not_executable")), "{language}: {judgement:?}");
    }
}

async fn programs_of_several_files_are_built_and_run(bench: &Bench) {
    let programs: [(&str, &[(&str, &str)]); 9] = [
        (
            "c",
            &[
                (
                    "main.c",
                    "#include \"twice.h\"\n#include <stdio.h>\nint main(void) { printf(\"%d\\n\", twice(21)); }\n",
                ),
                ("twice.h", "int twice(int);\n"),
                ("twice.c", "#include \"twice.h\"\nint twice(int x) { return 2 * x; }\n"),
            ],
        ),
        (
            "cpp",
            &[
                (
                    "main.cpp",
                    "#include \"twice.hpp\"\n#include <iostream>\nint main() { std::cout << twice(21) << '\\n'; }\n",
                ),
                ("twice.hpp", "int twice(int);\n"),
                ("twice.cc", "#include \"twice.hpp\"\nint twice(int x) { return 2 * x; }\n"),
            ],
        ),
        (
            "rust",
            &[
                ("main.rs", "mod twice;\nfn main() { println!(\"{}\", twice::twice(21)); }\n"),
                ("twice.rs", "pub fn twice(x: i32) -> i32 { 2 * x }\n"),
            ],
        ),
        (
            "go",
            &[
                ("main.go", "package main\nimport \"fmt\"\nfunc main() { fmt.Println(twice(21)) }\n"),
                ("twice.go", "package main\nfunc twice(x int) int { return 2 * x }\n"),
            ],
        ),
        (
            "java",
            &[
                (
                    "Start.java",
                    "class Start { public static void main(String[] a) { System.out.println(Twice.of(21)); } }\n",
                ),
                ("Twice.java", "class Twice { static int of(int x) { return 2 * x; } }\n"),
            ],
        ),
        (
            "python",
            &[
                ("start.py", "import twice\nprint(twice.twice(21))\n"),
                ("twice.py", "def twice(x):\n    return 2 * x\n"),
            ],
        ),
        (
            "javascript",
            &[
                ("start.mjs", "import { twice } from './twice.mjs';\nconsole.log(twice(21));\n"),
                ("twice.mjs", "export const twice = (x) => 2 * x;\n"),
            ],
        ),
        (
            "pypy",
            &[
                ("start.py", "import twice\nprint(twice.twice(21))\n"),
                ("twice.py", "def twice(x):\n    return 2 * x\n"),
            ],
        ),
        (
            "typescript",
            &[
                ("start.ts", "import { twice } from './twice';\nconsole.log(twice(21));\n"),
                ("twice.ts", "export const twice = (x: number): number => 2 * x;\n"),
            ],
        ),
    ];
    for (language, files) in programs {
        let mut claim = bench.claim(language, "");
        // The entry point comes first, whatever it is called: the api puts it there.
        let file = |(name, content): &(&str, &str)| SourceFile { name: (*name).into(), content: (*content).into() };
        claim.files = files.iter().map(file).collect();
        let judgement = bench.judge(claim).await;
        assert_eq!((judgement.verdict, stdout(&judgement)), (Verdict::Accepted, "42\n"), "{language}: {judgement:?}");
    }
}

/// A hundred thousand levels, in each language.
async fn deep_recursion_is_not_stopped_by_a_small_stack(bench: &Bench) {
    for (language, source) in [
        ("c", include_str!("programs/deep.c")),
        ("rust", include_str!("programs/deep.rs")),
        ("go", include_str!("programs/deep.go")),
        ("java", include_str!("programs/deep.java")),
        ("python", include_str!("programs/deep.py")),
        ("javascript", include_str!("programs/deep.js")),
        ("typescript", include_str!("programs/deep.js")),
    ] {
        let judgement = bench.run(language, source).await;
        assert_eq!(
            (judgement.verdict, stdout(&judgement)),
            (Verdict::Accepted, "100000\n"),
            "{language}: {judgement:?}"
        );
    }
}

async fn input_is_read_and_both_outputs_come_back(bench: &Bench) {
    let source = "import sys\ntext = sys.stdin.read()\nprint(text.upper())\nprint(len(text), file=sys.stderr)\n";
    let mut claim = bench.claim("python", source);
    claim.stdin = Some("grüße\n".into());
    let judgement = bench.judge(claim).await;
    assert_eq!((judgement.verdict, judgement.exit_code, judgement.signal), (Verdict::Accepted, Some(0), None));
    assert_eq!(stdout(&judgement), "GRÜSSE\n\n");
    assert_eq!(judgement.outputs.stderr.unwrap().text, "6\n");
    assert_eq!(judgement.tests.total, None);
}
