use std::fs;
use std::path::Path;

use super::*;

const YAML: &str = "problem_format_version: 2025-09\nname: Sum\nlimits:\n  time_limit: 1.5\n  memory: 256\n";

fn files(entries: &[(&str, &str)]) -> Vec<PackageFile> {
    entries
        .iter()
        .map(|(path, content)| PackageFile { path: (*path).to_owned(), content: content.as_bytes().to_vec() })
        .collect()
}

/// A package that is good, with some files put in (or in place of its own).
fn package(changes: &[(&str, &str)]) -> Vec<PackageFile> {
    let mut all = files(&[
        ("problem.yaml", YAML),
        ("statement/problem.en.md", "Add them.\n"),
        ("data/sample/1.in", "1 2\n"),
        ("data/sample/1.ans", "3\n"),
        ("data/secret/10.in", "10\n"),
        ("data/secret/10.ans", "10\n"),
        ("data/secret/9.in", "9\n"),
        ("data/secret/9.ans", "9\n"),
    ]);
    all.retain(|file| changes.iter().all(|(path, _)| *path != file.path));
    all.extend(files(changes));
    all
}

fn error(changes: &[(&str, &str)]) -> String {
    Problem::from_files(&package(changes)).unwrap_err().to_string()
}

#[test]
fn a_package_becomes_a_problem_with_samples_first_and_cases_in_natural_order() {
    let problem = Problem::from_files(&package(&[])).unwrap();
    assert_eq!((problem.title.as_str(), problem.statement.as_str()), ("Sum", "Add them.\n"));
    assert_eq!(problem.limits, ProblemLimits { cpu_ms: 1_500, memory_kb: 256 * 1_024, output_kb: 8 * 1_024 });
    let cases: Vec<_> = problem.cases.iter().map(|case| (case.name.as_str(), case.group.as_str())).collect();
    assert_eq!(cases, [("sample/1", "sample"), ("secret/9", "secret"), ("secret/10", "secret")]);
    assert_eq!(problem.samples, [Sample { input: "1 2\n".into(), answer: "3\n".into() }]);
}

#[test]
fn the_nearest_validator_flags_decide() {
    let problem = Problem::from_files(&package(&[
        ("data/secret/test_group.yaml", "output_validator_args: [float_tolerance, 1e-6]\n"),
        ("data/secret/g/1.in", ""),
        ("data/secret/g/1.ans", ""),
        ("data/secret/g/2.in", ""),
        ("data/secret/g/2.ans", ""),
        ("data/secret/g/2.yaml", "output_validator_args: [case_sensitive]\nhint: capitals\n"),
    ]))
    .unwrap();
    let checkers: Vec<_> = problem.cases.iter().map(|case| (case.group.as_str(), case.validation.clone())).collect();
    let checker = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|&arg| arg.into()).collect();
        Validation::Default(Checker::from_args(&args).unwrap())
    };
    let float = checker(&["float_tolerance", "1e-6"]);
    assert_eq!(
        checkers,
        [
            ("sample", checker(&[])),
            ("secret", float.clone()),
            ("secret", float.clone()),
            ("secret/g", float),
            ("secret/g", checker(&["case_sensitive"])),
        ]
    );
}

#[test]
fn constants_languages_and_shown_samples() {
    let yaml = "name: {sv: Summa, en: Sum}\nconstants: {max: 100}\nlimits: {time_limit: 1}\n";
    let problem = Problem::from_files(&package(&[
        ("problem.yaml", yaml),
        ("problem_statement/problem.sv.md", "Addera.\n"),
        ("statement/problem.en.md", "Up to {{max}}.\n{{remainingsamples}}\n"),
        ("data/sample/1.in.statement", "1 … 2\n"),
    ]))
    .unwrap();
    assert_eq!((problem.title.as_str(), problem.statement.trim()), ("Sum", "Up to 100."));
    assert_eq!(problem.samples[0].input, "1 … 2\n");
}

