//! Bad input: each gets a clear problem, and nothing is stored.

use serde_json::{Value, json};

use super::app::{TestApp, python};

/// What is sent, and what must be said of it: status, code, pointers.
async fn refused(app: &TestApp, body: &Value, expected: (u16, &str, &[&str])) {
    let reply = app.post("/submit", body).send().await;
    let (status, code, pointers) = reply.fault();
    assert_eq!((status, code.as_str()), (expected.0, expected.1), "{body}: {}", reply.text());
    assert_eq!(pointers, expected.2, "{body}: {}", reply.text());
    assert_eq!(app.stored().await, 0, "{body}");
}

fn invalid<'a>(pointers: &'a [&'a str]) -> (u16, &'static str, &'a [&'a str]) {
    (422, "validation_failed", pointers)
}

#[tokio::test]
async fn wrong_fields_are_named_by_pointer_and_nothing_is_stored() {
    let app = TestApp::loopback().await;
    app.import("a-plus-b", "Add.").await;
    let with = |field: &str, value: Value| {
        let mut body = python();
        body[field] = value;
        body
    };
    refused(&app, &with("problem", json!("no-such")), invalid(&["/problem"])).await;
    refused(&app, &with("problem", json!(7)), invalid(&["/problem"])).await;
    refused(&app, &with("language", json!("brainfuck")), invalid(&["/language"])).await;
    refused(&app, &with("language", json!("")), invalid(&["/language"])).await;
    refused(&app, &json!({"source": "x"}), invalid(&["/language"])).await;
    refused(&app, &with("sourec", json!("x")), invalid(&["/sourec"])).await;
    refused(&app, &with("source", json!("")), invalid(&["/source"])).await;
    refused(&app, &with("source", json!("a\u{0}b")), invalid(&["/source"])).await;
    refused(&app, &with("stdin", json!("\u{0}")), invalid(&["/stdin"])).await;
    refused(&app, &json!({"language": "python"}), invalid(&[""])).await;
    refused(&app, &with("files", json!([{"name": "a.py", "content": "x"}])), invalid(&[""])).await;
    refused(&app, &with("limits", json!([])), invalid(&["/limits"])).await;
    for limits in [json!({"cpu_ms": -1}), json!({"cpu_ms": 1e12}), json!({"cpu_ms": 1.5}), json!({"cpu_ms": "10"})] {
        refused(&app, &with("limits", limits), invalid(&["/limits/cpu_ms"])).await;
    }
    refused(&app, &with("limits", json!({"memory_kb": 99_999_999_999_u64})), invalid(&["/limits/memory_kb"])).await;
    refused(&app, &with("limits", json!({"cpu": 10})), invalid(&["/limits/cpu"])).await;
    refused(&app, &json!([]), invalid(&[""])).await;
    let files = |files: Value| json!({"language": "python", "files": files});
    refused(&app, &files(json!([])), invalid(&["/files"])).await;
    refused(&app, &files(json!([{"name": "../x", "content": "x"}])), invalid(&["/files/0/name"])).await;
    refused(&app, &files(json!([{"name": "a", "content": ""}])), invalid(&["/files/0/content"])).await;
    refused(&app, &files(json!([{"name": "a", "content": "x", "mode": 1}])), invalid(&["/files/0/mode"])).await;
}

#[tokio::test]
async fn a_language_that_the_problem_does_not_take_is_refused_with_those_it_takes() {
    let app = TestApp::loopback().await;
    app.worker().await;
    app.import_function("solve").await;
    let with = |language: &str| json!({"problem": "solve", "language": language, "source": "x"});
    // Go is known here but cannot be run: that it is not taken comes first, since no worker will mend it.
    for language in ["go", "rust"] {
        refused(&app, &with(language), invalid(&["/language"])).await;
        let problem = app.post("/submit", &with(language)).send().await.problem();
        let told = format!(
            "the problem 'solve' does not take '{language}'; hand it in as one of cpp, cpp17, cpp20, cpp23, python, pypy"
        );
        assert_eq!(problem.errors[0].detail, told);
    }
    let unknown = app.post("/submit", &with("pyton")).send().await.problem();
    assert!(unknown.errors[0].detail.contains("did you mean 'python'?"), "{}", unknown.detail);
    let batch = app.post("/submissions/batch", &json!({"submissions": [with("python"), with("rust")]})).send().await;
    assert_eq!(batch.fault(), (422, "validation_failed".to_owned(), vec!["/submissions/1/language".to_owned()]));
    assert_eq!(app.stored().await, 0);
    app.post("/submit", &with("python")).send().await.accepted();
}

