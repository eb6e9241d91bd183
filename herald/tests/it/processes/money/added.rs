//! A service that is added later makes up for what was paid before it was there.

use serde_json::Value;
use tokio::time::Instant;

use super::bank::{Bank, OPENING, PROCESSES, SERVICES, SHOP, attempts, fleet, status};
use super::tally::tally;
use crate::processes::scale::room;
use crate::processes::site::{Plan, setting};

const LATE: &str = "rewards";
/// One percent of 12.50.
const EARNED: i64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_catches_up_on_what_was_paid_without_it() {
    let _room = room().await;
    let kinds = fleet().into_iter().filter(|kind| !kind.ends_with(LATE)).collect();
    let others = SERVICES.into_iter().filter(|service| *service != LATE).collect::<Vec<_>>().join(",");
    let settings = vec![setting("HERALD_SERVICES", &others)];
    let mut bank = Bank::open_on(Plan { kinds, settings, ..Plan::shared() }, &["alice"]).await;
    let mut paid = Vec::new();
    for _ in 0..3 {
        paid.push(bank.pay("alice", SHOP, 1_250).await);
    }
    for id in &paid {
        bank.until("alice", id, |transfer| {
            SERVICES.iter().all(|service| *service == LATE || is_done(transfer, service))
        })
        .await;
    }
    add(&mut bank).await;
    let added = Instant::now();
    for id in &paid {
        // The service looks for itself each minute; to ask is quicker.
        bank.command(&["reconcile"]);
        let rewarded = bank.until("alice", id, |transfer| is_done(transfer, LATE)).await;
        assert!(SERVICES.iter().all(|service| attempts(&rewarded, service) == 1), "{rewarded:#}");
    }
    let recovery = added.elapsed();
    bank.settled().await;
    let spent = paid.len() as i64 * (1_250 - EARNED);
    assert_eq!(bank.account("alice").await["balance"], OPENING - spent);
    bank.check_ledger();
    let tally = tally(&bank).await;
    tally.row("a service added later", paid.len(), 0, recovery).print();
    tally.assert_nothing_twice();
}

fn is_done(transfer: &Value, service: &str) -> bool {
    status(transfer, service) == "done"
}

/// In every process, and as one of its own.
async fn add(bank: &mut Bank) {
    for process in &mut bank.site.processes {
        process.terminate();
        assert!(process.ended().await.success());
        process.set("HERALD_SERVICES", &SERVICES.join(","));
        process.start_again().await;
    }
    let late = PROCESSES.into_iter().find(|kind| kind.ends_with(LATE)).unwrap();
    bank.site.start(late, &[setting("HERALD_SERVICES", &SERVICES.join(","))]).await;
}