#[test]
fn what_is_wrong_names_the_file_and_what_to_do() {
    for (path, content, expected) in [
        (
            "problem.yaml",
            "name: x\nlimits: {}\n",
            "problem.yaml: limits.time_limit (seconds) is missing; it is not derived",
        ),
        ("problem.yaml", "limits: {time_limit: 1}\n", "problem.yaml: name is missing; add"),
        (
            "problem.yaml",
            "name: x\nlimits: {time_limit: 900}\n",
            "problem.yaml: limits.time_limit comes to 900000 ms; this server takes 10 to 30000 ms",
        ),
        ("problem.yaml", "name: x\nlimits: {time_limit: -1}\n", "problem.yaml: limits.time_limit comes to 0 ms"),
        ("problem.yaml", "nam: x\n", "problem.yaml: unknown field `nam`"),
        ("problem.yaml", "- x\n", "problem.yaml: invalid type"),
        ("data/secret/11.in", "x", "data/secret/11.in: has no answer; add data/secret/11.ans"),
        ("data/secret/12.ans", "x", "data/secret/12.ans: has no input; add data/secret/12.in"),
        (
            "data/secret/test_group.yaml",
            "output_validator_args: [fuzzy]\n",
            "data/secret/test_group.yaml: 'fuzzy' is not a flag",
        ),
        ("data/secret/9.yaml", "hints: x\n", "data/secret/9.yaml: unknown field `hints`"),
        ("statement/problem.en.md", "", "statement/problem.en.md: is empty"),
        ("statement/problem.en.md", "\u{feff}x", "statement/problem.en.md: starts with a byte-order mark"),
    ] {
        let message = error(&[(path, content)]);
        assert!(message.starts_with(expected), "{message:?} does not start with {expected:?}");
    }
    let without = |path: &str| {
        let mut files = package(&[]);
        files.retain(|file| !file.path.starts_with(path));
        Problem::from_files(&files).unwrap_err().to_string()
    };
    assert!(without("problem.yaml").starts_with("problem.yaml: is missing"));
    assert!(without("statement/").starts_with("statement/problem.en.md: is missing"));
    assert!(without("data/secret").starts_with("data/secret: has no test case"));
}

#[test]
fn what_cannot_be_judged_yet_is_refused_not_judged_by_halves() {
    let yaml = |extra: &str| format!("name: x\nlimits: {{time_limit: 1}}\n{extra}\n");
    for (path, content, expected) in [
        ("static_validator/check.py", "", "static_validator/check.py: a static validator is not supported yet"),
        ("graders/grade.py", "", "graders/grade.py: a grader is not supported yet"),
        ("data/secret/testdata.yaml", "grading: custom\n", "a custom grader is not supported yet"),
        ("data/secret/test_group.yaml", "static_validation_score: 3\n", "static validation is not supported yet"),
        ("output_validator/build", "#!/bin/sh\n", "output_validator/build: a build or run script is not supported yet"),
        ("problem.yaml", &yaml("type: submit-answer"), "problem.yaml: type 'submit-answer' is not supported yet"),
        (
            "problem.yaml",
            &yaml("problem_format_version: 2031-01"),
            "problem_format_version '2031-01' is not supported yet",
        ),
    ] {
        let changes = [("problem.yaml", YAML), (path, content)];
        let message = error(if path == "problem.yaml" { &changes[1..] } else { &changes });
        assert!(message.ends_with(expected), "{message:?} does not end with {expected:?}");
    }
}

const INTERACTIVE: &str = "problem_format_version: 2025-09\nname: x\ntype: interactive\nlimits: {time_limit: 1}\n";

