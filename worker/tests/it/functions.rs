//! Function-style problems: the user writes one function, the package includes what calls it.

use herald_domain::problem::ProblemPackage;
use herald_domain::submission::{Claim, SourceFile, Verdict};

use crate::bench::Bench;
use crate::engine::{judged, outcome, problem};

crate::tests![
    a_function_is_called_by_the_problems_driver_in_every_language,
    what_is_wrong_with_a_function_is_told_as_for_a_program,
];

/// Languages of the format with the driver, and in the user's: right, wrong, and not compiling.
struct Style {
    language: &'static str,
    driver: (&'static str, &'static str),
    header: Option<(&'static str, &'static str)>,
    starter: &'static str,
    /// `{}` is the sum.
    user: &'static str,
}

const STYLES: [Style; 7] = [
    Style {
        language: "c",
        driver: (
            "include/c/main.c",
            "#include <stdio.h>\n#include \"solution.h\"\nint main(void) { long long a, b; scanf(\"%lld %lld\", &a, &b); printf(\"%lld\\n\", add(a, b)); }\n",
        ),
        header: Some(("include/c/solution.h", "long long add(long long a, long long b);\n")),
        starter: "starter/c/solution.c",
        user: "#include \"solution.h\"\nlong long add(long long a, long long b) { return {}; }\n",
    },
    Style {
        language: "cpp",
        driver: (
            "include/cpp/main.cpp",
            "#include <iostream>\n#include \"solution.h\"\nint main() { long long a, b; std::cin >> a >> b; std::cout << add(a, b) << '\\n'; }\n",
        ),
        header: Some(("include/cpp/solution.h", "#pragma once\nlong long add(long long a, long long b);\n")),
        starter: "starter/cpp/solution.cpp",
        user: "#include \"solution.h\"\nstatic int main_called = 0;\nlong long add(long long a, long long b) { main_called++; return {}; }\n",
    },
    Style {
        language: "java",
        driver: (
            "include/java/Main.java",
            "import java.util.Scanner;\npublic class Main { public static void main(String[] args) { Scanner in = new Scanner(System.in); System.out.println(new Solution().add(in.nextLong(), in.nextLong())); } }\n",
        ),
        header: None,
        starter: "starter/java/Solution.java",
        user: "class Solution { long add(long a, long b) { return {}; } }\n",
    },
    Style {
        language: "python",
        driver: (
            "include/python3/main.py",
            "from solution import add\na, b = map(int, input().split())\nprint(add(a, b))\n",
        ),
        header: None,
        starter: "starter/python3/solution.py",
        user: "def add(a, b):\n    return {}\n",
    },
    Style {
        language: "javascript",
        driver: (
            "include/javascript/main.js",
            "const { add } = require(\"./solution.js\");\nconst [a, b] = require(\"fs\").readFileSync(0, \"utf8\").split(\" \").map(Number);\nconsole.log(add(a, b));\n",
        ),
        header: None,
        starter: "starter/javascript/solution.js",
        user: "function add(a, b) { return {}; }\nmodule.exports = { add };\n",
    },
    Style {
        language: "rust",
        driver: (
            "include/rust/main.rs",
            "mod solution;\nfn main() { let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap(); let n: Vec<i64> = line.split_whitespace().map(|n| n.parse().unwrap()).collect(); println!(\"{}\", solution::add(n[0], n[1])); }\n",
        ),
        header: None,
        starter: "starter/rust/solution.rs",
        user: "pub fn add(a: i64, b: i64) -> i64 { {} }\n",
    },
    Style {
        language: "go",
        driver: (
            "include/go/main.go",
            "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tvar a, b int64\n\tfmt.Scan(&a, &b)\n\tfmt.Println(add(a, b))\n}\n",
        ),
        header: None,
        starter: "starter/go/solution.go",
        user: "package main\n\nfunc add(a, b int64) int64 { return {} }\n",
    },
];

fn package() -> ProblemPackage {
    let mut files = vec![("data/secret/1.in", "2 3\n"), ("data/secret/1.ans", "5\n")];
    for style in &STYLES {
        files.push(style.driver);
        files.extend(style.header);
        files.push((style.starter, style.user));
    }
    let yaml = "languages: [c, cpp, java, python3, javascript, rust, go]\nlimits: {time_limit: 5, memory: 512}";
    problem("add", yaml, &files)
}

async fn a_function_is_called_by_the_problems_driver_in_every_language(bench: &Bench) {
    let bench = bench.with(vec![package()]);
    for style in STYLES.iter().filter(|style| bench.has(style.language)) {
        let right = judged(&bench, "add", style.language, &style.user.replace("{}", "a + b")).await;
        assert_eq!(
            outcome(&right),
            (Verdict::Accepted, "ok"),
            "{}: {:?}",
            style.language,
            right.outputs.compile_output
        );
        let wrong = judged(&bench, "add", style.language, &style.user.replace("{}", "a - b")).await;
        assert_eq!(outcome(&wrong), (Verdict::WrongAnswer, "token"), "{}", style.language);
    }
    // The dialects share the driver, and several files keep their names.
    let cpp = &STYLES[1];
    let source = |name: &str, content: &str| SourceFile { name: name.into(), content: content.into() };
    for language in ["cpp17", "cpp23"] {
        let claim = bench.for_problem("add", bench.claim(language, ""));
        let content = cpp.user.replace("{}", "help(a, b)").replace("static", "#include \"help.h\"\nstatic");
        let files = vec![
            source("sum.cpp", &content),
            source("help.cpp", "long long help(long long a, long long b) { return a + b; }\n"),
            source("help.h", "long long help(long long, long long);\n"),
        ];
        let judgement = bench.judge(Claim { files, ..claim }).await;
        assert_eq!(
            outcome(&judgement),
            (Verdict::Accepted, "ok"),
            "{language}: {:?}",
            judgement.outputs.compile_output
        );
    }
}

async fn what_is_wrong_with_a_function_is_told_as_for_a_program(bench: &Bench) {
    let bench = bench.with(vec![package()]);
    for style in STYLES.iter().filter(|style| bench.has(style.language)) {
        let broken = judged(&bench, "add", style.language, &style.user.replace("{}", "a +* ) b")).await;
        assert_eq!(broken.verdict, Verdict::CompileError, "{}: {:?}", style.language, broken.reason);
        let said = broken.outputs.compile_output.map(|output| output.text).unwrap_or_default();
        assert!(said.contains("olution"), "{} says where: {said}", style.language);
    }
    let whole = judged(&bench, "add", "c", "#include <stdio.h>\nint main(void) { puts(\"5\"); }\n").await;
    assert_eq!(whole.verdict, Verdict::CompileError, "a program has no function for the driver");
}
