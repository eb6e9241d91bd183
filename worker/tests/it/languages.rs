//! Each language by itself.

use herald_domain::submission::{SourceFile, Verdict};

use crate::bench::{Bench, compile_output, stdout};

crate::tests![
    every_installed_language_passes_its_probe,
    a_syntax_error_is_a_compile_error_that_names_the_line,
    a_source_that_asks_for_a_library_is_a_compile_error,
    programs_of_several_files_are_built_and_run,
    deep_recursion_is_not_stopped_by_a_small_stack,
    input_is_read_and_both_outputs_come_back,
];

/// A program that prints `ok` stands in the languages file: any other that runs shows that it passed.
async fn every_installed_language_passes_its_probe(bench: &Bench) {
    assert!(bench.has("c") && bench.has("python"), "these tests need gcc and python3");
    for info in &bench.languages {
        let judgement = bench.judge.judge(&bench.claim(&info.id, ""), &herald_pipeline::work::Steps::detached()).await;
        let version = judgement.expect(&info.id).language_version.expect("a version");
        println!("language {}: {version}", info.id);
    }
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
    ] {
        if !bench.has(language) {
            continue;
        }
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
        if !bench.has(language) {
            continue;
        }
        let judgement = bench.run(language, source).await;
        let outcome = (judgement.verdict, judgement.reason.as_deref());
        assert_eq!(outcome, (Verdict::CompileError, Some("not_executable")), "{language}: {judgement:?}");
    }
}

async fn programs_of_several_files_are_built_and_run(bench: &Bench) {
    let programs: [(&str, &[(&str, &str)]); 6] = [
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
    ];
    for (language, files) in programs {
        if !bench.has(language) {
            continue;
        }
        let mut claim = bench.claim(language, "");
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
    ] {
        if !bench.has(language) {
            continue;
        }
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