#[test]
fn a_validator_is_one_program_in_one_language_and_legacy_packages_have_to_ask_for_it() {
    let validator = |changes: &[(&str, &str)]| {
        let validator = Problem::from_files(&package(changes)).unwrap().validator.unwrap();
        (
            validator.language,
            validator.files.into_iter().map(|file| file.name).collect::<Vec<_>>(),
            validator.must_score,
        )
    };
    let alone = validator(&[("output_validator/validate.py", "N = {{n}}\n")]);
    assert_eq!(alone, ("python".into(), vec!["validate.py".into()], false));
    let several = [
        ("output_validator/io.cc", ""),
        ("output_validator/io.h", ""),
        ("output_validator/main.cc", ""),
        ("output_validator/lib/deep.cc", ""),
    ];
    assert_eq!(validator(&several).1, ["main.cc", "io.cc", "io.h", "lib/deep.cc"]);
    let module =
        [("output_validator/__init__.py", ""), ("output_validator/__main__.py", ""), ("output_validator/a.py", "")];
    assert_eq!(validator(&module).1[0], "__main__.py");

    let legacy = "name: x\nlimits: {time_limit: 1}\nvalidator_flags: a b\n";
    let folder = ("output_validators/v/validate.cpp", "");
    let unasked = package(&[("problem.yaml", legacy), folder]);
    assert!(
        Problem::from_files(&unasked).unwrap_err().to_string().contains("'a' is not a flag"),
        "the default one judges"
    );
    let custom = format!("{legacy}validation: custom score interactive\n");
    let asked = Problem::from_files(&package(&[("problem.yaml", &custom), folder])).unwrap();
    assert!(asked.kind.interactive && asked.validator.unwrap().must_score);
    assert_eq!(asked.cases[0].validation, Validation::Custom(vec!["a".into(), "b".into()]));

    for (changes, expected) in [
        (&[("problem.yaml", INTERACTIVE)][..], "output_validator: is missing, but the type of the problem needs one"),
        (&[("output_validator/a.py", ""), ("output_validator/b.c", "")], "are in different languages"),
        (&[("output_validator/readme.txt", "")], "has no program in C, C++, Python"),
        (
            &[("problem.yaml", &*custom), ("output_validators/a/x.c", ""), ("output_validators/b/x.c", "")],
            "more than one output validator is not supported yet",
        ),
        (&[("problem.yaml", "name: x\nvalidation: custom fast\n")], "is neither 'default' nor 'custom'"),
        (
            &[("problem.yaml", "name: x\ntype: [scoring, pass-fail]\nlimits: {time_limit: 1}\n")],
            "both 'pass-fail' and 'scoring'",
        ),
    ] {
        let message = error(changes);
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    }
}

#[test]
fn an_interactive_problem_shows_a_transcript_instead_of_its_cases() {
    let problem = Problem::from_files(&package(&[
        ("problem.yaml", INTERACTIVE),
        ("output_validator/v.py", ""),
        ("data/sample/1.interaction", ">5\n< higher\n>7\n< right\n"),
    ]))
    .unwrap();
    let sample = Sample { input: "higher\nright\n".into(), answer: "5\n7\n".into() };
    assert_eq!(problem.samples, [sample]);
    assert_eq!(problem.kind.words(), ["pass-fail", "interactive"]);
}

#[test]
fn limits_may_differ_by_language_in_a_file_of_our_own() {
    let problem = Problem::from_files(&package(&[
        (
            "herald.yaml",
            "run_all: true\nlimits:\n  python3: {time_multiplier: 3, memory: 512}\n  pypy: {time_limit: 2}\n",
        ),
        (
            "problem.yaml",
            "name: x\nlimits: {time_limit: 1.5, memory: 256, compilation_time: 5, validation_time: 7, code: 3}\n",
        ),
    ]))
    .unwrap();
    let limits = |language| {
        let (limits, factor) = problem.limits_for(language, 2.0);
        (limits.cpu_ms, limits.memory_kb, factor)
    };
    assert_eq!(limits("cpp20"), (1_500, 256 * 1_024, 2.0));
    assert_eq!(limits("python"), (1_500, 512 * 1_024, 3.0));
    assert_eq!(limits("pypy"), (2_000, 256 * 1_024, 1.0), "its own id wins over the code that it shares");
    assert!(problem.grading.run_all);
    assert_eq!((problem.compilation.cpu_ms, problem.validation.cpu_ms, problem.code_kb), (Some(5_000), 7_000, Some(3)));
    assert!(
        error(&[("herald.yaml", "limits: {c: {time_limit: 99}}\n")]).contains("limits.c.time_limit comes to 99000 ms")
    );
    assert!(error(&[("herald.yaml", "runall: true\n")]).starts_with("herald.yaml: unknown field"));
    let legacy = [("problem.yaml", "name: x\n"), ("herald.yaml", "time_limit: 3\n")];
    assert_eq!(Problem::from_files(&package(&legacy)).unwrap().limits.cpu_ms, 3_000);
}

