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
    let checkers: Vec<_> = problem.cases.iter().map(|case| (case.group.as_str(), case.checker.clone())).collect();
    let checker = |args: &[&str]| Checker::from_args(&args.iter().map(|&arg| arg.into()).collect::<Vec<_>>()).unwrap();
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
        (
            "output_validator/validate.py",
            "",
            "output_validator/validate.py: a custom output validator is not supported yet",
        ),
        ("output_validators/x/validate.cpp", "", "a custom output validator is not supported yet"),
        ("include/python3/driver.py", "", "files that are included with every submission are not supported yet"),
        ("data/secret/9.files/x.txt", "", "input files beside standard input are not supported yet"),
        ("data/secret/9.yaml", "args: [--fast]\n", "command-line arguments (args) are not supported yet"),
        ("problem.yaml", &yaml("type: interactive"), "problem.yaml: type 'interactive' is not supported yet"),
        ("problem.yaml", &yaml("type: [pass-fail, multi-pass]"), "type 'multi-pass' is not supported yet"),
        ("problem.yaml", &yaml("validation: custom"), "a custom validation is not supported yet"),
        ("problem.yaml", &yaml("languages: [cpp]"), "a list of allowed languages is not supported yet"),
        (
            "problem.yaml",
            &yaml("problem_format_version: 2031-01"),
            "problem_format_version '2031-01' is not supported yet",
        ),
    ] {
        let message = error(&[(path, content)]);
        assert!(message.ends_with(expected), "{message:?} does not end with {expected:?}");
    }
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
