//! The shape of a submission request: every fault is noted with its pointer, none stops the reading.

use herald_domain::submission::{LIMIT_RANGES, Limits, MAX_SOURCE_BYTES, MAX_STDIN_BYTES, SourceFile};

use crate::error::Code;
use crate::http::json::{Findings, Node, Pointer};
use crate::views::SubmitRequest;

const MAX_FILES: usize = 20;
const MAX_FILE_NAME: usize = 100;
const MAX_FLAGS: usize = 16;
const MAX_FLAG: usize = 200;
const MAX_BATCH: usize = 100;

/// Reads one submission. What comes back is only to be used if nothing was found.
pub(super) fn submission(findings: &mut Findings, at: &Pointer, node: Node) -> SubmitRequest {
    let known = ["problem", "language", "source", "files", "entry", "flags", "stdin", "limits"];
    let Some(mut fields) = findings.object(at, node, &known) else { return SubmitRequest::default() };
    let mut text = |findings: &mut Findings, name: &'static str| {
        fields.remove(name).map(|node| findings.text(&at.field(name), node))
    };
    let problem = text(findings, "problem").flatten();
    let language = text(findings, "language");
    let source = text(findings, "source");
    let stdin = text(findings, "stdin").flatten();
    match &language {
        None => findings.add(&at.field("language"), "missing; GET /languages lists what there is"),
        Some(Some(id)) if id.is_empty() => findings.add(&at.field("language"), "must not be empty"),
        Some(_) => {}
    }
    if stdin.as_ref().is_some_and(|stdin| stdin.len() > MAX_STDIN_BYTES) {
        findings.add_as(Code::StdinTooLarge, &at.field("stdin"), "larger than 256 KiB");
    }
    let files = fields.remove("files").map(|node| files(findings, &at.field("files"), node));
    match (&source, &files) {
        (Some(_), Some(_)) => findings.add(at, "give either 'source' or 'files', not both"),
        (None, None) => findings.add(at, "give the program as 'source' or as 'files'"),
        (Some(source), None) => check_source(findings, &at.field("source"), source.as_deref()),
        (None, Some(_)) => {}
    }
    let entry = fields.remove("entry").and_then(|node| findings.text(&at.field("entry"), node));
    if let Some(entry) = &entry {
        check_entry(findings, &at.field("entry"), entry, files.as_deref());
    }
    if let Some(files) = &files {
        let n = entry_of(files, entry.as_deref()).unwrap_or(0);
        if files.get(n).is_some_and(|file| file.content.is_empty()) {
            findings.add(&at.field("files").item(n).field("content"), "must not be empty: it is the entry point");
        }
    }
    let flags = fields.remove("flags").map(|node| flags(findings, &at.field("flags"), node));
    let limits = fields.remove("limits").map(|node| limits(findings, &at.field("limits"), node));
    SubmitRequest {
        problem,
        language: language.flatten().unwrap_or_default(),
        source: source.flatten(),
        files,
        entry,
        flags: flags.unwrap_or_default(),
        stdin,
        limits: limits.unwrap_or_default(),
    }
}

/// Reads `{"submissions": […]}`.
pub(super) fn batch(findings: &mut Findings, node: Node) -> Vec<SubmitRequest> {
    let root = Pointer::root();
    let at = root.field("submissions");
    let Some(mut fields) = findings.object(&root, node, &["submissions"]) else { return Vec::new() };
    let Some(items) = fields.remove("submissions") else {
        findings.add(&at, "missing; it is an array of submissions");
        return Vec::new();
    };
    let items = findings.list(&at, items).unwrap_or_default();
    if !(1..=MAX_BATCH).contains(&items.len()) {
        findings.add(&at, format!("must have 1 to {MAX_BATCH} items"));
        return Vec::new();
    }
    items.into_iter().enumerate().map(|(n, item)| submission(findings, &at.item(n), item)).collect()
}

fn check_source(findings: &mut Findings, at: &Pointer, source: Option<&str>) {
    match source {
        Some("") => findings.add(at, "must not be empty"),
        Some(source) if source.len() > MAX_SOURCE_BYTES => {
            findings.add_as(Code::SourceTooLarge, at, "larger than 256 KiB");
        }
        _ => {}
    }
}

fn files(findings: &mut Findings, at: &Pointer, node: Node) -> Vec<SourceFile> {
    let Some(items) = findings.list(at, node) else { return Vec::new() };
    if !(1..=MAX_FILES).contains(&items.len()) {
        findings.add(at, format!("must have 1 to {MAX_FILES} files"));
        return Vec::new();
    }
    let mut files: Vec<SourceFile> = Vec::with_capacity(items.len());
    for (n, item) in items.into_iter().enumerate() {
        let at = at.item(n);
        let Some(mut fields) = findings.object(&at, item, &["name", "content"]) else { continue };
        let mut text = |name: &'static str| match fields.remove(name) {
            Some(node) => findings.text(&at.field(name), node),
            None => {
                findings.add(&at.field(name), "missing");
                None
            }
        };
        let (name, content) = (text("name"), text("content"));
        if let Some(name) = &name {
            check_name(findings, &at.field("name"), name, &files);
        }
        files.push(SourceFile { name: name.unwrap_or_default(), content: content.unwrap_or_default() });
    }
    if files.iter().map(|file| file.content.len()).sum::<usize>() > MAX_SOURCE_BYTES {
        findings.add_as(Code::SourceTooLarge, at, "larger than 256 KiB together");
    }
    files
}

