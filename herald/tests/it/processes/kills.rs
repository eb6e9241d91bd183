//! kill -9 of each kind of process in the middle of many submissions: every accepted one ends in exactly one verdict, and every
//! watcher that resumes sees it exactly once.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::client::{Accepted, Client, PATIENCE};
use super::program::{Program, SLOW, SMALL};
use super::scale::{Row, Scale, draw, room};
use super::site::Site;
use super::watcher::Watcher;

/// A submission whose worker died runs again within 20 s; the machine may be busy.
const AGAIN_IN_FLEET: Duration = Duration::from_secs(25);
/// After a restart of `herald up`: 2 s, on an idle machine. Watchers and POSTs are back sooner.
const AGAIN_IN_UP: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up() {
    let _room = room().await;
    rounds(Site::up().await, "up").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api_of_fleet() {
    let _room = room().await;
    rounds(Site::fleet().await, "api").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_of_fleet() {
    let _room = room().await;
    rounds(Site::fleet().await, "worker").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifier_of_fleet() {
    let _room = room().await;
    rounds(Site::fleet().await, "notifier").await;
}

async fn rounds(mut site: Site, victim: &str) {
    let (scale, mut random) = (Scale::get(), draw(&format!("kill -9 of {victim}")));
    for round in 1..=scale.rounds {
        kill_in_the_middle(&mut site, victim, round, scale.submissions, &mut random).await;
    }
}

async fn kill_in_the_middle(site: &mut Site, victim: &str, round: usize, submissions: usize, random: &mut StdRng) {
    let client = site.client();
    let mut accepted = submit_in_background(&client, submissions);
    let mut watchers = vec![watch_next(&client, &mut accepted, round).await];
    let running = watchers[0].until("running", |story| story.status == "running").await;
    assert_eq!(running.ran_again, None);
    // Now among the POSTs, now among the verdicts; while the slow one runs.
    let (posted, judged) = if round % 2 == 1 {
        (random.random_range(submissions / 5..=submissions * 4 / 5), 0)
    } else {
        (submissions, random.random_range(1..=10))
    };
    while watchers.len() < posted {
        watchers.push(watch_next(&client, &mut accepted, round + watchers.len()).await);
    }
    while watchers.iter().filter(|watcher| watcher.now().is_over()).count() < judged {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let place = place_of(site, victim, &watchers[0], random);
    let was_running = !watchers[0].now().is_over();
    let killed = Instant::now();
    site.processes[place].kill().await;
    site.processes[place].start_again().await;
    let back = Instant::now();

    while watchers.len() < submissions {
        watchers.push(watch_next(&client, &mut accepted, round + watchers.len()).await);
    }
    let mut tally = tally(&client, watchers).await;
    tally.surplus(client.count().await, round * submissions);
    let again = tally.slow_ran_again.filter(|_| was_running);
    let recovery = match victim {
        "up" => again.map(|at| at.saturating_duration_since(back)),
        "worker" => again.map(|at| at.saturating_duration_since(killed)),
        "notifier" => tally.slow_went_on.map(|at| at.saturating_duration_since(killed)),
        _ => Some(tally.longest_post),
    };
    tally.row(&format!("kill -9 {victim}"), round, submissions, recovery).print();
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    let limit = if victim == "worker" { AGAIN_IN_FLEET } else { AGAIN_IN_UP };
    if was_running {
        assert!(recovery.is_some_and(|recovery| recovery <= limit), "what was interrupted went on after {recovery:?}");
    }
}

/// The first is a slow one.
fn submit_in_background(client: &Client, count: usize) -> mpsc::Receiver<Accepted> {
    let (sender, accepted) = mpsc::channel(count);
    let client = client.clone();
    tokio::spawn(async move {
        for n in 0..count {
            let program: Program = if n == 0 { SLOW } else { SMALL[n % SMALL.len()] };
            // A test that has failed listens no more.
            let _ = sender.send(client.submit(program).await).await;
        }
    });
    accepted
}

async fn watch_next(client: &Client, accepted: &mut mpsc::Receiver<Accepted>, n: usize) -> Watcher {
    let next = tokio::time::timeout(PATIENCE, accepted.recv()).await.ok().flatten();
    Watcher::start(client, next.expect("the POSTs go on"), n)
}

/// Which process dies: the worker that runs the slow submission, the notifier that tells of it, any api.
fn place_of(site: &Site, victim: &str, slow: &Watcher, random: &mut StdRng) -> usize {
    let places = site.of(victim);
    let names_it = |place: &usize| site.processes[*place].log().contains(&slow.accepted.id);
    match victim {
        "worker" | "notifier" => places.into_iter().find(names_it).expect("it says that it has the slow submission"),
        _ => places[random.random_range(0..places.len())],
    }
}

/// What came of a round's submissions.
#[derive(Default)]
pub struct Tally {
    pub verdicts: usize,
    pub lost: usize,
    pub doubled: usize,
    /// What was not as promised, in words.
    pub wrong: Vec<String>,
    pub slow_ran_again: Option<Instant>,
    pub slow_went_on: Option<Instant>,
    pub longest_post: Duration,
}

/// Waits for the end of all, and compares what each watcher was told with what is stored.
pub async fn tally(client: &Client, watchers: Vec<Watcher>) -> Tally {
    let mut tally = Tally::default();
    for watcher in watchers {
        let Accepted { id, program, took, .. } = watcher.accepted.clone();
        tally.longest_post = tally.longest_post.max(took);
        let told = watcher.end().await;
        let stored = client.status(&id).await;
        match &told {
            Ok(story) => {
                if program == SLOW {
                    (tally.slow_ran_again, tally.slow_went_on) = (story.ran_again, story.went_on);
                }
                let expected = (Some(program.verdict), Some(story.offset));
                let found = (stored["verdict"].as_str(), stored["offset"].as_u64());
                if story.verdict.as_deref() != Some(program.verdict) || found != expected {
                    tally.wrong.push(format!("{id} should be {}: told {story:?}, stored {stored}", program.verdict));
                }
                let ends = story.events.iter().filter(|name| *name == "submission.finished").count();
                tally.doubled += ends.saturating_sub(1);
            }
            Err(broken) => tally.wrong.push(broken.clone()),
        }
        if stored["status"] == "finished" {
            tally.verdicts += 1;
        } else {
            tally.lost += 1;
            tally.wrong.push(format!("{id} has no verdict: {stored}"));
        }
    }
    tally
}

impl Tally {
    /// There must be as many submissions as were accepted: a POST that was repeated made one.
    pub fn surplus(&mut self, found: usize, accepted: usize) {
        if found != accepted {
            self.doubled += found.saturating_sub(accepted);
            self.wrong.push(format!("{accepted} were accepted and {found} are stored"));
        }
    }

    pub fn row<'a>(&self, fault: &'a str, round: usize, accepted: usize, recovery: Option<Duration>) -> Row<'a> {
        let Self { verdicts, lost, doubled, .. } = *self;
        Row { fault, round, accepted, verdicts, lost, doubled, recovery }
    }
}