fn source(name: &str, content: &str) -> SourceFile {
    SourceFile { name: name.into(), content: content.into() }
}

#[test]
fn a_driver_becomes_the_entry_point_and_a_lone_source_takes_the_starters_name() {
    let problem = Problem::from_files(&package(&[
        ("problem.yaml", "name: x\nlanguages: [cpp, python3]\nconstants: {n: 7}\nlimits: {time_limit: 1}\n"),
        ("include/default/data.txt", "all\n"),
        ("include/cpp/main.cpp", "int n = {{n}};\n"),
        ("include/cpp/solution.h", ""),
        ("include/cpp23/solution.h", "// 23\n"),
        ("include/python3/helper.py", "h"),
        ("starter/cpp/sum.cpp", "int sum({{n}});\n"),
    ]))
    .unwrap();
    let names = |language: &str, files: &[SourceFile]| {
        let assembled = problem.assemble(language, files, "main.cpp");
        assembled.sources.into_iter().map(|file| file.name).collect::<Vec<_>>()
    };
    let cpp = problem.assemble("cpp20", &[source("main.cpp", "mine")], "main.cpp").sources;
    assert_eq!(cpp[0], source("main.cpp", "int n = 7;\n"));
    assert_eq!(cpp[1], source("sum.cpp", "mine"));
    let two = [source("sum.cpp", ""), source("main.cpp", "mine")];
    assert_eq!(
        names("cpp", &two),
        ["main.cpp", "sum.cpp", "data.txt", "solution.h"],
        "the driver wins over a file of its name"
    );
    let dialect = problem.assemble("cpp23", &two, "main.cpp").sources;
    assert_eq!(dialect.last().unwrap(), &source("solution.h", "// 23\n"));
    assert_eq!(names("pypy", &[source("mine.py", "")]), ["mine.py", "data.txt", "helper.py"], "no driver, no new name");

    let summary = problem.summary("x");
    assert!(summary.allows("cpp17") && summary.allows("pypy") && !summary.allows("c") && !problem.allows("java"));
    assert_eq!(summary.starter("cpp23").unwrap().content, "int sum(7);\n");
    assert_eq!(summary.starter("python"), None);
    assert!(error(&[("include/main.py", "")]).contains("lies in no language's folder"));
    assert!(error(&[("starter/c/a/b.c", "")]).contains("is not starter/LANGUAGE/FILE"));
    assert!(error(&[("starter/c/a.c", ""), ("starter/c/b.c", "")]).contains("second starter for c"));
}

#[test]
fn a_case_may_have_arguments_files_and_a_hint() {
    let problem = Problem::from_files(&package(&[
        ("data/secret/test_group.yaml", "args: [--slow]\nfull_feedback: true\n"),
        ("data/secret/9.yaml", "args: [--fast, 3]\nhint: think\n"),
        ("data/secret/9.files/names.txt", "a\n"),
        ("data/secret/9.files/more/b.txt", "b\n"),
    ]))
    .unwrap();
    let [sample, nine, ten] = &problem.cases[..] else { panic!("three cases") };
    assert_eq!(
        (nine.args.as_slice(), nine.hint.as_deref()),
        (&["--fast".to_owned(), "3".to_owned()][..], Some("think"))
    );
    assert_eq!(ten.args, ["--slow"]);
    let paths: Vec<_> = nine.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((paths.as_slice(), ten.files.len()), (&["more/b.txt", "names.txt"][..], 0));
    assert!(sample.full_feedback && ten.full_feedback && sample.args.is_empty());
    assert!(error(&[("data/secret/3.files/x", "")]).contains("belongs to no case; add data/secret/3.in"));
}

#[test]
fn a_latex_statement_is_shown_as_it_is_written() {
    let mut files = package(&[
        ("problem.yaml", "limits: {time_limit: 1}\n"),
        ("problem_statement/problem.en.tex", "\\problemname{Sum of $a$}\n%% plainproblemname: Sum of a\nAdd.\n"),
    ]);
    files.retain(|file| file.path != "statement/problem.en.md");
    let problem = Problem::from_files(&files).unwrap();
    assert_eq!(problem.title, "Sum of a");
    assert!(problem.statement.starts_with("````latex\n\\problemname"), "{}", problem.statement);
}

