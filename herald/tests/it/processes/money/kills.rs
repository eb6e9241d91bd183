//! kill -9 of each kind of process, again and again, while 32 clients deal: nothing is lost, nothing is booked or recorded twice,
//! and what was mailed or called twice is what a crash fell into between call and record.

use std::collections::HashSet;
use std::time::Duration;

use herald_testkit::rabbit_node::RabbitNode;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;
use tokio::time::Instant;

use super::bank::{Bank, PROCESSES, fleet, id_of};
use super::deals::{Deals, PEOPLE};
use super::tally::{Tally, tally};
use crate::processes::scale::{Scale, draw, room};
use crate::processes::site::Plan;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_api_and_services_while_money_moves() {
    let _room = room().await;
    let (scale, mut random) = (Scale::get(), draw("kills while money moves"));
    let mut node = if scale.is_full { Some(RabbitNode::start().await.unwrap()) } else { None };
    let shared = Plan::shared();
    let broker_url = node.as_ref().map_or(shared.broker_url, RabbitNode::url);
    let mut bank = Bank::open_on(Plan { kinds: fleet(), broker_url, ..shared }, &PEOPLE).await;

    let began = Instant::now();
    let deals = Deals::begin(&bank.client, scale.dealings, &mut random);
    kill_in_turn(&mut bank, &deals, &scale, node.as_mut(), &mut random).await;
    let back = Instant::now();
    let booked = deals.end().await;
    println!("{} dealings in {:.1} s, {} kills", scale.dealings, began.elapsed().as_secs_f64(), scale.money_kills);
    let transfers = bank.settled().await;
    let recovery = back.elapsed();

    let mut tally = tally(&bank).await;
    let lost = compare(&mut tally, &booked, &transfers);
    report(&tally, &transfers);
    tally.row("kill -9, money moving", booked.len(), lost, recovery).print();
    bank.check_ledger();
    tally.assert_right();
}

/// Each kind of process once, in a drawn order, and again; a kill at a time, spread evenly over the dealings. The broker's node,
/// if it is the test's own, goes in the middle.
async fn kill_in_turn(
    bank: &mut Bank,
    deals: &Deals,
    scale: &Scale,
    mut node: Option<&mut RabbitNode>,
    random: &mut StdRng,
) {
    let mut kinds: Vec<_> = std::iter::once("api").chain(PROCESSES).collect();
    for kill in 0..scale.money_kills {
        if kill % kinds.len() == 0 {
            kinds.shuffle(random);
        }
        until_answered(deals, (kill + 1) * scale.dealings / (scale.money_kills + 1)).await;
        let places = bank.site.of(kinds[kill % kinds.len()]);
        let process = &mut bank.site.processes[places[random.random_range(0..places.len())]];
        process.kill().await;
        process.start_again().await;
        if let Some(node) = node.as_mut().filter(|_| kill == scale.money_kills / 2) {
            node.kill().unwrap();
            node.start_again().await.unwrap();
        }
    }
}

async fn until_answered(deals: &Deals, count: usize) {
    while deals.answered() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whatever was answered 201 is stored, and nothing else that a client could have asked for; how many are lost.
fn compare(tally: &mut Tally, booked: &[String], transfers: &[Value]) -> usize {
    let asked = |transfer: &&Value| transfer["kind"] == "payment" || transfer["kind"] == "refund";
    let stored: HashSet<_> = transfers.iter().filter(asked).map(id_of).collect();
    let answered: HashSet<_> = booked.iter().cloned().collect();
    let (lost, surplus) = (answered.difference(&stored).count(), stored.difference(&answered).count());
    tally.doubled += surplus;
    if lost + surplus > 0 {
        tally.wrong.push(format!("{lost} are not stored that were answered, and {surplus} are that were not"));
    }
    lost
}

fn report(tally: &Tally, transfers: &[Value]) {
    let held = transfers.iter().filter(|transfer| transfer["held_by"] == "fraud").count();
    let Tally { completed, mails_twice, calls_twice, .. } = tally;
    println!("{} transfers, {completed} of them completed, {held} held by fraud first", transfers.len());
    println!("sent again after a crash between call and record: {mails_twice} mails, {calls_twice} webhooks");
}
