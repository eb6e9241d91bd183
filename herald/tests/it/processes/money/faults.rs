//! One service stands still, one always fails, one is slow: the others go on as before, and what was left undone is made up for.

use std::time::Duration;

use herald_testkit::smtp_catcher::Manner;
use herald_testkit::webhook_receiver::Answer;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use super::bank::{Bank, SERVICES, SHOP, attempts, status};
use super::tally::tally;
use crate::processes::scale::{Scale, room};

const SLOW: Duration = Duration::from_secs(2);
/// Not disturbed by anything here.
const WELL: [&str; 2] = ["fraud", "rewards"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_still_fails_or_is_slow_delays_nobody_else() {
    let _room = room().await;
    let mut bank = Bank::open(&["alice"]).await;
    let payments = if Scale::get().is_full { 60 } else { 5 };
    let before =
        pay_some(&bank, payments, |transfer| SERVICES.iter().all(|service| status(transfer, service) == "done")).await;
    delays("all is well", &before);

    stop(&mut bank, "service statement").await;
    bank.smtp.be(&format!("{SHOP}@localhost"), Manner::Never);
    bank.hooks.answer(Answer::Slowly(SLOW, 200));
    let paid = pay_some(&bank, payments, |transfer| {
        WELL.iter().all(|service| status(transfer, service) == "done")
            && (status(transfer, "notification"), status(transfer, "webhook")) == ("failed", "done")
    })
    .await;
    delays("statement stopped, notification failing, webhooks taking 2 s", &paid);
    assert!(paid.iter().all(|transfer| attempts(transfer, "statement") == 0), "{paid:#?}");

    bank.site.the("service statement").start_again().await;
    let back = Instant::now();
    for transfer in &paid {
        bank.until("alice", id(transfer), |transfer| status(transfer, "statement") == "done").await;
    }
    let recovery = back.elapsed();
    redrive(&bank, &paid).await;
    let tally = tally(&bank).await;
    tally.row("a service stopped, failing, slow", paid.len(), 0, recovery).print();
    tally.assert_nothing_twice();
}

/// In its own time, as for an update.
async fn stop(bank: &mut Bank, kind: &str) {
    let process = bank.site.the(kind);
    process.terminate();
    assert!(process.ended().await.success());
}

/// One after the other, each waited for; as they stand then.
async fn pay_some(bank: &Bank, count: usize, wished: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut paid = Vec::new();
    for _ in 0..count {
        let id = bank.pay("alice", SHOP, 1_250).await;
        paid.push(bank.until("alice", &id, &wished).await);
    }
    paid
}

/// Prints the middle and the longest time from the payment to each service's effect.
fn delays(when: &str, paid: &[Value]) {
    let at = |value: &Value| OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok();
    for service in SERVICES {
        let delay = |transfer: &Value| Some(at(&transfer["services"][service]["at"])? - at(&transfer["settled_at"])?);
        let mut all: Vec<_> = paid.iter().filter_map(delay).map(|delay| delay.whole_milliseconds()).collect();
        all.sort_unstable();
        if let (Some(middle), Some(most)) = (all.get(all.len() / 2), all.last()) {
            println!("{when}: {service} after {middle} ms, at most {most} ms");
        }
    }
}

/// The dead letters are the failing service's alone and say why; redriven, they come home, and nobody else does anything again.
async fn redrive(bank: &Bank, paid: &[Value]) {
    let letters: Vec<Value> = serde_json::from_str(&bank.command(&["dlq", "--json"])).unwrap();
    assert_eq!(letters.len(), paid.len());
    for letter in &letters {
        let error = letter["error"].as_str().unwrap();
        assert!(letter["queue"] == "service.notification" && error.contains("550"), "{letter}");
        assert!(paid.iter().any(|transfer| letter["entity"] == format!("transfer:{}", id(transfer))), "{letter}");
    }
    bank.smtp.be(&format!("{SHOP}@localhost"), Manner::Take);
    let printed = bank.command(&["redrive", letters[0]["id"].as_str().unwrap()]);
    assert!(printed.contains("queued again: 1"), "{printed}");
    let printed = bank.command(&["redrive", "--all"]);
    assert!(printed.contains(&format!("queued again: {}", paid.len() - 1)), "{printed}");
    for transfer in paid {
        let done = bank.until("alice", id(transfer), |transfer| status(transfer, "notification") == "done").await;
        let tried = SERVICES.map(|service| attempts(&done, service));
        assert_eq!(tried, SERVICES.map(|service| if service == "notification" { 2 } else { 1 }), "{done:#}");
    }
    assert!(bank.command(&["dlq"]).contains("no dead letters"));
}

fn id(transfer: &Value) -> &str {
    transfer["id"].as_str().unwrap()
}
