//! How much a run does (`HERALD_TEST_SOAK=1`: the full counts), by which seed, and what it prints.

use std::io::Write;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A fault test waits for most of its time (measured: it keeps 0.4 of a core busy), so two share a machine of two cores.
static ROOM: Semaphore = Semaphore::const_new(2);

#[derive(Clone, Copy)]
pub struct Scale {
    /// Submissions of a round.
    pub submissions: usize,
    /// Kills of each kind of process.
    pub rounds: usize,
    /// Kills of what a worker stands on.
    pub picks: usize,
    /// Payments, holds and refunds of the money round, and the kills among them.
    pub dealings: usize,
    pub money_kills: usize,
    /// Whether the broker's node is killed too, in a round that does not end before anyway.
    pub is_full: bool,
    pub broker_away: Duration,
    pub store_away: Duration,
}

impl Scale {
    pub fn get() -> Self {
        let seconds = Duration::from_secs;
        if std::env::var("HERALD_TEST_SOAK").is_ok_and(|value| value == "1") {
            Self {
                submissions: 200,
                rounds: 10,
                picks: 50,
                dealings: 10_000,
                money_kills: 60,
                is_full: true,
                broker_away: seconds(30),
                store_away: seconds(10),
            }
        } else {
            Self {
                submissions: 50,
                rounds: 2,
                picks: 2,
                dealings: 300,
                money_kills: 6,
                is_full: false,
                broker_away: seconds(8),
                store_away: seconds(4),
            }
        }
    }
}

/// Room for a test with a site of its own: at most one other runs beside it.
pub async fn room() -> SemaphorePermit<'static> {
    ROOM.acquire().await.unwrap()
}

/// Drawn from `HERALD_TEST_SEED`, or from a new seed, which is printed: the same faults at the same points, on other timing.
pub fn draw(test: &str) -> StdRng {
    let given = std::env::var("HERALD_TEST_SEED").ok();
    let seed = given.map_or_else(rand::random, |seed| seed.parse().expect("HERALD_TEST_SEED is a number"));
    println!("{test}: HERALD_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// What came of a round of a fault.
pub struct Row<'a> {
    pub fault: &'a str,
    pub round: usize,
    pub accepted: usize,
    /// Of those, how many ended as they must: submissions in a verdict, transfers with all their effects.
    pub verdicts: usize,
    pub lost: usize,
    pub doubled: usize,
    /// Until interrupted work ran again, or until all was done.
    pub recovery: Option<Duration>,
}

impl Row<'_> {
    /// For people, and for the table of scripts/soak.sh in the file that `HERALD_TEST_TABLE` names.
    pub fn print(&self) {
        let recovery = self.recovery.map_or_else(|| "-".to_owned(), |time| format!("{:.2}", time.as_secs_f64()));
        let Self { fault, round, accepted, verdicts, lost, doubled, .. } = self;
        println!(
            "{fault}, round {round}: {accepted} accepted, {verdicts} verdicts, {lost} lost, {doubled} doubled, recovery {recovery} s"
        );
        if let Some(table) = std::env::var_os("HERALD_TEST_TABLE") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(table);
            let line = format!("{fault}\t{round}\t{accepted}\t{verdicts}\t{lost}\t{doubled}\t{recovery}\n");
            file.unwrap().write_all(line.as_bytes()).unwrap();
        }
    }
}
