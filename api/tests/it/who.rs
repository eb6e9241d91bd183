//! Keys, scopes, acting for users, and the guest.

use herald_api::{Config, Mode};
use herald_domain::identity::Scope;
use herald_domain::store::SubmissionFilter;
use herald_domain::view::AcceptedView;
use serde_json::json;

use super::app::{PORT, TestApp, config, now, python};

const WANTING_A_KEY: [&str; 5] = ["/submissions", "/problems", "/languages", "/status/1", "/admin/keys"];

#[tokio::test]
async fn without_a_key_there_is_nothing_but_health_and_documents() {
    let app = TestApp::keyed().await;
    for path in WANTING_A_KEY {
        let reply = app.get(path).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "key_required"), "{path}");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"herald\"");
    }
    assert_eq!(app.post("/submit", &python()).send().await.status, 401);
    assert_eq!(app.stored().await, 0);
    for path in ["/livez", "/readyz", "/openapi.json", "/docs/", "/docs/errors"] {
        assert_eq!(app.get(path).send().await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_no_key() {
    for app in [TestApp::keyed().await, TestApp::loopback().await] {
        for value in ["Bearer nonsense", "Bearer ", "Basic YTpi", "hk_x"] {
            let reply = app.get("/languages").header("authorization", value).send().await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "key_invalid"), "{value}");
            assert!(reply.header("www-authenticate").contains("invalid_token"));
        }
    }
}

#[tokio::test]
async fn a_key_acts_for_its_user_and_names_itself_in_tickets() {
    let app = TestApp::keyed().await;
    let key = app.key("alice", Scope::User).await;
    let reply = app.post("/submit", &python()).header("authorization", &format!("bearer {key}")).send().await;
    let id = reply.accepted();
    assert_eq!(app.store.get_submission(id, None).await.unwrap().unwrap().owner.user_name(), "alice");
    let grant = app.signing_key.verify(&reply.json::<AcceptedView>().ticket, now()).unwrap();
    assert_eq!(grant.key, Some(app.store.list_keys().await.unwrap()[0].id));
}

#[tokio::test]
async fn an_admin_acts_for_a_user_with_that_users_rights() {
    let app = TestApp::keyed().await;
    let (admin, alice) = (app.key("site", Scope::Admin).await, app.key("alice", Scope::User).await);
    let id = app.post("/submit", &python()).key(&admin).header("herald-user", "bob").send().await.accepted();
    let path = format!("/status/{id}");
    assert_eq!(app.get(&path).key(&admin).header("herald-user", "bob").send().await.status, 200);
    assert_eq!(app.get(&path).key(&admin).send().await.status, 404, "it is bob's, not the admin's");
    assert_eq!(app.get(&path).key(&alice).send().await.status, 404);
    let as_bob = app.get("/admin/keys").key(&admin).header("herald-user", "bob").send().await;
    assert_eq!((as_bob.status.as_u16(), as_bob.code().as_str()), (403, "admin_required"));
    for (method_path, key) in [("/languages", &alice)] {
        let reply = app.get(method_path).key(key).header("herald-user", "bob").send().await;
        assert_eq!(reply.code(), "admin_required");
    }
    assert_eq!(app.get("/languages").key(&alice).header("herald-user", "alice").send().await.status, 200);
    assert_eq!(app.get("/admin/keys").key(&alice).send().await.code(), "admin_required");
    assert_eq!(app.get("/admin/keys").key(&admin).send().await.status, 200);
}

#[tokio::test]
async fn the_guest_is_at_this_machine_only() {
    let app = TestApp::loopback().await;
    for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
        assert_eq!(app.get("/admin/keys").header("host", host).send().await.status, 200, "{host}");
    }
    for (name, value) in [("forwarded", "for=1"), ("x-forwarded-for", "1"), ("x-forwarded-host", "h"), ("via", "1.1 p")]
    {
        let reply = app.post("/submit", &python()).header(name, value).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "key_required"), "{name}");
    }
    let key = app.key("alice", Scope::User).await;
    let proxied = app.post("/submit", &python()).header("x-forwarded-for", "1").key(&key).send().await;
    proxied.accepted();
    assert_eq!(app.stored().await, 1);
}