const SCORING: &str = "problem_format_version: 2025-09\nname: x\ntype: scoring\nlimits: {time_limit: 1}\n";

#[test]
fn the_groups_of_a_scoring_problem_have_to_fit_together() {
    let case = |group: &str| [format!("data/secret/{group}/1.in"), format!("data/secret/{group}/1.ans")];
    let scoring = |settings: &[(&str, &str)]| {
        let (one, two) = (case("1"), case("2"));
        let mut changes = vec![("problem.yaml", SCORING)];
        changes.extend(one.iter().chain(&two).map(|path| (path.as_str(), "")));
        changes.extend_from_slice(settings);
        let mut files = package(&changes);
        files.retain(|file| !["9.", "10."].iter().any(|n| file.path.starts_with(&format!("data/secret/{n}"))));
        Problem::from_files(&files).map_err(|error| error.to_string())
    };
    let (one, two) = ("data/secret/1/test_group.yaml", "data/secret/2/test_group.yaml");
    let good =
        scoring(&[(one, "max_score: 40\n"), (two, "max_score: 60\nscore_aggregation: min\nrequire_pass: secret/1\n")]);
    assert_eq!(good.unwrap().summary("x").max_score, Some(100.0));
    for (settings, expected) in [
        (&[(one, "max_score: 40\n")][..], "data/secret/2/test_group.yaml: has no max_score"),
        (&[(one, "max_score: 40\n"), (two, "max_score: 61\n")], "come to 101, more than secret's 100"),
        (
            &[(one, "max_score: 40\nrequire_pass: secret/2\n"), (two, "max_score: 60\n")],
            "require_pass names 'secret/2', which is no group that comes before",
        ),
        (&[(one, "score_aggregation: max\n")], "score_aggregation 'max' is not pass-fail, sum or min"),
        (&[("data/sample/test_group.yaml", "max_score: 1\n")], "make no sense for samples"),
        (&[("data/secret/3.in", ""), ("data/secret/3.ans", "")], "has both cases and groups"),
        (
            &[
                ("data/secret/test_group.yaml", "max_score: unbounded\n"),
                (one, "max_score: unbounded\nscore_aggregation: sum\n"),
                (two, "max_score: 60\n"),
            ],
            "data/secret/1/test_group.yaml: is unbounded, but the default validator gives no scores",
        ),
    ] {
        let message = scoring(settings).unwrap_err();
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    }
    let legacy = "name: x\nlimits: {time_limit: 1}\n";
    for (settings, expected) in [
        ("on_reject: stop\n", "on_reject 'stop' is not break or continue"),
        ("grader_flags: median\n", "has 'median', which the default grader does not know"),
    ] {
        let message = error(&[("problem.yaml", legacy), ("data/secret/testdata.yaml", settings)]);
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    }
}

#[test]
fn a_check_says_what_would_be_refused_and_what_could_be_better() {
    let told =
        |changes: &[(&str, &str)]| check("sum", &package(changes)).iter().map(|f| f.to_string()).collect::<Vec<_>>();
    let good = [
        (
            "problem.yaml",
            "problem_format_version: 2025-09\nuuid: x\nlicense: cc0\nname: Sum\nlimits: {time_limit: 1}\n",
        ),
        ("input_validators/v.py", ""),
        ("submissions/accepted/sum.py", ""),
    ];
    assert_eq!(told(&good), [""; 0]);
    let with = |more: &[(&str, &str)]| told(&[&good[..], more].concat());
    for (changes, expected) in [
        (&[("data/secret/11.in", "1\n")][..], "error: data/secret/11.in: has no answer"),
        (&[("output_validator/run", "x")], "error: output_validator/run: a build or run script is not supported yet"),
        (&[("outputvalidator/v.py", "")], "warning: outputvalidator: is no folder of the format"),
        (&[("data/secret/9.in", "9")], "warning: data/secret/9.in: does not end with a newline"),
        (&[("data/secret/9.in", "9\r\n")], "warning: data/secret/9.in: has lines that end in CR LF"),
        (&[("data/secret/9.ans", "\n")], "warning: data/secret/9.ans: is empty: printing nothing is right"),
        (
            &[("data/secret/g/1.in", "1\n"), ("data/secret/g/1.ans", "1\n")],
            "warning: data/secret: has both cases and groups",
        ),
        (&[("submissions/accepted/x.pas", "")], "warning: submissions/accepted/x.pas: is in no language that is known"),
        (
            &[("include/c/main.c", "")],
            "warning: problem.yaml: has drivers for some languages, but takes any; add languages: [c]",
        ),
        (&[("starter/go/x.go", "")], "warning: starter/go/x.go: is for a language without a driver"),
    ] {
        let findings = with(changes);
        assert!(findings.iter().any(|finding| finding.starts_with(expected)), "{findings:?} without {expected:?}");
    }
    let bare = told(&[]);
    assert!(bare[0].starts_with("error: submissions/accepted: has no program"), "errors first: {bare:?}");
    assert!(bare.iter().any(|finding| finding.starts_with("warning: problem.yaml: has no uuid")), "{bare:?}");
    assert!(check("Sum", &package(&good))[0].to_string().starts_with("error: Sum: the folder's name"));
}