#[tokio::test]
async fn all_faults_are_told_at_once_with_the_word_that_was_meant() {
    let app = TestApp::loopback().await;
    let body = json!({"langauge": "pyton", "language": "pyton", "source": "", "limits": {"wall_ms": -1}});
    let problem = app.post("/submit", &body).send().await.problem();
    let detail = |pointer: &str| {
        problem.errors.iter().find(|error| error.pointer == pointer).map(|error| error.detail.as_str()).unwrap()
    };
    assert!(detail("/langauge").contains("did you mean 'language'?"), "{problem:?}");
    assert!(detail("/language").contains("did you mean 'python'?"), "{problem:?}");
    assert!(detail("/limits/wall_ms").contains("10 to 120000"), "{problem:?}");
    assert_eq!(problem.errors.len(), 4, "{problem:?}");
}

#[tokio::test]
async fn what_is_not_json_in_utf8_is_a_400() {
    let app = TestApp::loopback().await;
    let code = async |body: &'static [u8]| app.post("/submit", &Value::Null).body(body).send().await.fault();
    for body in [&b""[..], b"{", b"{\"language\": \"c\",}", b"\xef\xbb\xbf{}", b"{\"language\": \"\xff\"}", b"<a/>"] {
        let (status, code, _) = code(body).await;
        assert_eq!((status, code.as_str()), (400, "bad_json"), "{body:?}");
    }
    // A key that stands twice is ambiguous: neither value is taken.
    let twice = br#"{"language": "c", "source": "x", "source": "y"}"#;
    assert_eq!(code(twice).await, (422, "validation_failed".into(), vec!["/source".into()]));
    assert_eq!(code(br#"{"language": "c", "source": "x", "limits": {"cpu_ms": 1e999}}"#).await.0, 422);
    assert_eq!(app.stored().await, 0);
}

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::loopback().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""] {
        let reply = app.post("/submit", &python()).header("content-type", kind).send().await;
        assert_eq!(reply.fault().0, 415, "{kind}");
    }
    assert_eq!(app.post("/submit", &python()).without("content-type").send().await.code(), "unsupported_media_type");
    let zipped = app.post("/submit", &python()).header("content-encoding", "gzip").send().await;
    assert_eq!(zipped.code(), "unsupported_media_type");
    assert_eq!(app.stored().await, 0);
}

#[tokio::test]
async fn too_much_is_a_413_that_says_what_is_too_large() {
    let app = TestApp::loopback().await;
    let large = |bytes: usize| "x".repeat(bytes);
    let limit = 256 * 1024;
    let source = json!({"language": "python", "source": large(limit + 1)});
    refused(&app, &source, (413, "source_too_large", &["/source"])).await;
    let files = json!({"language": "python", "files": [
        {"name": "a", "content": large(limit)}, {"name": "b", "content": "x"},
    ]});
    refused(&app, &files, (413, "source_too_large", &["/files"])).await;
    let stdin = json!({"language": "python", "source": "x", "stdin": large(limit + 1)});
    refused(&app, &stdin, (413, "stdin_too_large", &["/stdin"])).await;
    refused(&app, &json!({"language": "python", "source": large(1024 * 1024)}), (413, "body_too_large", &[])).await;
    let declared = app.post("/submit", &python()).header("content-length", "2000000").send().await;
    assert_eq!(declared.code(), "body_too_large");
    // Exactly as much as is allowed is allowed.
    let most = json!({"language": "python", "source": large(limit), "stdin": large(limit)});
    app.post("/submit", &most).send().await.accepted();
}

