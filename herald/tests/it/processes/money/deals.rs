//! Clients that pay, hold, capture, void and refund at random, each request repeated under its key until it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::bank::{SHOP, id_of};
use crate::processes::client::Client;

const CLIENTS: usize = 32;
pub const PEOPLE: [&str; 6] = ["asha", "bela", "chitra", "dev", "esha", "farid"];

/// Clients at work.
pub struct Deals {
    answered: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

impl Deals {
    /// So many dealings over all clients, drawn from `random`.
    pub fn begin(client: &Client, count: usize, random: &mut StdRng) -> Self {
        let (answered, mut clients) = (Arc::<AtomicUsize>::default(), JoinSet::new());
        for n in 0..CLIENTS {
            let share = count / CLIENTS + usize::from(n < count % CLIENTS);
            let dealer = Dealer {
                client: client.clone(),
                random: StdRng::from_rng(random),
                booked: Vec::new(),
                refundable: Vec::new(),
            };
            clients.spawn(dealer.deal(share, answered.clone()));
        }
        Self { answered, clients }
    }

    /// How many have been answered.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for all; the ids of the transfers that were answered 201.
    pub async fn end(self) -> Vec<String> {
        self.clients.join_all().await.concat()
    }
}

struct Dealer {
    client: Client,
    random: StdRng,
    /// What was booked.
    booked: Vec<String>,
    /// What this client could refund: payee and id.
    refundable: Vec<(&'static str, String)>,
}

impl Dealer {
    async fn deal(mut self, share: usize, answered: Arc<AtomicUsize>) -> Vec<String> {
        for _ in 0..share {
            match self.random.random_range(0..10) {
                0..6 => self.pay().await,
                6..8 => self.hold().await,
                _ => self.refund().await,
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
        self.booked
    }

    /// Mostly small; some are far above the usual, and some more than anybody has.
    fn amount(&mut self) -> u64 {
        match self.random.random_range(0..40) {
            0 => 10_000_000,
            1 | 2 => 5_000,
            _ => self.random.random_range(1..=500),
        }
    }

    /// Half of it to the shop.
    fn parties(&mut self) -> (&'static str, &'static str) {
        let from = self.random.random_range(0..PEOPLE.len());
        let other = (from + self.random.random_range(1..PEOPLE.len())) % PEOPLE.len();
        (PEOPLE[from], if self.random.random() { SHOP } else { PEOPLE[other] })
    }

    async fn pay(&mut self) {
        let ((from, to), amount) = (self.parties(), self.amount());
        let body = json!({"from": from, "to": to, "amount": amount, "currency": "INR"});
        if let Some(booked) = self.book(from, "/transactions", &body).await
            && booked["state"] == "completed"
        {
            self.refundable.push((to, id_of(&booked)));
        }
    }

    /// Held, and then taken, in part or whole, or given up.
    async fn hold(&mut self) {
        let ((from, to), amount) = (self.parties(), self.amount());
        let body = json!({"from": from, "to": to, "amount": amount, "currency": "INR", "hold": true});
        let Some(booked) = self.book(from, "/transactions", &body).await else { return };
        let (end, body) = match self.random.random_range(0..3) {
            0 => ("void", Value::Null),
            1 => ("capture", json!({})),
            _ => ("capture", json!({"amount": self.random.random_range(1..=amount)})),
        };
        let path = format!("/transactions/{}/{end}", id_of(&booked));
        let (status, ended) = self.client.acting_for(to).post(&path, &body).await;
        assert_eq!(status, StatusCode::OK, "{ended}");
    }

    /// Some of it; what is left may not be enough.
    async fn refund(&mut self) {
        if self.refundable.is_empty() {
            return self.pay().await;
        }
        let at = self.random.random_range(0..self.refundable.len());
        let (payee, id) = self.refundable[at].clone();
        let body = json!({"amount": self.random.random_range(1..=200)});
        self.book(payee, &format!("/transactions/{id}/refund"), &body).await;
    }

    /// What was booked; none where it was refused, as some must be.
    async fn book(&mut self, user: &str, path: &str, body: &Value) -> Option<Value> {
        let (status, answer) = self.client.acting_for(user).post(path, body).await;
        if status == StatusCode::CREATED {
            self.booked.push(id_of(&answer));
            return Some(answer);
        }
        let code = answer["code"].as_str().unwrap_or_default();
        assert!(["insufficient_funds", "over_refunded", "wrong_state"].contains(&code), "{status} {answer}");
        None
    }
}
