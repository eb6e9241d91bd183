//! `herald …` as a process: output, messages, exit codes.

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::stub::{ID, Script, Stub};

/// Runs the program in an environment of its own.
async fn herald(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sum.py"), "print(sum(map(int, input().split())))\n").unwrap();
    Command::new(env!("CARGO_BIN_EXE_herald"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

async fn submit(script: Script, more: &[&str]) -> (Stub, Output) {
    let stub = Stub::start(script).await;
    let arguments = [&["submit", "sum.py", "--problem", "a-plus-b"], more].concat();
    let output = herald(&arguments, &[("HERALD_URL", &stub.url)]).await;
    (stub, output)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn an_accepted_submission_shows_its_steps_and_exits_0() {
    let script = Script { verdict: Some("accepted"), ..Script::default() };
    let (stub, output) = submit(script, &["--watch"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "accepted · 2 of 2 test cases passed · 12 ms\n");
    let steps = format!("submission {ID}\nqueued\ncompiling\nrunning 0 of 2\nrunning 1 of 2\nfinished\n");
    assert_eq!(text(&output.stderr), steps);
    let sent =
        json!({"problem": "a-plus-b", "language": "python", "source": "print(sum(map(int, input().split())))\n"});
    assert_eq!(stub.submitted(), Some(sent));
}

#[tokio::test]
async fn a_wrong_answer_names_the_first_failing_case_and_exits_1() {
    let (_stub, output) = submit(Script { verdict: Some("wrong_answer"), ..Script::default() }, &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.contains("first failing: case 2 of secret, wrong answer (token): expected 3, got 4"), "{shown}");
}

#[tokio::test]
async fn what_was_not_judged_exits_2() {
    let (_stub, output) = submit(Script::default(), &["--json"]).await;
    assert_eq!(output.status.code(), Some(2));
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((status["id"].as_str(), status["status"].as_str()), (Some(ID), Some("cancelled")));
}

#[tokio::test]
async fn a_refusal_is_told_field_by_field() {
    let problem = json!({"type": "about:blank", "title": "The request is well-formed but wrong", "status": 422,
        "code": "validation_failed", "detail": "one field is wrong",
        "errors": [{"pointer": "/problem", "detail": "unknown problem 'a-plus-b'"}]});
    let (_stub, output) = submit(Script { refusal: Some(problem), ..Script::default() }, &[]).await;
    assert_eq!(output.status.code(), Some(2));
    let told = "error: The request is well-formed but wrong: one field is wrong\n  /problem: unknown problem 'a-plus-b'\n  (422 validation_failed)\n";
    assert_eq!(text(&output.stderr), told);
}

#[tokio::test]
async fn nobody_listening_is_told_with_what_to_do() {
    // Bound and dropped: nobody listens there now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    let output = herald(&["submit", "sum.py"], &[("HERALD_URL", &url)]).await;
    assert_eq!(output.status.code(), Some(2));
    let told = format!("error: no herald answers at {url}: start one with `make run`, or set HERALD_URL\n");
    assert_eq!(text(&output.stderr), told);
}

#[tokio::test]
async fn wrong_use_exits_64_and_says_what_is_wrong() {
    let misspelt = herald(&["status", ID], &[("HERALD_ULR", "http://127.0.0.1:1")]).await;
    assert_eq!(misspelt.status.code(), Some(64));
    assert!(text(&misspelt.stderr).contains("unknown setting HERALD_ULR (did you mean HERALD_URL?)"));
    let unknown = herald(&["submit", "notes.txt"], &[]).await;
    assert_eq!(unknown.status.code(), Some(64));
    assert!(text(&unknown.stderr).contains("name it by --language"), "{}", text(&unknown.stderr));
    assert_eq!(herald(&["submit"], &[]).await.status.code(), Some(64));
}

#[tokio::test]
async fn health_tells_ready_from_not() {
    let stub = Stub::start(Script::default()).await;
    assert_eq!(herald(&["health", &stub.url], &[]).await.status.code(), Some(0));
    let elsewhere = format!("{}/nothing", stub.url);
    assert_eq!(herald(&["health", &elsewhere], &[]).await.status.code(), Some(1));
}

/// The layers, the self-attack, the languages, store and broker; the exit code says whether all of it is well.
#[tokio::test]
async fn doctor_attacks_its_own_sandbox_and_exits_by_what_it_found() {
    let output = herald(&["doctor", "--json"], &[("PATH", "/usr/bin:/bin")]).await;
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |section: &str| {
        found["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["section"] == section)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(of("sandbox").len(), 9, "{found:#}");
    let attack = of("self_attack");
    assert!(attack.len() > 20 && attack.iter().all(|attempt| attempt["standing"] == "held"), "{attack:#?}");
    let off = of("sandbox").iter().any(|layer| layer["standing"] == "off");
    assert_eq!((&found["safe"], &found["ready"]), (&json!(!off), &json!(true)));
    assert_eq!(output.status.code(), Some(i32::from(off)));
    let expected = if off { json!("rusage") } else { json!(format!("cgroup_v{}", found["cgroup_version"])) };
    assert_eq!(found["memory_source"], expected);
    assert!(of("server").iter().any(|check| check["name"] == "broker" && check["detail"] != ""));
}

#[tokio::test]
async fn doctor_calls_a_machine_without_cgroups_unsafe_though_a_weak_sandbox_is_allowed() {
    let settings =
        [("PATH", "/usr/bin:/bin"), ("HERALD_SANDBOX_CGROUPS", "off"), ("HERALD_ALLOW_WEAK_SANDBOX", "true")];
    let output = herald(&["doctor"], &settings).await;
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.contains("memory_source rusage") && shown.contains("--sandbox-cgroup-parent"), "{shown}");
    assert!(shown.trim_end().ends_with("NOT safe to run programs of strangers: cgroup."), "{shown}");
}
