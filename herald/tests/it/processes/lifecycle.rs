//! How processes begin and end: settings that cannot be used, and SIGTERM.

use std::process::{Command, Output, Stdio};

use super::process::Process;
use super::program::SLOW;
use super::scale::room;
use super::site::{Plan, Site, setting};
use super::story::Story;
use super::watcher::{Socket, Watcher};

/// RFC 6455, 7.4.1: an endpoint is going away.
const GOING_AWAY: u16 = 1001;

/// A submission is running and a socket is open: the socket is told when to come back, the submission ends (here or elsewhere),
/// and every process exits 0.
async fn sigterm_drains(mut site: Site) {
    let client = site.client();
    let accepted = client.submit(SLOW).await;
    let mut watcher = Watcher::start(&client, accepted.clone(), 0);
    watcher.until("running", |story| story.status == "running").await;
    let mut story = Story::default();
    let mut socket = Socket::connect(&client.at_notifier(&accepted.ws_url, 0), &mut story).await.unwrap();
    story.take(&socket.next().await.unwrap(), &accepted.channel).unwrap();

    site.processes.iter().for_each(super::process::Process::terminate);
    let (code, reason) = socket.goodbye().await.expect("the socket is closed with a reason");
    let reason: serde_json::Value = serde_json::from_str(&reason).unwrap();
    assert!(code == GOING_AWAY && reason["reconnect_in_ms"].is_u64(), "{code} {reason}");
    for process in &mut site.processes {
        let status = process.ended().await;
        assert_eq!(status.code(), Some(0), "herald {} ended by {status}: {}", process.kind, process.log());
    }

    for process in &mut site.processes {
        process.start_again().await;
    }
    let told = watcher.end().await.unwrap();
    assert_eq!(told.verdict.as_deref(), Some("accepted"));
    let status = client.status(&accepted.id).await;
    assert_eq!(status["attempt"], 1, "the run was let finish: {status}");
}

mod sigterm_drains {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn up() {
        let _room = room().await;
        super::sigterm_drains(Site::up().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fleet() {
        let _room = room().await;
        super::sigterm_drains(Site::fleet().await).await;
    }
}

fn start(command: &str, settings: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    // One that starts after all is ended (124).
    let mut process = Command::new("timeout");
    process.args(["60", env!("CARGO_BIN_EXE_herald"), command]);
    process.env_clear().env("PATH", "/usr/bin:/bin").envs(settings.iter().copied());
    process.current_dir(folder.path()).stdin(Stdio::null()).output().unwrap()
}

/// A command, its settings, and what must be named.
type Refused<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

/// Before a port is bound: exit 64, with the name and what is allowed.
#[test]
fn settings_that_cannot_be_used_exit_64() {
    let fleet = [("HERALD_STORE_URL", "postgres://x@127.0.0.1:1/x"), ("HERALD_BROKER_URL", "memory:")];
    let cases: [Refused<'_>; 9] = [
        ("up", &[("HERALD_STORE_ULR", "sqlite:")], &["HERALD_STORE_ULR", "HERALD_STORE_URL"]),
        ("up", &[("HERALD_STORE_URL", "mysql://x")], &["HERALD_STORE_URL", "sqlite:", "postgres:"]),
        ("up", &[("HERALD_BROKER_URL", "kafka://x")], &["HERALD_BROKER_URL", "memory:", "amqp:"]),
        ("api", &[("HERALD_STORE_URL", "sqlite:")], &["HERALD_STORE_URL", "postgres:"]),
        ("worker", &fleet, &["HERALD_BROKER_URL", "amqp:"]),
        ("notifier", &fleet, &["HERALD_BROKER_URL", "amqp:"]),
        ("up", &[("HERALD_LISTEN", "nonsense")], &["HERALD_LISTEN", "127.0.0.1:8080"]),
        ("up", &[("HERALD_LOG", "=?")], &["HERALD_LOG", "info"]),
        ("up", &[("HERALD_WORKER_SLOTS", "0")], &["--worker-slots", "1..=1024"]),
    ];
    for (command, settings, named) in cases {
        let output = start(command, settings);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{command} {settings:?}: {said}");
        for name in named {
            assert!(said.contains(name), "{command} {settings:?} does not name {name}: {said}");
        }
    }
}

/// Behind an address that others can reach are strangers: every layer, cgroups among them, or nothing starts.
#[test]
fn up_for_others_does_not_start_without_a_layer() {
    let output = start("up", &[("HERALD_LISTEN", "0.0.0.0:0"), ("HERALD_SANDBOX_CGROUPS", "off")]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for named in ["cgroup: switched off", "herald doctor", "--allow-weak-sandbox"] {
        assert!(said.contains(named), "{named} is not named: {said}");
    }
}

/// A worker of a fleet runs programs of strangers, on whatever address it listens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_does_not_start_without_a_layer_unless_told_so() {
    let mut site = Site::fleet_on(Plan { kinds: vec!["worker"], ..Plan::shared() }).await;
    let worker: &mut Process = &mut site.processes[0];
    worker.kill().await;
    worker.set("HERALD_SANDBOX_CGROUPS", "off");
    worker.set("HERALD_ALLOW_WEAK_SANDBOX", "false");
    worker.spawn();
    assert_eq!(worker.ended().await.code(), Some(1), "{}", worker.log());
    assert!(worker.log().contains("cgroup: switched off"), "{}", worker.log());
    worker.set("HERALD_ALLOW_WEAK_SANDBOX", "true");
    worker.start_again().await;
    let log = worker.log();
    assert!(log.contains("a sandbox layer is missing") && log.contains("cgroup"), "it says nothing of it: {log}");
}

/// On a person's own machine their own programs run in a sandbox without cgroups too, and every result says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_on_loopback_starts_without_cgroups_and_says_so() {
    let site = Site::up_with(vec![setting("HERALD_SANDBOX_CGROUPS", "off")]).await;
    let log = site.processes[0].log();
    assert!(log.contains("a sandbox layer is missing") && log.contains("switched off"), "it says nothing of it: {log}");
    let client = site.client();
    let accepted = client.submit(SLOW).await;
    let mut watcher = Watcher::start(&client, accepted.clone(), 0);
    watcher.until("finished", |story| story.status == "finished").await;
    assert_eq!(client.status(&accepted.id).await["memory_source"], "rusage");
}
