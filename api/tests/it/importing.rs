//! Importing problems: a version each, which judges from then on; and what is refused says which file and why.

use herald_api::archive;
use herald_api::views::{ImportView, ProblemView};
use herald_domain::identity::Scope;
use herald_domain::problem::PackageFile;
use herald_domain::submission::Verdict;
use serde_json::json;

use super::app::{TestApp, python};

/// A package whose secret input is this, below a folder or beside none.
fn package(folder: &str, secret: &str, changes: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files = vec![
        ("problem.yaml", &b"problem_format_version: 2025-09\nname: Sum\nlimits: {time_limit: 1, memory: 256}\n"[..]),
        ("statement/problem.en.md", b"Add them.\n"),
        ("data/sample/1.in", b"1 2\n"),
        ("data/sample/1.ans", b"3\n"),
        ("data/secret/1.in", secret.as_bytes()),
        ("data/secret/1.ans", b"9\n"),
    ];
    files.retain(|(path, _)| changes.iter().all(|(changed, _)| changed != path));
    files.extend_from_slice(changes);
    let file =
        |(path, content): (&str, &[u8])| PackageFile { path: format!("{folder}{path}"), content: content.into() };
    archive::write(&files.into_iter().map(file).collect::<Vec<_>>()).unwrap()
}

#[tokio::test]
async fn a_new_version_judges_from_then_on_and_what_was_submitted_keeps_its_own() {
    let app = TestApp::loopback().await;
    app.worker().await;
    let first: ImportView = app.zip("", package("sum/", "4 5\n", &[])).send().await.ok().json();
    assert_eq!((first.slug.as_str(), first.title.as_str(), first.test_cases, first.changed), ("sum", "Sum", 2, true));
    let again: ImportView = app.zip("?slug=sum", package("", "4 5\n", &[])).send().await.ok().json();
    assert_eq!((again.version.as_str(), again.changed), (first.version.as_str(), false), "the same files");

    let request = json!({"problem": "sum", "language": "python", "source": python()["source"]});
    let old = app.post("/submit", &request).send().await.accepted();
    let second: ImportView = app.zip("", package("sum/", "2 7\n", &[])).send().await.ok().json();
    assert!(second.changed && second.version != first.version);
    let new = app.post("/submit", &request).send().await.accepted();
    app.judge_next(Verdict::Accepted).await;
    for (id, version) in [(old, &first.version), (new, &second.version)] {
        let status: serde_json::Value = app.get(&format!("/status/{id}")).send().await.ok().json();
        assert_eq!(status["problem_version"], json!(version));
        assert!(app.store.problem_files(version).await.unwrap().is_some(), "every version stays");
    }
    let shown: ProblemView = app.get("/problems/sum").send().await.ok().json();
    assert_eq!((shown.problem.version, shown.statement.as_str()), (second.version, "Add them.\n"));
}

#[tokio::test]
async fn what_is_refused_names_the_file_and_the_reason_and_nothing_is_stored() {
    let app = TestApp::loopback().await;
    let bomb = vec![0; 9 << 20];
    for (archive, pointer, reason) in [
        (package("sum/", "1\n", &[("data/secret/2.in", b"1\n")]), "/data~1secret~12.in", "has no answer"),
        (package("sum/", "1\n", &[("problem.yaml", b"nam: x\n")]), "/problem.yaml", "unknown field"),
        (package("sum/", "1\n", &[("data/secret/2.in", &bomb)]), "/sum~1data~1secret~12.in", "larger than 8 MiB"),
        (package("sum/", "1\n", &[("../../etc/x", b"")]), "/sum~1..~1..~1etc~1x", "leads out of the package"),
        (package("Sum/", "1\n", &[]), "/Sum", "slug"),
    ] {
        let problem = app.zip("", archive).send().await.problem();
        let errors: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!((problem.code.as_str(), errors), ("validation_failed", vec![pointer]));
        assert!(problem.detail.contains(reason), "{}", problem.detail);
    }
    let no_name = app.zip("", package("", "1\n", &[])).send().await.problem();
    assert_eq!((no_name.code.as_str(), no_name.errors[0].pointer.as_str()), ("bad_query", "?slug"));
    let no_archive = app.zip("?slug=sum", b"hello".to_vec()).send().await.problem();
    assert_eq!((no_archive.status, no_archive.code.as_str()), (400, "bad_archive"));
    let large = app.zip("?slug=sum", vec![0; archive::MAX_ARCHIVE_BYTES + 1]).send().await.problem();
    assert_eq!((large.status, large.code.as_str()), (413, "body_too_large"));
    let json = app.post("/admin/problems?slug=sum", &json!({})).send().await.problem();
    assert_eq!((json.status, json.code.as_str()), (415, "unsupported_media_type"));
    assert!(app.store.get_problem("sum").await.unwrap().is_none());
}

#[tokio::test]
async fn only_an_admin_imports() {
    let app = TestApp::keyed().await;
    let (user, admin) = (app.key("alice", Scope::User).await, app.key("root", Scope::Admin).await);
    let problem = app.zip("", package("sum/", "1\n", &[])).key(&user).send().await.problem();
    assert_eq!((problem.status, problem.code.as_str()), (403, "admin_required"));
    app.zip("", package("sum/", "1\n", &[])).key(&admin).send().await.ok();
}
