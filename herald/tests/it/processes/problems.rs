//! The life of a problem and of a plain run on the command line, against a server that runs.

use std::path::Path;

use super::process::run;
use super::scale::room;
use super::site::Site;

const A_PLUS_B: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../problems/a-plus-b");

fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_is_checked_imported_and_judged_by() {
    let _room = room().await;
    let site = Site::up().await;
    let (good, said) = site.command(&["problem", "check", "--no-run", A_PLUS_B]);
    assert!(good && said.contains("a-plus-b is good: "), "{said}");
    let (good, said) = site.command(&["problem", "import", A_PLUS_B, "--slug", "sum"]);
    assert!(good && said.contains("sum is now at version "), "{said}");
    let (good, said) = site.command(&["problem", "import", A_PLUS_B, "--slug", "sum"]);
    assert!(good && said.contains("sum stays at version "), "{said}");

    let function = site.client().get("/problems/two-sum-function").await;
    assert_eq!(function["types"], serde_json::json!(["pass-fail", "function"]));
    let starters = function["starters"].as_array().unwrap();
    assert!(starters.iter().any(|starter| starter["language"] == "python"), "{starters:?}");

    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("sum.py");
    write(&source, "print(sum(map(int, input().split())))\n");
    let (good, said) = site.command(&["submit", source.to_str().unwrap(), "--problem", "sum"]);
    assert!(good && said.contains("accepted"), "{said}");

    let broken = folder.path().join("broken");
    write(&broken.join("problem.yaml"), "name: Broken\nlimits: {time_limit: 1}\n");
    write(&broken.join("statement/problem.en.md"), "Nothing.\n");
    write(&broken.join("data/secret/1.in"), "1\n");
    for command in ["check", "import"] {
        let (good, said) = site.command(&["problem", command, broken.to_str().unwrap()]);
        assert!(!good && said.contains("data/secret/1.in: has no answer"), "{said}");
    }
}

/// A package of one case with a right program and a wrong one.
fn write_sum(folder: &Path) {
    for (path, content) in [
        ("problem.yaml", "problem_format_version: 2025-09\nname: Sum\nlimits: {time_limit: 5, memory: 256}\n"),
        ("statement/problem.en.md", "Add them.\n"),
        ("data/secret/1.in", "4 5\n"),
        ("data/secret/1.ans", "9\n"),
        ("submissions/accepted/sum.py", "print(sum(map(int, input().split())))\n"),
        ("submissions/wrong_answer/first.py", "print(input().split()[0])\n"),
    ] {
        write(&folder.join(path), content);
    }
}

/// Its programs are run, in the sandbox; where there is none, the files are looked at and that is said.
#[test]
fn a_check_runs_the_programs_of_a_package() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("sum");
    write_sum(&package);
    let path = package.to_str().unwrap();
    let check = |more: &[&str]| run(&[&["problem", "check", path], more].concat(), &[]);
    let (good, said) = check(&[]);
    assert!(good && said.contains("sum is good: 1 test cases, "), "{said}");
    assert!(said.contains("; its programs do what they say\n"), "{said}");

    write(&package.join("submissions/accepted/first.py"), "print(input().split()[0])\n");
    let (good, said) = check(&[]);
    assert!(!good && said.contains("sum: error: submissions/accepted/first.py: comes to wrong_answer"), "{said}");
    assert!(said.contains("sum is not good: 1 to mend\n"), "{said}");
    let (good, said) = check(&["--no-run"]);
    assert!(good && said.contains("; its programs were not run\n"), "{said}");
    let (good, said) = check(&["--sandbox-cgroups", "require", "--sandbox-cgroup-parent", "/no/such/cgroup"]);
    assert!(good && said.contains("note: there is no sandbox here (") && said.contains("`herald doctor`"), "{said}");
    assert!(said.contains("; its programs were not run\n"), "{said}");

    let source = package.join("problem.yaml");
    let (good, said) = run(&["problem", "check", source.to_str().unwrap()], &[]);
    assert!(
        !good && said.contains("neither a folder nor a zip archive") && said.contains("give the folder, or zip it"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_program_writes_is_shown_before_it_ends() {
    let _room = room().await;
    let site = Site::up().await;
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("slow.py");
    write(
        &source,
        "import time\nprint('first', flush=True)\ntime.sleep(2)\nprint('second', end='', flush=True)\ntime.sleep(1)\n",
    );
    let (good, said) = site.command(&["submit", source.to_str().unwrap(), "--watch"]);
    assert!(good, "{said}");
    // What is told on the way begins with the id; the result stands before it.
    let (_, steps) = said.split_once("submission ").unwrap();
    let at = |text: &str| steps.find(text).unwrap_or_else(|| panic!("no {text:?} in {said}"));
    assert!(at("  first\n") < at("finished\n"), "{said}");
}