#[test]
fn an_example_is_a_file_or_a_folder_and_begins_at_its_main() {
    let files = package(&[
        ("submissions/accepted/one.cpp", "{{n}}"),
        ("submissions/wrong_answer/two/a.py", ""),
        ("submissions/wrong_answer/two/main.py", ""),
        ("submissions/wrong_answer/two/notes.txt", ""),
        ("submissions/submissions.yaml", ""),
    ]);
    let found = examples(&files).unwrap();
    let found: Vec<_> =
        found.iter().map(|e| (e.path.as_str(), e.folder.as_str(), e.language, e.files[0].name.as_str())).collect();
    assert_eq!(
        found,
        [
            ("accepted/one.cpp", "accepted", Some("cpp"), "one.cpp"),
            ("wrong_answer/two", "wrong_answer", Some("python"), "main.py"),
        ]
    );
}

fn write(folder: &Path, files: &[PackageFile]) {
    for file in files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.content).unwrap();
    }
}

#[test]
fn a_folder_is_read_whole_and_its_version_is_that_of_its_files() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("sum-2");
    write(&folder, &package(&[(".gitignore", "x"), ("generators/README.txt", "none\n")]));
    let read = read_dir(&folder).unwrap();
    assert_eq!(read.slug, "sum-2");
    assert_eq!(read.version, package_version(&read.files));
    assert!(read.files.is_sorted_by(|a, b| a.path < b.path));
    assert!(read.files.iter().all(|file| file.path != ".gitignore"));
    let summary = &read.summary;
    assert_eq!((summary.title.as_str(), summary.time_limit_ms, summary.test_cases), ("Sum", 1_500, 3));
    fs::write(folder.join("data/secret/9.in"), "changed\n").unwrap();
    assert_ne!(read_dir(&folder).unwrap().version, read.version);
    assert_eq!(read_all(root.path()).unwrap().len(), 1);
}

#[test]
fn links_large_files_and_strange_names_are_refused() {
    let refused = |change: &dyn Fn(&Path)| {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sum");
        write(&folder, &package(&[]));
        change(&folder);
        read_dir(&folder).unwrap_err().to_string()
    };
    let link = refused(&|folder| std::os::unix::fs::symlink("/etc/passwd", folder.join("data/secret/11.in")).unwrap());
    assert_eq!(link, "data/secret/11.in: is a symbolic link or a device; put a plain file in its place");
    let large = refused(&|folder| fs::write(folder.join("data/secret/11.in"), vec![b'1'; (8 << 20) + 1]).unwrap());
    assert_eq!(large, "data/secret/11.in: is larger than 8 MiB; make it smaller");
    let name = refused(&|folder| fs::write(folder.join("data/secret/a b.in"), "").unwrap());
    assert!(name.starts_with("data/secret/a b.in: names have only letters"), "{name}");
    let nowhere = read_dir(Path::new("/nonexistent/sum")).unwrap_err().to_string();
    assert_eq!(nowhere, "/nonexistent/sum cannot be read");
    assert!(from_files("Sum_", package(&[])).unwrap_err().to_string().starts_with("Sum_: the folder's name"));
}
