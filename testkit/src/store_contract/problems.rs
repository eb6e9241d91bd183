//! Problem packages: immutable versions, one of them current.

use herald_domain::problem::{MAX_BLOB_BYTES, PackageFile, ProblemPackage, package_version};

use super::Harness;
use crate::build::package;

pub async fn a_problem_is_imported_once(h: &dyn Harness) {
    let store = h.store().await;
    let hello = package("hello", "Print *Hello, World!* — 漢字");
    assert!(store.import_problem(&hello).await.unwrap());
    assert!(!store.import_problem(&hello).await.unwrap());
    assert!(!h.second().await.import_problem(&hello).await.unwrap());
    assert_eq!(store.get_problem("hello").await.unwrap(), Some((hello.summary.clone(), hello.version.clone())));
    assert_eq!(store.problem_files(&hello.version).await.unwrap(), Some(hello.files));
}

pub async fn a_new_version_is_current_and_the_old_one_stays_readable(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = (package("hello", "first"), package("hello", "second"));
    assert!(store.import_problem(&old).await.unwrap());
    assert!(store.import_problem(&new).await.unwrap());
    assert_eq!(store.get_problem("hello").await.unwrap(), Some((new.summary.clone(), new.version.clone())));
    assert_eq!(store.list_problems(None, 10).await.unwrap(), vec![(new.summary, new.version.clone())]);
    assert_eq!(store.problem_files(&old.version).await.unwrap(), Some(old.files));
    assert_eq!(store.problem_files(&new.version).await.unwrap(), Some(new.files));
}

pub async fn an_older_version_can_be_made_current_again(h: &dyn Harness) {
    let store = h.store().await;
    let (old, new) = (package("hello", "first"), package("hello", "second"));
    for package in [&old, &new, &old] {
        assert!(store.import_problem(package).await.unwrap());
    }
    assert_eq!(store.get_problem("hello").await.unwrap(), Some((old.summary, old.version)));
}

pub async fn problems_are_listed_by_slug(h: &dyn Harness) {
    let store = h.store().await;
    for slug in ["two-sum", "a-plus-b", "hello"] {
        store.import_problem(&package(slug, slug)).await.unwrap();
    }
    let list = async |after, limit| {
        let page = store.list_problems(after, limit).await.unwrap();
        page.into_iter().map(|(summary, _)| summary.slug).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["a-plus-b", "hello", "two-sum"]);
    assert_eq!(list(None, 2).await, ["a-plus-b", "hello"]);
    assert_eq!(list(Some("hello"), 2).await, ["two-sum"]);
    assert_eq!(list(Some("two-sum"), 2).await, Vec::<String>::new());
}

pub async fn an_unknown_problem_is_none(h: &dyn Harness) {
    let store = h.store().await;
    assert_eq!(store.get_problem("nothing").await.unwrap(), None);
    assert_eq!(store.problem_files("nothing").await.unwrap(), None);
}

pub async fn files_keep_every_byte(h: &dyn Harness) {
    let store = h.store().await;
    let file = |path: &str, content: Vec<u8>| PackageFile { path: path.into(), content };
    let every_byte: Vec<u8> = (0..=255).collect();
    let files = vec![
        file("data/secret/1.in", every_byte.repeat(MAX_BLOB_BYTES / 256)),
        file("data/secret/2.in", Vec::new()),
        file("data/secret/ü 漢.in", every_byte),
    ];
    let whole = ProblemPackage { version: package_version(&files), files, ..package("bytes", "bytes") };
    store.import_problem(&whole).await.unwrap();
    let read = store.problem_files(&whole.version).await.unwrap().unwrap();
    assert!(read == whole.files, "a byte was changed, or the files are not by path");
}
