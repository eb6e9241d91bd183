//! kill -9 of what a worker stands on, under load: its launcher, a sandbox of that, the worker itself. Every submission ends in
//! its right verdict, and neither a process nor a cgroup is left behind.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::client::{Client, PATIENCE};
use super::kills::tally;
use super::kin::{Kin, children};
use super::program::SMALL;
use super::scale::{Scale, draw, room};
use super::site::Site;
use super::watcher::Watcher;

/// Submissions of a round: both workers are busy when the blow falls.
const AT_ONCE: usize = 6;

#[derive(Clone, Copy)]
enum Victim {
    Launcher,
    Sandbox,
    Worker,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_a_worker_of_fleet() {
    let _room = room().await;
    let (picks, mut random) = (Scale::get().picks, draw("kill -9 below a worker"));
    let mut site = Site::fleet().await;
    let client = site.client();
    let mut launchers = BTreeSet::new();
    for round in 1..=picks {
        let watchers = submit(&client, round).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
        let (fault, victim) = match round % 3 {
            1 => ("kill -9 launcher", Victim::Launcher),
            2 => ("kill -9 sandbox", Victim::Sandbox),
            _ => ("kill -9 worker, any time", Victim::Worker),
        };
        let since = Instant::now();
        launchers.insert(pick_off(&mut site, victim, &mut random).await);
        let mut tally = tally(&client, watchers).await;
        tally.surplus(client.count().await, round * AT_ONCE);
        tally.row(fault, round, AT_ONCE, Some(since.elapsed())).print();
        assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    }
    nothing_is_left(&mut site, launchers).await;
}

async fn submit(client: &Client, round: usize) -> Vec<Watcher> {
    let mut watchers = Vec::new();
    for n in 0..AT_ONCE {
        let accepted = client.submit(SMALL[(round + n) % SMALL.len()]).await;
        watchers.push(Watcher::start(client, accepted, n));
    }
    watchers
}

/// The launcher that it, or that of which, was struck.
async fn pick_off(site: &mut Site, victim: Victim, random: &mut StdRng) -> u32 {
    let places = site.of("worker");
    let place = places[random.random_range(0..places.len())];
    let worker = site.processes[place].pid();
    let launcher = child_of(worker, random).await;
    match victim {
        Victim::Launcher => kill(launcher),
        Victim::Sandbox => kill(child_of(launcher, random).await),
        Victim::Worker => {
            site.processes[place].kill().await;
            site.processes[place].start_again().await;
        }
    }
    launcher
}

/// One of its children, as soon as it has any.
async fn child_of(parent: u32, random: &mut StdRng) -> u32 {
    let since = Instant::now();
    loop {
        let found = children(parent);
        if !found.is_empty() {
            return found[random.random_range(0..found.len())];
        }
        assert!(since.elapsed() < PATIENCE, "{parent} has no children");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// One that is gone by itself meanwhile was struck by nobody.
fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).stderr(std::process::Stdio::null()).status();
}

/// Ends the workers as an update does: what earlier ones left is swept by those that came after.
async fn nothing_is_left(site: &mut Site, mut launchers: BTreeSet<u32>) {
    for place in site.of("worker") {
        let process = &mut site.processes[place];
        let kin = Kin::below(process.pid());
        launchers.extend(children(process.pid()));
        process.terminate();
        assert!(process.ended().await.success(), "{}", process.log());
        assert_eq!(kin.living(), None, "processes are left");
    }
    for launcher in launchers {
        let groups = groups_of(launcher);
        assert!(groups.is_empty(), "groups are left: {groups:?}");
    }
}

/// The folders of a launcher's cgroups, in whatever hierarchy.
fn groups_of(launcher: u32) -> Vec<PathBuf> {
    let name = format!("herald-run-{launcher}-");
    let (mut found, mut next) = (Vec::new(), vec![PathBuf::from("/sys/fs/cgroup")]);
    while let Some(folder) = next.pop() {
        let inside = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in inside.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            match entry.file_name().to_string_lossy().starts_with(&name) {
                true => found.push(entry.path()),
                false => next.push(entry.path()),
            }
        }
    }
    found
}