/// Where the entry point stands among the files: the first, unless another is named.
pub(super) fn entry_of(files: &[SourceFile], entry: Option<&str>) -> Option<usize> {
    entry.map_or(Some(0), |entry| files.iter().position(|file| file.name == entry))
}

fn check_entry(findings: &mut Findings, at: &Pointer, entry: &str, files: Option<&[SourceFile]>) {
    let Some(files) = files else { return findings.add(at, "goes with 'files': a 'source' is its own entry point") };
    if entry_of(files, Some(entry)).is_none() {
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        findings.add(at, format!("is not among the files: {}", names.join(", ")));
    }
}

fn flags(findings: &mut Findings, at: &Pointer, node: Node) -> Vec<String> {
    let Some(items) = findings.list(at, node) else { return Vec::new() };
    if items.len() > MAX_FLAGS {
        findings.add(at, format!("must have at most {MAX_FLAGS} flags"));
        return Vec::new();
    }
    let flags = items.into_iter().enumerate().filter_map(|(n, item)| {
        let flag = findings.text(&at.item(n), item)?;
        if flag.len() > MAX_FLAG {
            findings.add(&at.item(n), format!("must have at most {MAX_FLAG} characters"));
        }
        Some(flag)
    });
    flags.collect()
}

/// A plain file name: it becomes one in the sandbox.
fn check_name(findings: &mut Findings, at: &Pointer, name: &str, earlier: &[SourceFile]) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let good = (1..=MAX_FILE_NAME).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('.');
    if !good {
        findings.add(at, "a file name has 1 to 100 letters, digits, '.', '_' or '-', and does not start with '.'");
    } else if earlier.iter().any(|file| file.name == name) {
        findings.add(at, "another file has this name");
    }
}

fn limits(findings: &mut Findings, at: &Pointer, node: Node) -> Limits {
    let Some(fields) = findings.object(at, node, &LIMIT_RANGES.map(|range| range.field)) else {
        return Limits::default();
    };
    Limits::from_values(LIMIT_RANGES.map(|range| {
        let node = fields.get(range.field)?;
        findings.integer(&at.field(range.field), node, range.least, range.most)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(body: serde_json::Value) -> Vec<(String, String)> {
        let mut findings = Findings::default();
        submission(&mut findings, &Pointer::root(), Node::parse(&body.to_string()).unwrap());
        match findings.finish() {
            Ok(()) => Vec::new(),
            Err(error) => error.errors().iter().map(|e| (e.pointer.clone(), e.detail.clone())).collect(),
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let found = found(json!({
            "langauge": "python", "source": "", "stdin": 7,
            "limits": {"cpu_ms": -1, "memory_kb": 1e30, "wall_ms": 1.5, "cpu": 1},
        }));
        let pointers: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        for pointer in ["/langauge", "/language", "/source", "/stdin", "/limits/cpu_ms", "/limits/memory_kb"] {
            assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
        }
        assert!(found.iter().any(|(pointer, detail)| pointer == "/limits/cpu" && detail.contains("cpu_ms")));
        assert!(pointers.contains(&"/limits/wall_ms"));
    }

    #[test]
    fn file_names_are_plain_and_each_occurs_once() {
        let file = |name: &str| json!({"name": name, "content": "x"});
        let request = |files: Vec<serde_json::Value>| json!({"language": "c", "files": files});
        assert_eq!(found(request(vec![file("main.c"), file("a_b-1.h")])), []);
        for bad in ["", "../x", "a/b", ".hidden", "a b", "é.c", &"x".repeat(101)] {
            assert_eq!(found(request(vec![file(bad)]))[0].0, "/files/0/name", "{bad:?}");
        }
        assert_eq!(found(request(vec![file("a"), file("a")]))[0].0, "/files/1/name");
        assert_eq!(found(request(vec![]))[0].0, "/files");
        assert_eq!(found(request((0..21).map(|n| file(&format!("f{n}"))).collect()))[0].0, "/files");
    }

    #[test]
    fn the_entry_point_is_one_of_the_files_and_not_empty() {
        let files = json!([{"name": "util.c", "content": ""}, {"name": "main.c", "content": "x"}]);
        assert_eq!(found(json!({"language": "c", "files": files, "entry": "main.c"})), []);
        let pointer = |body: serde_json::Value| found(body)[0].0.clone();
        assert_eq!(pointer(json!({"language": "c", "files": files})), "/files/0/content");
        assert_eq!(pointer(json!({"language": "c", "files": files, "entry": "util.c"})), "/files/0/content");
        let files = json!([{"name": "main.c", "content": "x"}]);
        let wrong = found(json!({"language": "c", "files": files, "entry": "util.c"}));
        assert_eq!(wrong[0], ("/entry".into(), "is not among the files: main.c".into()));
        assert_eq!(pointer(json!({"language": "c", "source": "x", "entry": "main.c"})), "/entry");
    }

    #[test]
    fn flags_are_a_short_list_of_short_texts() {
        let request = |flags: serde_json::Value| json!({"language": "c", "source": "x", "flags": flags});
        assert_eq!(found(request(json!(["-O2", "-g"]))), []);
        for (bad, pointer) in [
            (json!("-O2"), "/flags"),
            (json!([1]), "/flags/0"),
            (json!(["-g", "x".repeat(201)]), "/flags/1"),
            (json!(vec!["-g"; 17]), "/flags"),
        ] {
            assert_eq!(found(request(bad))[0].0, pointer);
        }
    }
}