#[tokio::test]
async fn a_foreign_host_is_misdirected_with_a_key_or_without() {
    let app = TestApp::loopback().await;
    let key = app.key("alice", Scope::Admin).await;
    for host in ["evil.example", "evil.example:8080", "localhost:9", "localhost", "127.0.0.1.evil.example:8080"] {
        let reply = app.post("/submit", &python()).header("host", host).send().await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (421, "foreign_host"), "{host}");
        assert_eq!(app.get("/languages").header("host", host).key(&key).send().await.status, 421, "{host}");
        assert_eq!(app.get("/livez").header("host", host).send().await.status, 421, "{host}");
    }
    assert_eq!(app.get("/livez").without("host").send().await.code(), "bad_header");
    assert_eq!(app.stored().await, 0);
    let config = Config { public_url: Some("https://judge.example".parse().unwrap()), ..config() };
    let app = TestApp::start(Mode::Loopback { port: PORT }, config).await;
    let key = app.key("alice", Scope::User).await;
    assert_eq!(app.get("/languages").header("host", "judge.example").key(&key).send().await.status, 200);
    assert_eq!(app.get("/languages").header("host", "judge.example").send().await.status, 401, "no guest from outside");
}

#[tokio::test]
async fn a_revoked_key_stops_working_here_at_once() {
    let app = TestApp::keyed().await;
    let (admin, alice) = (app.key("site", Scope::Admin).await, app.key("alice", Scope::User).await);
    assert_eq!(app.get("/languages").key(&alice).send().await.status, 200);
    let keys = app.store.list_keys().await.unwrap();
    let id = keys.iter().find(|key| key.owner.user_name() == "alice").unwrap().id;
    assert_eq!(app.delete(&format!("/admin/keys/{id}")).key(&admin).send().await.status, 204);
    assert_eq!(app.get("/languages").key(&alice).send().await.code(), "key_invalid");
}

#[tokio::test]
async fn a_key_revoked_elsewhere_stops_working_within_five_seconds() {
    let app = TestApp::keyed().await;
    let key = app.key("alice", Scope::User).await;
    assert_eq!(app.get("/languages").key(&key).send().await.status, 200);
    let id = app.store.list_keys().await.unwrap()[0].id;
    app.store.revoke_key(id).await.unwrap();
    let begun = tokio::time::Instant::now();
    while app.get("/languages").key(&key).send().await.status == 200 {
        assert!(begun.elapsed().as_secs() < 8, "the key still works");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_rate_limit_is_told_of_and_holds_for_each_user() {
    let config = Config { rate_limit: Some("2/3600".parse().unwrap()), ..config() };
    let app = TestApp::start(Mode::Loopback { port: PORT }, config).await;
    let reply = app.get("/languages").send().await.ok();
    assert_eq!(reply.header("ratelimit-policy"), "\"default\";q=2;w=3600");
    assert!(reply.header("ratelimit").starts_with("\"default\";r=1;t="), "{}", reply.header("ratelimit"));
    app.get("/languages").send().await.ok();
    let reply = app.post("/submit", &python()).send().await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "rate_limited"));
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 1_000);
    assert!(reply.header("ratelimit").starts_with("\"default\";r=0;t="));
    app.get("/languages").header("herald-user", "alice").send().await.ok();
    app.get("/livez").send().await.ok();
    let filter = SubmissionFilter::default();
    assert_eq!(app.store.list_submissions(&filter, None, 1).await.unwrap().len(), 0);
    let unlimited = TestApp::loopback().await.post("/tickets", &json!({"channel": "user:me"})).send().await;
    assert_eq!(unlimited.header("ratelimit"), "");
}
