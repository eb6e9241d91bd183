//! Random doings over the money ports.

use std::time::Duration;

use herald_domain::id::TransferId;
use herald_domain::money::{Account, Deed, EffectOutcome, Holder, Service, Transfer};
use herald_domain::store::{HoldChange, Store, TransferFilter};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::steps::{LEASE, People, done_with};
use crate::build::{held, message_id, new_refund, payment, token, transfer_id, transfer_intake};

/// One who does whatever comes to mind, by a seed.
pub struct Mallory {
    random: StdRng,
    accounts: Vec<Account>,
    budget: Account,
}

impl Mallory {
    pub fn new(seed: u64, people: &People) -> Self {
        let accounts = [&people.alice, &people.bob, &people.shop, &people.bank].map(Clone::clone).to_vec();
        Self { random: StdRng::seed_from_u64(seed), accounts, budget: people.budget.clone() }
    }

    /// How long nothing happens.
    pub fn pause(&mut self) -> Duration {
        Duration::from_secs(self.random.random_range(1..1_500))
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.random.random_range(0..of.len())].clone()) }
    }

    fn amount(&mut self) -> u64 {
        self.random.random_range(1..120)
    }

    async fn some_transfer(&mut self, store: &dyn Store) -> Option<Transfer> {
        let all = store.list_transfers(&TransferFilter::default(), None, 40).await.unwrap();
        self.pick(&all)
    }

    async fn book_some(&mut self, store: &dyn Store) {
        let mut batch = Vec::new();
        for _ in 0..self.random.random_range(1..8) {
            let [from, to] = [0, 1].map(|_| self.random.random_range(0..self.accounts.len()));
            let (from, to) = (self.accounts[from].clone(), self.accounts[to].clone());
            let amount = self.amount();
            batch.push(transfer_intake(match self.random.random_range(0..4) {
                0 => held(&from, &to, amount, Holder::Payer),
                1 => held(&from, &to, amount, Holder::Fraud),
                _ => payment(&from, &to, amount),
            }));
        }
        store.book_transfers(&batch).await.unwrap();
    }

    async fn end_a_hold(&mut self, store: &dyn Store) {
        let Some(transfer) = self.some_transfer(store).await else { return };
        let change = match self.random.random_range(0..3) {
            0 => HoldChange::Void,
            1 => HoldChange::Capture(None),
            _ => HoldChange::Capture(Some(self.amount())),
        };
        store.change_hold(transfer.id, None, &change, message_id()).await.unwrap();
    }

    async fn refund_one(&mut self, store: &dyn Store) {
        let Some(transfer) = self.some_transfer(store).await else { return };
        let amount = if self.random.random_bool(0.3) { None } else { Some(self.amount()) };
        store.refund_transfer(&new_refund(&transfer, amount), true, message_id()).await.unwrap();
    }

    fn outcome(&mut self, service: Service) -> EffectOutcome {
        match (self.random.random_range(0..10), service) {
            (0, _) => EffectOutcome::Again { error: "no answer".into(), delay_ms: 1_000 },
            (1, _) => EffectOutcome::Failed { error: "never".into() },
            (_, Service::Statement) => done_with(Deed::Receipt),
            (_, Service::Rewards) => done_with(Deed::Reward {
                id: transfer_id(),
                amount: self.amount() / 10 + 1,
                budget: self.budget.handle.clone(),
            }),
            (n, Service::Fraud) => done_with(Deed::Decide { refuse: (n < 5).then(|| "odd".to_owned()) }),
            _ => done_with(Deed::Nothing),
        }
    }

    async fn carry_out_effects(&mut self, store: &dyn Store) {
        let service = Service::ALL[self.random.random_range(0..Service::ALL.len())];
        let ids: Vec<TransferId> = {
            let all = store.list_transfers(&TransferFilter::default(), None, 20).await.unwrap();
            all.into_iter().map(|transfer| transfer.id).filter(|_| self.random.random_bool(0.5)).collect()
        };
        let token = token();
        let (claims, _) = store.claim_effects(service, &ids, token, LEASE).await.unwrap();
        let outcomes: Vec<_> = claims.iter().map(|claim| (claim.transfer.id, self.outcome(service))).collect();
        store.record_effects(service, token, &outcomes, message_id).await.unwrap();
    }

    pub async fn act(&mut self, store: &dyn Store) {
        match self.random.random_range(0..12) {
            0..4 => self.book_some(store).await,
            4..6 => self.end_a_hold(store).await,
            6..8 => self.refund_one(store).await,
            8..11 => self.carry_out_effects(store).await,
            _ => drop(store.expire_holds(3, message_id).await.unwrap()),
        }
    }
}
