//! `/openapi.json`, `/docs`, `/docs/errors`.

use axum::http::Method;
use herald_api::error::Code;
use herald_domain::money::view::BookedView;
use herald_domain::submission::Verdict;
use herald_testkit::build;
use serde_json::{Value, json};

use super::app::{Call, TestApp, python};

#[tokio::test]
async fn the_contract_is_what_was_agreed() {
    let app = TestApp::keyed().await;
    let mut document: Value = app.get("/openapi.json").send().await.ok().json();
    assert_eq!(document["openapi"], "3.1.0");
    document["info"]["version"] = "of this build".into();
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_json_snapshot!("openapi", document);
    });
}

/// Every operation of the document: path, method, and the operation itself.
async fn operations(app: &TestApp) -> Vec<(String, Method, Value)> {
    let document: Value = app.get("/openapi.json").send().await.ok().json();
    let paths = document["paths"].as_object().unwrap().clone();
    let of_path = |(path, item): (String, Value)| {
        let item = item.as_object().unwrap().clone();
        item.into_iter()
            .map(move |(method, operation)| (path.clone(), method.to_uppercase().parse().unwrap(), operation))
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn every_documented_operation_exists_and_is_named() {
    let app = TestApp::loopback().await;
    let operations = operations(&app).await;
    assert!(operations.len() >= 40);
    let mut names = std::collections::HashSet::new();
    for (path, method, operation) in operations {
        let concrete = path
            .replace("{id}", "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d")
            .replace("{slug}", "x")
            .replace("{attempt}", "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5e");
        let reply = app.call(method.clone(), &concrete).send().await;
        let exists =
            reply.status.is_success() || !["no_such_path", "method_not_allowed"].contains(&reply.code().as_str());
        assert!(exists, "{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && names.insert(id.to_owned()), "{method} {path}: operationId {id:?}");
        assert!(operation["summary"].is_string() || operation["description"].is_string(), "{method} {path}");
        let documented = operation["responses"].as_object().unwrap();
        assert!(documented.contains_key(reply.status.as_str()), "{method} {path} answered {}", reply.status);
    }
}

/// What the document promises for the answer to an operation: a schema that stands by itself.
fn promised(document: &Value, path: &str, method: &str, status: u16) -> Value {
    let responses = &document["paths"][path][method]["responses"];
    let mut response = &responses[status.to_string()];
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
    }
    let content = response["content"].as_object().unwrap().values().next().unwrap();
    let mut schema = content["schema"].clone();
    schema["components"] = document["components"].clone();
    schema
}

#[tokio::test]
async fn answers_are_as_the_document_promises() {
    let app = TestApp::loopback().await;
    let document: Value = app.get("/openapi.json").send().await.ok().json();
    app.import("a-plus-b", "Add.").await;
    app.worker().await;
    let id = app.submitted().await;
    app.judge_next(Verdict::WrongAnswer).await;
    app.store.add_dead_letter(&build::dead_letter(Some(id), time::OffsetDateTime::UNIX_EPOCH)).await.unwrap();
    let batch = json!({"submissions": [python()]});
    let channel = json!({"channel": "user:me"});
    let user = json!({"user": "alice"});
    let calls = [
        ("/submit", "post", app.post("/submit", &python())),
        ("/submit", "post", app.post("/submit", &channel)),
        ("/submissions/batch", "post", app.post("/submissions/batch", &batch)),
        ("/status/{id}", "get", app.get(&format!("/status/{id}"))),
        ("/status/{id}", "get", app.get("/status/x")),
        ("/submissions", "get", app.get("/submissions")),
        ("/submissions", "get", app.get("/submissions?limit=0")),
        ("/problems", "get", app.get("/problems")),
        ("/problems/{slug}", "get", app.get("/problems/a-plus-b")),
        ("/submissions/{id}/verdicts", "get", app.get(&format!("/submissions/{id}/verdicts"))),
        ("/admin/problems/{slug}/rejudge", "get", app.get("/admin/problems/a-plus-b/rejudge")),
        ("/admin/problems/{slug}/rejudge", "post", app.call(Method::POST, "/admin/problems/a-plus-b/rejudge")),
        ("/languages", "get", app.get("/languages")),
        ("/tickets", "post", app.post("/tickets", &channel)),
        ("/livez", "get", app.get("/livez")),
        ("/readyz", "get", app.get("/readyz?verbose")),
        ("/admin/keys", "post", app.post("/admin/keys", &user)),
        ("/admin/keys", "get", app.get("/admin/keys")),
        ("/admin/dead-letters", "get", app.get("/admin/dead-letters")),
        ("/admin/dead-letters/redrive", "post", app.call(Method::POST, "/admin/dead-letters/redrive")),
        ("/admin/processes", "get", app.get("/admin/processes")),
    ];
    for (path, method, call) in calls.into_iter().chain(money_calls(&app).await) {
        let reply = call.send().await;
        let schema = promised(&document, path, method, reply.status.as_u16());
        let faults: Vec<_> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(&reply.json())
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{method} {path} answered {}: {faults:#?}\n{}", reply.status, reply.text());
    }
}

/// The guest pays from one account of its own into another, and looks at what it has done.
async fn money_calls(app: &TestApp) -> Vec<(&'static str, &'static str, Call)> {
    let account = |handle: &str| app.post("/accounts", &json!({"handle": handle, "currency": "INR"}));
    let keyed = |call: Call, key: &str| call.header("idempotency-key", key);
    let fund = |key| keyed(app.post("/accounts/alice/fund", &json!({"amount": 100})), key);
    let pay = |amount: u64, hold: bool, key| {
        let body = json!({"from": "alice", "to": "bob", "amount": amount, "currency": "INR", "hold": hold});
        keyed(app.post("/transactions", &body), key)
    };
    for call in [account("alice"), account("bob"), fund("f1")] {
        call.send().await.ok();
    }
    let paid: BookedView = pay(10, false, "p1").send().await.ok().json();
    let held: BookedView = pay(10, true, "p2").send().await.ok().json();
    let payment = format!("/transactions/{}", paid.id);
    let hold = format!("/transactions/{}", held.id);
    vec![
        ("/accounts", "post", account("carol")),
        ("/accounts", "post", account("alice")),
        ("/accounts", "get", app.get("/accounts")),
        ("/accounts/{id}", "get", app.get("/accounts/alice")),
        ("/accounts/{id}/statement", "get", app.get("/accounts/alice/statement")),
        ("/accounts/{id}/fund", "post", fund("f2")),
        ("/transactions", "post", pay(10, false, "p3")),
        ("/transactions", "post", pay(1_000, false, "p4")),
        ("/transactions", "post", app.post("/transactions", &json!({}))),
        ("/transactions", "get", app.get("/transactions")),
        ("/transactions/{id}", "get", app.get(&payment)),
        (
            "/transactions/{id}/refund",
            "post",
            keyed(app.post(&format!("{payment}/refund"), &json!({"amount": 4})), "r1"),
        ),
        ("/transactions/{id}/capture", "post", app.post(&format!("{hold}/capture"), &json!({"amount": 4}))),
        ("/transactions/{id}/void", "post", app.post(&format!("{hold}/void"), &json!({}))),
    ]
}

#[tokio::test]
async fn every_code_is_documented_in_both_places() {
    let app = TestApp::keyed().await;
    let page = app.get("/docs/errors").send().await.ok();
    let document = app.get("/openapi.json").send().await.ok();
    for code in Code::ALL {
        let word = code.as_str();
        assert!(page.text().contains(&format!("id=\"{word}\"")), "{word} is not on the page");
        assert!(document.text().contains(&format!("#{word}\"")), "{word} is not in the document");
    }
}

#[tokio::test]
async fn the_documentation_comes_from_this_server_alone() {
    let app = TestApp::keyed().await;
    assert_eq!(app.get("/docs").send().await.header("location"), "docs/");
    let index = app.get("/docs/").send().await.ok();
    assert!(index.text().contains("id=\"swagger-ui\""));
    assert!(!index.text().contains("://"), "nothing is loaded from elsewhere");
    assert!(index.header("content-security-policy").contains("default-src 'none'"));
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        let reply = app.get(&format!("/docs/{file}")).send().await.ok();
        assert!(!reply.body.is_empty() && reply.header("x-content-type-options") == "nosniff", "{file}");
    }
    let settings = app.get("/docs/swagger-initializer.js").send().await;
    assert!(settings.text().contains("../openapi.json") && !settings.text().contains("://"), "{}", settings.text());
    assert_eq!(app.get("/docs/no-such.js").send().await.code(), "no_such_path");
}
