//! A problem whose test case was wrong: imported anew, judged again on the command line, and seen by who watches.

use std::path::Path;

use serde_json::Value;

use super::program::{ONE_CASE, Program};
use super::scale::alone;
use super::site::Site;
use super::story::Story;
use super::watcher::Socket;

const SUM: Program = Program { problem: Some("sum"), source: "print(sum(map(int, input().split())))\n", ..ONE_CASE };

/// A problem whose only secret case wants this answer to `4 5`.
fn write_package(folder: &Path, answer: &str) {
    for (path, content) in [
        ("problem.yaml", "problem_format_version: 2025-09\nname: Sum\nlimits: {time_limit: 5, memory: 256}\n"),
        ("statement/problem.en.md", "Add them.\n"),
        ("data/secret/1.in", "4 5\n"),
        ("data/secret/1.ans", answer),
    ] {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// Imports the package; its version.
fn import(site: &Site, folder: &Path) -> String {
    let (good, said) = site.command(&["problem", "import", folder.to_str().unwrap(), "--slug", "sum", "--json"]);
    assert!(good, "{said}");
    serde_json::from_str::<Value>(&said).unwrap()["version"].as_str().unwrap().to_owned()
}

/// The names of the events up to the next end, and its verdict.
async fn until_the_end(socket: &mut Socket, offset: &mut u64) -> (Vec<String>, String) {
    let mut names = Vec::new();
    loop {
        let frame = socket.next().await.expect("the socket stays open");
        if frame["type"] == "snapshot" {
            *offset = frame["offset"].as_u64().unwrap();
        }
        if frame["type"] == "event" {
            *offset += 1;
            assert_eq!(frame["offset"], *offset, "{frame}");
            names.push(frame["event"].as_str().unwrap().strip_prefix("submission.").unwrap().to_owned());
        }
        if frame["data"]["status"] == "finished" {
            return (names, frame["data"]["verdict"].as_str().unwrap().to_owned());
        }
    }
}

async fn a_rejudge_is_seen_by_who_watches(site: &Site) {
    let (client, folder) = (site.client(), tempfile::tempdir().unwrap());
    let package = folder.path().join("sum");
    write_package(&package, "20\n");
    let wrong = import(site, &package);
    let accepted = client.submit(SUM).await;
    let mut socket = Socket::connect(&client.at_notifier(&accepted.ws_url, 0), &mut Story::default()).await.unwrap();
    let mut offset = 0;
    assert_eq!(until_the_end(&mut socket, &mut offset).await.1, "wrong_answer");

    write_package(&package, "9\n");
    let right = import(site, &package);
    let (good, said) = site.command(&["rejudge", "--problem", "sum", "--dry-run"]);
    assert!(good && said.contains(&format!("would be queued again: 1, for version {}", &right[..12])), "{said}");
    let (good, said) = site.command(&["rejudge", "--problem", "sum"]);
    assert!(good && said.contains("queued again: 1, "), "{said}");
    let (names, verdict) = until_the_end(&mut socket, &mut offset).await;
    assert_eq!((names.join(" ").as_str(), verdict.as_str()), ("queued compiling running finished", "accepted"));

    let told = client.get(&format!("/submissions/{}/verdicts", accepted.id)).await;
    let told = told["items"].as_array().unwrap();
    let shown: Vec<_> = told.iter().map(|one| [&one["verdict"], &one["problem_version"]].map(Value::as_str)).collect();
    assert_eq!(shown, [[Some("accepted"), Some(&right)], [Some("wrong_answer"), Some(&wrong)]]);
    assert_eq!(client.status(&accepted.id).await["problem_version"], right.as_str());

    let (good, said) = site.command(&["rejudge", "--problem", "sum", "--since", "2020-01-01T00:00:00+05:30", "--json"]);
    let outcome: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!((good, &outcome["rejudged"], &outcome["version"]), (true, &Value::from(0), &right.into()));
    for (arguments, reason) in [
        (["--problem", "nothing"].as_slice(), "there is no problem 'nothing'; GET /problems lists what there is"),
        (&["--problem", "Sum!"], "'Sum!' is not a problem's slug"),
        (&["--problem", "sum", "--since", "yesterday"], "must be a date (2026-11-01) or a date and time"),
    ] {
        let (good, said) = site.command(&[&["rejudge"], arguments].concat());
        assert!(!good && said.contains(reason), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up() {
    let _alone = alone().await;
    a_rejudge_is_seen_by_who_watches(&Site::up().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fleet() {
    let _alone = alone().await;
    a_rejudge_is_seen_by_who_watches(&Site::fleet().await).await;
}
