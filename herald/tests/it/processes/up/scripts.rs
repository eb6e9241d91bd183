//! Clients in other languages that know a URL and no more: the scripts in examples/, and curl.
use tokio::process::Command;

use crate::processes::program::SLOW;
use crate::processes::scale::room;
use crate::processes::script::{Script, example};
use crate::processes::site::Site;

/// Node with a `WebSocket`, which it has had by itself since 22 and by a flag since 20.10.
async fn node(script: &str, url: &str) -> Script {
    let ask = "typeof WebSocket != 'undefined' ? 'yes' : process.allowedNodeEnvironmentFlags.has('--experimental-websocket') ? 'flag' : 'no'";
    let output = Command::new("node").args(["-p", ask]).output().await.expect("node runs");
    let script = [script, url];
    match String::from_utf8(output.stdout).unwrap().trim() {
        "yes" => Script::start("node", &script),
        "flag" => Script::start("node", &[&["--experimental-websocket", "--no-warnings"], &script[..]].concat()),
        _ => panic!("this node has no WebSocket; install Node 22, or at least 20.10"),
    }
}

/// Through a kill -9 of `herald up`, and after the verdict.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_and_curl_see_the_verdict() {
    let _room = room().await;
    let mut site = Site::up().await;
    let accepted = site.client().submit(SLOW).await;
    let (by_socket, by_events) = (example("watch.mjs"), example("watch.py"));
    let mut scripts = [
        node(&by_socket, &accepted.ws_url).await,
        Script::start("python3", &[&by_events, &accepted.events_url]),
        Script::start("curl", &["-sN", &accepted.events_url]),
    ];
    for script in &mut scripts[..2] {
        script.until(&["running"]).await;
        assert!(script.printed[0].starts_with("snapshot "), "{:?}", script.printed);
    }
    scripts[2].until(&["data: ", "\"status\":\"running\""]).await;

    site.processes[0].kill().await;
    site.processes[0].start_again().await;
    for script in &mut scripts[..2] {
        script.until(&["resumed"]).await;
        script.until(&["event finished", "accepted"]).await;
    }
    // What comes after the verdict.
    let mut late = [
        node(&by_socket, &accepted.ws_url).await,
        Script::start("python3", &[&by_events, &accepted.events_url]),
        Script::start("curl", &["-sN", &accepted.events_url]),
    ];
    for script in &mut late {
        script.until(&["snapshot", "finished", "accepted"]).await;
    }
}
