//! How processes begin and end: settings that cannot be used, and SIGTERM.

use std::process::{Command, Output, Stdio};

use super::program::SLOW;
use super::scale::alone;
use super::site::Site;
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
        let _alone = alone().await;
        super::sigterm_drains(Site::up().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fleet() {
        let _alone = alone().await;
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
