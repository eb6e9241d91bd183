//! What must have come of all transfers, against what is recorded and what the receivers were given: every mail and every
//! webhook at least once, and more often only where an attempt was repeated.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::bank::{Bank, SERVICES, SHOP, attempts, status};
use crate::processes::scale::Row;

#[derive(Default)]
pub struct Tally {
    pub completed: usize,
    /// Mails and webhooks that nobody was given.
    pub missing: usize,
    /// Effects that were recorded more than once.
    pub doubled: usize,
    /// What was sent again after a crash between call and record.
    pub mails_twice: usize,
    pub calls_twice: usize,
    /// What was not as promised, in words.
    pub wrong: Vec<String>,
}

/// Of everything, once nothing is to come any more.
pub async fn tally(bank: &Bank) -> Tally {
    let transfers = bank.transfers().await;
    let (mails, calls) = (mails(bank), calls(bank));
    let mut tally = Tally::default();
    let (mut letters, mut messages) = (0, 0);
    for transfer in &transfers {
        tally.look_at(transfer);
        for letter in letters_of(transfer) {
            letters += 1;
            tally.mails_twice += tally.taken(mails.get(&letter), &letter, transfer, "notification");
        }
        if concerns_shop(transfer) {
            messages += 1;
            let message = message_of(transfer);
            tally.calls_twice += tally.taken(calls.get(&message), &message, transfer, "webhook");
        }
    }
    let (foreign_mails, foreign_calls) = (mails.len() > letters, calls.len() > messages);
    tally.note(!foreign_mails && !foreign_calls, || "somebody was told of what did not happen".to_owned());
    tally.doubled += told_again(bank);
    tally.note(tally.doubled == 0, || "the same effect was told of twice".to_owned());
    tally
}

impl Tally {
    /// Of so many that were accepted; `lost` of them are not stored at all.
    pub fn row<'a>(&self, fault: &'a str, accepted: usize, lost: usize, recovery: Duration) -> Row<'a> {
        let (lost, doubled) = (lost + self.missing, self.doubled);
        let verdicts = accepted.saturating_sub(lost.max(self.wrong.len()));
        Row { fault, round: 1, accepted, verdicts, lost, doubled, recovery: Some(recovery) }
    }

    /// Fails if anything was wrong.
    pub fn assert_right(&self) {
        let wrong = &self.wrong;
        assert!(wrong.is_empty(), "{} wrong, among them {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    }

    /// As it has to be where nobody was killed.
    pub fn assert_nothing_twice(&self) {
        self.assert_right();
        assert_eq!((self.mails_twice, self.calls_twice), (0, 0), "nobody crashed between call and record");
    }

    fn note(&mut self, good: bool, wrong: impl FnOnce() -> String) {
        if !good {
            self.wrong.push(wrong());
        }
    }

    /// State and effects are those that the transfer must have come to.
    fn look_at(&mut self, transfer: &Value) {
        let ended = ["completed", "partly_refunded", "refunded", "voided"];
        let well = ended.iter().any(|state| transfer["state"] == *state)
            && SERVICES.iter().all(|service| is_expected(transfer, service, status(transfer, service)));
        self.completed += usize::from(is_posted(transfer));
        self.note(well, || format!("not as it should end: {transfer}"));
    }

    /// How many were taken beyond the one that is due; each of those must be an attempt's own.
    fn taken(&mut self, count: Option<&usize>, id: &str, transfer: &Value, service: &str) -> usize {
        let Some(&count) = count else {
            self.missing += 1;
            self.wrong.push(format!("{id} was never sent: {transfer}"));
            return 0;
        };
        let explained = count as u64 <= attempts(transfer, service);
        self.note(explained, || format!("{id} was sent {count} times: {transfer}"));
        count - 1
    }
}

fn is_posted(transfer: &Value) -> bool {
    transfer["posted"] != 0
}

fn concerns_shop(transfer: &Value) -> bool {
    transfer["from"] == SHOP || transfer["to"] == SHOP
}

fn is_expected(transfer: &Value, service: &str, status: &str) -> bool {
    let payment = transfer["kind"] == "payment" && is_posted(transfer);
    let posted = transfer["posted"].as_u64().unwrap();
    let done = match service {
        "notification" => !letters_of(transfer).is_empty(),
        "statement" => is_posted(transfer),
        "fraud" => payment,
        "rewards" => payment && transfer["to"] == SHOP && posted >= 100,
        _ => concerns_shop(transfer),
    };
    // Fraud may have looked at a hold before that was given up.
    let either = service == "fraud" && transfer["state"] == "voided";
    status == if done { "done" } else { "skipped" } || (either && status == "done")
}

/// The server, which funds and rewards, is written to of nothing.
fn letters_of(transfer: &Value) -> Vec<String> {
    let parties: &[&str] = match transfer["kind"].as_str().unwrap() {
        "funding" if transfer["to"] == "rewards.inr" => &[],
        "funding" | "reward" => &["payee"],
        _ => &["payer", "payee"],
    };
    parties.iter().map(|party| format!("<{}.{party}@localhost>", transfer["id"].as_str().unwrap())).collect()
}

fn message_of(transfer: &Value) -> String {
    let state = if is_posted(transfer) { "completed" } else { transfer["state"].as_str().unwrap() };
    format!("msg_{}_{state}", transfer["id"].as_str().unwrap().replace('-', ""))
}

/// How many came of each.
fn mails(bank: &Bank) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for mail in bank.smtp.mails() {
        *counts.entry(mail.header("Message-ID").unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}

fn calls(bank: &Bank) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for call in bank.hooks.calls() {
        assert!(call.is_signed_with(&bank.secret), "{call:?}");
        *counts.entry(call.header("webhook-id").to_owned()).or_default() += 1;
    }
    counts
}

/// Events of services' effects that are stored more than once.
fn told_again(bank: &Bank) -> usize {
    let names: Vec<_> = SERVICES.iter().map(|service| format!("name like '{service}.%'")).collect();
    let query = format!(
        "select count(*) from (select from events where {} group by channel, name having count(*) > 1) again",
        names.join(" or ")
    );
    bank.site.database().ask(&query).parse().unwrap()
}