#[tokio::test]
async fn a_batch_with_one_fault_stores_nothing() {
    let app = TestApp::loopback().await;
    let batch = json!({"submissions": [python(), {"language": "python"}, {"language": "?", "source": "x"}]});
    let (status, code, pointers) = app.post("/submissions/batch", &batch).send().await.fault();
    assert_eq!((status, code.as_str()), (422, "validation_failed"));
    assert_eq!(pointers, ["/submissions/1", "/submissions/2/language"]);
    for bad in [json!({}), json!({"submissions": []}), json!({"submissions": vec![python(); 101]}), json!([python()])] {
        assert_eq!(app.post("/submissions/batch", &bad).send().await.fault().0, 422);
    }
    assert_eq!(app.stored().await, 0);
}

#[tokio::test]
async fn bad_queries_and_cursors_are_400s() {
    let app = TestApp::loopback().await;
    let cases = [
        ("/submissions?cursor=%21", "bad_cursor"),
        ("/submissions?cursor=MTIz", "bad_cursor"),
        ("/problems?cursor=MTIz", "bad_cursor"),
        ("/admin/dead-letters?cursor=x", "bad_cursor"),
        // "1|problems|" and a NUL, which PostgreSQL would choke on.
        ("/problems?cursor=MXxwcm9ibGVtc3wA", "bad_cursor"),
        ("/submissions?problem=%00", "bad_query"),
        ("/submissions?limit=0", "bad_query"),
        ("/submissions?limit=201", "bad_query"),
        ("/submissions?limit=ten", "bad_query"),
        ("/submissions?verdict=perfect", "bad_query"),
        ("/submissions?status=done", "bad_query"),
        ("/submissions?format=xml", "bad_query"),
        ("/submissions?user=a/b", "bad_query"),
        ("/submissions?verdct=accepted", "bad_query"),
        ("/submissions?limit=1&limit=2", "bad_query"),
        ("/languages?x=1", "bad_query"),
    ];
    for (path, code) in cases {
        let reply = app.get(path).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, code), "{path}");
    }
    let problem = app.get("/submissions?verdct=accepted").send().await.problem();
    assert_eq!(problem.errors[0].pointer, "?verdct");
    assert!(problem.detail.contains("did you mean 'verdict'?"), "{problem:?}");
}

#[tokio::test]
async fn foreign_unknown_and_malformed_ids_are_the_same_404() {
    let app = TestApp::loopback().await;
    let foreign = app.post("/submit", &python()).header("herald-user", "alice").send().await.accepted();
    let bodies = [
        app.get(&format!("/status/{foreign}")).header("x-request-id", "r").send().await,
        app.get("/status/01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d").header("x-request-id", "r").send().await,
        app.get("/status/42").header("x-request-id", "r").send().await,
        app.get("/status/%ff").header("x-request-id", "r").send().await,
        app.delete(&format!("/submissions/{foreign}")).header("x-request-id", "r").send().await,
        app.delete("/submissions/x").header("x-request-id", "r").send().await,
        app.get("/problems/no-such").header("x-request-id", "r").send().await,
        app.get("/problems/%00").header("x-request-id", "r").send().await,
    ];
    for reply in &bodies {
        assert_eq!(reply.fault().0, 404);
        assert_eq!(reply.text(), bodies[0].text());
    }
}

#[tokio::test]
async fn a_malformed_header_is_a_400() {
    let app = TestApp::loopback().await;
    for key in ["", "with space", "é", &"x".repeat(256)] {
        let reply = app.post("/submit", &python()).header("idempotency-key", key).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "bad_header"), "{key:?}");
    }
    let reply = app.get("/languages").header("herald-user", "not/a/name").send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "bad_header"));
    assert_eq!(app.stored().await, 0);
}
