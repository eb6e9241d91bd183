//! A submission from POST to pushed verdict, through every way of watching, on one process and on a fleet.

use reqwest::Method;
use reqwest::header::{ETAG, IF_NONE_MATCH};

use super::client::{Accepted, Client};
use super::program::{SLOW, TWO_SUMS};
use super::scale::room;
use super::site::Site;
use super::story::Story;
use super::watcher::{Socket, Watcher, follow_events};

async fn steps_and_verdicts_are_pushed(site: &Site) {
    let client = site.client();
    for (n, program) in TWO_SUMS.into_iter().enumerate() {
        let accepted = client.submit(program).await;
        let events = follow_events(&client, &accepted, n + 1);
        let watcher = Watcher::start(&client, accepted.clone(), n).end();
        let (socket, events) = tokio::join!(watcher, events);
        for told in [socket, events] {
            let story = told.unwrap();
            assert_eq!(story.verdict.as_deref(), Some(program.verdict), "{program:?}");
            assert_eq!(story.connections, 1, "nothing was cut");
            let steps = ["submission.compiling", "submission.running", "submission.finished"];
            assert!(
                steps.ends_with(&story.events.iter().map(String::as_str).collect::<Vec<_>>()),
                "{:?}",
                story.events
            );
        }
        one_that_comes_late(&client, &accepted).await;
    }
}

/// After the verdict, at either notifier: the snapshot has it.
async fn one_that_comes_late(client: &Client, accepted: &Accepted) {
    for n in 0..2 {
        let story = Watcher::start(client, accepted.clone(), n).end().await.unwrap();
        let told = (story.verdict.as_deref(), story.events.len(), story.offset);
        assert_eq!(told, (Some(accepted.program.verdict), 0, 4));
    }
}

/// Cut after every frame: resumes at the other notifier, misses nothing and sees nothing twice.
async fn a_watcher_that_is_cut_resumes(site: &Site) {
    let client = site.client();
    let accepted = client.submit(TWO_SUMS[0]).await;
    let mut story = Story::default();
    for n in 0.. {
        let mut socket = Socket::connect(&client.at_notifier(&accepted.ws_url, n), &mut story).await.unwrap();
        // The first frame says where we are, the second is news.
        for _ in 0..2 {
            let frame = socket.next().await.unwrap();
            story.take(&frame, &accepted.channel).unwrap();
            if story.is_over() {
                let cut = story.connections;
                assert!(cut > 1, "it was cut at least once");
                assert_eq!((story.verdict.as_deref(), story.offset), (Some("accepted"), 4));
                return;
            }
        }
    }
}

async fn a_long_poll_ends_with_the_verdict(site: &Site) {
    let client = site.client();
    let accepted = client.submit(SLOW).await;
    let (path, mut tag, mut asked) = (format!("/status/{}", accepted.id), String::new(), 0);
    loop {
        let request = client.request(Method::GET, &path).header("prefer", "wait=20").header(IF_NONE_MATCH, &tag);
        let answer = request.send().await.unwrap();
        asked += 1;
        if answer.status() == reqwest::StatusCode::NOT_MODIFIED {
            continue;
        }
        tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
        let status: serde_json::Value = answer.json().await.unwrap();
        if status["status"] == "finished" {
            assert_eq!(status["verdict"], "accepted");
            break;
        }
    }
    assert!(asked <= 5, "a step an answer at most, not a poll: {asked}");
}

macro_rules! on_both {
    ($($scenario:ident),+) => {
        $(mod $scenario {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn up() {
                let _room = room().await;
                super::$scenario(&Site::up().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn fleet() {
                let _room = room().await;
                super::$scenario(&Site::fleet().await).await;
            }
        })+
    };
}

on_both!(steps_and_verdicts_are_pushed, a_watcher_that_is_cut_resumes, a_long_poll_ends_with_the_verdict);
