//! The documentation names places in the code; each of them must exist.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn pages() -> Vec<PathBuf> {
    let in_folder = |folder: &str| std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = in_folder("docs").chain(in_folder("docs/adr")).collect();
    pages.extend([root().join("README.md"), root().join("CONTRIBUTING.md")]);
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages
}

/// Whatever stands between single back quotes, outside of code blocks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

#[test]
fn every_place_that_the_documentation_names_exists() {
    let mut missing = Vec::new();
    let mut named = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for place in quoted(&text).filter(|quote| quote.contains(".rs") && quote.contains('/') && !quote.contains(' '))
        {
            named += 1;
            let (file, function) = place.split_once("::").unwrap_or((place, ""));
            let code = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            let found = if function.is_empty() {
                !code.is_empty()
            } else {
                code.contains(&format!("fn {function}(")) || code.contains(&format!("fn {function}<"))
            };
            if !found && file != "path/of/file.rs" {
                missing.push(format!("{}: {place}", page.display()));
            }
        }
    }
    assert!(named > 30, "the pages name only {named} places: is this test looking in the right way?");
    assert!(missing.is_empty(), "named, but not there:\n{}", missing.join("\n"));
}

#[test]
fn every_folder_of_the_map_exists() {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let map = text.split("## The map").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = map.lines().filter(|line| line.starts_with("| `"));
    let folders: Vec<_> = rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap()).collect::<Vec<_>>()).collect();
    assert!(folders.len() > 15);
    for folder in folders {
        assert!(root().join(folder).is_dir(), "{folder} is on the map, but not there");
    }
}
