//! The life of a problem and of a plain run on the command line, against a server that runs.

use std::path::Path;

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
    let (good, said) = site.command(&["problem", "check", A_PLUS_B]);
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
