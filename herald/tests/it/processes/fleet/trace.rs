//! One submission is followed by its id and its `traceparent` through the logs of three processes to the socket.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use crate::processes::client::{PATIENCE, accepted};
use crate::processes::database::Database;
use crate::processes::program::ONE_CASE;
use crate::processes::scale::room;
use crate::processes::site::{Plan, Site, judging, setting, shared_broker};
use crate::processes::story::Story;
use crate::processes::watcher::Socket;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_submission_is_followed_through_three_logs() {
    let _room = room().await;
    let settings = vec![setting("HERALD_LOG_FORMAT", "json"), setting("HERALD_LOG", "info,herald_pipeline=debug")];
    let (database, broker_url) = (Database::shared(), shared_broker());
    let plan = Plan { database, broker_url, notifier_broker_url: None, settings, kinds: judging(1) };
    let site = Site::fleet_on(plan).await;
    let client = site.client();
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let post = client.request(Method::POST, "/submit").header("traceparent", &parent).json(&ONE_CASE.request());
    let accepted = accepted(&post.send().await.unwrap().json().await.unwrap(), ONE_CASE, Duration::ZERO);

    let mut story = Story::default();
    let mut socket = Socket::connect(&client.at_notifier(&accepted.ws_url, 0), &mut story).await.unwrap();
    let mut last = Value::Null;
    while !story.is_over() {
        last = socket.next().await.unwrap();
        story.take(&last, &accepted.channel).unwrap();
    }
    if last["type"] == "event" {
        assert!(last["data"]["traceparent"].as_str().unwrap().contains(TRACE), "{last}");
    }

    let steps = [
        ("api", ["http.request", "outbox.publish"].as_slice()),
        ("worker", ["broker.consume", "submission.judge"].as_slice()),
        ("notifier", ["push.session"].as_slice()),
    ];
    for (kind, spans) in steps {
        for span in spans {
            logged(&site, kind, span, &accepted.id).await;
        }
    }
}

/// Waits for a line of the process that bears trace and submission and happened in the span.
async fn logged(site: &Site, kind: &str, span: &str, id: &str) {
    let (process, since) = (&site.processes[site.of(kind)[0]], Instant::now());
    loop {
        let log = process.log();
        let mut lines = log.lines().filter_map(|line| Some((line, serde_json::from_str::<Value>(line).ok()?)));
        let found = lines.any(|(text, line)| {
            let spans = line["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
            spans.iter().any(|entered| entered["name"] == span) && text.contains(TRACE) && text.contains(id)
        });
        if found {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "the {kind} has not logged {TRACE} and {id} in {span}: {log}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
