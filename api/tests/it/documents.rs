//! `/openapi.json`, `/docs`, `/docs/errors`.

use axum::http::Method;
use herald_api::error::Code;
use serde_json::Value;

use crate::app::TestApp;

#[tokio::test]
async fn the_contract_is_what_was_agreed() {
    let app = TestApp::keyed().await;
    let mut document: Value = app.get("/openapi.json").send().await.ok().json();
    assert_eq!(document["openapi"], "3.1.0");
    document["info"]["version"] = "of this build".into();
    insta::assert_json_snapshot!("openapi", document);
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
    assert!(operations.len() >= 18);
    let mut names = std::collections::HashSet::new();
    for (path, method, operation) in operations {
        let concrete = path.replace("{id}", "01975f3e-7a3c-7c11-9b7e-3d1f0a2b4c5d").replace("{slug}", "x");
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
